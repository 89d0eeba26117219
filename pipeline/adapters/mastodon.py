"""Mastodon: one Status as the REST and streaming APIs give it.

https://docs.joinmastodon.org/entities/Status/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from pipeline.adapters.fields import MAX_TEXT, Count, Html, Id, Items, Name, Payload, Text, Time, read, unique
from pipeline.adapters.html_text import html_to_text
from pipeline.errors import RecordError
from pipeline.records import Author, Engagement, SocialPost

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


def matches(payload: Mapping[str, Any]) -> bool:
    """Whether this looks like a Status."""
    account = payload.get("account")
    return isinstance(account, Mapping) and "acct" in account and "content" in payload


def to_post(payload: Mapping[str, Any]) -> SocialPost:
    """The status as plain text, its content warning first; RecordError names the field at fault.

    A boost has no text of its own: its text is empty and `attributes["repost_of"]` names the original.
    """
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
    )


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
