"""What is known of an account, and the part of it that an alert shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


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
    mentions: tuple[str, ...] = ()
    """Whom the post speaks to or about, without its author: `platform:account_id` where the id is known, else
    `platform:@handle`, casefolded."""


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
