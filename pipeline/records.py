"""The values that flow through the graph. Their contracts are the files in `schemas/`.

Times are timezone-aware UTC `datetime`s with microseconds. Every record is frozen: a step
returns a new value. `to_dict` gives what fastavro and `json` write; `from_dict` reads it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import cattrs

T = TypeVar("T")


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
    """One post of any platform in one common form (`schemas/social_post.v1.avsc`)."""

    post_id: str
    platform: str
    author: Author
    text: str
    created_at: datetime
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

    @property
    def key(self) -> str:
        """Identity of the post across files and retries: `platform:post_id`."""
        return f"{self.platform}:{self.post_id}"

    @property
    def account_key(self) -> str | None:
        """Identity of the account, `platform:account_id`; None for an anonymous post."""
        return None if self.author.account_id is None else f"{self.platform}:{self.author.account_id}"


@dataclass(frozen=True, slots=True)
class ParsedPost:
    """A post with the bytes it came from, so that a later failure can still be replayed."""

    post: SocialPost
    raw: RawRecord


@dataclass(frozen=True, slots=True)
class Choice:
    """Exactly one label out of a head's labels (sentiment, severity, stage)."""

    label: str
    scores: Mapping[str, float]
    abstain: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no with the calibrated probability of yes (complaint, advocacy, promo)."""

    label: bool
    score: float
    abstain: bool = False


@dataclass(frozen=True, slots=True)
class Labels:
    """Any number of a head's labels, likeliest first (categories, intents, topics)."""

    labels: tuple[str, ...]
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Classification:
    """What the classifier says of one post; the label names are the annotation guideline's."""

    sentiment: Choice
    complaint: Flag
    severity: Choice
    """`0` when there is no complaint, else `1`..`4`."""
    categories: Labels
    """Empty when there is no complaint."""
    advocacy: Flag
    intents: Labels
    stage: Choice
    topics: Labels
    promo: Flag
    model: str
    """Name and version of the model that decided."""
    truncated: bool = False
    """The text was longer than the model reads; only its beginning was judged."""
    skipped: bool = False
    """The text was empty and was not sent to the model."""


@dataclass(frozen=True, slots=True)
class ClassifiedPost:
    """A parsed post and what the classifier says of it."""

    parsed: ParsedPost
    classification: Classification


@dataclass(frozen=True, slots=True)
class EnrichedPost:
    """The post, what it says and whom it concerns (`schemas/enriched_post.v1.avsc`)."""

    post: SocialPost
    classification: Classification
    language: str
    """Detected: fa, en, ar …, `fa-latn` for Finglish, `und` when there is nothing to go by."""
    brands: tuple[str, ...]
    interests: tuple[str, ...]
    """Fine interests of the config's lexicon, for example skiing."""
    is_brand_reply: bool
    """The author is one of the brand's own accounts."""
    redacted_text: str
    """The text with phone numbers, e-mails, card, bank and national numbers masked."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one post adds to its account's profile. The post's key is its identity."""

    post: str
    """`SocialPost.key`."""
    at: datetime
    """When the post was written."""
    sentiment: float
    """P(pos) − P(neg), in −1..1."""
    complaint: bool
    severity: int
    """0..4."""
    categories: tuple[str, ...]
    advocacy: bool
    intents: tuple[str, ...]
    stage: str
    interests: Mapping[str, float]
    """Weight of each topic (its probability) and each fine interest (1.0) the post shows."""
    language: str
    brands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeclaredAttribute:
    """Something a person states about themselves, and when they last stated it."""

    value: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of one account (`schemas/profile.v1.avsc`), a pure function of its contributions.

    Decayed numbers are as of `last_seen`; at a later `now` they count
    2^(−(now − last_seen) / half-life) of that.
    """

    account: str
    """`SocialPost.account_key`."""
    handle: str | None
    display_name: str | None
    verified: bool | None
    declared: Mapping[str, DeclaredAttribute]
    reach: int
    """Followers, as last seen."""
    first_seen: datetime
    last_seen: datetime
    posts: int
    complaints: int
    complaints_by_category: Mapping[str, int]
    advocacy: int
    intents: Mapping[str, int]
    stages: Mapping[str, int]
    interests: Mapping[str, float]
    """Decayed weight of each interest."""
    mood: float
    """Decayed mean of the sentiment, in −1..1."""
    activity: tuple[int, ...]
    """168 counts, one an hour of the week in the company's time zone, Monday 00:00 first."""
    languages: Mapping[str, int]
    brands: Mapping[str, int]
    contributions: tuple[Contribution, ...]
    """The latest posts, oldest first, at most `profiles.keep_posts`: what makes a merge idempotent."""


@dataclass(frozen=True, slots=True)
class CustomerBrief:
    """Who is speaking, from what was known at the time of the post."""

    posts: int
    complaints: int
    advocacy: int
    first_seen: datetime
    followers: int | None
    interests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alert:
    """Something a department must know now (`schemas/alert.v1.avsc`)."""

    alert_id: str
    """Deterministic: the same post and rule give the same id on every run."""
    rule: str
    level: str
    """info, high or critical."""
    department: str
    account: str | None
    platform: str
    post_id: str
    brands: tuple[str, ...]
    category: str | None
    severity: int
    created_at: datetime
    """When the post was written."""
    due_at: datetime
    """Until when the department should have answered, by its own working hours."""
    customer: CustomerBrief | None
    """None for an anonymous post."""
    excerpt: str
    """The redacted text, at most 280 characters."""
    language: str
    permalink: str | None
    reasons: tuple[str, ...]
    model: str
    words: tuple[str, ...] = ()
    """Of the redacted text, those that most made the model see a complaint, heaviest first; at most five."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that could not be used, whole enough to be replayed (`schemas/dead_letter.v1.avsc`)."""

    payload: bytes
    source: str
    position: int
    stage: str
    """The step that refused it: parse, classify, enrich."""
    reason: str
    """A stable machine word, for counting: bad_json, missing_field, bad_time …"""
    message: str
    """What a person should know to mend it; never quotes the text of a post."""
    header: tuple[str, ...] = ()
    """Column names, when the payload is a row of a CSV file."""


_converter = cattrs.Converter()
# datetimes stay datetimes: fastavro writes them as timestamp-micros; JSON writers turn them into ISO 8601
_converter.register_structure_hook(datetime, lambda value, _: value)
_converter.register_unstructure_hook(datetime, lambda value: value)
_converter.register_unstructure_hook_factory(
    lambda kind: getattr(kind, "__origin__", None) is tuple, lambda _: lambda v: [_converter.unstructure(i) for i in v]
)


def to_dict(record: Any) -> dict[str, Any]:
    """A record as plain dicts, lists and datetimes, as its Avro schema names them."""
    return _converter.unstructure(record)  # type: ignore[no-any-return]


def iso_time(moment: datetime) -> str:
    """A UTC time as JSON outputs show it: ISO 8601 ending in Z."""
    return moment.isoformat().replace("+00:00", "Z")


def from_dict(kind: type[T], value: Mapping[str, Any]) -> T:
    """The record of that kind from what `to_dict` gave."""
    return _converter.structure(value, kind)
