"""Mastodon: one Status as the REST API gives it, or one event of the streaming API.

https://docs.joinmastodon.org/entities/Status/ · https://docs.joinmastodon.org/methods/streaming/#events

An event is `{"event", "payload"}`: `update` and `status.update` carry a Status as JSON in a string, `delete`
only the id of a status. A deletion names neither its author nor its time: the author is found by the post's key
(`logic.versions`), and the notice is dated by the id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from pipeline.adapters.fields import (
    MAX_TEXT,
    Count,
    Html,
    Id,
    Items,
    Name,
    Payload,
    Text,
    Time,
    deletion,
    read,
    read_json,
    unique,
)
from pipeline.adapters.html_text import html_to_text
from pipeline.adapters.times import EARLIEST, read_epoch
from pipeline.errors import RecordError
from pipeline.records import Author, Engagement, SocialPost

_STATUS_EVENTS = ("update", "status.update")
_MEDIA = {"image": "photo", "gifv": "video", "video": "video", "audio": "audio", "unknown": "file"}

# -1 says that the person hides the number
_Followers = Annotated[Count | None, BeforeValidator(lambda value: None if value == -1 else value)]


class _Field(Payload):
    name: Name
    value: Html


class _Account(Payload):
    id: Id
    acct: Name
    display_name: Name | None = None
    note: Html | None = None
    followers_count: _Followers = None
    fields_: Items[_Field] = Field(default=(), alias="fields")


class _Attached(Payload):
    type: Name | None = None


class _Mention(Payload):
    acct: Name


class _Tag(Payload):
    name: Name


class _Card(Payload):
    url: Text | None = None


class _Application(Payload):
    name: Name | None = None


class _Boosted(Payload):
    id: Id


class _Status(Payload):
    id: Id
    content: Html
    created_at: Time
    edited_at: Time | None = None
    account: _Account
    spoiler_text: Text | None = None
    language: Name | None = None
    in_reply_to_id: Id | None = None
    in_reply_to_account_id: Id | None = None
    mentions: Items[_Mention] = ()
    tags: Items[_Tag] = ()
    media_attachments: Items[_Attached] = ()
    poll: dict[str, Any] | None = None
    card: _Card | None = None
    favourites_count: Count | None = None
    reblogs_count: Count | None = None
    replies_count: Count | None = None
    uri: Text | None = None
    url: Text | None = None
    visibility: Name | None = None
    application: _Application | None = None
    reblog: _Boosted | None = None


class _Event(Payload):
    event: Name
    payload: Html


class _Deletion(Payload):
    payload: Id


def matches(payload: Mapping[str, Any]) -> bool:
    """Whether this looks like a Status or an event about one."""
    account = payload.get("account")
    if payload.get("event") in (*_STATUS_EVENTS, "delete"):
        return "payload" in payload
    return isinstance(account, Mapping) and "acct" in account and "content" in payload


def to_post(payload: Mapping[str, Any]) -> SocialPost:
    """The status as plain text, its content warning first; RecordError names the field at fault.

    A boost has no text of its own: its text is empty and `attributes["repost_of"]` names the original.
    An event that is not about a status is RecordError unknown_shape.
    """
    if "event" in payload and "content" not in payload:
        if payload["event"] == "delete":
            number = read(_Deletion, payload).payload
            return deletion("mastodon", number, _end_of_its_second(number))
        event = read(_Event, payload)
        if event.event not in _STATUS_EVENTS:
            raise RecordError("unknown_shape", "event: only update, status.update and delete are read")
        payload = read_json(event.payload)
    status = read(_Status, payload)
    content, links = html_to_text(status.content)
    note, _ = html_to_text(status.account.note or "")
    declared = {field.name: html_to_text(field.value)[0] for field in status.account.fields_}
    text = "\n\n".join(part for part in (status.spoiler_text, content) if part)
    if len(text) > MAX_TEXT:
        raise RecordError("too_long", f"content: has more than {MAX_TEXT:,} characters")
    return SocialPost(
        post_id=status.id,
        platform="mastodon",
        author=_author(status.account, {**declared, "bio": note}),
        text=text,
        created_at=status.created_at,
        language=status.language or None,
        in_reply_to_post_id=status.in_reply_to_id,
        in_reply_to_account_id=status.in_reply_to_account_id,
        mentions=unique(mention.acct for mention in status.mentions),
        hashtags=unique(tag.name for tag in status.tags),
        links=unique([*links, status.card.url if status.card else None]),
        media=unique(_media(status)),
        engagement=Engagement(likes=status.favourites_count, shares=status.reblogs_count, replies=status.replies_count),
        permalink=status.url or status.uri,
        attributes=dict(_attributes(status)),
        edited_at=status.edited_at,
    )


def _end_of_its_second(number: str) -> datetime:
    """Not before the status of that id was written: 48 of its bits are milliseconds, true to the second.

    https://github.com/mastodon/mastodon/blob/main/lib/mastodon/snowflake.rb. An id of another making (small
    numbers before 2017, other servers than Mastodon) tells no time: EARLIEST.
    """
    if not number.isdecimal() or len(number) > 20:
        return EARLIEST
    try:
        return max(EARLIEST, read_epoch((int(number) >> 16) // 1000 + 1))
    except ValueError:
        return EARLIEST


def _author(account: _Account, declared: Mapping[str, str]) -> Author:
    return Author(
        account_id=account.id,
        handle=account.acct or None,
        display_name=account.display_name or None,
        followers=account.followers_count,
        declared={name: value for name, value in declared.items() if value},
    )


def _media(status: _Status) -> Iterator[str | None]:
    for attached in status.media_attachments:
        yield _MEDIA.get(attached.type or "")
    if status.poll is not None:
        yield "poll"


def _attributes(status: _Status) -> Iterator[tuple[str, str]]:
    # ids are the home server's own; the uri is the same on every server
    if status.uri:
        yield "uri", status.uri
    if status.visibility:
        yield "visibility", status.visibility
    if status.application and status.application.name:
        yield "source", status.application.name
    if status.reblog:
        yield "repost_of", status.reblog.id
