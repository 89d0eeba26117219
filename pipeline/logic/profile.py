"""The profile algebra: a profile is a fold of contributions, and the fold is a commutative, idempotent monoid.

A post's key is the identity of its contribution; of several versions the greatest (`SocialPost.version`)
counts, and a deletion beats them all. So the union of two folds is a union of sets: order, grouping and
repetition change nothing. Only the latest `keep_posts` posts and deletions are kept; "the latest k of a
union" is again associative, commutative and idempotent, so the bound costs no law, as long as a newer
version of a post is not dated before an older one. Everything a profile says is read off what is kept, how
the author looked included: what came with a deleted post goes with it.

Decay: a contribution of weight w at time t counts as w·2^(−(now − t)/half-life), the exponential
decay of radioactivity; two decayed sums with the same reference time add exactly.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.records import (
    Author,
    Classification,
    Contribution,
    DeclaredAttribute,
    Deletion,
    EnrichedPost,
    Look,
    Profile,
    SocialPost,
)

HOURS_OF_WEEK = 168


@dataclass(frozen=True)
class ProfileSettings:
    """How a fold becomes a profile. Two profiles can only be merged under the same settings."""

    interest_half_life: timedelta = timedelta(days=90)
    mood_half_life: timedelta = timedelta(days=30)
    keep_posts: int = 2000
    time_zone: str = "UTC"


@dataclass
class Fold:
    """The posts of one account on their way to a profile."""

    contributions: dict[str, Contribution] = field(default_factory=dict)
    looks: dict[str, Look] = field(default_factory=dict)
    """How the author looked in each post of `contributions`."""
    deletions: dict[str, datetime] = field(default_factory=dict)
    """Key of each deleted post, and when it was deleted."""

    def add(self, enriched: EnrichedPost) -> None:
        """Take in one version of a post, or its deletion; taking it in again changes nothing."""
        post = enriched.post
        if post.deleted:
            self._delete(post.key, post.created_at)
        else:
            self._keep(contribution(enriched), _look(post.key, post.author))

    def merge(self, other: Fold, keep: int) -> None:
        """Take in everything of another fold of the same account (or customer)."""
        for key, at in other.deletions.items():
            self._delete(key, at)
        for key, theirs in other.contributions.items():
            self._keep(theirs, other.looks[key])
        self.trim(keep)

    def trim(self, keep: int) -> None:
        """Keep the latest `keep` posts and deletions."""
        if len(self.contributions) + len(self.deletions) > keep:
            times = {key: each.at for key, each in self.contributions.items()} | self.deletions
            for key in sorted(times, key=lambda key: (times[key], key))[:-keep]:
                for kept in (self.contributions, self.looks, self.deletions):
                    kept.pop(key, None)

    def _keep(self, new: Contribution, look: Look) -> None:
        if new.post in self.deletions:
            return
        old = self.contributions.get(new.post)
        if old is None or _rank(new, look) > _rank(old, self.looks[new.post]):
            self.contributions[new.post], self.looks[new.post] = new, look

    def _delete(self, key: str, at: datetime) -> None:
        self.contributions.pop(key, None)
        self.looks.pop(key, None)
        self.deletions[key] = max(self.deletions.get(key, at), at)

    def profile(self, account: str, settings: ProfileSettings) -> Profile:
        """The profile as of the account's last post. The fold must not be empty."""
        self.trim(settings.keep_posts)
        posts = sorted(self.contributions.values(), key=_time_order)
        deletions = [Deletion(key, at) for key, at in sorted(self.deletions.items(), key=lambda item: item[::-1])]
        if not posts and not deletions:
            raise ValueError(f"{account}: a profile needs at least one post")
        now = posts[-1].at if posts else deletions[-1].at
        seen = self.looks[posts[-1].post] if posts else Look("")
        return Profile(
            account=account,
            handle=seen.handle,
            display_name=seen.display_name,
            verified=seen.verified,
            declared=_declared(posts, self.looks),
            reach=seen.followers or 0,
            first_seen=posts[0].at if posts else now,
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
            looks=tuple(_changes(self.looks[each.post] for each in posts)),
            deletions=tuple(deletions),
        )

    @classmethod
    def of(cls, profile: Profile) -> Fold:
        """The fold that a profile was made of."""
        fold, changes, look = cls(), {look.post: look for look in profile.looks}, Look("")
        for each in profile.contributions:
            look = changes.get(each.post, look)
            fold.contributions[each.post], fold.looks[each.post] = each, replace(look, post=each.post)
        fold.deletions = {each.post: each.at for each in profile.deletions}
        return fold


def merge(left: Profile, right: Profile, settings: ProfileSettings) -> Profile:
    """One profile of both. Commutative, associative, idempotent (tests/property/test_profile_laws.py).

    The two may be states of one account, or two accounts of one customer; the name of the smaller stays.
    """
    fold = Fold.of(left)
    fold.merge(Fold.of(right), settings.keep_posts)
    return fold.profile(min(left.account, right.account), settings)


def sentiment(said: Classification) -> float:
    """P(pos) − P(neg), in −1..1."""
    return round(said.sentiment.scores["pos"] - said.sentiment.scores["neg"], 4)


def contribution(enriched: EnrichedPost) -> Contribution:
    """What a post adds to its author's profile."""
    said, post = enriched.classification, enriched.post
    weights = {topic: said.topics.scores[topic] for topic in said.topics.labels}
    weights |= dict.fromkeys(enriched.interests, 1.0)
    return Contribution(
        post=post.key,
        at=post.created_at,
        sentiment=sentiment(said),
        complaint=said.complaint.label,
        severity=int(said.severity.label),
        categories=said.categories.labels,
        advocacy=said.advocacy.label,
        intents=said.intents.labels,
        stage=said.stage.label,
        interests=dict(sorted(weights.items())),
        language=enriched.language,
        brands=enriched.brands,
        version=post.version,
        mentions=_spoken_to(post),
    )


def _spoken_to(post: SocialPost) -> tuple[str, ...]:
    known = [f"{post.platform}:{post.in_reply_to_account_id}"] if post.in_reply_to_account_id else []
    named = [f"{post.platform}:@{handle.casefold()}" for handle in post.mentions]
    author = {post.account_key, f"{post.platform}:@{(post.author.handle or '').casefold()}"}
    return tuple(sorted({*known, *named} - author))


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


def _rank(post: Contribution, look: Look) -> tuple[str, str, str]:
    # the rest is for one version judged differently by another model: any fixed choice keeps the laws
    return post.version, repr(post), repr(look)


def _look(post: str, author: Author) -> Look:
    return Look(
        post=post,
        handle=author.handle or None,
        display_name=author.display_name or None,
        verified=author.verified,
        followers=author.followers,
        declared=dict(sorted(author.declared.items())),
    )


def _changes(looks: Iterable[Look]) -> Iterator[Look]:
    """Of looks in order of time those that differ from the one before."""
    last = None
    for look in looks:
        if last is None or replace(look, post=last.post) != last:
            yield look
        last = look


def _declared(posts: Iterable[Contribution], looks: Mapping[str, Look]) -> dict[str, DeclaredAttribute]:
    """Each attribute as last stated."""
    stated: dict[str, DeclaredAttribute] = {}
    for post in posts:
        for name, value in looks[post.post].declared.items():
            stated[name] = DeclaredAttribute(value, post.at)
    return dict(sorted(stated.items()))


def _count(names: Iterable[str]) -> Mapping[str, int]:
    return dict(sorted(Counter(names).items()))


def _time_order(each: Contribution) -> tuple[datetime, str]:
    return (each.at, each.post)
