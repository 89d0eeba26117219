"""Waves injected into simulated weeks, found by Shenava and by plain thresholds (for `benchmarks/spikes.py`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from benchmarks.real_waves import Counts, Key
from pipeline.logic.spikes import History, Sighting, SpikeSettings, waves

WEEK = 672
"""Buckets of 15 minutes."""
HABIT = 8
"""Weeks before the first injected wave, and that the thresholds look back."""
FACTORS, HOURS = (2, 3, 5, 10), (1, 2, 3)
EVERY = 4 * 96
"""Buckets from one injected wave to the next."""
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
CLASSES = (("below 0.5", 0.0, 0.5), ("0.5 to 2", 0.5, 2.0), ("2 to 8", 2.0, 8.0), ("above 8", 8.0, float("inf")))
"""Keys by their mean complaints an hour."""


@dataclass(frozen=True)
class Injected:
    """A wave: buckets from `start` to `end`, excluded."""

    start: int
    end: int
    factor: int
    hours: int
    more: float
    """Posts to be expected beyond the usual."""


def simulate(
    rate: Counts, weeks: int, bursty: tuple[float, float], random: np.random.Generator, inject: bool = True
) -> tuple[Counts, list[Injected]]:
    """Counts by bucket from Monday 00:00, and the waves in them after the first eight weeks."""
    mean = np.tile(np.repeat(rate / 4, 4), weeks)
    for length, variance in zip((4, 96), bursty, strict=True):
        if variance:
            mean = mean * np.repeat(random.gamma(1 / variance, variance, len(mean) // length), length)
    injected = []
    kinds = list(product(FACTORS, HOURS))
    for slot in range(HABIT * WEEK, weeks * WEEK, EVERY) if inject else ():
        factor, hours = kinds[random.integers(len(kinds))]
        start = slot + 96 + int(random.integers(2 * 96))
        span = slice(start, start + 4 * hours)
        if span.stop + 96 < len(mean):
            injected.append(Injected(start, span.stop, factor, hours, float(mean[span].sum()) * (factor - 1)))
            mean[span] *= factor
    return random.poisson(mean), injected


# --- finders: counts by bucket -> the buckets whose end an alert leaves at


def shenava(counts: Counts, **given: Any) -> list[int]:
    """By the default settings but for those given."""
    settings = SpikeSettings(**given)
    first = settings.index(MONDAY)
    names = ((settings.moment(first + int(b)), f"{b}-{n}") for b in np.flatnonzero(counts) for n in range(counts[b]))
    history = History({name: Sighting(name, at, "") for at, name in names})
    end = settings.moment(first + len(counts))
    return [settings.index(wave.detected_at) - 1 - first for wave in waves(history, end, settings)]


def windows(counts: Counts) -> Counts:
    """Complaints in the hour that ends with each bucket."""
    return np.convolve(counts, np.ones(4, int))[: len(counts)]


def mean_threshold(counts: Counts) -> Callable[[float], list[int]]:
    """Sigmas → alerts, over all windows of the eight weeks before."""
    observed, span = windows(counts).astype(float), HABIT * WEEK
    sums, squares = (np.concatenate([[0.0], np.cumsum(each)]) for each in (observed, observed**2))
    mean, square = ((each[span:-1] - each[: -span - 1]) / span for each in (sums, squares))
    # the window itself and those that overlap it stay out, as they do with us
    mean, square = (np.concatenate([np.full(4, each[0]), each[:-4]]) for each in (mean, square))
    sigma = np.sqrt(np.maximum(square - mean**2, 0))
    return lambda sigmas: alerts(observed[span:] > mean + sigmas * sigma, observed[span:])


def hourly_threshold(counts: Counts) -> Callable[[float], list[int]]:
    """Sigmas → alerts, over the windows of the same hour of week in the eight weeks before."""
    observed = windows(counts).astype(float).reshape(-1, 168, 4)
    past = np.stack([observed[week - HABIT : week] for week in range(HABIT, len(observed))])
    mean, sigma = past.mean(axis=(1, 3)), past.std(axis=(1, 3))
    limits = (np.repeat(each.ravel(), 4) for each in (mean, np.maximum(sigma, np.sqrt(mean))))
    mean, sigma = limits
    late = observed[HABIT:].ravel()
    return lambda sigmas: alerts(late > mean + sigmas * sigma, late)


def alerts(above: Counts, observed: Counts) -> list[int]:
    """Ends of quiet: buckets above the threshold and the minimum, one for each run parted by a cool-down."""
    settings = SpikeSettings()
    pause, last, found = settings.cool_down // settings.bucket, -1_000, []
    for bucket in np.flatnonzero(above & (observed >= settings.minimum)):
        if bucket - last > pause:
            found.append(int(bucket) + HABIT * WEEK)
        last = int(bucket)
    return found


# --- scores


class Outcome(NamedTuple):
    """What became of an injected wave."""

    kind: str
    """Class of its key."""
    wave: Injected
    delay: float | None
    """Minutes from its start to the alert; None when there was none."""


@dataclass
class Score:
    """What a way of looking did to all keys."""

    name: str
    outcomes: list[Outcome] = field(default_factory=list)
    false: Counter[str] = field(default_factory=Counter)
    """Class → false alarms."""

    def show(self, wanted: Callable[[Outcome], bool]) -> str:
        """Share found and median delay."""
        delays = [each.delay for each in self.outcomes if wanted(each)]
        found = [each for each in delays if each is not None]
        return f"{len(found) / len(delays):.0%}, {np.median(found):.0f} min" if found else "0%" if delays else ""


def score(name: str, keys: Iterable[tuple[str, list[Injected], list[int]]]) -> Score:
    """The score of (class, injected waves, alerts) of every key."""
    result = Score(name)
    for kind, injected, told in keys:
        for wave in injected:
            hits = [bucket for bucket in told if wave.start <= bucket < wave.end + 4]
            result.outcomes.append(Outcome(kind, wave, (min(hits) + 1 - wave.start) * 15.0 if hits else None))
        late = [bucket for bucket in told if bucket >= HABIT * WEEK]
        result.false[kind] += sum(not any(w.start <= bucket < w.end + 4 for w in injected) for bucket in late)
    return result


def strict(
    finders: Sequence[Callable[[float], list[int]]], kinds: Sequence[str], injected: Sequence[list[Injected]], most: int
) -> float:
    """The least number of sigmas that gives no more false alarms than that."""
    low, high = 3.0, 40.0
    for _ in range(10):
        middle = (low + high) / 2
        trial = score("", zip(kinds, injected, (find(middle) for find in finders), strict=True))
        low, high = (middle, high) if trial.false.total() > most else (low, middle)
    return high


def compare(
    rates: Mapping[Key, Counts], weeks: int, bursty: tuple[float, float], seed: int
) -> tuple[list[Score], dict[str, int]]:
    """Every way's score on the same weeks, and the keys of each class."""
    random = np.random.default_rng(seed)
    kinds = [next(name for name, low, high in CLASSES if low <= rate.mean() < high) for rate in rates.values()]
    weeks_of = [simulate(rate, weeks, bursty, random) for rate in rates.values()]
    injected = [each for _, each in weeks_of]
    settings: dict[str, dict[str, float]] = {"Shenava": {}, "Shenava at 1e-4": {"significance": 1e-4}}
    result = [
        score(name, zip(kinds, injected, (shenava(counts, **given) for counts, _ in weeks_of), strict=True))
        for name, given in settings.items()
    ]
    for name, make in (("mean", mean_threshold), ("hour of week", hourly_threshold)):
        finders = [make(counts) for counts, _ in weeks_of]
        limit = strict(finders, kinds, injected, result[0].false.total())
        for label, sigmas in ((f"{name} + 3σ", 3.0), (f"{name}, strict ({limit:.1f}σ)", limit)):
            told = (find(sigmas) for find in finders)
            result.append(score(label, zip(kinds, injected, told, strict=True)))
    return result, Counter(kinds)


def false_alarms(years: int, seed: int) -> list[dict[str, float]]:
    """False waves a year on usual traffic, by complaints an hour and burstiness, from a cold start."""
    random, found = np.random.default_rng(seed), []
    hours = np.arange(168)
    shape = (1 + 0.9 * np.cos((hours % 24 - 15) / 24 * 2 * np.pi)) * np.where(hours >= 120, 0.6, 1)
    for an_hour, bursty in product((0.1, 1.0, 5.0, 30.0), ((0.0, 0.0), (0.1, 0.1), (0.05, 0.25), (0.25, 0.25))):
        rate = shape / shape.mean() * an_hour
        told = [len(shenava(simulate(rate, 52, bursty, random, inject=False)[0])) for _ in range(years)]
        numbers = {"complaints_an_hour": an_hour, "hourly": bursty[0], "daily": bursty[1]}
        found.append({**numbers, "false_waves_a_year": sum(told) / years})
    return found
