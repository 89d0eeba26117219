"""What kind of post an account writes next, and when. How good it is: docs/next_behaviour.md.

Kind: with m_j posts of kind j among the m that the account wrote before its last one, and the population's row p(i)
of the last one's kind i, the posterior predictive of a multinomial under a Dirichlet(κ·p(i)) prior:

    P(next = j) = (m_j + κ·p_j(i)) / (m + κ)

Time: on the population's clock Λ (`behaviour_prior.py`) the account is a Poisson process with a rate λ of its own.
With the prior λ ~ Gamma(ν, ν), d posts seen in Λ_seen ticks (the present silence included), λ is
Gamma(ν + d, ν + Λ_seen), and the wait is Lomax on the clock:

    P(no post within t) = (1 + (Λ(s + t) − Λ(s)) / (ν + Λ_seen))^−(ν + d),  s: the silence so far

The next post of a kind: the same process thinned by P(next = j), Λ times that probability. This leaves out that
every post in between starts the silence anew, and that the kind after next depends on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, expm1, log, log1p
from typing import Any

from pipeline.logic.behaviour_counts import Kind, in_order, kind_of, silences
from pipeline.logic.behaviour_prior import Prior
from pipeline.records import Contribution

FRAILTY = 8.0
"""ν: posts that the prior "this account writes as people in general do" counts for."""
TIMED = (Kind.COMPLAINT, Kind.ADVOCACY, Kind.QUESTION, Kind.OTHER)
"""Kinds whose next post is given a time: intents to purchase were too rare to tell what theirs is worth."""
_DAY = 86_400.0


@dataclass(frozen=True)
class Behaviour:
    """What a forecast needs of an account, as of a moment: a pure function of the set of its posts."""

    last: Kind | None
    """Kind of the last post; None: there is none."""
    earlier: Mapping[Kind, int]
    """Posts before the last one, by kind."""
    seconds: tuple[int, ...]
    """Time spent silent since the first post, by how long the silence had lasted (`BOUNDS`)."""
    silence: float
    """Seconds since the last post; 0 when there is none."""

    @classmethod
    def of(cls, posts: Iterable[Contribution], now: datetime) -> Behaviour:
        """`posts` in any order, one a post, as `Profile.contributions`; those after `now` do not count."""
        past = in_order(posts, now)
        if not past:
            return cls(None, {}, (), 0.0)
        kinds = [kind_of(each) for each in past]
        _, seconds, _ = silences([each.at for each in past], now)
        return cls(kinds[-1], Counter(kinds[:-1]), tuple(seconds), (now - past[-1].at).total_seconds())


@dataclass(frozen=True)
class Wait:
    """The distribution of the time from now to a post, in seconds."""

    prior: Prior
    silence: float
    """So far."""
    shape: float
    """ν + posts that ended a silence."""
    scale: float
    """ν + ticks seen of the clock."""
    share: float = 1.0
    """Probability that a post is one that is waited for."""

    def survival(self, seconds: float) -> float:
        """P(no such post within that time)."""
        return exp(-self.shape * log1p(self._ticks(seconds) / self.scale))

    def log_density(self, seconds: float) -> float:
        """Log of the density at that time, per second."""
        rate = self.share * self.prior.rate(self.silence + seconds)
        scale, ticks = self.scale, self._ticks(seconds)
        return log(self.shape * rate / scale) - (self.shape + 1) * log1p(ticks / scale)

    def quantile(self, probability: float) -> float:
        """Seconds within which such a post comes with that probability (0 to 1, exclusive)."""
        ticks = self.scale * expm1(-log1p(-probability) / self.shape) / self.share
        return self.prior.silence(self.prior.clock(self.silence) + ticks) - self.silence

    def _ticks(self, seconds: float) -> float:
        return self.share * (self.prior.clock(self.silence + seconds) - self.prior.clock(self.silence))


@dataclass(frozen=True)
class Expected:
    """When a post is to be expected, from now on. None: later than the longest silence ever seen, so not known."""

    earliest: timedelta | None
    """One of ten comes sooner."""
    median: timedelta | None
    """Half come sooner."""
    latest: timedelta | None
    """One of ten comes later: with `earliest` the interval of 80 %."""
    within_a_day: float | None
    """Probability that it comes within the next 24 hours."""


@dataclass(frozen=True)
class Forecast:
    """What an account does next, as of a moment."""

    kinds: Mapping[Kind, float]
    """Probability of each kind for the next post; they sum up to 1."""
    next: Expected | None
    """The next post of any kind; None for an account without a post."""
    next_of: Mapping[Kind, Expected]
    """The next post of each of `TIMED`; empty for an account without a post."""


def predict(posts: Iterable[Contribution], prior: Prior, now: datetime) -> Forecast:
    """The forecast for an account (or customer) as of `now`.

    Args:
        posts: one contribution a post in any order, as `Profile.contributions`; later ones than `now` do not count.
        prior: what is usual, from `behaviour_prior.fit`.
    """
    behaviour = Behaviour.of(posts, now)
    kinds = kind_probabilities(behaviour, prior)
    if behaviour.last is None:
        return Forecast(kinds, None, {})
    next_of = {kind: _expected(wait(behaviour, prior, kinds[kind])) for kind in TIMED}
    return Forecast(kinds, _expected(wait(behaviour, prior)), next_of)


def as_json(forecast: Forecast) -> dict[str, Any]:
    """For `json`: probabilities by kind, times in hours; null where it is not known."""

    def hours(of: Expected) -> dict[str, float | None]:
        times = {"earliest": of.earliest, "median": of.median, "latest": of.latest}
        shown = {name: None if at is None else round(at / timedelta(hours=1), 2) for name, at in times.items()}
        return shown | {"within_a_day": None if of.within_a_day is None else round(of.within_a_day, 4)}

    return {
        "kinds": {kind.value: round(probability, 4) for kind, probability in forecast.kinds.items()},
        "next": hours(forecast.next) if forecast.next else None,
        "next_of": {kind.value: hours(expected) for kind, expected in forecast.next_of.items()},
    }


def kind_probabilities(behaviour: Behaviour, prior: Prior) -> dict[Kind, float]:
    """The probability of each kind for the next post."""
    row, whole = prior.rows[behaviour.last], sum(behaviour.earlier.values()) + prior.weight
    return {kind: (behaviour.earlier.get(kind, 0) + prior.weight * row[kind]) / whole for kind in Kind}


def wait(behaviour: Behaviour, prior: Prior, share: float = 1.0) -> Wait:
    """The time to the next post of an account that has one, or to that share of posts."""
    ticks = sum(seconds * rate for seconds, rate in zip(behaviour.seconds, prior.rates, strict=True))
    ended = sum(behaviour.earlier.values())
    return Wait(prior, behaviour.silence, FRAILTY + ended, FRAILTY + ticks, share)


def _expected(of: Wait) -> Expected:
    def seen(seconds: float) -> bool:
        return of.silence + seconds <= of.prior.longest

    earliest, median, latest = (
        timedelta(seconds=seconds) if seen(seconds) else None for seconds in map(of.quantile, (0.1, 0.5, 0.9))
    )
    return Expected(earliest, median, latest, 1 - of.survival(_DAY) if seen(_DAY) else None)
