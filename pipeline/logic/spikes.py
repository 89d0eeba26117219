"""Waves of complaints: when a key (brand × category) gets far more of them than it is used to.

The count N of a window is held against what the key's own past lets one expect:

    N ~ negative binomial, mean μ = level · Σ rate(hour of week), variance μ + v·μ²

that is a Poisson count whose rate is Gamma distributed with relative variance v. v adds up what is not known:
how bursty the key is, how well its rates and its level are known, and a surplus while it is new. A window is
significant when P(N or more) < `significance`. Each bucket ends a window, so a key is tested 35,000 times a
year at 15 minutes: 3e-5 makes one false window a year. Real bursts have heavier tails than a Gamma's, so that
a busy, bursty key may see a few false waves a year (benchmarks/spikes.py measures them).

The idea is that of outbreak detection: Farrington et al. 1996 (J. R. Stat. Soc. A 159:547) and Noufaily et al.
2013 (Stat. Med. 32:1206), a seasonal, overdispersed baseline in which past outbreaks do not count; the guard
band between baseline and window is that of EARS C2 (Hutwagner et al. 2003). Buckets are walked in order of
time, so waves are a function of the set of complaints and of "now" alone.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import exp, lgamma, log, log1p
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipeline.errors import ConfigError
from pipeline.logic.profile import HOURS_OF_WEEK, decay

REMEMBER = timedelta(days=7)
"""Waves that ended longer ago are dropped when a history is sealed."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
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
    """Complaints that a window must hold, however few were expected."""
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
class Wave:
    """A run of high windows: the first is significant (observed, expected, p-value), √significance carries on."""

    started_at: datetime
    """Start of the first bucket of that window with more complaints than expected."""
    detected_at: datetime
    """End of that window: an alert cannot leave earlier."""
    last_seen_at: datetime
    """End of the last high window so far."""
    ended_at: datetime | None
    """`last_seen_at` once the cool-down has passed quietly; None while the wave lasts."""
    observed: int
    expected: float
    p_value: float
    peak: int
    """Most complaints in one window so far."""
    posts: tuple[str, ...]
    """Keys of the first posts between `started_at` and `detected_at`."""


class Reading(NamedTuple):
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


class Rate(NamedTuple):
    """Complaints an hour, and the relative variance of that estimate."""

    mean: float
    variance: float


@dataclass
class Habit:
    """What sealed buckets taught: of fixed size, however long the history."""

    upto: int
    """The first bucket not walked yet."""
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
    unlearnt: float = 0.0
    """Buckets left out as parts of waves, forgotten in quiet times as fast as the level."""
    guard: list[Reading] = field(default_factory=list)
    """The latest window: learnt when no later one shows that it was the start of a wave."""
    waves: list[Wave] = field(default_factory=list)

    def copy(self) -> Habit:
        """A habit that walks on without changing this one."""
        return replace(self, counts=[*self.counts], hours=[*self.hours], guard=[*self.guard], waves=[*self.waves])

    def walk(self, posts: Mapping[int, Sequence[str]], stop: int, settings: SpikeSettings) -> list[Reading]:
        """Read the buckets (number → post keys) up to `stop`, excluded, and learn from them."""
        zone, width, start = ZoneInfo(settings.time_zone), settings.width, self.upto
        cells = deque((_hour_of_week(settings.moment(b), zone) for b in range(start - width + 1, start)), width)
        observed = sum(len(posts.get(b, ())) for b in range(start - width, start))
        done, per_day = [], _DAY // settings.bucket
        for bucket in range(start, stop):
            if not bucket % per_day:
                self._fit(settings)
            cells.append(_hour_of_week(settings.moment(bucket), zone))
            count = len(posts.get(bucket, ()))
            observed += count - len(posts.get(bucket - width, ()))
            reading = self._read(bucket, count, observed, cells, settings)
            if reading.p_value < settings.significance ** (0.5 if self._lasting() else 1):
                self._rise(reading, cells, posts, settings)
            self._settle(reading, settings)
            self.upto = bucket + 1
            done.append(reading)
        return done

    def _read(self, bucket: int, count: int, observed: int, cells: deque[int], settings: SpikeSettings) -> Reading:
        if not self.rates:
            return Reading(bucket, cells[-1], count, 0.0, observed, 0.0, 0.0, 1.0)
        (lately, usual), (surplus, weight) = self.level, self.surplus
        # the level is Gamma with prior mean 1: its posterior mean, and below its relative variance, 1 / shape
        level = (_LEVEL_WEIGHT + lately) / (_LEVEL_WEIGHT + usual)
        rates = [self.rates[cell] for cell in cells]
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
        return Reading(bucket, cells[-1], count, settings.hours * rates[-1].mean, observed, expected, doubt, p_value)

    def _rise(
        self, found: Reading, cells: deque[int], posts: Mapping[int, Sequence[str]], settings: SpikeSettings
    ) -> None:
        """A high window carries the wave that lasts, or begins one."""
        end, wave = settings.moment(found.bucket + 1), self._lasting()
        if wave:
            self.waves[-1] = replace(wave, last_seen_at=end, peak=max(wave.peak, found.observed))
            return
        window = range(found.bucket + 1 - len(cells), found.bucket + 1)
        share = found.expected / sum(self.rates[cell].mean for cell in cells)
        counts = zip(window, cells, strict=True)
        start = next(b for b, cell in counts if len(posts.get(b, ())) > share * self.rates[cell].mean)
        sample = [post for b in window if b >= start for post in posts.get(b, ())][: settings.samples]
        measured = (found.observed, found.expected, found.p_value, found.observed)
        self.waves.append(Wave(settings.moment(start), end, end, None, *measured, tuple(sample)))

    def _settle(self, reading: Reading, settings: SpikeSettings) -> None:
        """End the wave after its cool-down; learn what is old enough to be no part of a wave."""
        if wave := self._lasting():
            end = settings.moment(reading.bucket + 1)
            if end - wave.last_seen_at >= settings.cool_down:
                self.waves[-1], wave = replace(wave, ended_at=wave.last_seen_at), None
            elif self.unlearnt * settings.bucket < settings.longest:
                self.unlearnt += 1
                self.guard.clear()
                return
        self.guard.append(reading)
        if len(self.guard) > settings.width:
            self._learn(self.guard.pop(0), settings, quiet=not wave)

    def _learn(self, past: Reading, settings: SpikeSettings, quiet: bool) -> None:
        self.counts[past.cell] += past.complaints
        self.hours[past.cell] += settings.hours
        self.seen += 1
        if not past.usual:  # of the first day, when nothing was expected yet
            return
        self.level = (self.level[0] * settings.fade + past.complaints, self.level[1] * settings.fade + past.usual)
        if quiet:
            self.unlearnt *= settings.fade
            off = (past.observed - past.expected) ** 2 - past.expected - past.doubt * past.expected**2
            self.surplus = (self.surplus[0] + off, self.surplus[1] + past.expected**2)

    def _fit(self, settings: SpikeSettings) -> None:
        """Fade by a day, then estimate the rates: each hour of week drawn towards hour × weekday, these to the mean."""
        fade = decay(_DAY, settings.half_life)
        self.counts, self.hours = [n * fade for n in self.counts], [h * fade for h in self.hours]
        self.surplus = (self.surplus[0] * fade, self.surplus[1] * fade)
        if self.seen * settings.bucket < _DAY - settings.window:
            return
        total = sum(self.counts) + 0.5  # Jeffreys' prior: a rate is never quite nothing
        mean = Rate(total / sum(self.hours), 1 / total)
        cells = list(zip(self.counts, self.hours, strict=True))
        by_hour = _pooled([_sum(cells[hour::24]) for hour in range(24)], [mean] * 24)
        by_day = _pooled([_sum(cells[day : day + 24]) for day in range(0, HOURS_OF_WEEK, 24)], [mean] * 7)
        pairs = [(day, hour) for day in by_day for hour in by_hour]
        parents = [Rate(day.mean * hour.mean / mean.mean, day.variance + hour.variance) for day, hour in pairs]
        self.rates = _pooled(cells, parents)

    def _lasting(self) -> Wave | None:
        return self.waves[-1] if self.waves and self.waves[-1].ended_at is None else None


@dataclass
class History:
    """Complaints of one key as a streaming job keeps them: posts that are still open to change, and a habit.

    Taking in a post or a state again, or in another order, changes nothing. The size is bounded: `seal` turns
    what is older than the de-duplication horizon into the habit; what comes later than that is late.
    """

    posts: dict[str, int] = field(default_factory=dict)
    """Post key → bucket."""
    since: datetime | None = None
    """Since when the source is watched, where known: then the silence before the first complaint counts too."""
    habit: Habit | None = None

    def is_late(self, at: datetime, settings: SpikeSettings) -> bool:
        """Whether a complaint of that time can no longer be taken in."""
        return self.habit is not None and settings.index(at) < self.habit.upto

    def add(self, post: str, at: datetime, settings: SpikeSettings) -> None:
        """Take in a complaint that is not late."""
        bucket = settings.index(at)
        self.posts[post] = min(bucket, self.posts.get(post, bucket))

    def merge(self, other: History, settings: SpikeSettings) -> None:
        """Take in another state of the same key; of two habits the one that saw more stays."""
        for post, bucket in other.posts.items():
            self.posts[post] = min(bucket, self.posts.get(post, bucket))
        self.since = min((each for each in (self.since, other.since) if each), default=None)
        habits = [habit for habit in (self.habit, other.habit) if habit]
        self.habit = max(habits, key=_knowledge, default=None)
        self._prune(settings)

    def seal(self, before: datetime, settings: SpikeSettings) -> None:
        """Turn the buckets before that moment into habit, for good."""
        habit, _ = self.walked(before, settings)
        if habit and (self.habit is None or habit.upto > self.habit.upto) and habit.upto == settings.index(before):
            habit.waves = [w for w in habit.waves if w.ended_at is None or before - w.ended_at < REMEMBER]
            self.habit = habit
            self._prune(settings)

    def walked(self, until: datetime, settings: SpikeSettings) -> tuple[Habit | None, list[Reading]]:
        """The habit as of a moment, and the windows read since the seal; None without any complaint."""
        by_bucket: dict[int, list[str]] = {}
        for post in sorted(self.posts):
            by_bucket.setdefault(self.posts[post], []).append(post)
        if self.habit:
            habit = self.habit.copy()
        elif by_bucket:
            first = min(by_bucket)
            habit = Habit(min(first, settings.index(self.since)) if self.since else first)
        else:
            return None, []
        return habit, habit.walk(by_bucket, settings.index(until), settings)

    def _prune(self, settings: SpikeSettings) -> None:
        if self.habit:
            # windows that end after the seal begin before it
            kept = self.habit.upto - settings.width + 1
            self.posts = {post: bucket for post, bucket in self.posts.items() if bucket >= kept}


def waves(history: History, now: datetime, settings: SpikeSettings) -> tuple[Wave, ...]:
    """The waves that show by `now`, in order of time; the last may still last.

    Only buckets that are over count. What is found stays: later only the last wave goes on and new ones follow.
    """
    habit, _ = history.walked(now, settings)
    return tuple(habit.waves) if habit else ()


def untold(found: Sequence[Wave], told: datetime | None) -> tuple[Wave, ...]:
    """The waves to alert of, given the `detected_at` of the last alert.

    A late complaint may move a wave's start, but that wave still began before its alert, and the next after it.
    """
    return tuple(wave for wave in found if told is None or wave.started_at >= told)


def next_check(history: History, found: Sequence[Wave], now: datetime, settings: SpikeSettings) -> datetime | None:
    """When to look again if no complaint comes (a bucket's end); None when nothing changes by itself.

    `found` are the waves as of `now`. A complaint whose bucket is over when it comes is to be looked at at once.
    """
    current, counts = settings.index(now), Counter(history.posts.values())
    for bucket in sorted({current, *(each for each in counts if each > current)}):
        # a window with too few can only be filled by a new complaint
        if sum(counts[bucket - back] for back in range(settings.width)) >= settings.minimum:
            return settings.moment(bucket + 1)
    if found and found[-1].ended_at is None:
        return max(found[-1].last_seen_at + settings.cool_down, settings.moment(current + 1))
    return None


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


def _knowledge(habit: Habit) -> tuple[object, ...]:
    return (habit.upto, habit.seen, habit.counts, habit.level, len(habit.waves))


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


def _hour_of_week(at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone)
    return local.weekday() * 24 + local.hour
