from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipeline.adapters import canonical, detect
from pipeline.errors import RecordError
from pipeline.records import Author, Engagement, SocialPost

FLAT = {
    "post_id": "ws-48001",
    "platform": "webshop",
    "account_id": 7,
    "handle": "fatemeh.gh",
    "display_name": "فاطمه",
    "followers": 12,
    "verified": False,
    "declared": {"city": "قزوین", "birth_year": 1349},
    "text": "هنوز باز نکرده‌ام",
    "created_at": "2026-10-03T16:20:22+03:30",
    "language": "fa",
    "conversation_id": "c",
    "in_reply_to_post_id": "p",
    "in_reply_to_account_id": "a",
    "mentions": ["parsi"],
    "hashtags": ["هدیه"],
    "links": ["https://parsi.example/"],
    "media": ["photo"],
    "likes": 1,
    "shares": 2,
    "replies": 3,
    "views": 4,
    "permalink": "https://parsi.example/p/1257",
    "attributes": {"rating": 4, "gift": True, "tags": ["a", "ب"], "branch": None},
}
AUTHOR = ("account_id", "handle", "display_name", "followers", "verified", "declared")
COUNTERS = ("likes", "shares", "replies", "views")
NESTED = {
    **{key: value for key, value in FLAT.items() if key not in AUTHOR + COUNTERS},
    "author": {key: FLAT[key] for key in AUTHOR},
    "engagement": {key: FLAT[key] for key in COUNTERS},
}
POST = SocialPost(
    post_id="ws-48001",
    platform="webshop",
    author=Author("7", "fatemeh.gh", "فاطمه", 12, False, {"city": "قزوین", "birth_year": "1349"}),
    text="هنوز باز نکرده‌ام",
    created_at=datetime(2026, 10, 3, 12, 50, 22, tzinfo=UTC),
    language="fa",
    conversation_id="c",
    in_reply_to_post_id="p",
    in_reply_to_account_id="a",
    mentions=("parsi",),
    hashtags=("هدیه",),
    links=("https://parsi.example/",),
    media=("photo",),
    engagement=Engagement(1, 2, 3, 4),
    permalink="https://parsi.example/p/1257",
    attributes={"rating": "4", "gift": "true", "tags": '["a", "ب"]'},
)


@pytest.mark.parametrize("payload", [FLAT, NESTED], ids=["flat", "nested"])
def test_both_forms(payload):
    assert detect(payload) is canonical
    assert canonical.to_post(payload) == POST


def test_the_least_there_can_be():
    payload = {"post_id": "1", "platform": "x", "text": "", "created_at": "2026-10-03T16:20:22Z"}
    post = canonical.to_post(payload)
    assert (post.author, post.engagement, post.attributes) == (Author(None), Engagement(), {})


@pytest.mark.parametrize("payload", [FLAT, NESTED], ids=["flat", "nested"])
def test_an_edit(payload):
    edit = canonical.to_post({**payload, "text": "خوب بود", "edited_at": "2026-10-04T00:00:00Z", "deleted": None})
    assert edit == replace(POST, text="خوب بود", edited_at=datetime(2026, 10, 4, tzinfo=UTC))
    assert edit.version > POST.version


@pytest.mark.parametrize("payload", [FLAT, NESTED], ids=["flat", "nested"])
def test_of_a_deletion_only_the_key_the_time_and_the_account_are_taken(payload):
    gone = canonical.to_post({**payload, "deleted": True, "edited_at": "2026-10-04T00:00:00Z", "text": 5})
    assert gone == SocialPost("ws-48001", "webshop", Author("7", "fatemeh.gh"), "", POST.created_at, deleted=True)


@pytest.mark.parametrize(
    ("time", "at"),
    [
        ({}, datetime(2000, 1, 1, tzinfo=UTC)),
        ({"created_at": None, "edited_at": "2026-10-04T00:00:00Z"}, datetime(2026, 10, 4, tzinfo=UTC)),
    ],
)
def test_a_deletion_needs_neither_text_nor_time(time, at):
    gone = canonical.to_post({"post_id": "1", "platform": "x", "deleted": True, **time})
    assert gone == SocialPost("1", "x", Author(None), "", at, deleted=True)


@pytest.mark.parametrize(
    ("payload", "reason", "field"),
    [
        ({**FLAT, "deleted": True, "post_id": ""}, "missing_field", "post_id"),
        ({**FLAT, "deleted": True, "created_at": "soon"}, "bad_time", "created_at"),
        ({**FLAT, "deleted": "yes"}, "wrong_type", "deleted"),
        ({**FLAT, "edited_at": "soon"}, "bad_time", "edited_at"),
        ({**FLAT, "post_id": None}, "missing_field", "post_id"),
        ({**FLAT, "platform": "Web Shop"}, "bad_value", "platform"),
        ({**FLAT, "platform": "a:b"}, "bad_value", "platform"),
        ({**FLAT, "media": ["hologram"]}, "bad_value", "media.0"),
        ({**FLAT, "followers": "12"}, "wrong_type", "followers"),
        ({**FLAT, "created_at": "2026-10-03 10:00"}, "bad_time", "created_at"),
        ({**FLAT, "attributes": {"note": "\x00"}}, "bad_text", "attributes.note"),
        ({**FLAT, "attributes": {"\ud800": "x"}}, "bad_text", "attributes"),
        ({**FLAT, "attributes": "x"}, "wrong_type", "attributes"),
        ({**NESTED, "author": None}, "missing_field", "author"),
        ({**NESTED, "author": {"followers": -1}}, "out_of_range", "author.followers"),
        ({**NESTED, "engagement": {"likes": 1.5}}, "wrong_type", "engagement.likes"),
    ],
)
def test_what_is_wrong_is_named(payload, reason, field):
    with pytest.raises(RecordError) as failure:
        canonical.to_post(payload)
    assert failure.value.reason == reason
    assert failure.value.message.startswith(field)


def test_characters_are_kept_as_they_are():
    kept = "ك‌ي\u202eabc\u2066 \r\n\t😡\U0010ffff"
    post = canonical.to_post({**FLAT, "text": kept, "post_id": "\u202e1", "account_id": "\u202e2"})
    assert (post.text, post.post_id, post.author.account_id) == (kept, "\u202e1", "\u202e2")


def test_an_attribute_nested_too_deeply_to_be_written():
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(RecordError) as failure:
        canonical.to_post({**FLAT, "attributes": {"a": deep}})
    assert failure.value.reason == "wrong_type"


def test_no_platform_knows_it():
    with pytest.raises(RecordError) as failure:
        detect({"sensor": 1, "my secret text!": 2, "\ud800": 3})
    assert failure.value.reason == "unknown_shape"
    assert "fields sensor;" in failure.value.message
