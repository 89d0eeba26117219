"""The sections of the company's configuration: which keys each has, and what they hold by default.

They mirror `runners/config/reference.yaml`, which documents every key. What one section says of another is checked by
`pipeline.config.Config`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from pipeline.logic.durations import parse_duration
from pipeline.logic.policies import DAYTIME, Policy, When, hours_of_day
from pipeline.logic.segments import Segment
from pipeline.logic.templates import TOPICS_FA, placeholders

Category = Literal[
    "delivery", "billing", "quality", "service", "technical", "fraud", "availability", "policy", "other"
]  # fmt: skip
CATEGORIES: tuple[Category, ...] = Category.__args__  # type: ignore[attr-defined]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[str, ...] = Weekday.__args__  # type: ignore[attr-defined]
Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Stage = Literal["none", "pre", "buy", "post"]
Intent = Literal["question", "suggestion", "thanks", "purchase", "churn"]


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


def _hours(value: Any) -> Any:
    return hours_of_day(value) if isinstance(value, str) else value


def _template(value: str) -> str:
    placeholders(value)
    return value


Name = Annotated[str, Field(min_length=1)]
Template = Annotated[str, Field(min_length=1), AfterValidator(_template)]
Hours = Annotated[frozenset[int], BeforeValidator(_hours)]


class WhenSection(Section):
    """Conditions of a policy: each that is given must hold, and of its values one."""

    segments: list[Segment] = []
    interests: list[str] = Field([], description="fine interests of this config, and topics of the classifier")
    min_interest: Annotated[float, Field(gt=0)] = 1.5
    about_us: bool = Field(False, description="the post is about a brand of yours; so always with stages and intents")
    stages: list[Stage] = []
    intents: list[Intent] = []
    languages: list[Annotated[str, Field(pattern="^[a-z]{2,3}(-latn)?$")]] = []
    tiers: list[str] = Field([], description="of the customer, as the CRM names them")


class TemplateSection(Section):
    """What is written, with {name}, {brand}, {interest}, {date} to be filled in."""

    fa: Template
    en: Template


class PolicySection(Section):
    """What to do for a customer of whom the conditions hold."""

    name: Name
    when: WhenSection
    action: Name
    channel: Name
    needs_consent: Literal["none", "service", "marketing"] = "none"
    hours: Hours = DAYTIME
    usual_hour: int | None = None
    template: TemplateSection

    @model_validator(mode="after")
    def _holds_together(self) -> PolicySection:
        of = self.when
        if not (of.segments or of.interests or of.about_us or of.stages or of.intents or of.languages or of.tiers):
            raise ValueError("when: a policy without any condition would write to everybody")
        if not of.interests and self.uses("interest"):
            raise ValueError("template: {interest} is nothing where `when` asks for no interests")
        if self.usual_hour is not None and self.usual_hour not in self.hours:
            raise ValueError(f"usual_hour: {self.usual_hour} is not within the hours")
        return self

    def uses(self, placeholder: str) -> bool:
        """Whether the texts leave that open."""
        return placeholder in placeholders(self.template.fa) + placeholders(self.template.en)

    def policy(self) -> Policy:
        """As the walk over a customer's posts takes it."""
        of = self.when
        return Policy(
            name=self.name,
            when=When(
                segments=frozenset(of.segments),
                interests=frozenset(of.interests),
                min_interest=of.min_interest,
                about_us=of.about_us,
                stages=frozenset(of.stages),
                intents=frozenset(of.intents),
                languages=frozenset(of.languages),
                tiers=frozenset(of.tiers),
            ),
            action=self.action,
            channel=self.channel,
            template={"fa": self.template.fa, "en": self.template.en},
            needs_consent=self.needs_consent,
            hours=self.hours,
            usual_hour=self.usual_hour,
        )


class ActionsSection(Section):
    """What to do for a customer next: the first policy that holds."""

    cool_down: Annotated[Duration, Field(le=timedelta(days=3650))] = timedelta(days=30)
    policies: list[PolicySection] = []

    def check(self, interests: Collection[str], brands: Collection[str]) -> None:
        """Raise ValueError where a policy speaks of what the config does not name."""
        names = [policy.name for policy in self.policies]
        for policy in self.policies:
            where = f"actions.policies.{policy.name}"
            if names.count(policy.name) > 1:
                raise ValueError(f"{where}: the name is used twice; action ids are made of it")
            for name in policy.when.interests:
                if name not in {*interests, *TOPICS_FA}:
                    topics = ", ".join(TOPICS_FA)
                    raise ValueError(
                        f"{where}.when.interests: {name!r} is not under interests, and no topic ({topics})"
                    )
            if not brands and policy.uses("brand"):
                raise ValueError(f"{where}.template: {{brand}} is nothing where the config names no brand")


class RuleSection(Section):
    """An escalation rule: every condition that is given must hold."""

    name: Annotated[str, Field(min_length=1)]
    level: Literal["info", "high", "critical"]
    min_severity: Annotated[int, Field(ge=1, le=4)] = 1
    categories: list[Category] = []
    min_reach: Annotated[int, Field(ge=0)] = 0
    tiers: list[str] = Field([], description="of the customer, as the CRM names them")


class ProfileSection(Section):
    """How fast what a person once said fades."""

    interest_half_life: Duration = timedelta(days=90)
    mood_half_life: Duration = timedelta(days=30)
    keep_posts: Annotated[int, Field(ge=1, le=100_000)] = 2000
