"""LinkedIn: posts and comments of the Community Management API."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipeline.adapters import detect, linkedin
from pipeline.errors import RecordError
from pipeline.records import Author, Engagement, SocialPost

POST = {
    "id": "urn:li:ugcPost:6856810298419044352",
    "author": "urn:li:organization:5515715",
    "commentary": "گلدون‌های نو \\(سفالی\\) از @[Parsi Shops](urn:li:organization:2414183) {hashtag|\\#|گلدون} https://parsi.example/p/9",
    "createdAt": 1791020467743,
    "publishedAt": 1791020467774,
    "lastModifiedAt": 1791020467774,
    "lifecycleState": "PUBLISHED",
    "lifecycleStateInfo": {"isEditedByAuthor": False},
    "visibility": "PUBLIC",
    "isReshareDisabledByAuthor": False,
    "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
    "content": {"media": {"title": "a clip", "id": "urn:li:video:C5F10AQGKQg_6y2a4sQ"}},
}
COMMENT = {
    "id": "6636062862760562688",
    "commentUrn": "urn:li:comment:(urn:li:activity:6631349431612559360,6636062862760562688)",
    "actor": "urn:li:person:f49f2kf0",
    "created": {"actor": "urn:li:person:f49f2kf0", "time": 1791020468569},
    "lastModified": {"actor": "urn:li:person:f49f2kf0", "time": 1791020468569},
    "message": {"attributes": [], "text": "سفارشم نرسید #تاخیر"},
    "object": "urn:li:activity:6631349431612559360",
    "likesSummary": {"totalLikes": 2, "aggregatedTotalLikes": 2, "likedByCurrentUser": False},
    "commentsSummary": {"aggregatedTotalComments": 1},
}


def test_a_post():
    assert detect(POST) is linkedin
    assert linkedin.to_post(POST) == SocialPost(
        post_id="urn:li:ugcPost:6856810298419044352",
        platform="linkedin",
        author=Author("urn:li:organization:5515715"),
        text="گلدون‌های نو (سفالی) از Parsi Shops #گلدون https://parsi.example/p/9",
        created_at=datetime(2026, 10, 3, 9, 41, 7, 743000, tzinfo=UTC),
        conversation_id="urn:li:ugcPost:6856810298419044352",
        mentions=("Parsi Shops",),
        hashtags=("گلدون",),
        links=("https://parsi.example/p/9",),
        media=("video",),
        permalink="https://www.linkedin.com/feed/update/urn:li:ugcPost:6856810298419044352/",
    )


def test_a_comment():
    assert detect(COMMENT) is linkedin
    assert linkedin.to_post(COMMENT) == SocialPost(
        post_id="6636062862760562688",
        platform="linkedin",
        author=Author("urn:li:person:f49f2kf0"),
        text="سفارشم نرسید #تاخیر",
        created_at=datetime(2026, 10, 3, 9, 41, 8, 569000, tzinfo=UTC),
        conversation_id="urn:li:activity:6631349431612559360",
        in_reply_to_post_id="urn:li:activity:6631349431612559360",
        hashtags=("تاخیر",),
        engagement=Engagement(likes=2, replies=1),
    )


@pytest.mark.parametrize("thread", ["urn:li:activity:6631349431612559360", "activity:6631349431612559360"])
def test_an_answer_names_the_comment_it_answers(thread):
    answer = linkedin.to_post({**COMMENT, "parentComment": f"urn:li:comment:({thread},663)"})
    assert answer.in_reply_to_post_id == "663"


def test_an_edited_post_and_an_edited_comment():
    at = datetime(2026, 10, 3, 10, tzinfo=UTC)
    ms = int(at.timestamp() * 1000)
    edit = {**POST, "lastModifiedAt": ms, "lifecycleStateInfo": {"isEditedByAuthor": True}}
    assert linkedin.to_post(edit) == replace(linkedin.to_post(POST), edited_at=at)
    assert linkedin.to_post({**COMMENT, "lastModified": {"time": ms}}).edited_at == at


def test_a_modification_that_is_no_edit_makes_no_version():
    assert linkedin.to_post({**POST, "lastModifiedAt": POST["lastModifiedAt"] + 9999}).edited_at is None


@pytest.mark.parametrize(
    ("content", "media", "links"),
    [
        ({"multiImage": {"images": [{"id": "urn:li:image:1"}, {"id": "urn:li:image:2"}]}}, ("photo",), ()),
        ({"media": {"id": "urn:li:document:1"}}, ("file",), ()),
        ({"article": {"source": "https://news.example/a", "title": "A"}}, ("link",), ("https://news.example/a",)),
        ({"poll": {"question": "?", "options": []}}, ("poll",), ()),
        (None, (), ()),
    ],
)
def test_content(content, media, links):
    post = linkedin.to_post({**POST, "commentary": "", "content": content})
    assert (post.media, post.links) == (media, links)


def test_a_reshare_names_the_original():
    post = linkedin.to_post({**POST, "reshareContext": {"parent": "urn:li:share:1", "root": "urn:li:share:1"}})
    assert post.attributes == {"repost_of": "urn:li:share:1"}


@pytest.mark.parametrize(
    ("commentary", "text"),
    [
        ("a \\# b \\@ c \\\\ d", "a # b @ c \\ d"),
        ("@[A \\] B](urn:li:person:1)!", "A ] B!"),
        ("{hashtag|#|one}{hashtag|\\#|two}", "#one#two"),
        ("{hashtag|\\#|", "{hashtag|#|"),
        ("plain @name #tag", "plain @name #tag"),
    ],
)
def test_little_text(commentary, text):
    assert linkedin.to_post({**POST, "commentary": commentary}).text == text


@pytest.mark.parametrize("piece", ["@[", "@[a](", "{hashtag|", "{hashtag|#|a", "\\", "@[\\"])
def test_hostile_little_text_is_read_in_time_that_grows_with_its_length(piece):
    linkedin.to_post({**POST, "commentary": piece * (40_000 // len(piece))})


@pytest.mark.parametrize(
    ("payload", "reason", "field"),
    [
        ({**POST, "id": None}, "missing_field", "id"),
        ({**POST, "commentary": 5}, "wrong_type", "commentary"),
        ({**POST, "createdAt": "soon"}, "wrong_type", "createdAt"),
        ({**POST, "content": {"media": 1}}, "wrong_type", "content.media"),
        ({**COMMENT, "message": "hi"}, "wrong_type", "message"),
        ({**COMMENT, "created": {}}, "missing_field", "created.time"),
        ({**COMMENT, "likesSummary": {"totalLikes": -1}}, "out_of_range", "likesSummary.totalLikes"),
    ],
)
def test_what_is_wrong_is_named(payload, reason, field):
    assert linkedin.matches(payload)
    with pytest.raises(RecordError) as failure:
        linkedin.to_post(payload)
    assert failure.value.reason == reason
    assert failure.value.message.startswith(field)


@pytest.mark.parametrize("payload", [{**POST, "author": "me"}, {**COMMENT, "actor": 5}])
def test_only_urns_of_linkedin_tell(payload):
    assert not linkedin.matches(payload)
