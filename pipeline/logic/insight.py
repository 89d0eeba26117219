"""What a profile says as of a moment: a pure function of (profile, now, settings).

Only posts up to now count. Each measure, with its source:

    interests   Σ weight·2^(−age/half-life), as in the profile; evidence are the posts that add most to it. Topics are
                the classifier's, fine interests the config's.
    segment     `logic/segments.py`, which names its thresholds.
    advocacy    100·(R − C)/(P + κ), −100..100: decayed recommendations less complaints of the posts about us (R, C, P
                of `segments.Figures`), κ = 4 indifferent posts put in beforehand. As the Net Promoter Score
                (Reichheld 2003, Harvard Business Review 81(12)) it takes the share of detractors from that of
                promoters; the prior is that of the Dirichlet-multinomial (Gelman et al., Bayesian Data Analysis,
                3rd ed., section 3.4), so its standard deviation is 100·√((r + c − (r − c)²)/(P + κ + 1)) with
                r = R/(P + κ), c = C/(P + κ).
    mood        decayed mean sentiment, as in the profile.
    trend       `logic/moods.py`, mood by month too.
    hours       `logic/habits.py`, habits too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import nlargest
from math import sqrt
from zoneinfo import ZoneInfo

from pipeline.logic.habits import BestHour, Habit, best_hours, habits, occasions
from pipeline.logic.moods import Month, Mood, mood_by_month, mood_trend
from pipeline.logic.profile import ProfileSettings, decay, decayed_interests
from pipeline.logic.segments import Figures, Standing, judge
from pipeline.logic.templates import TOPICS_FA
from pipeline.records import Contribution, Profile

ADVOCACY_PRIOR = 4.0
"""κ: indifferent posts about us, put in beforehand."""
EVIDENCE = 3
FAINT = 0.01
"""An interest below this is forgotten: one post, seven half-lives ago."""

ACCOUNT, CUSTOMER = "account", "customer"
TOPIC, FINE = "topic", "fine"


@dataclass(frozen=True)
class InsightSettings:
    """What is needed to know of the company."""

    profiles: ProfileSettings = field(default_factory=ProfileSettings)
    brands: frozenset[str] | None = None
    """Those that are ours; None when the config names none."""
    fine: frozenset[str] = frozenset()
    """The config's fine interests."""
    weekend: tuple[int, ...] = (5, 6)
    """Weekdays, Monday 0."""


@dataclass(frozen=True, slots=True)
class Interest:
    """Something somebody is interested in."""

    name: str
    kind: str
    """fine (the config names it) or topic (of the classifier)."""
    weight: float
    """Decayed, as of now; one post adds at most 1."""
    evidence: tuple[str, ...]
    """`SocialPost.key` of the posts that add most to the weight, heaviest first."""


@dataclass(frozen=True, slots=True)
class Grounds:
    """What decided the segment, an open case aside: `segments.Figures` as JSON can hold them."""

    recommendations: float
    complaints: float
    posts: float
    leaving: float
    mood: float
    silent_days: float | None
    """Since the last post about us; None when there was none."""

    @classmethod
    def of(cls, figures: Figures) -> Grounds:
        """The figures, rounded."""
        silent = None if figures.silence is None else round(figures.silence / timedelta(days=1), 2)
        return cls(
            recommendations=round(figures.recommendations, 4),
            complaints=round(figures.complaints, 4),
            posts=round(figures.posts, 4),
            leaving=round(figures.leaving, 4),
            mood=round(figures.mood, 4),
            silent_days=silent,
        )


@dataclass(frozen=True, slots=True)
class Advocacy:
    """Whether somebody speaks for us."""

    score: float
    """−100 (complains only) to 100 (recommends only); 0 when there is nothing."""
    error: float
    """Standard deviation of the posterior."""


@dataclass(frozen=True, slots=True)
class Share:
    """How much of what somebody writes is in a language, on a platform, about a brand."""

    name: str
    posts: int
    share: float


@dataclass(frozen=True, slots=True)
class Insight:
    """What is known of a customer, or of an account that is no customer's, as of a moment."""

    subject: str
    """Customer id, or `platform:account_id`."""
    kind: str
    """customer or account."""
    accounts: tuple[str, ...]
    as_of: datetime
    segment: str
    grounds: Grounds
    open_case: bool
    advocacy: Advocacy
    mood: Mood
    months: tuple[Month, ...]
    """The last twelve with a post, `2026-10`, local time, oldest first."""
    interests: tuple[Interest, ...]
    """Strongest first."""
    best_hours: tuple[BestHour, ...]
    habits: tuple[Habit, ...]
    languages: tuple[Share, ...]
    channels: tuple[Share, ...]
    """Platforms."""
    brands: tuple[Share, ...]
    """Of all posts, those about each brand; a post may be about several or none."""
    reach: int
    """Followers as last seen, of all accounts together: who follows two is counted twice."""
    posts: int
    complaints: int
    recommendations: int
    first_seen: datetime
    last_seen: datetime
    influence: float | None = None
    """`Influence.rank`, where the whole graph is known (`shenava insight refresh`)."""
    mentioned_by: int | None = None


def insight(
    profile: Profile,
    now: datetime,
    settings: InsightSettings,
    open_case: bool = False,
    customer: str | None = None,
    accounts: Sequence[str] = (),
) -> Insight:
    """What a profile says as of `now`.

    Args:
        profile: of an account, or of a customer as `identity.customer_profile` makes it.
        open_case: a complaint of theirs waits for an answer, or was answered and is not settled.
        customer: id of the customer; None for an account.
        accounts: of the customer.

    Raises:
        ValueError: there is no post up to `now`.
    """
    posts = [each for each in profile.contributions if each.at <= now]
    if not posts:
        raise ValueError(f"{profile.account}: no post up to {now.isoformat()}")
    of, zone = settings.profiles, ZoneInfo(settings.profiles.time_zone)
    standing = Standing(settings.brands)
    for post in posts:
        standing.take(post)
    figures = standing.figures(now)
    seen = occasions((post.at for post in posts), zone)
    return Insight(
        subject=customer or profile.account,
        kind=CUSTOMER if customer else ACCOUNT,
        accounts=tuple(accounts) if customer else (profile.account,),
        as_of=now,
        segment=judge(figures, open_case).value,
        grounds=Grounds.of(figures),
        open_case=open_case,
        advocacy=advocacy(figures),
        mood=mood_trend(posts, now, of.mood_half_life),
        months=mood_by_month(posts, lambda at: f"{at.astimezone(zone):%Y-%m}"),
        interests=interests(posts, now, settings),
        best_hours=tuple(best_hours(seen)),
        habits=tuple(habits(seen, settings.weekend)),
        languages=_shares((post.language for post in posts), len(posts)),
        channels=_shares((post.post.partition(":")[0] for post in posts), len(posts)),
        brands=_shares((brand for post in posts for brand in post.brands), len(posts)),
        reach=profile.reach,
        posts=len(posts),
        complaints=sum(post.complaint for post in posts),
        recommendations=sum(post.advocacy for post in posts),
        first_seen=posts[0].at,
        last_seen=posts[-1].at,
    )


def interests(posts: Sequence[Contribution], now: datetime, settings: InsightSettings) -> tuple[Interest, ...]:
    """Decayed interests as of `now` with the posts that weigh most, strongest first."""
    half_life = settings.profiles.interest_half_life
    found = []
    for name, weight in decayed_interests(posts, now, half_life).items():
        if weight < FAINT:
            continue
        said = [post for post in posts if name in post.interests]
        parts = ((post.interests[name] * decay(now - post.at, half_life), post.post) for post in said)
        kind = FINE if name in settings.fine or name not in TOPICS_FA else TOPIC
        found.append(Interest(name, kind, round(weight, 4), tuple(post for _, post in nlargest(EVIDENCE, parts))))
    return tuple(found)


def advocacy(of: Figures) -> Advocacy:
    """The score and its uncertainty; the formula is at the head of this file."""
    total = of.posts + ADVOCACY_PRIOR
    promoting, detracting = of.recommendations / total, of.complaints / total
    score = promoting - detracting
    variance = (promoting + detracting - score**2) / (total + 1)
    return Advocacy(round(100 * score, 1), round(100 * sqrt(max(variance, 0.0)), 1))


def _shares(names: Iterable[str], posts: int) -> tuple[Share, ...]:
    ordered = sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))
    return tuple(Share(name, count, round(count / posts, 4)) for name, count in ordered)
