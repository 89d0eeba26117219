"""The profile algebra: a profile is a fold of contributions, and the fold is a commutative, idempotent monoid.

A post's key is the identity of its contribution, so the union of two folds is a set union: order,
grouping and repetition change nothing. Only the latest `keep_posts` contributions are kept; "the
latest k of a union" is again associative, commutative and idempotent, so the bound costs no law.

Decay: a contribution of weight w at time t counts as w·2^(−(now − t)/half-life), the exponential
decay of radioactivity; two decayed sums with the same reference time add exactly.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.records import Contribution, DeclaredAttribute, EnrichedPost, Profile

HOURS_OF_WEEK = 168


@dataclass(frozen=True)
class ProfileSettings:
    """How a fold becomes a profile. Two profiles can only be merged under the same settings."""

    interest_half_life: timedelta = timedelta(days=90)
    mood_half_life: timedelta = timedelta(days=30)
    keep_posts: int = 2000
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an author looked like in one post; of several the latest counts."""

    at: datetime
    post: str
    followers: int
    handle: str
    display_name: str
    verified: bool | None

    def order(self) -> tuple[datetime, str, int, str, str, str]:
        """A total order, so that "the latest" is the same whoever asks."""
        return (self.at, self.post, self.followers, self.handle, self.display_name, str(self.verified))


@dataclass
class Fold:
    """Contributions of one account on their way to a profile."""

    contributions: dict[str, Contribution] = field(default_factory=dict)
    snapshot: Snapshot | None = None
    declared: dict[str, DeclaredAttribute] = field(default_factory=dict)
    first_seen: datetime | None = None

    def add(self, enriched: EnrichedPost) -> None:
        """Take in one post; taking it in again changes nothing."""
        post, author = enriched.post, enriched.post.author
        self._add_contribution(contribution(enriched))
        self._see(
            Snapshot(
                *(post.created_at, post.key, author.followers or 0),
                *(author.handle or "", author.display_name or "", author.verified),
            )
        )
        for name, value in author.declared.items():
            self._declare(name, DeclaredAttribute(value, post.created_at))
        self._seen_first(post.created_at)

    def merge(self, other: Fold, keep: int) -> None:
        """Take in everything of another fold of the same account (or customer)."""
        for theirs in other.contributions.values():
            self._add_contribution(theirs)
        if other.snapshot:
            self._see(other.snapshot)
        for name, value in other.declared.items():
            self._declare(name, value)
        if other.first_seen:
            self._seen_first(other.first_seen)
        self.trim(keep)

    def trim(self, keep: int) -> None:
        """Keep the latest `keep` contributions."""
        if len(self.contributions) > keep:
            latest = sorted(self.contributions.values(), key=_time_order)[-keep:]
            self.contributions = {each.post: each for each in latest}

    def _add_contribution(self, new: Contribution) -> None:
        old = self.contributions.get(new.post)
        # the same post judged differently (another model, an edit): any fixed choice keeps the laws
        self.contributions[new.post] = new if old is None or repr(new) > repr(old) else old

    def _see(self, new: Snapshot) -> None:
        self.snapshot = max(self.snapshot or new, new, key=Snapshot.order)

    def _declare(self, name: str, new: DeclaredAttribute) -> None:
        self.declared[name] = max(self.declared.get(name, new), new, key=lambda each: (each.at, each.value))

    def _seen_first(self, at: datetime) -> None:
        self.first_seen = min(self.first_seen or at, at)

    def profile(self, account: str, settings: ProfileSettings) -> Profile:
        """The profile as of the account's last post. The fold must not be empty."""
        self.trim(settings.keep_posts)
        posts = sorted(self.contributions.values(), key=_time_order)
        seen = self.snapshot
        if not posts or seen is None or self.first_seen is None:
            raise ValueError(f"{account}: a profile needs at least one post")
        now = posts[-1].at
        return Profile(
            account=account,
            handle=seen.handle or None,
            display_name=seen.display_name or None,
            verified=seen.verified,
            declared=dict(sorted(self.declared.items())),
            reach=seen.followers,
            first_seen=self.first_seen,
            last_seen=now,
            posts=len(posts),
            complaints=sum(each.complaint for each in posts),
            complaints_by_category=_count(c for each in posts if each.complaint for c in each.categories),
            advocacy=sum(each.advocacy for each in posts),
            intents=_count(intent for each in posts for intent in each.intents),
            stages=_count(each.stage for each in posts),
            interests=decayed_interests(posts, now, settings.interest_half_life),
            mood=mood(posts, now, settings.mood_half_life),
            activity=activity(posts, settings.time_zone),
            languages=_count(each.language for each in posts),
            brands=_count(brand for each in posts for brand in each.brands),
            contributions=tuple(posts),
        )

    @classmethod
    def of(cls, profile: Profile) -> Fold:
        """The fold that a profile was made of."""
        latest = profile.contributions[-1]
        seen = Snapshot(
            *(latest.at, latest.post, profile.reach),
            *(profile.handle or "", profile.display_name or "", profile.verified),
        )
        contributions = {each.post: each for each in profile.contributions}
        return cls(contributions, seen, dict(profile.declared), profile.first_seen)


def merge(left: Profile, right: Profile, settings: ProfileSettings) -> Profile:
    """One profile of both. Commutative, associative, idempotent (tests/property/test_profile_laws.py).

    The two may be states of one account, or two accounts of one customer; the name of the smaller stays.
    """
    fold = Fold.of(left)
    fold.merge(Fold.of(right), settings.keep_posts)
    return fold.profile(min(left.account, right.account), settings)


def contribution(enriched: EnrichedPost) -> Contribution:
    """What a post adds to its author's profile."""
    said, post = enriched.classification, enriched.post
    weights = {topic: said.topics.scores[topic] for topic in said.topics.labels}
    weights |= dict.fromkeys(enriched.interests, 1.0)
    return Contribution(
        post=post.key,
        at=post.created_at,
        sentiment=round(said.sentiment.scores["pos"] - said.sentiment.scores["neg"], 4),
        complaint=said.complaint.label,
        severity=int(said.severity.label),
        categories=said.categories.labels,
        advocacy=said.advocacy.label,
        intents=said.intents.labels,
        stage=said.stage.label,
        interests=dict(sorted(weights.items())),
        language=enriched.language,
        brands=enriched.brands,
    )


def decay(age: timedelta, half_life: timedelta) -> float:
    """2^(−age / half-life); 1 for an age of zero, more than 1 before the reference time."""
    return float(2.0 ** (-(age / half_life)))


def decayed_interests(posts: Iterable[Contribution], now: datetime, half_life: timedelta) -> dict[str, float]:
    """Interest → Σ weight·decay, strongest first."""
    total: dict[str, float] = defaultdict(float)
    for post in posts:
        for name, weight in post.interests.items():
            total[name] += weight * decay(now - post.at, half_life)
    return dict(sorted(((n, round(v, 6)) for n, v in total.items()), key=lambda item: (-item[1], item[0])))


def mood(posts: Iterable[Contribution], now: datetime, half_life: timedelta) -> float:
    """Mean sentiment in −1..1, each post weighted by its decay; 0 without posts."""
    total = weight = 0.0
    for post in posts:
        share = decay(now - post.at, half_life)
        total += share * post.sentiment
        weight += share
    return round(total / weight, 6) if weight else 0.0


def activity(posts: Iterable[Contribution], time_zone: str) -> tuple[int, ...]:
    """Posts per hour of the week (168 counts, Monday 00:00 first) in local time."""
    counts, zone = [0] * HOURS_OF_WEEK, ZoneInfo(time_zone)
    for post in posts:
        local = post.at.astimezone(zone)
        counts[local.weekday() * 24 + local.hour] += 1
    return tuple(counts)


def _count(names: Iterable[str]) -> Mapping[str, int]:
    return dict(sorted(Counter(names).items()))


def _time_order(each: Contribution) -> tuple[datetime, str]:
    return (each.at, each.post)
