"""What the CRM gets back of a customer: one row each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class WeighedInterest:
    """An interest and how much it weighs."""

    name: str
    weight: float
    """Decayed as of `CustomerRow.as_of`; one post adds at most 1."""


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer of the CRM, or an account that is nobody's, as of a moment (`schemas/customer.v1.avsc`)."""

    customer: str | None
    """Id in the CRM; None for an account that is nobody's."""
    name: str | None
    """In the CRM; of an account that is nobody's the handle."""
    tier: str | None
    accounts: tuple[str, ...]
    """`platform:account_id` of every linked account, in order."""
    posts: int
    complaints: int
    recommendations: int
    reach: int
    """Followers of all accounts together, as last seen."""
    segment: str | None
    """For who has not posted it is None, and so is what else is worked out of posts."""
    advocacy: float | None
    """−100..100."""
    mood: float | None
    """−1..1."""
    mood_trend: str | None
    """rising, steady or falling."""
    interests: tuple[WeighedInterest, ...]
    """At most five, heaviest first."""
    best_hour: str | None
    """Tuesday 19:00: in which hour of the week they are best reached, in the company's time zone."""
    languages: tuple[str, ...]
    """Most written first."""
    open_cases: int
    next_due: datetime | None
    """The earliest deadline of those who wait for an answer."""
    last_complaint_at: datetime | None
    last_seen: datetime | None
    """When the latest post was written."""
    last_action: str | None
    """Policy of the latest action that stands."""
    last_action_at: datetime | None
    """When it was, or is, to be carried out."""
    influence: float | None
    """In the mention graph, as of the last `shenava insight refresh`; 1 is the average."""
    as_of: datetime
    changed_at: datetime | None
    """The latest time of a post, step of a case, action, link or import that the row knows of."""
