"""See waves of complaints, and tell the department."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.coders import PickleCoder
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import BagStateSpec, ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.utils.timestamp import Timestamp

from pipeline.logic.course import Course, Wave
from pipeline.logic.spikes import History, Sighting, next_check, waves
from pipeline.logic.wave_alerts import (
    KEPT,
    KnownWaves,
    WaveSettings,
    revisable_from,
    settled_by,
    wave_alerts,
    wave_news,
)
from pipeline.metrics import counter
from pipeline.records import Alert
from pipeline.transforms.count_alert import count_alert
from pipeline.transforms.event_clock import set_clock, strike
from pipeline.transforms.keys import pairs_of

SEAL_EVERY = timedelta(hours=1)
Heard = Sighting | KnownWaves


class Waves(NamedTuple):
    """What comes of watching."""

    alerts: beam.PCollection[Alert]
    courses: beam.PCollection[tuple[str, Course]]
    """By key, what is walked for good, for the next run to go on from."""


class DetectWaves(beam.PTransform):
    """One alert a wave of complaints about a brand and category, as `logic.wave_alerts` gives it.

    Input: (key, Sighting), and what earlier runs knew: (key, KnownWaves). Output: Alert, (key, Course).
    Bounded input: each key is looked at once, as of the clock. Unbounded: by event-time timers, at the end of each
    quarter of an hour that saw a complaint and whenever the complaints so far can make a wave; what a late complaint
    changes comes again with its next revision, what it shows to be no wave comes as withdrawn.
    Guarantees: event time; ids are deterministic; the last word on each is the same in both, for complaints no later
    than HORIZON. One that is later than KEPT is left out and counted in `waves.late`.
    """

    def __init__(
        self, settings: WaveSettings, clock: Callable[[], datetime], recalled: beam.PCollection[tuple[str, KnownWaves]]
    ) -> None:
        super().__init__()
        self._settings, self._clock, self._recalled = settings, clock, recalled

    def expand(self, sightings: beam.PCollection) -> Waves:
        heard = (
            (sightings, self._recalled)
            | "And what was known" >> beam.Flatten()
            | "By brand and category" >> pairs_of(tuple[str, Heard])
        )
        if sightings.is_bounded:
            found = (
                heard
                | "Gather sightings" >> beam.GroupByKey()
                | "Look" >> beam.ParDo(_LookOnceFn(self._settings, self._clock)).with_outputs("courses", main="alerts")
            )
        else:
            found = heard | "Keep looking" >> beam.ParDo(_KeepLookingFn(self._settings, self._clock)).with_outputs(
                "courses", main="alerts"
            )
        return Waves(found.alerts, found.courses)


class _LookOnceFn(beam.DoFn):
    def __init__(self, settings: WaveSettings, clock: Callable[[], datetime]) -> None:
        self._settings, self._clock = settings, clock

    def process(self, element: tuple[str, Iterable[Heard]]) -> Iterable[Any]:
        key, heard = element
        history, told = History(), dict[str, Alert]()
        _take(sorted(heard, key=lambda each: isinstance(each, Sighting)), history, told, self._settings)
        now = self._clock()
        # nothing but silence follows: a file of last year's posts is not watched until today
        until = min(now, settled_by(history, self._settings.spikes) or now)
        found = waves(history, until, self._settings.spikes)
        yield from _said(told, key, history, found, self._settings)
        history.seal(until - KEPT, self._settings.spikes)
        if history.course:
            yield beam.pvalue.TaggedOutput("courses", (key, history.course))


class _KeepLookingFn(beam.DoFn):
    NEW = BagStateSpec("new", PickleCoder())
    """What came since the last look: a history is too big to be read at each complaint."""
    HISTORY = ReadModifyWriteStateSpec("history", PickleCoder())
    TOLD = ReadModifyWriteStateSpec("told", PickleCoder())
    NEXT = ReadModifyWriteStateSpec("next", PickleCoder())
    """When the timer is set for."""
    NOW = ReadModifyWriteStateSpec("now", PickleCoder())
    CLOCK = TimerSpec("clock", TimeDomain.WATERMARK)

    def __init__(self, settings: WaveSettings, clock: Callable[[], datetime]) -> None:
        self._settings, self._clock = settings, clock

    def process(
        self,
        element: tuple[str, Heard],
        new: Any = beam.DoFn.StateParam(NEW),
        next_look: Any = beam.DoFn.StateParam(NEXT),
        clock: Any = beam.DoFn.TimerParam(CLOCK),
    ) -> None:
        heard = element[1]
        new.add(heard)
        if isinstance(heard, Sighting):
            spikes = self._settings.spikes
            over = spikes.moment(spikes.index(heard.at) + 1)
            at = min(over, next_look.read() or over)
            next_look.write(at)
            # where its quarter of an hour is over already, this fires at once
            set_clock(clock, at)

    @on_timer(CLOCK)
    def on_clock(
        self,
        key: str = beam.DoFn.KeyParam,
        at: Timestamp = beam.DoFn.TimestampParam,
        new: Any = beam.DoFn.StateParam(NEW),
        history: Any = beam.DoFn.StateParam(HISTORY),
        told: Any = beam.DoFn.StateParam(TOLD),
        next_look: Any = beam.DoFn.StateParam(NEXT),
        now: Any = beam.DoFn.StateParam(NOW),
        clock: Any = beam.DoFn.TimerParam(CLOCK),
    ) -> Iterable[Any]:
        moment = strike(at, now, self._clock)
        if moment is None:
            return
        known, said = history.read() or History(), told.read() or {}
        _take(new.read(), known, said, self._settings)
        new.clear()
        found = waves(known, moment, self._settings.spikes)
        for alert in _said(said, key, known, found, self._settings):
            said[alert.alert_id] = alert
            yield alert
        if _seal(known, moment - KEPT, self._settings):
            yield beam.pvalue.TaggedOutput("courses", (key, known.course))
        cut = revisable_from(known, self._settings.spikes)
        told.write({name: alert for name, alert in said.items() if alert.raised_at and alert.raised_at > cut})
        history.write(known)
        ahead = next_check(known, found, moment, self._settings.spikes)
        next_look.write(ahead)
        set_clock(clock, ahead)


def _take(heard: Iterable[Heard], history: History, told: dict[str, Alert], settings: WaveSettings) -> None:
    for each in heard:
        if isinstance(each, KnownWaves):
            history.merge(History(course=each.course), settings.spikes)
            told |= {alert.alert_id: alert for alert in each.alerts} | told
        elif history.is_late(each.at, settings.spikes):
            counter("waves.late").inc()
        else:
            history.add(each, settings.spikes)


def _said(
    told: dict[str, Alert], key: str, history: History, found: Iterable[Wave], settings: WaveSettings
) -> list[Alert]:
    said = wave_news(told, wave_alerts(key, history, found, settings), revisable_from(history, settings.spikes))
    for alert in said:
        count_alert(alert)
    return said


def _seal(history: History, before: datetime, settings: WaveSettings) -> bool:
    """Now and then; whether there is more walked for good than before."""
    sealed = history.course
    if sealed and before < settings.spikes.moment(sealed.upto) + SEAL_EVERY:
        return False
    history.seal(before, settings.spikes)
    return history.course is not sealed
