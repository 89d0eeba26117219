"""How somebody feels, month by month, and whether that rises or falls.

mood    Σ decay·sentiment / Σ decay, half-life 30 days (of the config), as in the profile
trend   weighted least squares of the sentiment s on time t, over the posts of the last 180 days, w their decay:

            slope b = Σw(t − t̄)s / Σw(t − t̄)²        standard error = √(σ²·Σw²(t − t̄)²) / Σw(t − t̄)²

        (Draper and Smith, Applied Regression Analysis, 3rd ed., chapter 9: the weights say what matters now, the
        errors of all posts have one variance σ²). σ² has a scaled inverse χ² prior: that of a usual author, 0.25,
        counting for 4 posts, so that five equal words are no certainty. With it b has a Student distribution of
        4 + n − 2 degrees of freedom (Gelman et al., Bayesian Data Analysis, 3rd ed., chapter 14), n = (Σw)²/Σw²
        being Kish's effective number of posts. Rising or falling when there are 5 posts and 0 lies outside the
        central 95 % of it, else steady.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

from pipeline.logic.profile import decay, mood
from pipeline.records import Contribution

RISING, STEADY, FALLING = "rising", "steady", "falling"
TREND_OVER = timedelta(days=180)
TREND_POSTS = 5
USUAL_VARIANCE, USUAL_POSTS = 0.25, 4.0
MONTHS = 12

_DAY = timedelta(days=1)
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Mood:
    """How somebody feels, and where that goes."""

    now: float
    """Decayed mean sentiment, −1..1."""
    trend: str
    """rising, steady or falling; steady also when too little is known to tell."""
    change: float
    """Of the fitted mood from the first to the last post of the last 180 days; 0 when too little is known."""
    error: float
    """Standard error of the change."""


@dataclass(frozen=True, slots=True)
class Month:
    """The mood of one month."""

    name: str
    mood: float
    """Mean sentiment, −1..1; every post counts alike."""
    posts: int


def mood_trend(posts: Iterable[Contribution], now: datetime, half_life: timedelta) -> Mood:
    """The mood, and whether it rises or falls; the formula is at the head of this file."""
    posts = list(posts)
    felt = mood(posts, now, half_life)
    late = [post for post in posts if post.at > now - TREND_OVER]
    span = (late[-1].at - late[0].at) / _DAY if late else 0.0
    if len(late) < TREND_POSTS or not span:
        return Mood(felt, STEADY, 0.0, 0.0)
    # relative to the last post: of a long silence no weight becomes too small to divide by
    weights = [decay(late[-1].at - post.at, half_life) for post in late]
    times = [(post.at - late[0].at) / _DAY for post in late]
    total = sum(weights)
    middle = sum(w * t for w, t in zip(weights, times, strict=True)) / total
    level = sum(w * post.sentiment for w, post in zip(weights, late, strict=True)) / total
    spread = sum(w * (t - middle) ** 2 for w, t in zip(weights, times, strict=True))
    if not spread:
        # a half-life so short that only the last post weighs anything
        return Mood(felt, STEADY, 0.0, 0.0)
    slope = sum(w * (t - middle) * post.sentiment for w, t, post in zip(weights, times, late, strict=True)) / spread
    misses = [post.sentiment - level - slope * (t - middle) for t, post in zip(times, late, strict=True)]
    size = total**2 / sum(w * w for w in weights)
    missed = size * sum(w * miss**2 for w, miss in zip(weights, misses, strict=True)) / total
    freedom = size + USUAL_POSTS - 2
    variance = (missed + USUAL_POSTS * USUAL_VARIANCE) / freedom
    error = sqrt(variance * sum((w * (t - middle)) ** 2 for w, t in zip(weights, times, strict=True))) / spread
    sure = abs(slope) > error * student_quantile(freedom)
    trend = STEADY if not sure else RISING if slope > 0 else FALLING
    return Mood(felt, trend, round(slope * span, 4), round(error * span, 4))


def student_quantile(freedom: float) -> float:
    """Within ± this lie 95 % of Student's distribution; right to 0.03 from 3 degrees of freedom on.

    Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5.
    """
    z, v = _Z, freedom
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    )


def mood_by_month(posts: Iterable[Contribution], name: Callable[[datetime], str]) -> tuple[Month, ...]:
    """Mean sentiment a month, of the last twelve with a post, oldest first.

    Args:
        posts: in order of time.
        name: of the month (of any calendar) that a moment is in.
    """
    felt: dict[str, list[float]] = {}
    for post in posts:
        felt.setdefault(name(post.at), []).append(post.sentiment)
    return tuple(Month(each, round(sum(of) / len(of), 4), len(of)) for each, of in list(felt.items())[-MONTHS:])
