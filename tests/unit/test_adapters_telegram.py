from datetime import UTC, datetime

import pytest

from pipeline.adapters import detect, telegram
from pipeline.errors import RecordError
from pipeline.records import Author, SocialPost

CHAT = {"id": -1001700900100, "type": "supergroup", "title": "Buyers", "username": "buyers_chat"}
SARA = {"id": 42, "is_bot": False, "first_name": "سارا", "last_name": "م", "username": "sara_m", "language_code": "fa"}
MESSAGE = {
    "message_id": 17,
    "from": SARA,
    "chat": CHAT,
    "date": 1791005540,
    "message_thread_id": 9,
    "reply_to_message": {"message_id": 11, "chat": CHAT, "date": 1791005000, "from": {"id": 900200}},
    # 🌷 is two UTF-16 units, so offsets by characters would be wrong
    "text": "🌷 @parsi_support سفارشم نرسید #تاخیر parsi.example اینجا",
    "entities": [
        {"type": "mention", "offset": 3, "length": 14},
        {"type": "hashtag", "offset": 31, "length": 6},
        {"type": "url", "offset": 38, "length": 13},
        {"type": "text_link", "offset": 52, "length": 5, "url": "https://parsi.example/o/1"},
        {"type": "text_mention", "offset": 18, "length": 6, "user": {"id": 77, "first_name": "R"}},
        {"type": "bold", "offset": 0, "length": 1},
    ],
}


def update(**changes):
    return {"update_id": 1, "message": {**MESSAGE, **changes}}


def test_a_message():
    assert detect(update()) is telegram
    assert telegram.to_post(update()) == SocialPost(
        post_id="-1001700900100-17",
        platform="telegram",
        author=Author("42", "sara_m", "سارا م"),
        text=MESSAGE["text"],
        created_at=datetime.fromtimestamp(1791005540, UTC),
        conversation_id="-1001700900100-9",
        in_reply_to_post_id="-1001700900100-11",
        in_reply_to_account_id="900200",
        mentions=("parsi_support", "77"),
        hashtags=("تاخیر",),
        links=("parsi.example", "https://parsi.example/o/1"),
        permalink="https://t.me/buyers_chat/17",
        attributes={"chat": "Buyers", "chat_type": "supergroup"},
    )


def test_a_channel_post_is_by_its_channel():
    chat = {"id": -1005, "type": "channel", "title": "News", "username": "news"}
    post = telegram.to_post(
        {
            "update_id": 2,
            "channel_post": {
                "message_id": 3,
                "chat": chat,
                "date": 1791005540,
                "photo": [{"file_id": "a"}],
                "caption": "see #sale",
                "caption_entities": [{"type": "hashtag", "offset": 4, "length": 5}],
                "author_signature": "Mina",
            },
        }
    )
    assert post.author == Author("-1005", "news", "News")
    assert (post.text, post.hashtags, post.media) == ("see #sale", ("sale",), ("photo",))
    assert post.attributes["signature"] == "Mina"


@pytest.mark.parametrize("sender", [{"from": None}, {"from": {"id": 1087968824, "username": "GroupAnonymousBot"}}])
def test_sender_chat_stands_for_an_author_without_a_face(sender):
    post = telegram.to_post(update(**sender, sender_chat={"id": -1009, "title": "Parsi", "type": "channel"}))
    assert post.author == Author("-1009", None, "Parsi")


@pytest.mark.parametrize("field", ["edited_message", "edited_channel_post"])
def test_an_edit_is_the_same_post_at_the_same_time(field):
    new = telegram.to_post({"update_id": 1, field.removeprefix("edited_"): MESSAGE})
    edit = telegram.to_post({"update_id": 2, field: {**MESSAGE, "text": "رسید", "edit_date": 1791009000}})
    assert (edit.key, edit.created_at, edit.author) == (new.key, new.created_at, new.author)
    assert (edit.text, edit.edited_at) == ("رسید", datetime.fromtimestamp(1791009000, UTC))
    assert edit.version > new.version


def test_a_picture_without_words_has_empty_text():
    post = telegram.to_post(
        update(text=None, entities=None, photo=[{}], animation={"file_id": "a"}, document={"file_id": "a"})
    )
    assert (post.text, post.media) == ("", ("photo", "video"))


@pytest.mark.parametrize(
    ("chat", "link"),
    [
        ({"id": -1001234, "type": "supergroup"}, "https://t.me/c/1234/17"),
        ({"id": 42, "type": "private", "username": "sara_m"}, None),
    ],
)
def test_permalinks_of_chats_without_a_public_name(chat, link):
    assert telegram.to_post(update(chat=chat)).permalink == link


@pytest.mark.parametrize(
    ("payload", "reason", "field"),
    [
        ({"update_id": 1, "message_reaction": {}}, "unknown_shape", "message"),
        ({"update_id": 1, "edited_message": {**MESSAGE, "from": None}}, "missing_field", "edited_message.from"),
        (update(**{"from": None}), "missing_field", "message.from"),
        (update(date=None), "missing_field", "message.date"),
        (update(date="1791005540"), "wrong_type", "message.date"),
        (update(date=10**15), "bad_time", "message.date"),
        (update(chat={}), "missing_field", "message.chat.id"),
        (
            update(entities=[{"type": "url", "offset": "1", "length": 1}]),
            "wrong_type",
            "message.entities.0.offset",
        ),
    ],
)
def test_what_is_wrong_is_named(payload, reason, field):
    with pytest.raises(RecordError) as failure:
        telegram.to_post(payload)
    assert failure.value.reason == reason
    assert field in failure.value.message


def test_offsets_beyond_the_text_do_no_harm():
    entities = [{"type": "url", "offset": -5, "length": 10**30}, {"type": "mention", "offset": 10**30, "length": -1}]
    assert telegram.to_post(update(text="abc", entities=entities)).links == ("abc",)
