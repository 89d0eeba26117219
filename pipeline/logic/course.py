"""The course of complaints: bucket by bucket, which windows are high, where waves begin and end, what is learnt.

A window is significant when P(as many or more) < `significance`. Each bucket ends a window, so a key is tested
35,000 times a year at 15 minutes: 3e-5 makes one false window a year. Real bursts have heavier tails than a
Gamma's, so that a busy, bursty key may see a few false waves a year (benchmarks/spikes.py measures them).

The guard band between what is learnt and the window is that of EARS C2 (Hutwagner et al. 2003).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from pipeline.logic.baseline import DAY, Habit, Reading, SpikeSettings, hour_of_week


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
    """Different people who complained in that window."""
    expected: float
    p_value: float
    peak: int
    """Most people in one window so far."""
    posts: tuple[str, ...]
    """Keys of the first posts between `started_at` and `detected_at`, each of another person."""


@dataclass
class Course:
    """What the walk over the buckets has come to: of fixed size, however long."""

    upto: int
    """The first bucket not walked yet."""
    habit: Habit = field(default_factory=Habit)
    guard: list[Reading] = field(default_factory=list)
    """The latest window: learnt when no later one shows that it was the start of a wave."""
    unlearnt: float = 0.0
    """Buckets left out as parts of waves, forgotten in quiet times as fast as the level."""
    waves: list[Wave] = field(default_factory=list)

    def copy(self) -> Course:
        """A course that walks on without changing this one."""
        return replace(self, habit=self.habit.copy(), guard=[*self.guard], waves=[*self.waves])

    def walk(self, posts: Mapping[int, Sequence[str]], stop: int, settings: SpikeSettings) -> list[Reading]:
        """Read the buckets (number → keys of the posts that count) up to `stop`, excluded, and learn from them."""
        zone, width, start = ZoneInfo(settings.time_zone), settings.width, self.upto
        cells = deque((hour_of_week(settings.moment(b), zone) for b in range(start - width + 1, start)), width)
        observed = sum(len(posts.get(b, ())) for b in range(start - width, start))
        done, per_day = [], DAY // settings.bucket
        for bucket in range(start, stop):
            if not bucket % per_day:
                self.habit.fit(settings)
            cells.append(hour_of_week(settings.moment(bucket), zone))
            count = len(posts.get(bucket, ()))
            observed += count - len(posts.get(bucket - width, ()))
            reading = self.habit.read(bucket, count, observed, cells, settings)
            if reading.p_value < settings.significance ** (0.5 if self._lasting() else 1):
                self._rise(reading, cells, posts, settings)
            self._settle(reading, settings)
            self.upto = bucket + 1
            done.append(reading)
        return done

    def _rise(
        self, found: Reading, cells: deque[int], posts: Mapping[int, Sequence[str]], settings: SpikeSettings
    ) -> None:
        """A high window carries the wave that lasts, or begins one."""
        end, wave = settings.moment(found.bucket + 1), self._lasting()
        if wave:
            self.waves[-1] = replace(wave, last_seen_at=end, peak=max(wave.peak, found.observed))
            return
        window, rates = range(found.bucket + 1 - len(cells), found.bucket + 1), self.habit.rates
        share = found.expected / sum(rates[cell].mean for cell in cells)
        counts = zip(window, cells, strict=True)
        start = next(b for b, cell in counts if len(posts.get(b, ())) > share * rates[cell].mean)
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
            self.habit.learn(self.guard.pop(0), settings, quiet=not wave)
            if not wave:
                self.unlearnt *= settings.fade

    def _lasting(self) -> Wave | None:
        return self.waves[-1] if self.waves and self.waves[-1].ended_at is None else None
