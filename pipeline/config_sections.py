"""The sections of the company's configuration: which keys each has, and what they hold by default.

They mirror `runners/config/reference.yaml`, which documents every key. What one section says of another is checked by
`pipeline.config.Config`.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.logic.durations import parse_duration

Category = Literal[
    "delivery", "billing", "quality", "service", "technical", "fraud", "availability", "policy", "other"
]  # fmt: skip
CATEGORIES: tuple[Category, ...] = Category.__args__  # type: ignore[attr-defined]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[str, ...] = Weekday.__args__  # type: ignore[attr-defined]
Duration = Annotated[timedelta, BeforeValidator(parse_duration)]


class Section(BaseModel):
    """A part of the file: frozen, and without keys that are not named here."""

    # an unknown key is a typing error of somebody who now believes the setting holds
    model_config = ConfigDict(extra="forbid", frozen=True)


class InputSection(Section):
    """How the input's records are shaped."""

    format: str = "auto"
    columns: dict[str, str | list[str]] = {}
    constants: dict[str, str] = {}
    attributes: list[str] = []
    time_zone: str | None = None


class BrandSection(Section):
    """A brand, the words it goes by, and its own accounts."""

    aliases: list[str] = []
    accounts: dict[str, list[str]] = Field({}, description="platform → account ids or @handles")
    channels: list[str] = Field([], description="platforms whose posts concern this brand when they name none")
    alert: bool = Field(True, description="complaints about it may be escalated; no for competitors")


class InterestSection(Section):
    """A fine interest and the words that show it."""

    terms: Annotated[list[str], Field(min_length=1)]


class CalendarSection(Section):
    """Working hours of a week in local time; a weekday that is absent is free."""

    time_zone: str | None = None
    hours: dict[Weekday, list[str]]
    country: str | None = Field(None, description="whose public holidays are free, ISO 3166 code such as IR")
    holidays: list[date] = Field([], description="further free days")
    working_days: list[date] = Field([], description="public holidays that are worked")


class DepartmentSection(Section):
    """Who answers which complaints, and how fast."""

    categories: list[Category] = []
    calendar: str
    answer_within: Duration
    answer_within_by_severity: dict[Annotated[int, Field(ge=1, le=4)], Duration] = {}
    escalate_to: str | None = Field(None, description="who takes over what was not answered in time")


class CasesSection(Section):
    """How a complaint is followed until it is settled."""

    warn_after: Annotated[float, Field(gt=0, le=1)] = 0.75
    settle_after: Duration = timedelta(days=7)
    reopen_within: Duration = timedelta(days=30)
    alert_on: list[Literal["at_risk", "breached", "answered", "reopened", "resolved"]] = [
        *("at_risk", "breached", "answered", "reopened", "resolved")
    ]


class SignalsSection(Section):
    """When a customer's posts add up to something a department should know."""

    advocate_posts: Annotated[int, Field(ge=1)] = 3
    advocate_within: Duration = timedelta(days=90)
    churn_complaints: Annotated[int, Field(ge=2)] = 3
    churn_within: Duration = timedelta(days=30)
    department: str | None = Field(default=None, description="who hears of it; by the post's category when absent")


class SpikesSection(Section):
    """When more people complain of one thing than usual."""

    level: Literal["info", "high", "critical"] = "high"
    window: Duration = timedelta(hours=1)
    minimum: Annotated[int, Field(ge=2)] = 5
    significance: float = 3e-5
    cool_down: Duration = timedelta(hours=6)
    min_history: Duration = timedelta(days=14)


class RuleSection(Section):
    """An escalation rule: every condition that is given must hold."""

    name: Annotated[str, Field(min_length=1)]
    level: Literal["info", "high", "critical"]
    min_severity: Annotated[int, Field(ge=1, le=4)] = 1
    categories: list[Category] = []
    min_reach: Annotated[int, Field(ge=0)] = 0


class ProfileSection(Section):
    """How fast what a person once said fades."""

    interest_half_life: Duration = timedelta(days=90)
    mood_half_life: Duration = timedelta(days=30)
    keep_posts: Annotated[int, Field(ge=1, le=100_000)] = 2000
