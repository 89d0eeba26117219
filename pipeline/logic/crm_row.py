"""What the CRM gets back of a customer, and when it must get it again.

A row is worked out of the posts, cases and actions as of one moment, the same for all rows of an export. Influence
alone needs everybody's posts, so it is that of the last `shenava insight refresh`.

The digest of a row is that of all its values but those that fade by themselves (advocacy, the weights of interests)
or say when (as_of, changed_at), and influence, which moves whenever anybody posts; with the versions of the profiles,
so that a post which came late, was edited or deleted makes another digest, whatever its own time. A segment
or a trend that turns as time goes by makes another digest, too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.logic.cases import RESOLVED, WAITING
from pipeline.logic.hour_shown import hour_shown
from pipeline.logic.identity import customer_profile
from pipeline.logic.insight import Insight, InsightSettings, insight
from pipeline.records import Action, Case, CustomerRow, Profile, WeighedInterest, to_json

MOST_INTERESTS = 5
_FADING = frozenset({"advocacy", "interests", "influence", "as_of", "changed_at"})


@dataclass(frozen=True, slots=True)
class Subject:
    """All that the store knows of a customer, or of an account that is nobody's."""

    subject: str
    """Customer id, or `platform:account_id`."""
    is_customer: bool
    name: str | None
    tier: str | None
    accounts: tuple[str, ...]
    profiles: tuple[Profile, ...]
    """Of the accounts that have one, also if every post was deleted."""
    versions: Mapping[str, int]
    """Account → version of its profile."""
    cases: tuple[Case, ...]
    actions: tuple[Action, ...]
    influence: float | None
    told: tuple[datetime, ...]
    """When the CRM was imported and accounts were linked."""


def crm_row(of: Subject, now: datetime, settings: InsightSettings) -> CustomerRow:
    """The row as of `now`; later posts, cases and actions do not count."""
    cases = [each for each in of.cases if not each.void and each.opened_at <= now]
    opened = [each for each in cases if each.state != RESOLVED]
    stand = [each for each in of.actions if not each.withdrawn and each.at <= now]
    action = max(stand, key=lambda each: (each.not_before, each.action_id), default=None)
    profile = _together(of, settings)
    complaints = [post.at for post in profile.contributions if post.complaint and post.at <= now] if profile else []
    known = None
    if profile and profile.first_seen <= now:
        customer = of.subject if of.is_customer else None
        known = insight(profile, now, settings, bool(opened), customer, of.accounts)
    return CustomerRow(
        customer=of.subject if of.is_customer else None,
        name=of.name,
        tier=of.tier,
        accounts=of.accounts,
        posts=known.posts if known else 0,
        complaints=known.complaints if known else 0,
        recommendations=known.recommendations if known else 0,
        reach=known.reach if known else 0,
        segment=known.segment if known else None,
        advocacy=known.advocacy.score if known else None,
        mood=known.mood.now if known else None,
        mood_trend=known.mood.trend if known else None,
        interests=_interests(known),
        best_hour=hour_shown(known.best_hours[0].hour_of_week) if known else None,
        languages=tuple(each.name for each in known.languages) if known else (),
        open_cases=len(opened),
        next_due=min((each.due_at for each in opened if each.state in WAITING), default=None),
        last_complaint_at=max(complaints, default=None),
        last_seen=known.last_seen if known else None,
        last_action=action.policy if action else None,
        last_action_at=action.not_before if action else None,
        influence=of.influence if known else None,
        as_of=now,
        changed_at=max((at for at in _times(of) if at <= now), default=None),
    )


def digest(row: CustomerRow, versions: Mapping[str, int]) -> str:
    """What another export is compared with, as told at the head of this file: hexadecimal SHA-256.

    Args:
        versions: as `Subject.versions`.
    """
    values = {name: value for name, value in to_json(row).items() if name not in _FADING}
    values["interests"] = [each.name for each in row.interests]
    values["versions"] = dict(versions)
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _together(of: Subject, settings: InsightSettings) -> Profile | None:
    with_posts = [each for each in of.profiles if each.posts]
    if not of.is_customer:
        return with_posts[0] if with_posts else None
    return customer_profile(of.subject, of.accounts, with_posts, settings.profiles).profile


def _interests(known: Insight | None) -> tuple[WeighedInterest, ...]:
    if known is None:
        return ()
    return tuple(WeighedInterest(each.name, each.weight) for each in known.interests[:MOST_INTERESTS])


def _times(of: Subject) -> Iterator[datetime]:
    yield from of.told
    for profile in of.profiles:
        yield from (post.at for post in profile.contributions)
        yield from (gone.at for gone in profile.deletions)
    for case in of.cases:
        yield from (case.opened_at, *(step.at for step in case.history))
    yield from (action.at for action in of.actions)
