"""Instagram and Facebook: two forms of the Graph API's comments."""

from datetime import UTC, datetime

import pytest

from pipeline.adapters import detect, facebook, instagram
from pipeline.errors import RecordError
from pipeline.records import Author, Engagement, SocialPost

INSTAGRAM = {
    "id": "17950000171670490",
    "text": "@parsi.shops سایز بزرگش #گلدون_سفالی هم هست؟ ببینید https://parsi.example/p/9.",
    "timestamp": "2026-10-03T05:10:49+0000",
    "username": "nili.home",
    "from": {"id": "17843041290085", "username": "nili.home"},
    "like_count": 1,
    "media": {
        "id": "18020191863730557",
        "media_product_type": "REELS",
        "permalink": "https://www.instagram.com/p/Cdef/",
    },
    "replies": {"data": [{"id": "1"}, {"id": "2"}]},
}
FACEBOOK = {
    "id": "1003_7036",
    "message": "Parsi Shops قسطی هم میدین؟ #قسط",
    "created_time": "2026-10-03T11:48:40+0000",
    "from": {"id": "615", "name": "رویا"},
    "like_count": 1,
    "comment_count": 0,
    "parent": {"id": "1003_7000", "from": {"id": "616", "name": "A"}},
    "message_tags": [{"id": "9", "name": "Parsi Shops", "type": "page", "offset": 0, "length": 11}],
    "attachment": {"type": "share", "url": "https://parsi.example/q"},
}


def test_an_instagram_comment():
    assert detect(INSTAGRAM) is instagram
    assert instagram.to_post(INSTAGRAM) == SocialPost(
        post_id="17950000171670490",
        platform="instagram",
        author=Author("17843041290085", "nili.home"),
        text=INSTAGRAM["text"],
        created_at=datetime(2026, 10, 3, 5, 10, 49, tzinfo=UTC),
        conversation_id="18020191863730557",
        in_reply_to_post_id="18020191863730557",
        mentions=("parsi.shops",),
        hashtags=("گلدون_سفالی",),
        links=("https://parsi.example/p/9",),
        engagement=Engagement(likes=1, replies=2),
        permalink="https://www.instagram.com/p/Cdef/c/17950000171670490/",
        attributes={"media_product_type": "REELS"},
    )


def test_an_instagram_reply_answers_its_parent():
    post = instagram.to_post({**INSTAGRAM, "parent_id": "179"})
    assert (post.in_reply_to_post_id, post.conversation_id) == ("179", "18020191863730557")


def test_the_username_stands_in_for_an_account_the_token_may_not_see():
    post = instagram.to_post({key: INSTAGRAM[key] for key in ("id", "text", "timestamp", "username")})
    assert post.author == Author("nili.home", "nili.home")
    assert post.permalink is None


def test_a_facebook_comment():
    assert detect(FACEBOOK) is facebook
    assert facebook.to_post(FACEBOOK) == SocialPost(
        post_id="1003_7036",
        platform="facebook",
        author=Author("615", display_name="رویا"),
        text=FACEBOOK["message"],
        created_at=datetime(2026, 10, 3, 11, 48, 40, tzinfo=UTC),
        conversation_id="1003",
        in_reply_to_post_id="1003_7000",
        in_reply_to_account_id="616",
        mentions=("Parsi Shops",),
        hashtags=("قسط",),
        links=("https://parsi.example/q",),
        media=("link",),
        engagement=Engagement(likes=1, replies=0),
        permalink="https://www.facebook.com/1003?comment_id=7036",
    )


def test_a_facebook_comment_of_somebody_the_page_may_not_see():
    post = facebook.to_post({"id": "5", "message": "", "created_time": "2026-10-03T11:48:40+0000"})
    assert (post.author, post.account_key) == (Author(None), None)
    assert (post.conversation_id, post.permalink) == (None, "https://www.facebook.com/5")


def notification(about, *changes):
    return {"object": about, "entry": [{"id": "9", "time": 1791024520, "changes": list(changes)}]}


def feed(**changes):
    value = {
        "item": "comment",
        "verb": "add",
        "comment_id": "1003_7036",
        "post_id": "9_1003",
        "parent_id": "9_1003",
        "created_time": 1791024510,
        "message": "Parsi Shops قسطی هم میدین؟",
        "from": {"id": "615", "name": "رویا"},
    }
    return notification("page", {"field": "feed", "value": {**value, **changes}})


SENT = datetime.fromtimestamp(1791024520, UTC)


def test_a_notification_of_a_new_facebook_comment_is_the_same_post_as_the_comment():
    assert detect(feed()) is facebook
    new, read = facebook.to_post(feed()), facebook.to_post(FACEBOOK)
    assert (new.key, new.author, new.conversation_id, new.permalink) == (
        read.key,
        read.author,
        read.conversation_id,
        read.permalink,
    )
    assert (new.in_reply_to_post_id, new.created_at) == ("1003", datetime.fromtimestamp(1791024510, UTC))
    assert facebook.to_post(feed(parent_id="1003_7000")).in_reply_to_post_id == "1003_7000"


def test_an_edited_facebook_comment():
    edit = facebook.to_post(feed(verb="edited", message="ممنون"))
    assert (edit.text, edit.edited_at) == ("ممنون", SENT)
    assert edit.version > facebook.to_post(feed()).version


def test_a_removed_facebook_comment():
    gone = feed(verb="remove", message=None)
    assert facebook.to_post(gone) == SocialPost("1003_7036", "facebook", Author("615"), "", SENT, deleted=True)
    assert facebook.to_post(feed(verb="remove", **{"from": None})).author == Author(None)


def test_a_notification_of_a_new_instagram_comment():
    value = {name: INSTAGRAM[name] for name in ("id", "text", "from")} | {"media": {"id": "18020191863730557"}}
    payload = notification("instagram", {"field": "comments", "value": value})
    # Instagram gives some times in milliseconds
    payload["entry"][0]["time"] = 1791024520000
    assert detect(payload) is instagram
    post = instagram.to_post(payload)
    assert (post.key, post.author, post.created_at) == (
        "instagram:17950000171670490",
        Author("17843041290085", "nili.home"),
        SENT,
    )


@pytest.mark.parametrize(
    ("adapter", "payload", "reason", "field"),
    [
        (facebook, feed(item="reaction"), "unknown_shape", "entry: only a comment's"),
        (facebook, feed(verb="hide"), "unknown_shape", "entry: only a comment's"),
        (facebook, feed(comment_id=None), "missing_field", "comment_id"),
        (facebook, notification("page"), "unknown_shape", "entry: holds 0 changes"),
        (facebook, notification("page", *feed()["entry"][0]["changes"] * 2), "unknown_shape", "entry: holds 2 changes"),
        (facebook, notification("page", {"field": "ratings", "value": {}}), "unknown_shape", "entry: only changes of"),
        (facebook, notification("page", {"field": "feed"}), "missing_field", "entry.0.changes.0.value"),
        (instagram, notification("instagram", {"field": "mentions", "value": {}}), "unknown_shape", "entry: only"),
        (instagram, {**INSTAGRAM, "id": ""}, "missing_field", "id"),
        (instagram, {**INSTAGRAM, "from": "nili"}, "wrong_type", "from"),
        (instagram, {**INSTAGRAM, "from": {}}, "missing_field", "from.id"),
        (instagram, {**INSTAGRAM, "timestamp": "3 Oct"}, "bad_time", "timestamp"),
        (facebook, {**FACEBOOK, "created_time": "soon"}, "bad_time", "created_time"),
        (facebook, {**FACEBOOK, "message": None}, "missing_field", "message"),
        (facebook, {**FACEBOOK, "message_tags": [7]}, "wrong_type", "message_tags.0"),
    ],
)
def test_what_is_wrong_is_named(adapter, payload, reason, field):
    with pytest.raises(RecordError) as failure:
        adapter.to_post(payload)
    assert failure.value.reason == reason
    assert failure.value.message.startswith(field)
