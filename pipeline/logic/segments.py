"""How a customer stands to the company: who spreads the word, who comes back, who may leave, who went silent.

Read off the customer's posts about the company's own brands, never off who they are. Each post counts
2^(−age/half-life); the thresholds are rules of thumb, so each has a meaning that a marketer can check by counting:

    recommendations  Σ decay over posts that advocate, half-life 90 days
    complaints       Σ decay over posts that complain, half-life 90 days
    posts            Σ decay over all posts, half-life 90 days
    leaving          Σ decay over posts that speak of leaving, half-life 30 days
    mood             Σ decay·(P(pos) − P(neg)) / (Σ decay + 1), half-life 30 days: one neutral post is put in
                     beforehand, so that one happy word makes no friend

The first segment that holds, top-down:

    at risk    an open case
    dormant    nothing about us for more than 180 days
    critic     complaints ≥ 2.5 and mood ≤ −0.5
    at risk    leaving ≥ 0.5, or complaints ≥ 0.5 and mood ≤ −0.1
    advocate   recommendations − complaints ≥ 1.5 and mood > 0
    loyal      posts ≥ 2.5, mood ≥ 0.25 and complaints < 0.5
    neutral    everybody else, and who never wrote about us
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from pipeline.logic.durations import LONG_AGO
from pipeline.logic.facts import concerns_us
from pipeline.logic.profile import decay
from pipeline.records import Contribution

HALF_LIFE = timedelta(days=90)
MOOD_HALF_LIFE = timedelta(days=30)
DORMANT_AFTER = timedelta(days=180)
COMPLAINED = 0.5
"""One complaint, 90 days ago."""
UNHAPPY = -0.1
"""Less than nothing: a complaint and as warm a word of thanks make up for each other."""
CRITIC_COMPLAINTS = 2.5
"""Three, lately."""
CRITIC_MOOD = -0.5
LEAVING = 0.5
"""Said once, 30 days ago."""
ADVOCATE_POSTS = 1.5
"""Two more than complaints, lately."""
LOYAL_POSTS = 2.5
LOYAL_MOOD = 0.25


class Segment(StrEnum):
    """What a customer is to the company at a moment."""

    ADVOCATE = "advocate"
    LOYAL = "loyal"
    NEUTRAL = "neutral"
    AT_RISK = "at_risk"
    CRITIC = "critic"
    DORMANT = "dormant"


class Figures(NamedTuple):
    """The numbers that decide, as of a moment; their formulas stand at the head of this file."""

    recommendations: float
    complaints: float
    posts: float
    leaving: float
    mood: float
    silence: timedelta | None
    """Since the last post about us; None when there was none."""


@dataclass(slots=True)
class Decayed:
    """A sum that fades: its value as of the last addition. Additions come in order of time."""

    half_life: timedelta
    value: float = 0.0
    upto: datetime = LONG_AGO

    def add(self, weight: float, at: datetime) -> None:
        """Put in so much."""
        self.value, self.upto = self.as_of(at) + weight, at

    def as_of(self, now: datetime) -> float:
        """What is left of it; `now` is not before the last addition."""
        return self.value * decay(now - self.upto, self.half_life) if self.value else 0.0


def _slow() -> Decayed:
    return Decayed(HALF_LIFE)


def _quick() -> Decayed:
    return Decayed(MOOD_HALF_LIFE)


@dataclass(slots=True)
class Standing:
    """What decides a customer's segment: of fixed size, a step a post, and to be asked between any two."""

    brands: frozenset[str] | None
    """Those that are ours; None when the config names none, and every post is about us."""
    last: datetime | None = None
    """When the customer last wrote about us."""
    recommendations: Decayed = field(default_factory=_slow)
    complaints: Decayed = field(default_factory=_slow)
    posts: Decayed = field(default_factory=_slow)
    leaving: Decayed = field(default_factory=_quick)
    sentiment: Decayed = field(default_factory=_quick)
    heard: Decayed = field(default_factory=_quick)
    """What the sentiment is divided by."""

    def concerns(self, post: Contribution) -> bool:
        """Whether a post is about us."""
        return concerns_us(post.brands, self.brands)

    def take(self, post: Contribution) -> None:
        """The customer's next post in order of time; one that is about nothing of ours changes nothing."""
        if not self.concerns(post):
            return
        self.last = post.at
        self.posts.add(1.0, post.at)
        self.heard.add(1.0, post.at)
        self.sentiment.add(post.sentiment, post.at)
        if post.advocacy:
            self.recommendations.add(1.0, post.at)
        if post.complaint:
            self.complaints.add(1.0, post.at)
        if "churn" in post.intents:
            self.leaving.add(1.0, post.at)

    def figures(self, now: datetime) -> Figures:
        """As of `now`, which is not before the last post taken."""
        return Figures(
            recommendations=self.recommendations.as_of(now),
            complaints=self.complaints.as_of(now),
            posts=self.posts.as_of(now),
            leaving=self.leaving.as_of(now),
            mood=self.sentiment.as_of(now) / (self.heard.as_of(now) + 1),
            silence=None if self.last is None else now - self.last,
        )


def judge(of: Figures, open_case: bool = False) -> Segment:
    """The segment that figures make."""
    if open_case:
        return Segment.AT_RISK
    if of.silence is None:
        return Segment.NEUTRAL
    if of.silence > DORMANT_AFTER:
        return Segment.DORMANT
    if of.complaints >= CRITIC_COMPLAINTS and of.mood <= CRITIC_MOOD:
        return Segment.CRITIC
    if of.leaving >= LEAVING or (of.complaints >= COMPLAINED and of.mood <= UNHAPPY):
        return Segment.AT_RISK
    if of.recommendations - of.complaints >= ADVOCATE_POSTS and of.mood > 0:
        return Segment.ADVOCATE
    if of.posts >= LOYAL_POSTS and of.mood >= LOYAL_MOOD and of.complaints < COMPLAINED:
        return Segment.LOYAL
    return Segment.NEUTRAL


def segment(
    posts: Iterable[Contribution], now: datetime, brands: frozenset[str] | None, open_case: bool = False
) -> Segment:
    """The segment of a customer as of `now`.

    Args:
        posts: one contribution a post in any order, as `Profile.contributions`; later ones than `now` do not count.
        brands: those that are ours; None when the config names none.
        open_case: a complaint of theirs waits for an answer, or was answered and is not settled.
    """
    standing = Standing(brands)
    for post in sorted(posts, key=lambda each: (each.at, each.post)):
        if post.at <= now:
            standing.take(post)
    return judge(standing.figures(now), open_case)
