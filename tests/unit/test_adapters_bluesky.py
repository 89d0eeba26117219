from datetime import UTC, datetime

import pytest

from pipeline.adapters import bluesky, detect
from pipeline.errors import RecordError
from pipeline.records import Author, SocialPost

TEXT = "سلام @alice.bsky.social ببین parsi.example #پارسی"


def span(piece):
    start = TEXT.encode().index(piece.encode())
    return {"byteStart": start, "byteEnd": start + len(piece.encode())}


def facet(piece, kind, **feature):
    return {"index": span(piece), "features": [{"$type": f"app.bsky.richtext.facet#{kind}", **feature}]}


RECORD = {
    "$type": "app.bsky.feed.post",
    "text": TEXT,
    "createdAt": "2026-10-03T07:35:20.000Z",
    "langs": ["fa", "en"],
    "facets": [
        facet("@alice.bsky.social", "mention", did="did:plc:alice"),
        facet("parsi.example", "link", uri="https://parsi.example/"),
        facet("#پارسی", "tag", tag="پارسی"),
        facet("سلام", "mention", did="did:plc:bob"),
        facet("سلام", "unheard_of"),
    ],
    "tags": ["shops"],
    "reply": {
        "root": {"cid": "c", "uri": "at://did:plc:root/app.bsky.feed.post/1"},
        "parent": {"cid": "c", "uri": "at://did:plc:parent/app.bsky.feed.post/2"},
    },
    "embed": {
        "$type": "app.bsky.embed.recordWithMedia",
        "media": {"$type": "app.bsky.embed.external", "external": {"uri": "https://news.example/a", "title": "A"}},
        "record": {
            "$type": "app.bsky.embed.record",
            "record": {"cid": "c", "uri": "at://did:plc:q/app.bsky.feed.post/3"},
        },
    },
}


def event(**changes):
    commit = {
        "rev": "r",
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": "3mwx",
        "record": RECORD,
        "cid": "c",
    }
    return {"did": "did:plc:me", "time_us": 1791012920698298, "kind": "commit", "commit": {**commit, **changes}}


def test_a_new_post():
    assert detect(event()) is bluesky
    assert bluesky.to_post(event()) == SocialPost(
        post_id="at://did:plc:me/app.bsky.feed.post/3mwx",
        platform="bluesky",
        author=Author("did:plc:me"),
        text=TEXT,
        created_at=datetime(2026, 10, 3, 7, 35, 20, tzinfo=UTC),
        language="fa",
        conversation_id="at://did:plc:root/app.bsky.feed.post/1",
        in_reply_to_post_id="at://did:plc:parent/app.bsky.feed.post/2",
        in_reply_to_account_id="did:plc:parent",
        mentions=("alice.bsky.social", "did:plc:bob"),
        hashtags=("پارسی", "shops"),
        links=("https://parsi.example/", "https://news.example/a"),
        media=("link",),
        permalink="https://bsky.app/profile/did:plc:me/post/3mwx",
        attributes={"quote_of": "at://did:plc:q/app.bsky.feed.post/3"},
    )


def test_a_post_begins_its_own_conversation():
    record = {key: RECORD[key] for key in ("text", "createdAt")}
    post = bluesky.to_post(event(record=record))
    assert post.conversation_id == post.post_id
    assert (post.language, post.in_reply_to_post_id, post.media, post.attributes) == (None, None, (), {})


@pytest.mark.parametrize(
    ("embed", "media", "quote"),
    [
        ({"$type": "app.bsky.embed.images", "images": [{}, {}]}, ("photo",), {}),
        ({"$type": "app.bsky.embed.video"}, ("video",), {}),
        (
            {"$type": "app.bsky.embed.record", "record": {"cid": "c", "uri": "at://q/c/1"}},
            (),
            {"quote_of": "at://q/c/1"},
        ),
    ],
)
def test_embeds(embed, media, quote):
    post = bluesky.to_post(event(record={**RECORD, "embed": embed}))
    assert (post.media, post.attributes) == (media, quote)


def test_a_time_ahead_of_the_network_is_not_believed():
    post = bluesky.to_post(event(record={**RECORD, "createdAt": "2099-01-01T00:00:00Z"}))
    assert post.created_at == datetime(2026, 10, 3, 7, 35, 20, 698298, tzinfo=UTC)


def test_an_update_is_the_same_post():
    new, edit = bluesky.to_post(event()), bluesky.to_post({**event(operation="update"), "time_us": 1791016520698298})
    assert (edit.key, edit.created_at) == (new.key, new.created_at)
    assert edit.edited_at == datetime(2026, 10, 3, 8, 35, 20, 698298, tzinfo=UTC)
    assert edit.version > new.version


def test_a_deletion():
    gone = event(operation="delete")
    del gone["commit"]["record"], gone["commit"]["cid"]
    assert detect(gone) is bluesky
    assert bluesky.to_post(gone) == SocialPost(
        post_id="at://did:plc:me/app.bsky.feed.post/3mwx",
        platform="bluesky",
        author=Author("did:plc:me"),
        text="",
        created_at=datetime(2026, 10, 3, 7, 35, 20, 698298, tzinfo=UTC),
        deleted=True,
    )


@pytest.mark.parametrize(
    ("payload", "reason", "field"),
    [
        (event(operation="delete", collection="app.bsky.feed.like"), "unknown_shape", "commit"),
        (event(operation="purge"), "unknown_shape", "commit"),
        (event(operation="delete", rkey=""), "missing_field", "commit.rkey"),
        (event(collection="app.bsky.feed.like"), "unknown_shape", "commit"),
        ({"did": "did:plc:me", "kind": "identity"}, "missing_field", "commit"),
        (event(record=None), "missing_field", "commit.record"),
        (event(record={**RECORD, "reply": {"root": {}}}), "missing_field", "commit.record.reply"),
        (
            event(record={**RECORD, "facets": [{"index": {"byteStart": 1}}]}),
            "missing_field",
            "commit.record.facets.0.index.byteEnd",
        ),
        ({**event(), "time_us": 10**40}, "bad_time", "time_us"),
    ],
)
def test_what_is_wrong_is_named(payload, reason, field):
    assert bluesky.matches(payload)
    with pytest.raises(RecordError) as failure:
        bluesky.to_post(payload)
    assert failure.value.reason == reason
    assert failure.value.message.startswith(field)
