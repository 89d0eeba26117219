"""Everything that is to be told about one customer: their cases, every alert about them, what to do for them next.

One pure function of the set of the customer's facts and of now. A stream calls it at every post and at every
deadline and sends what is new; a batch calls it once. Both end with the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pipeline.logic import cases as course
from pipeline.logic.actions import actions, emptied
from pipeline.logic.alerts import Cause, escalation, raised
from pipeline.logic.cases import CaseSettings
from pipeline.logic.facts import Fact, Kind, latest, newest
from pipeline.logic.kpis import KpiFact
from pipeline.logic.policies import ActionSettings
from pipeline.logic.revisions import revised
from pipeline.logic.service import served
from pipeline.logic.signals import SignalSettings, signals
from pipeline.records import Action, Alert, Case, Contribution, Customer, Transition

LEVELS = {
    course.AT_RISK: "high",
    course.BREACHED: "critical",
    course.ANSWERED: "info",
    course.REOPENED: "high",
    course.RESOLVED: "info",
}
"""Steps of a case that are told, and how urgent each is. That a case opened is told by the escalation rules."""
_OF_THE_CLOCK = {f"case-{state.replace('_', '-')}" for state in (course.AT_RISK, course.BREACHED, course.RESOLVED)}
RECOVERED = "customer-recovered"
"""A case that a happy customer resolved; silence resolves without a word of theirs."""


@dataclass(frozen=True)
class CareSettings:
    """How a company cares for those who speak to it."""

    cases: CaseSettings
    signals: SignalSettings = field(default_factory=SignalSettings)
    steps: frozenset[str] = frozenset(LEVELS)
    """Steps of a case that raise an alert."""
    actions: ActionSettings = field(default_factory=ActionSettings)
    remember: timedelta = timedelta(days=60)
    """So long after a customer's last post nothing of it matters any more, unless a case of theirs is open."""


@dataclass(frozen=True)
class Told:
    """What is known of a customer as of a moment."""

    cases: Mapping[str, Case]
    alerts: Mapping[str, Alert]
    """Both by id."""
    kpis: Mapping[str, KpiFact] = field(default_factory=dict)
    """What each post adds to the KPIs, by post; deleted posts too."""
    actions: Mapping[str, Action] = field(default_factory=dict)
    """By id."""
    crm: Customer | None = None
    """What all of it was told under."""
    ahead: datetime | None = field(default=None, compare=False)
    """When to look again, if no more posts come."""


@dataclass(frozen=True)
class Known:
    """What earlier runs knew of a customer and had told."""

    facts: tuple[Fact, ...] = ()
    alerts: tuple[Alert, ...] = ()
    actions: tuple[Action, ...] = ()
    crm: Customer | None = None
    """The CRM's customer whose account it is."""
    cases: tuple[Case, ...] = ()
    """As they stand; one whose posts were lost in a crash may turn out to be part of another."""

    @property
    def now(self) -> datetime | None:
        """How far the clock had run: the latest step that it brought and that was told."""
        return max((a.raised_at for a in self.alerts if a.rule in _OF_THE_CLOCK and a.raised_at), default=None)


def tell(
    customer: str, facts: Iterable[Fact], settings: CareSettings, now: datetime, crm: Customer | None = None
) -> Told:
    """Cases, alerts and actions of the customer as of `now`; `crm` is what the CRM knows of them."""
    keep = settings.cases.alerts.profiles.keep_posts
    everything = latest(facts)
    known = newest(everything)[-keep:]
    found, next_step = course.follow(customer, known, settings.cases, now)
    alerts = _alerts(customer, known, found, settings, crm.tier if crm else None)
    gone = [fact for fact in everything if fact.kind is Kind.DELETED]
    kpis, next_due = served([*known, *gone], found, settings.cases.alerts, now)
    ahead = min((at for at in (next_step, next_due) if at), default=None)
    proposed = actions(customer, known, found, settings.actions, crm)
    return Told(
        {case.case_id: case for case in found},
        {alert.alert_id: alert for alert in alerts},
        kpis,
        {action.action_id: action for action in proposed},
        crm,
        ahead,
    )


def news(before: Told, after: Told) -> Told:
    """What has to be said when `before` was said and `after` holds: the new, the changed, and what is no more.

    Alerts and actions are told as `revisions.revised` gives them; the words of an alert stay. A case that is no more
    comes back as void.
    """
    alerts = {k: replace(a, words=before.alerts[k].words) if k in before.alerts else a for k, a in after.alerts.items()}
    cases = {key: case for key, case in after.cases.items() if before.cases.get(key) != case}
    gone = {key: replace(c, void=True) for key, c in before.cases.items() if key not in after.cases and not c.void}
    kpis = {post: known for post, known in after.kpis.items() if before.kpis.get(post) != known}
    return Told(
        cases | gone,
        revised(before.alerts, alerts, lambda alert: replace(alert, excerpt="", words=())),
        kpis,
        revised(before.actions, after.actions, emptied),
        after.crm,
        after.ahead,
    )


def taken_apart(known: Iterable[Fact | Known]) -> tuple[list[Fact], Told]:
    """The facts, and what earlier runs told."""
    facts: list[Fact] = []
    alerts: dict[str, Alert] = {}
    actions: dict[str, Action] = {}
    cases: dict[str, Case] = {}
    crm: Customer | None = None
    for each in known:
        if isinstance(each, Known):
            facts += each.facts
            alerts |= {alert.alert_id: alert for alert in each.alerts}
            actions |= {action.action_id: action for action in each.actions}
            cases |= {case.case_id: case for case in each.cases}
            crm = each.crm or crm
        else:
            facts.append(each)
    return facts, Told(cases, alerts, actions=actions, crm=crm)


def laid_aside_at(facts: Iterable[Fact], cases: Iterable[Case], settings: CareSettings) -> datetime | None:
    """When a customer's facts may leave a stream's memory; None while a case is open. The store keeps them."""
    ends = [case.resolved_at for case in cases if not case.void]
    if None in ends:
        return None
    last = max((at for at in (*ends, *(fact.at for fact in facts)) if at), default=None)
    return last and last + settings.remember


def _alerts(
    customer: str, facts: Sequence[Fact], cases: Sequence[Case], settings: CareSettings, tier: str | None
) -> Iterator[Alert]:
    rules, by_post = settings.cases.alerts, {fact.post: fact for fact in facts}
    case_of = {post.post: case.case_id for case in cases for post in case.posts}
    for fact in facts:
        if fact.enriched and (found := escalation(fact.enriched, rules, tier)):
            rule, reasons = found
            cause = Cause(rule.name, rule.level, fact.at, fact.post, reasons, case_of.get(fact.post))
            yield raised(cause, fact.enriched, _earlier(facts, fact.at, fact.post), rules)
    for case in cases:
        for number, step in enumerate(case.history):
            about = by_post[step.about].enriched
            if step.state in settings.steps and about:
                cause = _cause(customer, case, number)
                yield raised(cause, about, _earlier(facts, step.at, step.post or ""), rules, step.department)
    for cause, fact in signals(facts, rules.brands, settings.signals):
        if fact.enriched:
            told = _earlier(facts, fact.at, fact.post)
            yield raised(cause, fact.enriched, told, rules, settings.signals.department)


def _cause(customer: str, case: Case, number: int) -> Cause:
    """A step of a case. Its identity hangs on posts alone, so that a late post elsewhere does not rename it."""
    step = case.history[number]
    rung = sum(earlier.state == course.BREACHED and earlier.round == step.round for earlier in case.history[:number])
    rule = RECOVERED if step.state == course.RESOLVED and step.post else f"case-{step.state.replace('_', '-')}"
    return Cause(
        rule=rule,
        level=LEVELS[step.state],
        at=step.at,
        anchor=f"{customer}\n{step.round}\n{step.post or rung}",
        reasons=_reasons(step, rung),
        case=case.case_id,
        due_at=step.due_at,
    )


def _reasons(step: Transition, rung: int) -> tuple[str, ...]:
    if step.state == course.AT_RISK:
        return (f"no answer yet, due {step.due_at:%Y-%m-%d %H:%M} UTC",)
    if step.state == course.BREACHED:
        return (f"not answered in time, for the {_ordinal(rung + 1)} time", f"now with {step.department}")
    if step.state == course.REOPENED:
        return ("complains again after the answer",)
    if step.state == course.RESOLVED:
        return ("the customer is happy again",) if step.post else ("nothing more was heard after the answer",)
    return ("answered",)


def _ordinal(number: int) -> str:
    return {1: "first", 2: "second", 3: "third"}.get(number, f"{number}th")


def _earlier(facts: Sequence[Fact], at: datetime, post: str) -> list[Contribution]:
    """What the customer had written before that moment."""
    return [fact.contribution for fact in facts if fact.contribution and (fact.at, fact.post) < (at, post)]
