"""A post: as it arrived, in the common form of every platform, and both together."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record as it arrived, before anybody tried to understand it."""

    payload: bytes
    """The original bytes: a JSON line, a CSV row with its line break, an Avro record as JSON."""
    source: str
    """File path or subscription the record came from."""
    position: int
    """1-based line of a text file, 1-based record number of an Avro file."""
    header: tuple[str, ...] = ()
    """Column names, for rows of a CSV file."""
    error: str | None = None
    """Why the reader could not cut this record out cleanly; None when it could."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a post, as the platform said it with that post."""

    account_id: str | None
    """The platform's stable id; None when the source names no author (then there is no profile)."""
    handle: str | None = None
    display_name: str | None = None
    followers: int | None = None
    verified: bool | None = None
    declared: Mapping[str, str] = field(default_factory=dict)
    """What the person states on their own page (location, bio …). Nothing in it is inferred."""


@dataclass(frozen=True, slots=True)
class Engagement:
    """Counters at the time of capture; None where the platform does not say."""

    likes: int | None = None
    shares: int | None = None
    replies: int | None = None
    views: int | None = None


@dataclass(frozen=True, slots=True)
class SocialPost:
    """One version of a post of any platform in one common form (`schemas/social_post.v1.avsc`).

    A notice that a post was deleted is a version too: `deleted`, without text and without whatever else
    the post held.
    """

    post_id: str
    platform: str
    author: Author
    text: str
    created_at: datetime
    """When the first version was written; of a notice of deletion the time of the notice."""
    language: str | None = None
    """BCP 47 tag as the platform states it; what Shenava detects is `EnrichedPost.language`."""
    conversation_id: str | None = None
    in_reply_to_post_id: str | None = None
    in_reply_to_account_id: str | None = None
    mentions: tuple[str, ...] = ()
    """Handles without the @."""
    hashtags: tuple[str, ...] = ()
    """Tags without the #."""
    links: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    """Kinds of media: photo, video, audio, file, link, poll."""
    engagement: Engagement = Engagement()
    permalink: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    """What the platform says beyond the common form (rating, vendor, place …)."""
    edited_at: datetime | None = None
    """When this version was written; None for the first version."""
    deleted: bool = False
    """The author or the platform removed the post."""

    @property
    def key(self) -> str:
        """Identity of the post across files, retries and versions: `platform:post_id`."""
        return f"{self.platform}:{self.post_id}"

    @property
    def version(self) -> str:
        """Sorts the deliveries of one post as text: the greatest is the newest, whatever came first.

        A deletion beats everything; then the version written last; then the most engagement (it was captured
        last); then a digest of the content, so that the order is total.
        """
        written, seen = self.edited_at or self.created_at, self.engagement
        engagement = sum(count or 0 for count in (seen.likes, seen.shares, seen.replies, seen.views))
        # enrichment adds links: the version must stay what it was
        content = hashlib.blake2b(repr(replace(self, links=())).encode(), digest_size=8).hexdigest()
        # in one second an edit follows the first version
        order = f"{self.deleted:d} {written.isoformat(timespec='microseconds')} {self.edited_at is not None:d}"
        return f"{order} {engagement:020d} {content}"

    @property
    def account_key(self) -> str | None:
        """Identity of the account, `platform:account_id`; None for an anonymous post."""
        return None if self.author.account_id is None else f"{self.platform}:{self.author.account_id}"


@dataclass(frozen=True, slots=True)
class ParsedPost:
    """A post with the bytes it came from, so that a later failure can still be replayed."""

    post: SocialPost
    raw: RawRecord
