"""How each post of a customer was served: what it adds to the KPIs, given how the customer's cases went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from pipeline.logic.alerts import AlertSettings
from pipeline.logic.cases import answers
from pipeline.logic.facts import Fact, Kind
from pipeline.logic.kpis import KpiFact
from pipeline.records import Case


class Served(NamedTuple):
    """What is known of a customer's posts."""

    facts: dict[str, KpiFact]
    """By post."""
    ahead: datetime | None
    """When the next deadline of a complaint passes, if no answer comes."""


def served(facts: Iterable[Fact], cases: Iterable[Case], settings: AlertSettings, now: datetime) -> Served:
    """What the customer's posts add to the KPIs as of `now`.

    The brand's own posts and posts about no brand add nothing; where the config names no brand, every post is about
    the brand without a name. A deleted post is known as deleted.

    Args:
        facts: one a post, deletions included.
        cases: that the facts make.
    """
    answered = {post.post: at for case in cases for post, at in answers(case)}
    found: dict[str, KpiFact] = {}
    dues = []
    for fact in facts:
        if fact.kind is Kind.DELETED:
            found[fact.post] = _bare(fact, (), "")
        elif fact.kind is Kind.COMPLAINT and fact.enriched:
            known, due = _complaint(fact, answered, settings, now)
            found[fact.post] = known
            if known.sla_met is None:
                dues.append(due)
        elif fact.kind is not Kind.REPLY and (fact.brands or settings.brands is None):
            found[fact.post] = _bare(fact, fact.brands or ("",), "")
    return Served(found, min(dues, default=None))


def _complaint(
    fact: Fact, answered: Mapping[str, datetime | None], settings: AlertSettings, now: datetime
) -> tuple[KpiFact, datetime]:
    """A complaint of ours to solve, and until when it should be answered."""
    assert fact.enriched
    said = fact.enriched.classification
    severity, at = int(said.severity.label), answered.get(fact.post)
    department = settings.department(said.categories.labels)
    due = department.calendar.due_at(fact.at, department.allowed(severity))
    bare = _bare(fact, fact.brands or ("",), department.name)
    if at is None:
        return replace(bare, severity=severity, sla_met=False if due <= now else None), due
    working = department.calendar.working_time(fact.at, at).total_seconds()
    return replace(
        bare,
        severity=severity,
        answered_at=at,
        first_response_s=(at - fact.at).total_seconds(),
        working_response_s=working,
        sla_met=at <= due,
    ), due


def _bare(fact: Fact, brands: tuple[str, ...], department: str) -> KpiFact:
    said = fact.enriched.classification if fact.enriched else None
    return KpiFact(
        post=fact.post,
        at=fact.at,
        brands=brands,
        department=department,
        platform=fact.post.partition(":")[0],
        complaint=bool(said and said.complaint.label and not said.complaint.abstain and not said.promo.label),
        severity=int(said.severity.label) if said else 0,
        sentiment=fact.sentiment,
        advocacy=bool(said and said.advocacy.label),
        reach=fact.reach,
        version=fact.version,
        deleted=fact.kind is Kind.DELETED,
    )
