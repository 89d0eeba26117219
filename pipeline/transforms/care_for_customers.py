"""Follow each customer's cases, and tell the departments what they must know."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.coders import PickleCoder
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import BagStateSpec, ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.utils.timestamp import Timestamp

from pipeline.logic.alerts import Explain, explained
from pipeline.logic.care import CareSettings, Known, Told, laid_aside_at, news, taken_apart, tell
from pipeline.logic.durations import LONG_AGO
from pipeline.logic.facts import Fact, fact, latest
from pipeline.logic.kpis import KpiFact
from pipeline.logic.spikes import Sighting
from pipeline.logic.wave_alerts import sightings
from pipeline.metrics import counter
from pipeline.records import Action, Alert, Case
from pipeline.transforms.count_alert import count_alert
from pipeline.transforms.drop_forgotten import Forgotten
from pipeline.transforms.event_clock import set_clock, strike
from pipeline.transforms.keys import pairs_of

NOTHING = Told({}, {})


class Care(NamedTuple):
    """What comes of caring."""

    cases: beam.PCollection[Case]
    alerts: beam.PCollection[Alert]
    actions: beam.PCollection[Action]
    kpis: beam.PCollection[KpiFact]
    """What each post adds to the KPIs, again whenever more is known of it."""
    sightings: beam.PCollection[tuple[str, Sighting]]
    """By brand and category: what waves are made of."""
    facts: beam.PCollection[tuple[str, Fact]]
    """What the posts of this run mean, by customer; cases and alerts follow from them."""


class CareForCustomers(beam.PTransform):
    """Cases and alerts of every customer, as `logic.care.tell` gives them.

    Input: (customer, EnrichedPost), or the Fact that one was; and what earlier runs knew: (customer, Known).
    Output: Case, Alert, Action, KpiFact, (key, Sighting), (customer, Fact).
    Bounded input: each customer is told of once, as of the clock. Unbounded: at every post and, by event-time
    timers, at every deadline; a record that changes comes again (a case whole, an alert with its next
    revision), and what a late post shows never to have happened comes as void or withdrawn. The last word on
    each id is the same in both. A timer beyond the clock does nothing: an engine that drains runs all timers.
    State is bounded: customers without an open case are laid aside `settings.remember` after their last post.
    Guarantees: event time; ids are deterministic. Only what escalates a post is explained, once a post.
    An error of `explain` fails the bundle. Nothing is told of who is forgotten, whatever a stream still remembers of
    them; counted in `forgotten.customers`.
    """

    def __init__(
        self,
        settings: CareSettings,
        explain: Explain,
        clock: Callable[[], datetime],
        recalled: beam.PCollection[tuple[str, Known]],
        forgotten: Forgotten,
    ) -> None:
        super().__init__()
        self._settings, self._explain, self._clock = settings, explain, clock
        self._recalled, self._forgotten = recalled, forgotten

    def expand(self, posts: beam.PCollection) -> Care:
        given = (self._settings, self._explain, self._clock, self._forgotten)
        brands = self._settings.cases.alerts.brands
        facts = posts | "What each post means" >> beam.MapTuple(
            lambda customer, each: (customer, each if isinstance(each, Fact) else fact(each, brands))
        )
        known = (
            (facts, self._recalled)
            | "And what was known" >> beam.Flatten()
            | "By customer" >> pairs_of(tuple[str, Fact | Known])
        )
        if posts.is_bounded:
            told = known | "Gather facts" >> beam.GroupByKey() | "Tell" >> _told(_TellOnceFn(*given))
        else:
            told = known | "Keep telling" >> _told(_KeepTellingFn(*given))
        return Care(told.cases, told.alerts, told.actions, told.kpis, told.sightings, facts)


def _told(do: beam.DoFn) -> beam.PTransform:
    return beam.ParDo(do).with_outputs("cases", "actions", "kpis", "sightings", main="alerts")


class _TellFn(beam.DoFn):
    def __init__(
        self, settings: CareSettings, explain: Explain, clock: Callable[[], datetime], forgotten: Forgotten
    ) -> None:
        self._settings, self._explain, self._clock, self._forgotten = settings, explain, clock, forgotten

    def _is_forgotten(self, customer: str) -> bool:
        covered = self._forgotten().covers(customer)
        if covered:
            counter("forgotten.customers").inc()
        return covered

    def _say(self, told: Told, facts: Iterable[Fact]) -> Iterable[Any]:
        """What is told, on its way out; the alerts that escalate a post with the words that carried it."""
        events = {each.post: each.enriched for each in facts}
        rules = {rule.name for rule in self._settings.cases.alerts.rules}
        for alert in told.alerts.values():
            event = events.get(f"{alert.platform}:{alert.post_id}")
            if alert.rule in rules and alert.revision == 1 and event:
                alert = explained(alert, event, self._explain)
            count_alert(alert)
            yield alert
        for case in told.cases.values():
            counter(f"cases.{'void' if case.void else case.state}").inc()
            yield beam.pvalue.TaggedOutput("cases", case)
        for action in told.actions.values():
            if action.revision == 1:
                counter("actions.proposed").inc()
                counter(f"actions.policy.{action.policy}").inc()
            yield beam.pvalue.TaggedOutput("actions", action)
        for known in told.kpis.values():
            yield beam.pvalue.TaggedOutput("kpis", known)

    def _seen(self, customer: str, before: Iterable[Fact], fresh: Iterable[Fact]) -> Iterable[Any]:
        for each in sightings(customer, before, fresh, self._settings.cases.alerts.brands):
            yield beam.pvalue.TaggedOutput("sightings", each)


class _TellOnceFn(_TellFn):
    def process(self, element: tuple[str, Iterable[Fact | Known]]) -> Iterable[Any]:
        customer, (facts, before) = element[0], taken_apart(element[1])
        if self._is_forgotten(customer):
            return
        after = tell(customer, facts, self._settings, self._clock(), before.crm)
        fresh = news(before, after)
        # the files of a run hold every case as it stands, changed or not
        yield from self._say(replace(fresh, cases={**fresh.cases, **after.cases}), facts)
        yield from self._seen(customer, (), facts)


class _KeepTellingFn(_TellFn):
    FACTS = BagStateSpec("facts", PickleCoder())
    TOLD = ReadModifyWriteStateSpec("told", PickleCoder())
    NOW = ReadModifyWriteStateSpec("now", PickleCoder())
    CLOCK = TimerSpec("clock", TimeDomain.WATERMARK)

    def process(
        self,
        element: tuple[str, Fact | Known],
        facts: Any = beam.DoFn.StateParam(FACTS),
        told: Any = beam.DoFn.StateParam(TOLD),
        now: Any = beam.DoFn.StateParam(NOW),
        clock: Any = beam.DoFn.TimerParam(CLOCK),
    ) -> Iterable[Any]:
        customer, heard = element
        if self._is_forgotten(customer):
            return []
        before = list(facts.read())
        if isinstance(heard, Known):
            self._remember(heard, told, now)
        fresh = [each for each in (heard.facts if isinstance(heard, Known) else [heard]) if each not in before]
        known, seen = [*before, *fresh], list(self._seen(customer, before, fresh))
        keep = self._settings.cases.alerts.profiles.keep_posts
        if len(known) > 2 * keep:
            facts.clear()
            fresh = known = latest(known)[-keep:]
        for each in fresh:
            facts.add(each)
        moment = now.read() or LONG_AGO
        if isinstance(heard, Known) and not before:
            # What it implies was told, or its posts were not acknowledged and come again: with some of them still
            # missing nothing is taken back. Only the deadlines go on.
            self._look_ahead(known, tell(customer, known, self._settings, moment, told.read().crm), clock)
            return seen
        return self._go_on(customer, known, told, moment, clock) + seen

    @on_timer(CLOCK)
    def on_clock(
        self,
        customer: str = beam.DoFn.KeyParam,
        at: Timestamp = beam.DoFn.TimestampParam,
        facts: Any = beam.DoFn.StateParam(FACTS),
        told: Any = beam.DoFn.StateParam(TOLD),
        now: Any = beam.DoFn.StateParam(NOW),
        clock: Any = beam.DoFn.TimerParam(CLOCK),
    ) -> Iterable[Any]:
        moment = strike(at, now, self._clock)
        if moment is None or self._is_forgotten(customer):
            return ()
        known = list(facts.read())
        said = self._go_on(customer, known, told, moment, clock)
        before = told.read()
        over = laid_aside_at(known, before.cases.values(), self._settings)
        if over and over <= moment:
            counter("care.laid_aside").inc()
            facts.clear()
            now.clear()
            clock.clear()
            # consents are heard of once, as the run begins
            told.write(replace(NOTHING, crm=before.crm))
        return said

    def _go_on(self, customer: str, facts: list[Fact], told: Any, now: datetime, clock: Any) -> list[Any]:
        before = told.read() or NOTHING
        after = tell(customer, facts, self._settings, now, before.crm)
        fresh = news(before, after)
        said = list(self._say(fresh, facts))
        alerts = {each.alert_id: each for each in said if isinstance(each, Alert)}
        told.write(
            Told(
                {**before.cases, **fresh.cases},
                {**before.alerts, **alerts},
                {**before.kpis, **fresh.kpis},
                {**before.actions, **fresh.actions},
                before.crm,
            )
        )
        self._look_ahead(facts, after, clock)
        return said

    def _look_ahead(self, facts: Iterable[Fact], after: Told, clock: Any) -> None:
        over = laid_aside_at(facts, after.cases.values(), self._settings)
        set_clock(clock, min((at for at in (after.ahead, over) if at), default=None))

    def _remember(self, known: Known, told: Any, now: Any) -> None:
        """What earlier runs told; what this one told since stays."""
        said, since = taken_apart([known])[1], told.read() or NOTHING
        told.write(
            replace(
                since,
                cases={**said.cases, **since.cases},
                alerts={**said.alerts, **since.alerts},
                actions={**said.actions, **since.actions},
                crm=said.crm,
            )
        )
        if known.now:
            now.write(max(now.read() or LONG_AGO, known.now))
