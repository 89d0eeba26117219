"""Bluesky: one Jetstream event that creates, updates or deletes an `app.bsky.feed.post`.

https://github.com/bluesky-social/jetstream · https://atproto.com/lexicons/app-bsky-feed. Bluesky's own apps cannot
edit a post, other clients can put a new record under its key. An account that is closed (`kind` account) is
announced once, not post by post; that event is not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from pydantic import Field

from pipeline.adapters.fields import Id, Items, Name, Payload, Text, Time, deletion, read, unique
from pipeline.adapters.times import EARLIEST, read_epoch
from pipeline.errors import RecordError
from pipeline.records import Author, SocialPost

_COLLECTION = "app.bsky.feed.post"
_OPERATIONS = ("create", "update", "delete")
_MEDIA = {
    "app.bsky.embed.images": "photo",
    "app.bsky.embed.video": "video",
    "app.bsky.embed.external": "link",
}


class _Feature(Payload):
    type: Name = Field(alias="$type")
    uri: Text | None = None
    did: Name | None = None
    tag: Name | None = None


class _Span(Payload):
    start: int = Field(alias="byteStart")
    end: int = Field(alias="byteEnd")


class _Facet(Payload):
    index: _Span
    features: Items[_Feature] = ()


class _Ref(Payload):
    uri: Id


class _Reply(Payload):
    root: _Ref
    parent: _Ref


class _External(Payload):
    uri: Text | None = None


class _Media(Payload):
    type: Name = Field(alias="$type")
    external: _External | None = None


class _Quoted(Payload):
    uri: Text | None = None
    record: _Ref | None = None


class _Embed(_Media):
    media: _Media | None = None
    record: _Quoted | None = None


class _Record(Payload):
    text: Text
    created_at: Time = Field(alias="createdAt")
    langs: Items[Name] = ()
    facets: Items[_Facet] = ()
    tags: Items[Name] = ()
    reply: _Reply | None = None
    embed: _Embed | None = None


class _Commit(Payload):
    rkey: Id
    record: _Record


class _Event(Payload):
    did: Id
    commit: _Commit


class _Operation(Payload):
    operation: Name
    collection: Name
    rkey: Id


class _Kind(Payload):
    did: Id
    time_us: int | None = None
    commit: _Operation


def matches(payload: Mapping[str, Any]) -> bool:
    """Whether this looks like a Jetstream event."""
    return "did" in payload and ("commit" in payload or payload.get("kind") in ("identity", "account"))


def to_post(payload: Mapping[str, Any]) -> SocialPost:
    """The post as it now stands; RecordError names the field at fault, unknown_shape for any other event.

    A record key is unique in its author's repository only, so the post id is the at:// address, which
    is also how replies name it. The time is the earlier of what the client states and when the
    network saw the post, as Bluesky itself sorts: https://docs.bsky.app/docs/advanced-guides/timestamps
    """
    kind = read(_Kind, payload)
    operation, seen = kind.commit.operation, _seen_at(kind.time_us)
    if operation not in _OPERATIONS or kind.commit.collection != _COLLECTION:
        raise RecordError("unknown_shape", f"commit: only an {_COLLECTION} that comes, changes or goes is read")
    address = f"at://{kind.did}/{_COLLECTION}/{kind.commit.rkey}"
    if operation == "delete":
        return deletion("bluesky", address, seen or EARLIEST, Author(kind.did))
    event = read(_Event, payload)
    record, reply = event.commit.record, event.commit.record.reply
    mentions, hashtags, links = _marks(record)
    return SocialPost(
        post_id=address,
        platform="bluesky",
        author=Author(event.did),
        text=record.text,
        created_at=min(record.created_at, seen or record.created_at),
        language=next((tag for tag in record.langs if tag), None),
        conversation_id=reply.root.uri if reply else address,
        in_reply_to_post_id=reply.parent.uri if reply else None,
        in_reply_to_account_id=_repository(reply.parent.uri) if reply else None,
        mentions=mentions,
        hashtags=hashtags,
        links=links,
        media=unique(_MEDIA.get(media.type) for media in _embedded(record.embed)),
        permalink=f"https://bsky.app/profile/{quote(event.did, safe=':')}/post/{quote(event.commit.rkey, safe='')}",
        attributes=_attributes(record.embed),
        edited_at=seen if operation == "update" else None,
    )


def _seen_at(microseconds: int | None) -> datetime | None:
    if microseconds is None:
        return None
    try:
        return read_epoch(microseconds, units_per_second=1_000_000)
    except ValueError as error:
        raise RecordError("bad_time", f"time_us {error}") from None


def _marks(record: _Record) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    mentions: list[str | None] = []
    hashtags: list[str | None] = []
    links: list[str | None] = []
    # offsets count UTF-8 bytes
    units = record.text.encode()
    for facet in record.facets:
        piece = units[max(0, facet.index.start) : max(0, facet.index.end)].decode("utf-8", "replace")
        for feature in facet.features:
            mark = feature.type.rpartition("#")[2]
            if mark == "mention":
                # the facet names the account by its DID, the text by its handle
                mentions.append(piece[1:] if piece.startswith("@") else feature.did)
            elif mark == "tag":
                hashtags.append(feature.tag)
            elif mark == "link":
                links.append(feature.uri)
    links.extend(media.external.uri for media in _embedded(record.embed) if media.external)
    return unique(mentions), unique([*hashtags, *record.tags]), unique(links)


def _embedded(embed: _Embed | None) -> Iterator[_Media]:
    if embed:
        yield embed
        if embed.media:
            yield embed.media


def _repository(address: str) -> str | None:
    scheme, _, rest = address.partition("://")
    return (rest.split("/")[0] or None) if scheme == "at" else None


def _attributes(embed: _Embed | None) -> dict[str, str]:
    quoted = embed.record if embed else None
    # a quote with media nests its reference one level deeper
    address = quoted and (quoted.record.uri if quoted.record else quoted.uri)
    return {"quote_of": address} if address else {}
