"""The values that flow through the graph. Their contracts are the files in `schemas/`.

Times are timezone-aware UTC `datetime`s with microseconds. Every record is frozen: a step
returns a new value. `to_dict` gives what fastavro and `json` write; `from_dict` reads it back.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
    """What one post adds to its account's profile. The post's key is its identity; its newest version counts."""

    post: str
    """`SocialPost.key`."""
    at: datetime
    """When the post's first version was written."""
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
    version: str = ""
    """`SocialPost.version`; of two contributions of one post the greater counts."""


@dataclass(frozen=True, slots=True)
class DeclaredAttribute:
    """Something a person states about themselves, and when they last stated it."""

    value: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """How an author looked from one post on, until the next look."""

    post: str
    """Key of the first post with this look."""
    handle: str | None = None
    display_name: str | None = None
    verified: bool | None = None
    followers: int | None = None
    declared: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deletion:
    """A post that was deleted. All that is kept of it, so that a late delivery cannot bring it back."""

    post: str
    """`SocialPost.key`."""
    at: datetime
    """When the notice was given."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of one account (`schemas/profile.v1.avsc`), a pure function of its posts and deletions.

    Decayed numbers are as of `last_seen`; at a later `now` they count
    2^(−(now − last_seen) / half-life) of that. An account whose every post was deleted has 0 posts and says
    nothing of the person; its times are those of the last deletion.
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
    """Time of the oldest post kept."""
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
    """The latest posts, oldest first; with the deletions at most `profiles.keep_posts`. So a merge is idempotent."""
    looks: tuple[Look, ...] = ()
    """Handle, name, followers and what else the author showed, oldest first, wherever it changed."""
    deletions: tuple[Deletion, ...] = ()
    """Posts that were deleted, oldest first. They count for nothing."""


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
    case: str | None = None
    """`Case.case_id`, when a case is behind it."""
    raised_at: datetime | None = None
    """Event time of what raised it: the post, the reply, the deadline."""
    revision: int = 1
    """Counts what became of this alert: a later post that was written earlier can change or withdraw it."""
    withdrawn: bool = False
    """What it said never happened, as a post that came late shows."""


@dataclass(frozen=True, slots=True)
class CasePost:
    """A post that is part of a case."""

    post: str
    """`SocialPost.key`."""
    at: datetime
    kind: str
    """complaint, reply or happy."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of a case."""

    state: str
    at: datetime
    post: str | None
    """Key of the post that brought it; None when the clock did."""
    department: str
    """Whose case it is from here on."""
    due_at: datetime
    about: str
    """Key of the gravest complaint so far; what an alert about this step shows."""
    round: str
    """Key of the complaint that opened the case, or last reopened it."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is owed to a customer who complained (`schemas/case.v1.avsc`)."""

    case_id: str
    """Deterministic: of the customer and the opening complaint."""
    customer: str
    """`SocialPost.account_key`, or `post KEY` for a post without an author."""
    brands: tuple[str, ...]
    department: str
    """Who has to act now."""
    categories: tuple[str, ...]
    severity: int
    """Of the gravest complaint, 1..4."""
    state: str
    """open, at_risk, breached, answered, reopened or resolved."""
    opened_at: datetime
    due_at: datetime
    """Until when the department should answer; the last such moment once it did."""
    answered_at: datetime | None
    """Of the first reply."""
    resolved_at: datetime | None
    sla_met: bool | None
    """Whether every round was answered in time; None while that is open."""
    posts: tuple[CasePost, ...]
    history: tuple[Transition, ...]
    void: bool = False
    """This case is no more: an earlier complaint that came late opened another one in its place."""


@dataclass(frozen=True, slots=True)
class ResponseBin:
    """How many response times fell into one bin of the sketch."""

    bin: int
    """i: times in (γ^(i−1), γ^i] seconds, γ = 1.01/0.99; −1: times under one second."""
    count: int


Sketch = tuple[ResponseBin, ...]
"""The bins that are not empty, ascending."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """One row of service KPIs (`schemas/kpi.v1.avsc`); it and its merges are pure functions of facts."""

    brand: str
    department: str
    """Empty for posts that are no complaint."""
    platform: str
    period: str
    """hour or day; merged rows may be of another (a week)."""
    start: datetime
    """Local start of the period, in UTC."""
    mentions: int
    complaints: int
    severe: int
    """Complaints of severity 3 or 4."""
    answered: int
    answered_share: float | None
    """Of the complaints; None without any."""
    sla_decided: int
    """Complaints that are answered or overdue."""
    sla_met: int
    sla_met_share: float | None
    """Of `sla_decided`; None without any."""
    first_response_p50_s: float | None
    first_response_p90_s: float | None
    working_response_p50_s: float | None
    working_response_p90_s: float | None
    sentiment: float | None
    """Mean, in −1..1."""
    sentiment_sum: int
    """In ten-thousandths: sums of integers do not depend on their order."""
    advocacy: int
    reach: int
    """Sum of the followers; an author counts once a post."""
    first_response_bins: Sketch
    working_response_bins: Sketch


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


_json_converter = cattrs.Converter()
_json_converter.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))
_json_converter.register_unstructure_hook(datetime, iso_time)
_json_converter.register_structure_hook(bytes, lambda value, _: base64.b64decode(value))
_json_converter.register_unstructure_hook(bytes, lambda value: base64.b64encode(value).decode())
_json_converter.register_unstructure_hook_factory(
    lambda kind: getattr(kind, "__origin__", None) is tuple,
    lambda _: lambda v: [_json_converter.unstructure(i) for i in v],
)


def to_json(record: Any) -> dict[str, Any]:
    """A record as JSON has it: like `to_dict`, with times as ISO 8601 text and bytes as base64."""
    return _json_converter.unstructure(record)  # type: ignore[no-any-return]


def from_json(kind: type[T], value: Mapping[str, Any]) -> T:
    """The record of that kind from what `to_json` gave, also after a way through `json`."""
    return _json_converter.structure(value, kind)
