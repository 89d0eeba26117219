"""How many complaints a key (brand × category) is used to, by hour of week, and how unusual a count is.

The count N of a window is held against what the key's own past lets one expect:

    N ~ negative binomial, mean μ = level · Σ rate(hour of week), variance μ + v·μ²

that is a Poisson count whose rate is Gamma distributed with relative variance v. v adds up what is not known:
how bursty the key is, how well its rates and its level are known, and a surplus while it is new.

The idea is that of outbreak detection: Farrington et al. 1996 (J. R. Stat. Soc. A 159:547) and Noufaily et al.
2013 (Stat. Med. 32:1206), a seasonal, overdispersed baseline in which past outbreaks do not count.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import exp, lgamma, log, log1p
from zoneinfo import ZoneInfo

from pipeline.errors import ConfigError
from pipeline.logic.profile import HOURS_OF_WEEK, decay

DAY = timedelta(days=1)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_LOOSEST = 0.01
_LEAST = 0.02
"""Least relative variance: no complaints are exactly Poisson, and no model of them is exact."""
_BURSTINESS, _BURSTINESS_WEIGHT = 0.1, 20.0
"""Relative variance of a key of which nothing is known yet, and the Σμ² of windows that it counts for."""
_LEVEL_WEIGHT = 20.0
"""Complaints that the prior "the level is as always" counts for."""


@dataclass(frozen=True)
class SpikeSettings:
    """What makes a wave. Raises ConfigError when made with times that do not fit together."""

    bucket: timedelta = timedelta(minutes=15)
    window: timedelta = timedelta(hours=1)
    half_life: timedelta = timedelta(weeks=4)
    """Of what is known about the hours of the week: what is eight weeks old counts a quarter."""
    level_half_life: timedelta = timedelta(days=3)
    min_history: timedelta = timedelta(weeks=2)
    """Until so much was seen only waves far beyond doubt are told, on the first day none."""
    minimum: int = 5
    """Complaints (of different people) that a window must hold, however few were expected."""
    significance: float = 3e-5
    cool_down: timedelta = timedelta(hours=6)
    """A wave is over when no window was high for so long."""
    longest: timedelta = timedelta(days=2)
    """Waves are not learnt, but what takes more time than this is the new habit."""
    time_zone: str = "UTC"
    samples: int = 5

    def __post_init__(self) -> None:
        if self.bucket <= timedelta(0) or _HOUR % self.bucket:
            raise ConfigError(f"spikes.bucket: {self.bucket} does not divide an hour; write for example 15m")
        if self.window % self.bucket or not self.bucket <= self.window <= self.cool_down <= self.longest:
            raise ConfigError("spikes: the window must be a multiple of the bucket, and window ≤ cool_down ≤ longest")
        if not 0 < self.significance <= _LOOSEST:
            raise ConfigError(f"spikes.significance: {self.significance} is not above 0 and at most {_LOOSEST}")

    @property
    def width(self) -> int:
        """Buckets in a window."""
        return self.window // self.bucket

    @cached_property
    def hours(self) -> float:
        """Length of a bucket."""
        return self.bucket / _HOUR

    @cached_property
    def fade(self) -> float:
        """What is left of the recent level after a bucket."""
        return decay(self.bucket, self.level_half_life)

    def index(self, at: datetime) -> int:
        """The number of the bucket that a moment lies in, counted from 1970 UTC."""
        return (at - _EPOCH) // self.bucket

    def moment(self, index: int) -> datetime:
        """The start (UTC) of a bucket."""
        return _EPOCH + index * self.bucket


@dataclass(frozen=True, slots=True)
class Reading:
    """A window held against its expectation, which is 0 while nothing is known."""

    bucket: int
    """That ends the window."""
    cell: int
    """Its hour of the week."""
    complaints: int
    """In it."""
    usual: float
    """Complaints expected in it at the usual level."""
    observed: int
    expected: float
    doubt: float
    """Relative variance of the expectation, as an estimate."""
    p_value: float
    """1 where it is clear without reckoning that it is large."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Complaints an hour, and the relative variance of that estimate."""

    mean: float
    variance: float


@dataclass
class Habit:
    """What the past taught: of fixed size, however long it is."""

    counts: list[float] = field(default_factory=lambda: [0.0] * HOURS_OF_WEEK)
    hours: list[float] = field(default_factory=lambda: [0.0] * HOURS_OF_WEEK)
    seen: int = 0
    """Buckets learnt from."""
    rates: list[Rate] = field(default_factory=list)
    """By hour of week, fitted once a day; empty on the first day."""
    level: tuple[float, float] = (0.0, 0.0)
    """Complaints lately, and the usual number for that time."""
    surplus: tuple[float, float] = (0.0, 0.0)
    """Σ((N − μ)² − μ − doubt·μ²) and Σμ² over quiet windows."""

    def copy(self) -> Habit:
        """A habit that learns on without changing this one."""
        return replace(self, counts=[*self.counts], hours=[*self.hours])

    def read(self, bucket: int, count: int, observed: int, cells: Collection[int], settings: SpikeSettings) -> Reading:
        """Hold the `observed` complaints of a window, `count` of them in its last bucket, against the habit.

        `cells` are the hours of week of the window's buckets, in order.
        """
        *_, cell = cells
        if not self.rates:
            return Reading(bucket, cell, count, 0.0, observed, 0.0, 0.0, 1.0)
        (lately, usual), (surplus, weight) = self.level, self.surplus
        # the level is Gamma with prior mean 1: its posterior mean, and below its relative variance, 1 / shape
        level = (_LEVEL_WEIGHT + lately) / (_LEVEL_WEIGHT + usual)
        rates = [self.rates[each] for each in cells]
        expected = level * settings.hours * sum([rate.mean for rate in rates])
        # by moments, E((N − μ)² − μ) = v·μ², less the doubt about μ; drawn towards that of an unknown key
        burstiness = (surplus + _BURSTINESS * _BURSTINESS_WEIGHT) / (weight + _BURSTINESS_WEIGHT)
        doubt = 1 / (_LEVEL_WEIGHT + lately) + sum([rate.variance for rate in rates]) / len(rates)
        new = max(0.0, 1 - self.seen * settings.bucket / settings.min_history)
        variance = max(_LEAST, burstiness) + doubt + new
        # within two standard deviations P is always above 1 %: most windows need not be summed up
        above = observed - expected
        unusual = observed >= settings.minimum and above > 0 and above**2 > 4 * expected * (1 + variance * expected)
        p_value = tail(observed, expected, variance) if unusual else 1.0
        return Reading(bucket, cell, count, settings.hours * rates[-1].mean, observed, expected, doubt, p_value)

    def learn(self, past: Reading, settings: SpikeSettings, quiet: bool) -> None:
        """Take in the last bucket of a reading, and of a quiet one (no part of a wave) how far the window was off."""
        self.counts[past.cell] += past.complaints
        self.hours[past.cell] += settings.hours
        self.seen += 1
        if not past.usual:  # of the first day, when nothing was expected yet
            return
        self.level = (self.level[0] * settings.fade + past.complaints, self.level[1] * settings.fade + past.usual)
        if quiet:
            off = (past.observed - past.expected) ** 2 - past.expected - past.doubt * past.expected**2
            self.surplus = (self.surplus[0] + off, self.surplus[1] + past.expected**2)

    def fit(self, settings: SpikeSettings) -> None:
        """Fade by a day, then estimate the rates: each hour of week drawn towards hour × weekday, these to the mean."""
        fade = decay(DAY, settings.half_life)
        self.counts, self.hours = [n * fade for n in self.counts], [h * fade for h in self.hours]
        self.surplus = (self.surplus[0] * fade, self.surplus[1] * fade)
        if self.seen * settings.bucket < DAY - settings.window:
            return
        total = sum(self.counts) + 0.5  # Jeffreys' prior: a rate is never quite nothing
        mean = Rate(total / sum(self.hours), 1 / total)
        cells = list(zip(self.counts, self.hours, strict=True))
        by_hour = _pooled([_sum(cells[hour::24]) for hour in range(24)], [mean] * 24)
        by_day = _pooled([_sum(cells[day : day + 24]) for day in range(0, HOURS_OF_WEEK, 24)], [mean] * 7)
        pairs = [(day, hour) for day in by_day for hour in by_hour]
        parents = [Rate(day.mean * hour.mean / mean.mean, day.variance + hour.variance) for day, hour in pairs]
        self.rates = _pooled(cells, parents)


def tail(count: int, mean: float, variance: float) -> float:
    """P(N ≥ count) of a negative binomial N with that mean and relative variance v, that is of size 1/v."""
    size = 1 / variance
    ratio = mean / (mean + size)
    ways = lgamma(count + size) - lgamma(size) - lgamma(count + 1)
    term, total = exp(ways + size * log1p(-ratio) + count * log(ratio)), 0.0
    while term > total * 1e-12:
        total += term
        term *= ratio * (count + size) / (count + 1)
        count += 1
    return min(1.0, total)


def hour_of_week(at: datetime, zone: ZoneInfo) -> int:
    """The local hour that a moment lies in, Monday 00:00 being 0."""
    local = at.astimezone(zone)
    return local.weekday() * 24 + local.hour


def _pooled(cells: Sequence[tuple[float, float]], parents: Sequence[Rate]) -> list[Rate]:
    """Rates of cells (complaints, hours), each drawn towards its parent the more, the less the cell has seen.

    Empirical Bayes (Marshall 1991, Appl. Stat. 40:283): a cell's rate is Gamma about its parent's, with one
    relative variance for all cells, by moments Σ((n − e)² − e) / Σe², e being what the parents let expect.
    """
    expected = [hours * parent.mean for (_, hours), parent in zip(cells, parents, strict=True)]
    surplus = sum((count - e) ** 2 - e for (count, _), e in zip(cells, expected, strict=True))
    shape = 1 / max(_LEAST, surplus / sum(e * e for e in expected))
    own = [(parent, count, shape / (shape + e)) for (count, _), parent, e in zip(cells, parents, expected, strict=True)]
    return [
        Rate(parent.mean * kept * (shape + count) / shape, 1 / (shape + count) + parent.variance * kept**2)
        for parent, count, kept in own
    ]


def _sum(cells: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return sum(count for count, _ in cells), sum(hours for _, hours in cells)
