"""The company's configuration: one YAML file, checked whole before the first post is read.

The sections are in `pipeline/config_sections.py`. `Config` checks what they say of each other and hands the graph the
settings its steps take; nothing else in the pipeline reads YAML.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

import yaml
from pydantic import Field, ValidationError, model_validator

from pipeline.config_sections import (
    CATEGORIES,
    WEEKDAYS,
    ActionsSection,
    BrandSection,
    CalendarSection,
    CasesSection,
    DepartmentSection,
    InputSection,
    InterestSection,
    ProfileSection,
    RuleSection,
    Section,
    SignalsSection,
    SpikesSection,
)
from pipeline.config_webhooks import WebhookName, WebhookSection, check_webhooks
from pipeline.errors import ConfigError
from pipeline.logic.alerts import AlertRule, AlertSettings, Department
from pipeline.logic.care import CareSettings
from pipeline.logic.cases import CaseSettings
from pipeline.logic.enrichment import EnrichSettings
from pipeline.logic.lexicon import Lexicon
from pipeline.logic.parsing import ParseSettings
from pipeline.logic.policies import ActionSettings
from pipeline.logic.profile import ProfileSettings
from pipeline.logic.signals import SignalSettings
from pipeline.logic.sla import WorkingCalendar, parse_hours
from pipeline.logic.spikes import SpikeSettings
from pipeline.logic.templates import TOPICS_FA, persian_name
from pipeline.logic.wave_alerts import HORIZON, KEPT, WaveSettings
from pipeline.logic.wave_alerts import RULE as WAVE
from pipeline.logic.webhooks import Subscription

__all__ = ["CATEGORIES", "Config", "load_config"]


class Config(Section):
    """The whole file."""

    time_zone: str = "UTC"
    input: InputSection = InputSection()
    brands: dict[str, BrandSection] = Field(default_factory=dict)
    interests: dict[str, InterestSection] = Field(default_factory=dict)
    calendars: Annotated[dict[str, CalendarSection], Field(min_length=1)]
    departments: Annotated[dict[str, DepartmentSection], Field(min_length=1)]
    fallback_department: str
    alerts: list[RuleSection]
    explain_alerts: bool = True
    cases: CasesSection = CasesSection()
    signals: SignalsSection = SignalsSection()
    spikes: SpikesSection = SpikesSection()
    actions: ActionsSection = ActionsSection()
    profiles: ProfileSection = ProfileSection()
    webhooks: dict[WebhookName, WebhookSection] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_exist(self) -> Config:
        if self.fallback_department not in self.departments:
            raise ValueError(f"fallback_department: {self.fallback_department!r} is not under departments")
        channels = [(platform, name) for name, brand in self.brands.items() for platform in brand.channels]
        if shared := len(channels) - len(dict(channels)):
            raise ValueError(f"brands: {shared} platforms are the channel of two brands; each can be one brand's only")
        accounts = [f"{p} {a}" for b in self.brands.values() for p, ids in b.accounts.items() for a in ids]
        if shared_accounts := {each for each in accounts if accounts.count(each) > 1}:
            raise ValueError(f"brands: the account {min(shared_accounts)} is listed twice")
        if self.time_zone not in available_timezones():
            raise ValueError(f"time_zone: {self.time_zone!r} is no IANA time zone such as Asia/Tehran")
        owner: dict[str, str] = {}
        for name, department in self.departments.items():
            if department.calendar not in self.calendars:
                raise ValueError(f"departments.{name}.calendar: {department.calendar!r} is not under calendars")
            for category in department.categories:
                if owner.setdefault(category, name) != name:
                    raise ValueError(f"departments.{name}.categories: {category} already belongs to {owner[category]}")
        for name in self.departments:
            self._check_ladder(name)
        if self.signals.department not in (None, *self.departments):
            raise ValueError(f"signals.department: {self.signals.department!r} is not under departments")
        self.actions.check(self.interests, self.brands)
        names = [rule.name for rule in self.alerts]
        if WAVE in names:
            raise ValueError(f"alerts: the name {WAVE!r} is that of waves of complaints (section spikes)")
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"alerts: the name {min(twice)!r} is used twice; alert ids are made of it")
        check_webhooks(self.webhooks, self.departments, names, [policy.name for policy in self.actions.policies])
        return self

    def _above(self, name: str) -> str | None:
        """Who takes over from a department: the one it names, else the fallback."""
        named = self.departments[name].escalate_to
        return named or (self.fallback_department if name != self.fallback_department else None)

    def _check_ladder(self, name: str) -> None:
        path = [name]
        while above := self._above(path[-1]):
            if above not in self.departments:
                raise ValueError(f"departments.{path[-1]}.escalate_to: {above!r} is not under departments")
            if above in path:
                raise ValueError(f"departments.{path[-1]}.escalate_to: {' → '.join([*path, above])} goes in a circle")
            path.append(above)

    def with_format(self, name: str | None) -> Config:
        """This config with the input's format named (None leaves it); raises ConfigError for an unknown one."""
        if name is None:
            return self
        named = self.model_copy(update={"input": self.input.model_copy(update={"format": name})})
        try:
            named.parse_settings()
        except ConfigError as error:
            raise ConfigError(f"--{error}") from error
        return named

    def parse_settings(self) -> ParseSettings:
        """What `ParsePosts` takes."""
        given = self.input
        return ParseSettings(
            given.format, given.columns, given.constants, given.attributes, given.time_zone or self.time_zone
        )

    def enrich_settings(self) -> EnrichSettings:
        """What `EnrichPosts` takes."""
        return EnrichSettings(
            brands=Lexicon.compile({name: [name, *brand.aliases] for name, brand in self.brands.items()}),
            interests=Lexicon.compile({name: interest.terms for name, interest in self.interests.items()}),
            own_accounts={
                f"{platform}:{account.casefold() if account.startswith('@') else account}": name
                for name, brand in self.brands.items()
                for platform, accounts in brand.accounts.items()
                for account in accounts
            },
            channels={platform: name for name, brand in self.brands.items() for platform in brand.channels},
        )

    def alert_settings(self) -> AlertSettings:
        """Departments, routes and escalation rules."""
        calendars = {name: self._calendar(name, section) for name, section in self.calendars.items()}
        for name, of in self.departments.items():
            for allowed in (of.answer_within, *of.answer_within_by_severity.values()):
                # a deadline out of reach shows here, not at the first alert
                _check_deadline(name, calendars[of.calendar], allowed)
        return AlertSettings(
            profiles=self.profile_settings(),
            rules=tuple(
                AlertRule(
                    *(rule.name, rule.level, rule.min_severity),
                    *(frozenset(rule.categories), rule.min_reach, frozenset(rule.tiers)),
                )
                for rule in self.alerts
            ),
            departments={
                name: Department(
                    name, calendars[of.calendar], of.answer_within, of.answer_within_by_severity, self._above(name)
                )
                for name, of in self.departments.items()
            },
            routes={category: name for name, of in self.departments.items() for category in of.categories},
            fallback=self.fallback_department,
            brands=self._own_brands(),
        )

    def care_settings(self) -> CareSettings:
        """What `CareForCustomers` takes."""
        of, on = self.cases, self.signals
        return CareSettings(
            CaseSettings(self.alert_settings(), of.warn_after, of.settle_after, of.reopen_within),
            SignalSettings(on.advocate_posts, on.advocate_within, on.churn_complaints, on.churn_within, on.department),
            frozenset(of.alert_on),
            self.action_settings(),
            self.recall_within,
        )

    @property
    def recall_within(self) -> timedelta:
        """How long a post matters: to a case, a signal, the next action or a wave, and to what comes late."""
        of, on = self.cases, self.signals
        return max(of.reopen_within, on.advocate_within, on.churn_within, self.actions.cool_down, KEPT) + HORIZON

    def action_settings(self) -> ActionSettings:
        """What `logic.actions.actions` takes; nobody's consent is known yet."""
        policies, of = tuple(section.policy() for section in self.actions.policies), self.profile_settings()
        words = {name: each.terms for name, each in self.interests.items()}
        words |= {name: each.aliases for name, each in self.brands.items()}
        persian = TOPICS_FA | {name: persian_name(name, known) for name, known in words.items()}
        return ActionSettings(
            policies, self.actions.cool_down, self._own_brands(), self.cases.settle_after, of, persian
        )

    def _own_brands(self) -> frozenset[str] | None:
        return frozenset(name for name, brand in self.brands.items() if brand.alert) if self.brands else None

    def wave_settings(self) -> WaveSettings:
        """What `DetectWaves` takes."""
        of = self.spikes
        spikes = SpikeSettings(
            window=of.window,
            min_history=of.min_history,
            minimum=of.minimum,
            significance=of.significance,
            cool_down=of.cool_down,
            time_zone=self.time_zone,
        )
        return WaveSettings(self.alert_settings(), spikes, of.level)

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Who is told of alerts and actions over HTTP."""
        return tuple(section.subscription(name) for name, section in self.webhooks.items())

    def profile_settings(self) -> ProfileSettings:
        """What `FoldProfiles` takes."""
        of = self.profiles
        return ProfileSettings(of.interest_half_life, of.mood_half_life, of.keep_posts, self.time_zone)

    def _calendar(self, name: str, section: CalendarSection) -> WorkingCalendar:
        try:
            return WorkingCalendar(
                time_zone=section.time_zone or self.time_zone,
                hours={WEEKDAYS.index(day): parse_hours(spans) for day, spans in section.hours.items()},
                country=section.country,
                extra_holidays=frozenset(section.holidays),
                working_exceptions=frozenset(section.working_days),
            )
        except ConfigError as error:
            raise ConfigError(f"calendars.{name}: {error}") from error


def _check_deadline(department: str, calendar: WorkingCalendar, allowed: timedelta) -> None:
    try:
        calendar.due_at(datetime(2026, 1, 1, tzinfo=UTC), allowed)
    except ConfigError as error:
        raise ConfigError(f"departments.{department}.answer_within: {error}") from error


def load_config(path: Path) -> Config:
    """The checked configuration.

    Raises:
        ConfigError: naming the file and every key that is wrong, with what was expected.
    """
    try:
        value = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"--config {path}: no such file") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"--config {path}: cannot be read as YAML: {error}") from error
    try:
        config = Config.model_validate(value)
        config.parse_settings()
        config.enrich_settings()
        config.care_settings()
        config.wave_settings()
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}".lstrip(": ") for each in error.errors()]
        raise ConfigError(f"--config {path}:\n  " + "\n  ".join(problems)) from error
    except ConfigError as error:
        raise ConfigError(f"--config {path}: {error}") from error
    return config
