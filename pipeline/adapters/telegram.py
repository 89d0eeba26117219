"""Telegram Bot API: one Update with a message or a channel post, new or edited.

https://core.telegram.org/bots/api#update. Bots are not told of deletions; only of those in the chats of a
connected business account (`deleted_business_messages`, many at once), which are not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from pydantic import Field

from pipeline.adapters.fields import Epoch, Id, Items, Name, Payload, Text, read, unique
from pipeline.errors import RecordError
from pipeline.records import Author, SocialPost

_MEDIA = {
    "photo": "photo",
    "sticker": "photo",
    "video": "video",
    "animation": "video",
    "video_note": "video",
    "audio": "audio",
    "voice": "audio",
    "document": "file",
    "poll": "poll",
}


class _User(Payload):
    id: Id
    username: Name | None = None
    first_name: Name | None = None
    last_name: Name | None = None
    language_code: Name | None = None


class _Chat(Payload):
    id: Id
    type: Name | None = None
    username: Name | None = None
    title: Name | None = None
    first_name: Name | None = None
    last_name: Name | None = None


class _Entity(Payload):
    type: Name
    offset: int
    length: int
    url: Text | None = None
    user: _User | None = None


class _Sent(Payload):
    message_id: Id
    sender: _User | None = Field(default=None, alias="from")
    sender_chat: _Chat | None = None


class _Message(_Sent):
    date: Epoch
    edit_date: Epoch | None = None
    chat: _Chat
    text: Text | None = None
    caption: Text | None = None
    entities: Items[_Entity] = ()
    caption_entities: Items[_Entity] = ()
    message_thread_id: Id | None = None
    reply_to_message: _Sent | None = None
    author_signature: Name | None = None


class _Update(Payload):
    message: _Message | None = None
    edited_message: _Message | None = None
    channel_post: _Message | None = None
    edited_channel_post: _Message | None = None


def matches(payload: Mapping[str, Any]) -> bool:
    """Whether this looks like an Update of the Bot API."""
    return "update_id" in payload


def to_post(payload: Mapping[str, Any]) -> SocialPost:
    """The message or channel post as it now stands; RecordError names the field at fault.

    Any other update (a reaction, a new member) is RecordError unknown_shape. A message id is
    unique in its chat only, so the post id is `<chat id>-<message id>`.
    """
    update = read(_Update, payload)
    field, message = next(((name, told) for name, told in update if told), ("", None))
    if message is None:
        raise RecordError("unknown_shape", "message and channel_post are absent, and so are their edits")
    by_channel = field.endswith("channel_post")
    if not (by_channel or message.sender or message.sender_chat):
        raise RecordError("missing_field", f"{field}.from is absent, and so is {field}.sender_chat")
    text = message.text if message.text is not None else message.caption or ""
    entities = message.entities if message.text is not None else message.caption_entities
    replied = message.reply_to_message
    mentions, hashtags, links = _marks(text, entities)
    return SocialPost(
        post_id=f"{message.chat.id}-{message.message_id}",
        platform="telegram",
        author=_author(message, message.chat if by_channel else None),
        text=text,
        created_at=message.date,
        conversation_id=f"{message.chat.id}-{message.message_thread_id}" if message.message_thread_id else None,
        in_reply_to_post_id=f"{message.chat.id}-{replied.message_id}" if replied else None,
        in_reply_to_account_id=_author(replied, None).account_id if replied else None,
        mentions=mentions,
        hashtags=hashtags,
        links=links,
        media=_media(payload[field]),
        permalink=_permalink(message),
        attributes=_attributes(message),
        edited_at=message.edit_date,
    )


def _author(message: _Sent, channel: _Chat | None) -> Author:
    # sender_chat first: beside it Telegram puts a made-up `from` (Channel_Bot, GroupAnonymousBot)
    sender = message.sender_chat or message.sender or channel
    if sender is None:
        return Author(None)
    name = " ".join(part for part in (sender.first_name, sender.last_name) if part)
    title = sender.title if isinstance(sender, _Chat) else None
    return Author(sender.id, handle=sender.username or None, display_name=title or name or None)


def _marks(text: str, entities: Iterable[_Entity]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    mentions: list[str | None] = []
    hashtags: list[str | None] = []
    links: list[str | None] = []
    # offsets count UTF-16 units: an emoji is two
    units = text.encode("utf-16-le")
    for entity in entities:
        start = max(0, entity.offset)
        piece = units[2 * start : 2 * (start + max(0, entity.length))].decode("utf-16-le", "replace")
        if entity.type == "mention":
            mentions.append(piece.removeprefix("@"))
        elif entity.type == "text_mention" and entity.user:
            mentions.append(entity.user.username or entity.user.id)
        elif entity.type == "hashtag":
            hashtags.append(piece.removeprefix("#"))
        elif entity.type == "url":
            links.append(piece)
        elif entity.type == "text_link":
            links.append(entity.url)
    return unique(mentions), unique(hashtags), unique(links)


def _media(message: Mapping[str, Any]) -> tuple[str, ...]:
    # an animation is sent a second time as a document, for old clients
    document = message.get("document") and not message.get("animation")
    return unique(kind for name, kind in _MEDIA.items() if (document if name == "document" else message.get(name)))


def _permalink(message: _Message) -> str | None:
    number = quote(message.message_id, safe="")
    if message.chat.username and message.chat.type != "private":
        return f"https://t.me/{quote(message.chat.username, safe='')}/{number}"
    # a private supergroup or channel: its id without the -100 that the Bot API puts before it
    if message.chat.id.startswith("-100"):
        return f"https://t.me/c/{quote(message.chat.id[4:], safe='')}/{number}"
    return None


def _attributes(message: _Message) -> dict[str, str]:
    stated = {"chat": message.chat.title, "chat_type": message.chat.type, "signature": message.author_signature}
    return {name: value for name, value in stated.items() if value}
