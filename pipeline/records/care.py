"""What is owed to customers: alerts to departments, and the cases behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pipeline.records.profiles import CustomerBrief


@dataclass(frozen=True, slots=True)
class Sample:
    """One post of many that an alert is about."""

    post: str
    """`SocialPost.key`."""
    excerpt: str
    """The redacted text, at most 140 characters."""
    permalink: str | None


@dataclass(frozen=True, slots=True)
class Alert:
    """Something a department must know now (`schemas/alert.v1.avsc`)."""

    alert_id: str
    """Deterministic: the same post and rule give the same id on every run."""
    rule: str
    level: str
    """info, high or critical."""
    department: str
    account: str | None
    platform: str
    post_id: str
    brands: tuple[str, ...]
    category: str | None
    severity: int
    created_at: datetime
    """When the post was written."""
    due_at: datetime
    """Until when the department should have answered, by its own working hours."""
    customer: CustomerBrief | None
    """None for an anonymous post."""
    excerpt: str
    """The redacted text, at most 280 characters."""
    language: str
    permalink: str | None
    reasons: tuple[str, ...]
    model: str
    words: tuple[str, ...] = ()
    """Of the redacted text, those that most made the model see a complaint, heaviest first; at most five."""
    case: str | None = None
    """`Case.case_id`, when a case is behind it."""
    raised_at: datetime | None = None
    """Event time of what raised it: the post, the reply, the deadline."""
    revision: int = 1
    """Counts what became of this alert: a later post that was written earlier can change or withdraw it."""
    withdrawn: bool = False
    """What it said never happened, as a post that came late shows."""
    samples: tuple[Sample, ...] = ()
    """Of a wave of complaints: its first ones, each of another person."""


@dataclass(frozen=True, slots=True)
class CasePost:
    """A post that is part of a case."""

    post: str
    """`SocialPost.key`."""
    at: datetime
    kind: str
    """complaint, reply or happy."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of a case."""

    state: str
    at: datetime
    post: str | None
    """Key of the post that brought it; None when the clock did."""
    department: str
    """Whose case it is from here on."""
    due_at: datetime
    about: str
    """Key of the gravest complaint so far; what an alert about this step shows."""
    round: str
    """Key of the complaint that opened the case, or last reopened it."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is owed to a customer who complained (`schemas/case.v1.avsc`)."""

    case_id: str
    """Deterministic: of the customer and the opening complaint."""
    customer: str
    """`SocialPost.account_key`, or `post KEY` for a post without an author."""
    brands: tuple[str, ...]
    department: str
    """Who has to act now."""
    categories: tuple[str, ...]
    severity: int
    """Of the gravest complaint, 1..4."""
    state: str
    """open, at_risk, breached, answered, reopened or resolved."""
    opened_at: datetime
    due_at: datetime
    """Until when the department should answer; the last such moment once it did."""
    answered_at: datetime | None
    """Of the first reply."""
    resolved_at: datetime | None
    sla_met: bool | None
    """Whether every round was answered in time; None while that is open."""
    posts: tuple[CasePost, ...]
    history: tuple[Transition, ...]
    void: bool = False
    """This case is no more: an earlier complaint that came late opened another one in its place."""
