"""Whatever arrives, parsing gives a SocialPost or a RecordError."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.adapters import ADAPTERS
from pipeline.errors import RecordError
from pipeline.logic.parsing import AHEAD, EARLIEST, ParseSettings, parse
from pipeline.records import Author, Engagement, RawRecord, SocialPost, to_dict

NOW = datetime(2026, 10, 17, tzinfo=UTC)
ALL_SETTINGS = [
    *(ParseSettings(name) for name in ("auto", *ADAPTERS)),
    ParseSettings(
        "columns",
        {"post_id": ["a", "b"], "text": "c", "created_at": "d", "likes": "e", "mentions": "f", "verified": "g"},
        {"platform": "p"},
        ["h"],
        "Asia/Tehran",
    ),
]
# one payload a platform with every kind of field, to be broken in every place
VALID = [
    {
        "data": {
            "id": "1",
            "text": "a @b #c",
            "created_at": "2026-10-03T09:30:00Z",
            "author_id": "5",
            "public_metrics": {"like_count": 1},
            "entities": {"mentions": [{"username": "b"}], "urls": [{"expanded_url": "https://e.example"}]},
            "referenced_tweets": [{"type": "quoted", "id": "3"}],
            "attachments": {"media_keys": ["m"], "poll_ids": ["p"]},
        },
        "includes": {
            "users": [{"id": "5", "username": "u", "location": "l"}],
            "media": [{"media_key": "m", "type": "photo"}],
        },
    },
    {
        "update_id": 1,
        "message": {
            "message_id": 2,
            "from": {"id": 3, "first_name": "F"},
            "chat": {"id": -1004, "title": "T"},
            "date": 1790000000,
            "caption": "🌷 @b",
            "caption_entities": [{"type": "mention", "offset": 3, "length": 2}],
            "reply_to_message": {"message_id": 1},
        },
    },
    {"id": "1_2", "message": "m", "created_time": "2026-10-03T09:30:00+0000", "from": {"id": "3", "name": "N"}},
    {"id": "1", "text": "@b #c", "timestamp": "2026-10-03T09:30:00+0000", "username": "u", "media": {"id": "2"}},
    {
        "id": "1",
        "created_at": "2026-10-03T09:30:00Z",
        "content": '<p>a<br>&amp;<a href="https://e.example">b</a></p>',
        "account": {"id": "2", "acct": "a@b", "note": "<p>n</p>", "fields": [{"name": "k", "value": "v"}]},
        "mentions": [{"acct": "b"}],
    },
    {
        "did": "did:plc:a",
        "time_us": 1790000000000000,
        "kind": "commit",
        "commit": {
            "operation": "create",
            "collection": "app.bsky.feed.post",
            "rkey": "r",
            "record": {
                "text": "@b",
                "createdAt": "2026-10-03T09:30:00Z",
                "facets": [
                    {
                        "index": {"byteStart": 0, "byteEnd": 2},
                        "features": [{"$type": "app.bsky.richtext.facet#mention", "did": "did:plc:b"}],
                    }
                ],
                "embed": {"$type": "app.bsky.embed.record", "record": {"uri": "at://a/b/c"}},
            },
        },
    },
    {
        "post_id": "1",
        "platform": "p",
        "text": "t",
        "created_at": "2026-10-03T09:30:00Z",
        "author": {"account_id": "a", "declared": {"city": "c"}},
        "engagement": {"likes": 1},
        "attributes": {"a": 1},
    },
    {"post_id": "1", "platform": "p", "deleted": True, "account_id": "a", "created_at": "2026-10-03T09:30:00Z"},
    {"data": {"delete": {"tweet": {"id": "1", "author_id": "5"}, "event_at": "2026-10-03T09:30:00Z"}}},
    {"delete": {"status": {"id": 1, "user_id": 5}, "timestamp_ms": "1790000000000"}},
    {
        "update_id": 1,
        "edited_channel_post": {"message_id": 2, "chat": {"id": -1004}, "date": 1790000000, "edit_date": 1790000009},
    },
    {"event": "delete", "payload": "117377573715968001"},
    {
        "event": "status.update",
        "payload": '{"id": "1", "created_at": "2026-10-03T09:30:00Z", "edited_at": "2026-10-03T09:31:00Z", '
        '"content": "a", "account": {"id": "2", "acct": "a@b"}}',
    },
    {
        "did": "did:plc:a",
        "time_us": 1790000000000000,
        "commit": {"operation": "delete", "collection": "app.bsky.feed.post", "rkey": "r"},
    },
    {
        "object": "page",
        "entry": [
            {
                "id": "9",
                "time": 1790000000,
                "changes": [
                    {
                        "field": "feed",
                        "value": {
                            "item": "comment",
                            "verb": "edited",
                            "comment_id": "1_2",
                            "post_id": "9_1",
                            "parent_id": "1_1",
                            "created_time": 1790000000,
                            "message": "m",
                            "from": {"id": "3", "name": "N"},
                        },
                    }
                ],
            }
        ],
    },
    {
        "object": "instagram",
        "entry": [
            {
                "id": "9",
                "time": 1790000000000,
                "changes": [
                    {"field": "comments", "value": {"id": "1", "from": {"id": "3", "username": "u"}, "text": "t"}}
                ],
            }
        ],
    },
    {
        "id": "urn:li:share:1",
        "author": "urn:li:organization:2",
        "commentary": "a {hashtag|\\#|b} @[C](urn:li:organization:3) \\(d\\)",
        "createdAt": 1790000000000,
        "lastModifiedAt": 1790000001000,
        "lifecycleState": "PUBLISHED",
        "lifecycleStateInfo": {"isEditedByAuthor": True},
        "content": {"multiImage": {"images": [{"id": "urn:li:image:1"}]}},
        "reshareContext": {"parent": "urn:li:share:4"},
    },
    {
        "id": "7",
        "actor": "urn:li:person:2",
        "message": {"text": "t"},
        "created": {"time": 1790000000000},
        "lastModified": {"time": 1790000001000},
        "object": "urn:li:activity:1",
        "parentComment": "urn:li:comment:(urn:li:activity:1,6)",
        "likesSummary": {"totalLikes": 1},
    },
    {"a": "x", "b": 1, "c": "t", "d": "2026-10-03 09:30", "e": "12", "f": '["x"]', "g": "no", "h": [1]},
]

anything = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(
    ["\x00", "\ud83d", "\u202e1", "<![x", "&#0;", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00", "1" * 400]
)
scalars = st.none() | st.booleans() | st.integers(-(10**400), 10**400) | st.floats(allow_nan=False) | anything
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(anything, inner, max_size=3))


def expect_post_or_record_error(payload: bytes, header: tuple[str, ...] = ()) -> None:
    for config in ALL_SETTINGS:
        try:
            outcome: SocialPost | RecordError = parse(RawRecord(payload, "f", 1, header), config, NOW)
        except RecordError as error:
            outcome = error
        if isinstance(outcome, RecordError):
            # a reason is a counter's name, a message goes to people and logs
            assert outcome.reason.replace("_", "").isalpha()
            outcome.message.encode()
            continue
        assert EARLIEST <= outcome.created_at <= NOW + AHEAD
        assert not (outcome.deleted and (outcome.text or outcome.attributes))
        assert outcome.post_id.strip()
        # every sink can store every text of it
        assert "\x00" not in "".join(leaves(to_dict(outcome)))
        "".join(leaves(to_dict(outcome))).encode()


def leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, str):
        yield value


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> object:
    payload = json.loads(json.dumps(draw(st.sampled_from(VALID))))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(places(payload)[1:]))
        holder = payload
        for step in way:
            holder = holder[step]
        if draw(st.booleans()):
            holder[last] = draw(values)
        else:
            del holder[last]
        if not payload:
            break
    return payload


@given(st.binary(max_size=200), st.lists(anything, max_size=4).map(tuple))
def test_any_bytes(payload: bytes, header: tuple[str, ...]) -> None:
    expect_post_or_record_error(payload, header)


@given(values)
def test_any_json(value: object) -> None:
    expect_post_or_record_error(json.dumps(value).encode())


@settings(max_examples=200)
@given(mutated())
def test_valid_payloads_with_some_places_broken(payload: object) -> None:
    expect_post_or_record_error(json.dumps(payload).encode())


def test_the_payloads_are_valid_before_they_are_broken() -> None:
    for payload in VALID[:-1]:
        assert parse(RawRecord(json.dumps(payload).encode(), "f", 1), ALL_SETTINGS[0], NOW)
    assert parse(RawRecord(json.dumps(VALID[-1]).encode(), "f", 1), ALL_SETTINGS[-1], NOW)


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)
ids = texts.filter(str.strip)
maybe = st.none() | texts
counts = st.none() | st.integers(0, 2**63 - 1)
many = st.lists(texts, max_size=3).map(tuple)
named = st.dictionaries(texts, texts, max_size=3)
posts = st.builds(
    SocialPost,
    post_id=ids,
    platform=st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,10}", fullmatch=True),
    author=st.builds(
        Author,
        account_id=st.none() | ids,
        handle=maybe,
        display_name=maybe,
        followers=counts,
        verified=st.none() | st.booleans(),
        declared=named,
    ),
    text=texts,
    created_at=st.datetimes(datetime(2000, 1, 1), datetime(2026, 10, 17), timezones=st.just(UTC)),
    language=maybe,
    conversation_id=st.none() | ids,
    in_reply_to_post_id=st.none() | ids,
    in_reply_to_account_id=st.none() | ids,
    mentions=many,
    hashtags=many,
    links=many,
    media=st.lists(st.sampled_from(["photo", "video", "audio", "file", "link", "poll"])).map(tuple),
    engagement=st.builds(Engagement, likes=counts, shares=counts, replies=counts, views=counts),
    permalink=maybe,
    attributes=named,
    edited_at=st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2026, 10, 17), timezones=st.just(UTC)),
)


@given(posts)
def test_the_canonical_form_brings_every_post_back(post: SocialPost) -> None:
    nested = to_dict(post)
    nested["created_at"] = post.created_at.isoformat()
    nested["edited_at"] = post.edited_at and post.edited_at.isoformat()
    flat = {**nested, **nested["author"], **nested["engagement"]}
    del flat["author"], flat["engagement"]
    for form in (nested, flat):
        assert parse(RawRecord(json.dumps(form).encode(), "f", 1), ALL_SETTINGS[0], NOW) == post
