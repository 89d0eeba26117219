from datetime import UTC, datetime

import pytest

from pipeline.adapters import detect, x
from pipeline.errors import RecordError
from pipeline.records import Author, Engagement, SocialPost

PAYLOAD = {
    "data": {
        "id": "1800000000000000007",
        "text": "@ParsiShops no news of my order #late https://t.co/abc",
        "created_at": "2026-10-03T09:30:00.000Z",
        "author_id": "501",
        "lang": "en",
        "conversation_id": "1800000000000000001",
        "in_reply_to_user_id": "900100",
        "public_metrics": {
            "like_count": 12,
            "retweet_count": 3,
            "quote_count": 2,
            "reply_count": 4,
            "impression_count": 900,
            "bookmark_count": 1,
        },
        "referenced_tweets": [
            {"type": "replied_to", "id": "1800000000000000005"},
            {"type": "quoted", "id": "1799999999999999999"},
        ],
        "entities": {
            "mentions": [{"start": 0, "end": 11, "username": "ParsiShops", "id": "900100"}],
            "hashtags": [{"start": 32, "end": 37, "tag": "late"}],
            "urls": [{"url": "https://t.co/abc", "expanded_url": "https://parsi.example/o/1"}],
        },
        "attachments": {"media_keys": ["3_1", "16_2"], "poll_ids": ["77"]},
        "source": "Twitter for Android",
        "geo": {"place_id": "p1"},
    },
    "includes": {
        "users": [
            {"id": "900100", "username": "ParsiShops"},
            {
                "id": "501",
                "username": "kamran_t",
                "name": "Kamran",
                "verified": True,
                "location": "Tehran",
                "description": "tennis, mostly",
                "url": "",
                "public_metrics": {"followers_count": 431},
            },
        ],
        "media": [{"media_key": "3_1", "type": "photo"}, {"media_key": "16_2", "type": "animated_gif"}],
        "places": [{"id": "p1", "full_name": "Tehran, Iran"}],
    },
}


def with_data(**changes):
    return {**PAYLOAD, "data": {**PAYLOAD["data"], **changes}}


def test_everything_is_filled():
    assert detect(PAYLOAD) is x
    assert x.to_post(PAYLOAD) == SocialPost(
        post_id="1800000000000000007",
        platform="x",
        author=Author("501", "kamran_t", "Kamran", 431, True, {"location": "Tehran", "bio": "tennis, mostly"}),
        text="@ParsiShops no news of my order #late https://t.co/abc",
        created_at=datetime(2026, 10, 3, 9, 30, tzinfo=UTC),
        language="en",
        conversation_id="1800000000000000001",
        in_reply_to_post_id="1800000000000000005",
        in_reply_to_account_id="900100",
        mentions=("ParsiShops",),
        hashtags=("late",),
        links=("https://parsi.example/o/1",),
        media=("photo", "video", "poll"),
        engagement=Engagement(likes=12, shares=5, replies=4, views=900),
        permalink="https://x.com/kamran_t/status/1800000000000000007",
        attributes={
            "source": "Twitter for Android",
            "quote_of": "1799999999999999999",
            "place": "Tehran, Iran",
        },
    )


def test_the_least_there_can_be():
    post = x.to_post({"data": {"id": 7, "text": "", "created_at": "2015-02-16T23:36:05-08:00"}})
    assert post == SocialPost(
        post_id="7",
        platform="x",
        author=Author(None),
        text="",
        created_at=datetime(2015, 2, 17, 7, 36, 5, tzinfo=UTC),
        permalink="https://x.com/i/web/status/7",
    )


def test_of_a_long_post_the_whole_text():
    note = {"text": "long " * 100, "entities": {"hashtags": [{"tag": "deep"}]}}
    post = x.to_post(with_data(note_tweet=note))
    assert (post.text, post.hashtags, post.mentions) == ("long " * 100, ("deep",), ())


def test_a_strange_username_cannot_leave_the_permalink():
    payload = {**PAYLOAD, "includes": {"users": [{"id": "501", "username": "a/../b?\u202e"}]}}
    assert x.to_post(payload).permalink == "https://x.com/a%2F..%2Fb%3F%E2%80%AE/status/1800000000000000007"


# ids of posts written at 2026-10-03 09:30:00.250 and, edited, at 09:41:07.500 UTC
FIRST, SECOND = (str((ms - 1288834974657) << 22) for ms in (1791019800250, 1791020467500))
CHAIN = {"edit_history_tweet_ids": [FIRST, SECOND]}


def test_an_edit_is_the_same_post_under_its_first_id():
    first = x.to_post(with_data(id=FIRST, **CHAIN))
    # whether X gives the time of this version or of the first one
    for told in ("2026-10-03T09:41:07.000Z", "2026-10-03T09:30:00.000Z"):
        edit = x.to_post(with_data(id=SECOND, text="it came", created_at=told, **CHAIN))
        assert edit.key == first.key == f"x:{FIRST}"
        assert edit.created_at == first.created_at == datetime(2026, 10, 3, 9, 30, tzinfo=UTC)
        assert (first.edited_at, edit.edited_at) == (None, datetime(2026, 10, 3, 9, 41, 7, 500000, tzinfo=UTC))
        assert edit.version > first.version
        assert edit.permalink.endswith(SECOND)


@pytest.mark.parametrize("first", ["12", "no snowflake", "9" * 20])
def test_ids_that_tell_no_time_leave_the_time_that_was_told(first):
    edit = x.to_post(with_data(edit_history_tweet_ids=[first, PAYLOAD["data"]["id"]]))
    assert (edit.post_id, edit.created_at, edit.edited_at) == (first, edit.created_at, edit.created_at)


@pytest.mark.parametrize(
    ("payload", "author", "at"),
    [
        (
            {"data": {"delete": {"tweet": {"id": "60", "author_id": "319"}, "event_at": "2026-10-03T12:34:56.789Z"}}},
            "319",
            datetime(2026, 10, 3, 12, 34, 56, 789000, tzinfo=UTC),
        ),
        (
            {"delete": {"tweet": {"id": "60", "author_id": "319"}, "event_at": "2026-10-03T12:34:56Z"}},
            "319",
            datetime(2026, 10, 3, 12, 34, 56, tzinfo=UTC),
        ),
        (
            {"delete": {"status": {"id": 60, "id_str": "60", "user_id": 319}, "timestamp_ms": "1791020467500"}},
            "319",
            datetime(2026, 10, 3, 9, 41, 7, 500000, tzinfo=UTC),
        ),
    ],
)
def test_a_notice_of_deletion(payload, author, at):
    assert detect(payload) is x
    assert x.to_post(payload) == SocialPost("60", "x", Author(author), "", at, deleted=True)


def test_a_notice_without_a_time_is_dated_by_the_id():
    assert x.to_post({"delete": {"status": {"id": int(FIRST)}}}).created_at.minute == 30
    assert x.to_post({"delete": {"status": {"id": "a"}}}).created_at == datetime(2000, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("payload", "reason", "message"),
    [
        ({"data": {"drop": {"tweet": {"id": "1"}}}}, "unknown_shape", "data: of compliance events only delete is read"),
        ({"delete": {}}, "missing_field", "delete.tweet is absent, and so is delete.status"),
        ({"delete": {"tweet": {"id": ""}}}, "missing_field", "delete.tweet.id: is empty"),
        ({"data": {"delete": []}}, "wrong_type", "delete must be an object, not a list"),
        ({"data": None}, "missing_field", "data is null"),
        ({"data": []}, "wrong_type", "data must be an object, not a list"),
        (with_data(id=None), "missing_field", "data.id is null"),
        (with_data(id=" "), "missing_field", "data.id: is empty"),
        (with_data(id=True), "wrong_type", "data.id must be text, not true or false"),
        (with_data(id="1" * 1001), "too_long", "data.id: has more than 1,000 characters"),
        (with_data(text=["a"]), "wrong_type", "data.text must be text, not a list"),
        (with_data(text="a\x00"), "bad_text", "data.text: holds a NUL character or a lone surrogate"),
        (with_data(text="\ud83d"), "bad_text", "data.text: holds a NUL character or a lone surrogate"),
        (with_data(text="a" * 100_001), "too_long", "data.text: has more than 100,000 characters"),
        (with_data(created_at="yesterday"), "bad_time", "data.created_at: is not a time in ISO 8601"),
        (with_data(created_at="2026-10-03T09:30:00"), "bad_time", "data.created_at: has no time zone"),
        (
            with_data(created_at="9999-12-31T23:59:59-01:00"),
            "bad_time",
            "data.created_at: lies outside the years 1 to 9999",
        ),
        (with_data(created_at=1700000000), "wrong_type", "data.created_at: must be a time in ISO 8601"),
        (with_data(entities={"mentions": {}}), "wrong_type", "data.entities.mentions: must be a list"),
        (
            {**PAYLOAD, "includes": {"users": [{"id": "501", "username": 5}]}},
            "wrong_type",
            "includes.users.0.username must be text, not a number",
        ),
        (
            with_data(public_metrics={"like_count": -1}),
            "out_of_range",
            "data.public_metrics.like_count: Input should be greater than or equal to 0",
        ),
        (
            with_data(public_metrics={"like_count": 2**63}),
            "out_of_range",
            "data.public_metrics.like_count: Input should be less than or equal to 9223372036854775807",
        ),
    ],
)
def test_what_is_wrong_is_named(payload, reason, message):
    with pytest.raises(RecordError) as failure:
        x.to_post(payload)
    assert (failure.value.reason, failure.value.message) == (reason, message)


def test_no_trace_of_the_text_in_the_error():
    with pytest.raises(RecordError) as failure:
        x.to_post(with_data(text="my card is 6037\x00"))
    assert "6037" not in str(failure.value)
    assert failure.value.__context__ is None
