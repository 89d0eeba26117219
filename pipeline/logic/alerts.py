"""Which complaint becomes an alert, whose it is, and until when it should be answered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pipeline.logic import text
from pipeline.logic.facts import concerns_us
from pipeline.logic.profile import ProfileSettings, decayed_interests
from pipeline.logic.sla import WorkingCalendar
from pipeline.records import Alert, Contribution, CustomerBrief, EnrichedPost

EXCERPT_CHARACTERS = 280
WORD_CHARACTERS = 40
MOST_WORDS = 5
DECISION = ("complaint", "1")
"""Head and label that every rule rests on, so the decision that an alert explains."""

Explain = Callable[[str, str, str], Sequence[str]]
"""(text, head, label) → the words of the text that carried that decision, heaviest first; empty when none did."""


@dataclass(frozen=True)
class Department:
    """Who solves a kind of complaint, and how fast, in its own working hours."""

    name: str
    calendar: WorkingCalendar
    answer_within: timedelta
    answer_within_by_severity: Mapping[int, timedelta] = field(default_factory=dict)
    escalate_to: str | None = None
    """The department above it, which takes over what it did not answer in time; None at the top."""

    def allowed(self, severity: int) -> timedelta:
        """Working time the department has for a complaint of that severity."""
        return self.answer_within_by_severity.get(severity, self.answer_within)


@dataclass(frozen=True)
class AlertRule:
    """A complaint that meets every condition is escalated; an absent condition is always met."""

    name: str
    level: str
    min_severity: int = 1
    categories: frozenset[str] = frozenset()
    min_reach: int = 0
    tiers: frozenset[str] = frozenset()
    """Of the customer, as the CRM names them."""

    def reasons(self, enriched: EnrichedPost, tier: str | None = None) -> tuple[str, ...]:
        """Why the rule holds for this post, a phrase a condition; empty when it does not."""
        said = enriched.classification
        severity, reach = int(said.severity.label), enriched.post.author.followers or 0
        matching = [category for category in said.categories.labels if category in self.categories]
        if self.tiers and tier not in self.tiers:
            return ()
        if severity < self.min_severity or reach < self.min_reach or (self.categories and not matching):
            return ()
        phrases = [f"severity {severity} of 4"]
        phrases += [f"category {category}" for category in matching]
        if self.min_reach:
            phrases.append(f"reach {reach:,} followers")
        if self.tiers:
            phrases.append(f"{tier} customer")
        return tuple(phrases)


@dataclass(frozen=True, slots=True)
class Cause:
    """What raises an alert."""

    rule: str
    level: str
    at: datetime
    """Event time."""
    anchor: str
    """With the rule, the identity of the alert: key of the post behind it, or a case's step."""
    reasons: tuple[str, ...]
    case: str | None = None
    due_at: datetime | None = None
    """By the department's working time from `at` when None."""


@dataclass(frozen=True)
class AlertSettings:
    """The company's rules, first match wins, and its departments."""

    rules: tuple[AlertRule, ...]
    departments: Mapping[str, Department]
    routes: Mapping[str, str]
    """Category → department."""
    fallback: str
    """Department of complaints whose category has no route."""
    brands: frozenset[str] | None = None
    """Brands whose complaints are escalated; None when the config names no brand at all."""
    profiles: ProfileSettings = field(default_factory=ProfileSettings)
    """How the history of an account is read for the customer brief."""

    def department(self, categories: Sequence[str]) -> Department:
        """Of the first (most important) category that has a route."""
        routed = [self.routes[category] for category in categories if category in self.routes]
        return self.departments[routed[0] if routed else self.fallback]


def escalation(
    enriched: EnrichedPost, settings: AlertSettings, tier: str | None = None
) -> tuple[AlertRule, tuple[str, ...]] | None:
    """The first rule that holds for a post of a customer of that tier, and why; None when none does.

    Deleted posts, the brand's own posts, adverts, complaints about somebody else's brand, and complaints the
    model is unsure of (they are for review) are never escalated.
    """
    said = enriched.classification
    if enriched.post.deleted or enriched.is_brand_reply:
        return None
    if not said.complaint.label or said.complaint.abstain or said.promo.label:
        return None
    if not concerns_us(enriched.brands, settings.brands):
        return None
    for rule in settings.rules:
        if reasons := rule.reasons(enriched, tier):
            return rule, reasons
    return None


def explained(alert: Alert, enriched: EnrichedPost, explain: Explain) -> Alert:
    """The alert with the words that carried the decision behind it.

    They are sought in the redacted text, so that they can show nothing that the excerpt masks.
    """
    words = explain(enriched.redacted_text, *DECISION) if enriched.redacted_text.strip() else ()
    return replace(alert, words=tuple(text.excerpt(word, WORD_CHARACTERS) for word in words[:MOST_WORDS]))


def alert_id(rule: str, anchor: str) -> str:
    """Deterministic id: the same rule and post (or step of a case) give the same id on every run, anywhere."""
    return hashlib.sha256(f"{rule}\n{anchor}".encode()).hexdigest()[:32]


def raised(
    cause: Cause,
    about: EnrichedPost,
    earlier: Sequence[Contribution],
    settings: AlertSettings,
    department: str | None = None,
) -> Alert:
    """The alert that a cause calls for.

    Args:
        about: the post that it shows.
        earlier: what the account wrote before the cause; it becomes the customer brief.
        department: who should act; by the post's categories when None.
    """
    post, said = about.post, about.classification
    routed, severity = settings.department(said.categories.labels), int(said.severity.label)
    to = settings.departments[department] if department else routed
    return Alert(
        alert_id=alert_id(cause.rule, cause.anchor),
        rule=cause.rule,
        level=cause.level,
        department=to.name,
        account=post.account_key,
        platform=post.platform,
        post_id=post.post_id,
        brands=about.brands,
        category=said.categories.labels[0] if said.categories.labels else None,
        severity=severity,
        created_at=post.created_at,
        due_at=cause.due_at or to.calendar.due_at(cause.at, to.allowed(severity)),
        customer=brief(about, earlier, settings.profiles),
        excerpt=text.excerpt(about.redacted_text, EXCERPT_CHARACTERS),
        language=about.language,
        permalink=post.permalink,
        reasons=cause.reasons,
        model=said.model,
        case=cause.case,
        raised_at=cause.at,
    )


def brief(enriched: EnrichedPost, earlier: Sequence[Contribution], settings: ProfileSettings) -> CustomerBrief | None:
    """Who is speaking, from earlier posts only; None for an anonymous post."""
    post = enriched.post
    if post.account_key is None:
        return None
    times = [each.at for each in earlier]
    interests = decayed_interests(earlier, max(times), settings.interest_half_life) if earlier else {}
    return CustomerBrief(
        posts=len(earlier),
        complaints=sum(each.complaint for each in earlier),
        advocacy=sum(each.advocacy for each in earlier),
        first_seen=min([*times, post.created_at]),
        followers=post.author.followers,
        interests=tuple(interests)[:3],
    )
