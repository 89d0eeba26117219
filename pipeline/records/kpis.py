"""Rows of service KPIs, and the sketch that holds their response times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ResponseBin:
    """How many response times fell into one bin of the sketch."""

    bin: int
    """i: times in (γ^(i−1), γ^i] seconds, γ = 1.01/0.99; −1: times under one second."""
    count: int


Sketch = tuple[ResponseBin, ...]
"""The bins that are not empty, ascending."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """One row of service KPIs (`schemas/kpi.v1.avsc`); it and its merges are pure functions of facts."""

    brand: str
    department: str
    """Empty for posts that are no complaint."""
    platform: str
    period: str
    """hour or day; merged rows may be of another (a week)."""
    start: datetime
    """Local start of the period, in UTC."""
    mentions: int
    complaints: int
    severe: int
    """Complaints of severity 3 or 4."""
    answered: int
    answered_share: float | None
    """Of the complaints; None without any."""
    sla_decided: int
    """Complaints that are answered or overdue."""
    sla_met: int
    sla_met_share: float | None
    """Of `sla_decided`; None without any."""
    first_response_p50_s: float | None
    first_response_p90_s: float | None
    working_response_p50_s: float | None
    working_response_p90_s: float | None
    sentiment: float | None
    """Mean, in −1..1."""
    sentiment_sum: int
    """In ten-thousandths: sums of integers do not depend on their order."""
    advocacy: int
    reach: int
    """Sum of the followers; an author counts once a post."""
    first_response_bins: Sketch
    working_response_bins: Sketch
    revision: int = 1
    """Counts how often the row changed; of two states the later counts."""
