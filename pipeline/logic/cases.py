"""Cases: what is owed to a customer who complained, a pure function of the customer's posts and of now.

    open ──▶ at_risk ──▶ breached ─▶ … up the ladder
      │          │           │
      └──────────┴───────────┴─ reply ─▶ answered ─ thanks, or silence ─▶ resolved
                                            ▲  │                            │
                                     reply ─┘  └── complaint ─▶ reopened ◀──┘

A customer has one case at a time. The posts are replayed in the order in which they were written; between them the
clock runs: the warning before the deadline, the deadline itself, the silence after an answer. What the clock brings
happens only up to `now`, so a late reply takes back a breach, and the same set of posts gives the same cases however
they arrived.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from pipeline.logic.alerts import AlertSettings, Department
from pipeline.logic.durations import FOREVER
from pipeline.logic.facts import Fact, Kind, newest
from pipeline.records import Case, CasePost, Transition

OPEN, AT_RISK, BREACHED = "open", "at_risk", "breached"
ANSWERED, REOPENED, RESOLVED = "answered", "reopened", "resolved"
STATES = (OPEN, AT_RISK, BREACHED, ANSWERED, REOPENED, RESOLVED)
WAITING = (OPEN, AT_RISK, BREACHED, REOPENED)
"""States in which the customer waits for an answer."""


@dataclass(frozen=True)
class CaseSettings:
    """How cases run; departments, routes and brands are those of the alerts."""

    alerts: AlertSettings
    warn_after: float = 0.75
    """Share of a department's working time after which an unanswered case is at risk."""
    settle_after: timedelta = timedelta(days=7)
    """Silence after an answer that counts as resolved."""
    reopen_within: timedelta = timedelta(days=30)
    """A complaint so long after the case was resolved opens a new one."""


class Followed(NamedTuple):
    """What following a customer's posts gives."""

    cases: tuple[Case, ...]
    """As of now, oldest first."""
    ahead: datetime | None
    """When the clock alone next changes a case, if no more posts come."""


def follow(customer: str, facts: Iterable[Fact], settings: CaseSettings, now: datetime) -> Followed:
    """The customer's cases as of `now`, and when to look again."""
    found: list[_Course] = []
    ahead = None
    for fact in newest(facts):
        course = found[-1] if found else None
        if course:
            before = fact.at - timedelta(microseconds=1)
            course.run_clock(min(now, before))
            ahead = ahead or course.next_step(before)
        if fact.kind is Kind.COMPLAINT:
            if course is None or course.is_over(fact.at):
                course = _Course(fact, settings)
                found.append(course)
            else:
                course.complain(fact)
        elif course and fact.kind is Kind.REPLY:
            course.answer(fact)
        elif course and fact.kind is Kind.HAPPY:
            course.thank(fact)
    if found:
        found[-1].run_clock(now)
        ahead = ahead or found[-1].next_step(FOREVER)
    return Followed(tuple(course.case(customer) for course in found), ahead)


def case_id(customer: str, opening: str) -> str:
    """Deterministic: the same customer and opening complaint give the same id on every run, anywhere."""
    return hashlib.sha256(f"case\n{customer}\n{opening}".encode()).hexdigest()[:32]


@dataclass
class _Course:
    """One case on its way through its states."""

    opening: Fact
    settings: CaseSettings
    state: str = OPEN
    department: str = ""
    severity: int = 0
    due_at: datetime = FOREVER
    warn_at: datetime = FOREVER
    round: str = ""
    """Key of the complaint that opened the case, or reopened it."""
    about: Fact = field(init=False)
    """The gravest complaint of this round; what an alert shows."""
    missed: bool = False
    at_the_top: bool = False
    """Breached with no department above it: the clock brings nothing more."""
    categories: dict[str, None] = field(default_factory=dict)
    posts: list[CasePost] = field(default_factory=list)
    history: list[Transition] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._begin_round(self.opening)
        self._step(OPEN, self.opening.at, self.opening)

    def is_over(self, at: datetime) -> bool:
        """Whether a complaint of that time is no longer part of this case."""
        return self.state == RESOLVED and at > self.history[-1].at + self.settings.reopen_within

    def complain(self, fact: Fact) -> None:
        """Another complaint: it joins a waiting case and reopens one that was answered."""
        if self.state in WAITING:
            self._take(fact)
            self._tighten(fact)
            if _severity(fact) > _severity(self.about):
                self.about = fact
            return
        self._begin_round(fact)
        self._step(REOPENED, fact.at, fact)

    def answer(self, fact: Fact) -> None:
        """The brand replied. A reply to an answered case is part of it and changes nothing."""
        self.posts.append(CasePost(fact.post, fact.at, fact.kind))
        if self.state in WAITING:
            self._step(ANSWERED, fact.at, fact)

    def thank(self, fact: Fact) -> None:
        """A happy word after the answer resolves the case; before it, it says nothing of the complaint."""
        if self.state == ANSWERED:
            self.posts.append(CasePost(fact.post, fact.at, fact.kind))
            self._step(RESOLVED, fact.at, fact)

    def run_clock(self, until: datetime) -> None:
        """Let pass what the clock brings up to that moment, inclusively."""
        while (ahead := self._ahead()) and ahead[1] <= until:
            state, at = ahead
            if state == BREACHED:
                self._breach(at)
            else:
                self._step(state, at, None)

    def next_step(self, until: datetime) -> datetime | None:
        """When the clock next brings something, up to that moment, inclusively."""
        ahead = self._ahead()
        return ahead[1] if ahead and ahead[1] <= until else None

    def case(self, customer: str) -> Case:
        """The record of it."""
        answers = [step.at for step in self.history if step.state == ANSWERED]
        ends = [step.at for step in self.history if step.state == RESOLVED]
        return Case(
            case_id=case_id(customer, self.opening.post),
            customer=customer,
            brands=self.opening.brands,
            department=self.department,
            categories=tuple(self.categories),
            severity=self.severity,
            state=self.state,
            opened_at=self.opening.at,
            due_at=self.due_at,
            answered_at=answers[0] if answers else None,
            resolved_at=ends[-1] if ends and self.state == RESOLVED else None,
            sla_met=False if self.missed else True if answers else None,
            posts=tuple(self.posts),
            history=tuple(self.history),
        )

    def _begin_round(self, fact: Fact) -> None:
        self.round, self.about = fact.post, fact
        self.department = self._routed(fact).name
        self.due_at = self.warn_at = FOREVER
        self.at_the_top = False
        self._take(fact)
        self._tighten(fact)

    def _take(self, fact: Fact) -> None:
        self.posts.append(CasePost(fact.post, fact.at, fact.kind))
        self.severity = max(self.severity, _severity(fact))
        self.categories |= dict.fromkeys(_categories(fact))

    def _tighten(self, fact: Fact) -> None:
        """A complaint's own deadline counts where it comes first; a breached case keeps the ladder's."""
        if self.state == BREACHED and self.round != fact.post:
            return
        department = self._routed(fact)
        allowed = department.allowed(_severity(fact))
        due = department.calendar.due_at(fact.at, allowed)
        if due < self.due_at:
            self.due_at = due
            self.warn_at = department.calendar.due_at(fact.at, allowed * self.settings.warn_after)

    def _routed(self, fact: Fact) -> Department:
        return self.settings.alerts.department(_categories(fact))

    def _ahead(self) -> tuple[str, datetime] | None:
        """The next thing that the clock brings."""
        if self.state in (OPEN, REOPENED):
            # a deadline of no working time has no warning before it
            return (AT_RISK, self.warn_at) if self.warn_at < self.due_at else (BREACHED, self.due_at)
        if self.state == AT_RISK or (self.state == BREACHED and not self.at_the_top):
            return BREACHED, self.due_at
        if self.state == ANSWERED:
            return RESOLVED, self.history[-1].at + self.settings.settle_after
        return None

    def _breach(self, at: datetime) -> None:
        """The deadline passed: the case moves up the ladder, where the next department has its own time."""
        self.missed = True
        upper = self.settings.alerts.departments[self.department].escalate_to
        self.at_the_top = upper is None
        if upper is not None:
            self.department = upper
            above = self.settings.alerts.departments[upper]
            self.due_at = above.calendar.due_at(at, above.allowed(self.severity))
        self._step(BREACHED, at, None)

    def _step(self, state: str, at: datetime, cause: Fact | None) -> None:
        self.state = state
        self.history.append(
            Transition(
                state=state,
                at=at,
                post=cause.post if cause else None,
                department=self.department,
                due_at=self.due_at,
                about=self.about.post,
                round=self.round,
            )
        )


def _severity(fact: Fact) -> int:
    return int(fact.enriched.classification.severity.label) if fact.enriched else 0


def _categories(fact: Fact) -> tuple[str, ...]:
    return fact.enriched.classification.categories.labels if fact.enriched else ()


def answers(case: Case) -> Iterator[tuple[CasePost, datetime | None]]:
    """Each complaint of a case with the time of the first reply after it, None while there is none."""
    replies = [post.at for post in case.posts if post.kind == Kind.REPLY]
    for post in case.posts:
        if post.kind == Kind.COMPLAINT:
            yield post, min((at for at in replies if at >= post.at), default=None)
