"""Which complaint becomes an alert, whose it is, and until when it should be answered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from pipeline.logic import text
from pipeline.logic.profile import Fold, ProfileSettings
from pipeline.logic.sla import WorkingCalendar
from pipeline.records import Alert, CustomerBrief, EnrichedPost

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

    def reasons(self, enriched: EnrichedPost) -> tuple[str, ...]:
        """Why the rule holds for this post, a phrase a condition; empty when it does not."""
        said = enriched.classification
        severity, reach = int(said.severity.label), enriched.post.author.followers or 0
        matching = [category for category in said.categories.labels if category in self.categories]
        if severity < self.min_severity or reach < self.min_reach or (self.categories and not matching):
            return ()
        phrases = [f"severity {severity} of 4"]
        phrases += [f"category {category}" for category in matching]
        if self.min_reach:
            phrases.append(f"reach {reach:,} followers")
        return tuple(phrases)


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


def escalation(enriched: EnrichedPost, history: Fold, settings: AlertSettings) -> Alert | None:
    """The alert that this post calls for, or None.

    Args:
        enriched: the post. The brand's own posts, adverts, complaints about somebody else's brand, and
            complaints the model is unsure of (they are for review) are never escalated.
        history: what the same account wrote before this post; it becomes the customer brief.
    """
    said = enriched.classification
    if not said.complaint.label or said.complaint.abstain or said.promo.label or enriched.is_brand_reply:
        return None
    if settings.brands is not None and settings.brands.isdisjoint(enriched.brands):
        return None
    for rule in settings.rules:
        if reasons := rule.reasons(enriched):
            return _alert(rule, reasons, enriched, history, settings)
    return None


def explained(alert: Alert, enriched: EnrichedPost, explain: Explain) -> Alert:
    """The alert with the words that carried the decision behind it.

    They are sought in the redacted text, so that they can show nothing that the excerpt masks.
    """
    words = explain(enriched.redacted_text, *DECISION) if enriched.redacted_text.strip() else ()
    return replace(alert, words=tuple(text.excerpt(word, WORD_CHARACTERS) for word in words[:MOST_WORDS]))


def alert_id(rule: str, post_key: str) -> str:
    """Deterministic id: the same rule and post give the same id on every run, anywhere."""
    return hashlib.sha256(f"{rule}\n{post_key}".encode()).hexdigest()[:32]


def _alert(
    rule: AlertRule, reasons: tuple[str, ...], enriched: EnrichedPost, history: Fold, settings: AlertSettings
) -> Alert:
    post, said = enriched.post, enriched.classification
    department, severity = settings.department(said.categories.labels), int(said.severity.label)
    return Alert(
        alert_id=alert_id(rule.name, post.key),
        rule=rule.name,
        level=rule.level,
        department=department.name,
        account=post.account_key,
        platform=post.platform,
        post_id=post.post_id,
        brands=enriched.brands,
        category=said.categories.labels[0] if said.categories.labels else None,
        severity=severity,
        created_at=post.created_at,
        due_at=department.calendar.due_at(post.created_at, department.allowed(severity)),
        customer=brief(enriched, history, settings.profiles),
        excerpt=text.excerpt(enriched.redacted_text, EXCERPT_CHARACTERS),
        language=enriched.language,
        permalink=post.permalink,
        reasons=reasons,
        model=said.model,
    )


def brief(enriched: EnrichedPost, history: Fold, settings: ProfileSettings) -> CustomerBrief | None:
    """Who is speaking, from earlier posts only; None for an anonymous post."""
    post = enriched.post
    if post.account_key is None:
        return None
    earlier = history.contributions.values()
    known = history.profile(post.account_key, settings) if earlier else None
    return CustomerBrief(
        posts=len(earlier),
        complaints=known.complaints if known else 0,
        advocacy=known.advocacy if known else 0,
        first_seen=min(history.first_seen or post.created_at, post.created_at),
        followers=post.author.followers,
        interests=tuple(known.interests)[:3] if known else (),
    )
