import json
from datetime import UTC, datetime

import pytest

from pipeline.adapters import detect, mastodon
from pipeline.adapters.html_text import html_to_text
from pipeline.errors import RecordError
from pipeline.records import Author, Engagement, SocialPost

STATUS = {
    "id": "117377573715968001",
    "created_at": "2026-10-03T15:00:38.125Z",
    "in_reply_to_id": "117377573715968000",
    "in_reply_to_account_id": "99",
    "language": "en",
    "spoiler_text": "shopping",
    "uri": "https://books.example/users/quiet/statuses/1",
    "url": "https://books.example/@quiet/1",
    "content": '<p>Tea &amp; books<br />from <span class="h-card">'
    '<a href="https://s.example/@parsi" class="u-url mention">@<span>parsi</span></a></span></p><p><a href="https://parsi.example/?a=1&amp;b=2">'
    '<span class="invisible">https://</span>parsi.example</a> &lt;3 '
    '<a href="https://m.example/tags/books" class="mention hashtag" rel="tag">#<span>books</span></a></p>',
    "account": {
        "id": "101",
        "username": "quiet",
        "acct": "quiet@books.example",
        "display_name": "Quiet Reader",
        "followers_count": 640,
        "note": "<p>Rasht.<br>I read.</p>",
        "fields": [{"name": "Pronouns", "value": "she", "verified_at": None}],
    },
    "mentions": [{"id": "9", "username": "parsi", "acct": "parsi@s.example", "url": "https://s.example/@parsi"}],
    "tags": [{"name": "books", "url": "https://m.example/tags/books"}],
    "media_attachments": [{"id": "1", "type": "image"}, {"id": "2", "type": "gifv"}, {"id": "3", "type": "image"}],
    "poll": {"id": "4", "options": []},
    "card": {"url": "https://parsi.example/?a=1&b=2"},
    "replies_count": 3,
    "reblogs_count": 1,
    "favourites_count": 23,
    "visibility": "public",
    "application": {"name": "Tusky"},
}


def test_a_status():
    assert detect(STATUS) is mastodon
    assert mastodon.to_post(STATUS) == SocialPost(
        post_id="117377573715968001",
        platform="mastodon",
        author=Author(
            "101", "quiet@books.example", "Quiet Reader", 640, None, {"Pronouns": "she", "bio": "Rasht.\nI read."}
        ),
        text="shopping\n\nTea & books\nfrom @parsi\n\nhttps://parsi.example <3 #books",
        created_at=datetime(2026, 10, 3, 15, 0, 38, 125000, tzinfo=UTC),
        language="en",
        in_reply_to_post_id="117377573715968000",
        in_reply_to_account_id="99",
        mentions=("parsi@s.example",),
        hashtags=("books",),
        links=("https://parsi.example/?a=1&b=2",),
        media=("photo", "video", "poll"),
        engagement=Engagement(likes=23, shares=1, replies=3),
        permalink="https://books.example/@quiet/1",
        attributes={
            "uri": "https://books.example/users/quiet/statuses/1",
            "visibility": "public",
            "source": "Tusky",
        },
    )


def event(name, payload):
    return {"stream": ["public"], "event": name, "payload": payload}


def test_an_edited_status():
    post = mastodon.to_post({**STATUS, "edited_at": "2026-10-03T16:00:00.000Z"})
    assert post.edited_at == datetime(2026, 10, 3, 16, tzinfo=UTC)
    assert post.version > mastodon.to_post({**STATUS, "edited_at": None}).version


@pytest.mark.parametrize("name", ["update", "status.update"])
def test_an_event_carries_a_status_in_a_string(name):
    payload = event(name, json.dumps(STATUS))
    assert detect(payload) is mastodon
    assert mastodon.to_post(payload) == mastodon.to_post(STATUS)


def test_a_deletion_names_only_the_post_and_is_dated_by_its_id():
    payload = event("delete", STATUS["id"])
    assert detect(payload) is mastodon
    # the id was made at 2026-10-03 15:00:38.125, true to the second
    at = datetime.fromtimestamp((int(STATUS["id"]) >> 16) // 1000 + 1, UTC)
    assert mastodon.to_post(payload) == SocialPost(STATUS["id"], "mastodon", Author(None), "", at, deleted=True)


@pytest.mark.parametrize("number", ["17", "AbC4", "9" * 20, "9" * 30, "٣"])
def test_an_id_that_tells_no_time(number):
    assert mastodon.to_post(event("delete", number)).created_at == datetime(2000, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("payload", "reason", "message"),
    [
        (event("notification", "{}"), "unknown_shape", "event: only update, status.update and delete are read"),
        (event("update", "{"), "bad_json", "column 2"),
        (event("update", "[1]"), "not_an_object", "is JSON"),
        (event("update", STATUS), "wrong_type", "payload must be text"),
        (event("update", '{"id": "1"}'), "missing_field", "content is absent"),
        (event("delete", None), "missing_field", "payload is null"),
    ],
)
def test_what_is_wrong_with_an_event_is_named(payload, reason, message):
    with pytest.raises(RecordError) as failure:
        mastodon.to_post(payload)
    assert failure.value.reason == reason
    assert failure.value.message.startswith(message)


def test_a_boost_says_nothing_itself():
    post = mastodon.to_post({**STATUS, "content": "", "spoiler_text": "", "reblog": {"id": "5"}})
    assert (post.text, post.attributes["repost_of"]) == ("", "5")


def test_hidden_followers_are_unknown():
    account = {**STATUS["account"], "followers_count": -1}
    assert mastodon.to_post({**STATUS, "account": account}).author.followers is None


@pytest.mark.parametrize(
    ("payload", "reason", "field"),
    [
        ({**STATUS, "content": None}, "missing_field", "content"),
        ({**STATUS, "content": "a\x00"}, "bad_text", "content"),
        ({**STATUS, "content": "x" * 100_001}, "too_long", "content"),
        ({**STATUS, "content": "<b></b>" * 60_000}, "too_long", "content"),
        ({**STATUS, "account": {"id": "1"}}, "missing_field", "account.acct"),
        ({**STATUS, "poll": "yes"}, "wrong_type", "poll"),
    ],
)
def test_what_is_wrong_is_named(payload, reason, field):
    with pytest.raises(RecordError) as failure:
        mastodon.to_post(payload)
    assert failure.value.reason == reason
    assert failure.value.message.startswith(field)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("plain & simple", "plain & simple"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<ul><li>one</li><li>two</li></ul>", "• one\n• two"),
        ("<pre>x  y\n  z</pre>", "x  y\nz"),
        ("a\n  b", "a b"),
        ("<script>alert(1)</script>seen", "seen"),
        ("</script>seen", "seen"),
        ("1 < 2 &lt; 3 <", "1 < 2 < 3 <"),
        ("&#x647;&zwnj;&nbsp;&#0;", "ه\u200c\xa0\ufffd"),
        ("<![if x]>y", "<![if x]>y"),
    ],
)
def test_html_to_text(html, text):
    assert html_to_text(html)[0] == text


@pytest.mark.parametrize("piece", ["<", "<a ", "<!--", "<![", "<a b='", "&", "</", "<a><b> ", "<pre> "])
def test_hostile_html_is_read_in_time_that_grows_with_its_length(piece):
    # each of these took html.parser alone from many seconds to minutes
    html_to_text(piece * (40_000 // len(piece)))
