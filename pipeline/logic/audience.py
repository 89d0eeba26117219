"""Who is on a list for a campaign, and who is left out of it and why.

A list is made of insights, so it is as old as they are. Of those who are meant, somebody is left out for the first of
these reasons that holds:

    stale       the insight is too old, or the accounts it was made of are no longer the customer's
    suppressed  the customer or one of the accounts is on the suppression list
    open_case   a complaint of theirs waits for an answer, or was answered and is not settled
    no_consent  they did not agree to the purpose on the channel; an account that is nobody's never did
    written_to  the last action was to be carried out less than `cool_down` ago, or is still to come

The list begins with whom the interest weighs most for; of equal weight, and where no interest is asked for, with the
highest advocacy, then with the widest reach.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from pipeline.logic.consent import consented
from pipeline.logic.durations import LONG_AGO
from pipeline.logic.language import UNKNOWN
from pipeline.records import Consent


class Reason(StrEnum):
    """Why somebody is left out, in the order in which it is asked."""

    STALE = "stale"
    SUPPRESSED = "suppressed"
    OPEN_CASE = "open_case"
    NO_CONSENT = "no_consent"
    WRITTEN_TO = "written_to"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is meant. Of several values any will do; an empty set asks for nothing."""

    interests: frozenset[str] = frozenset()
    min_interest: float = 0.0
    """Least weight of one of the interests."""
    segments: frozenset[str] = frozenset()
    tiers: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    """Which they write most."""
    platforms: frozenset[str] = frozenset()
    """On which they have an account that has posted or is linked."""
    brands: frozenset[str] = frozenset()
    """About which they wrote."""


@dataclass(frozen=True, slots=True)
class Terms:
    """When somebody who is meant may be on the list."""

    channel: str | None
    purpose: str | None
    """marketing or service; None asks for no consent."""
    cool_down: timedelta
    max_age: timedelta
    """Of insights."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer, or an account that is nobody's, as the last insight shows them and the store knows them now."""

    subject: str
    """Customer id, or `platform:account_id`."""
    kind: str
    """customer or account."""
    name: str | None
    """In the CRM; of an account the handle."""
    tier: str | None
    accounts: tuple[str, ...]
    """As they are linked now."""
    judged: tuple[str, ...]
    """Of which the insight was made."""
    segment: str
    interest: str | None
    """The heaviest of those asked for, else of all; None when there is none."""
    weight: float
    """Of that interest, decayed, as of the insight."""
    evidence: tuple[str, ...]
    """`platform:post_id` of the posts that add most to it."""
    best_hour: int
    """Hour of the week, local, Monday 00:00 first."""
    languages: tuple[str, ...]
    """Most written first."""
    brands: tuple[str, ...]
    reach: int
    advocacy: float
    last_seen: datetime
    as_of: datetime
    open_case: bool
    suppressed: bool
    consents: tuple[Consent, ...]
    written_to: datetime | None
    """When the latest action was, or is, to be carried out."""

    @property
    def customer(self) -> str | None:
        """Id in the CRM."""
        return self.subject if self.kind == "customer" else None

    @property
    def language(self) -> str | None:
        """Which they write most, of those that were recognised."""
        return next((each for each in self.languages if each != UNKNOWN), None)


@dataclass
class Listed:
    """A list, and who is not on it."""

    people: list[Candidate] = field(default_factory=list)
    meant: int = 0
    """With those who are left out."""
    beyond: int = 0
    """Who would be on it but for the limit."""
    out: dict[Reason, int] = field(default_factory=lambda: dict.fromkeys(Reason, 0))
    refreshed: datetime | None = None
    """When the oldest insight of those who are meant was made."""


def choose(
    candidates: Iterable[Candidate], wanted: Wanted, terms: Terms, now: datetime, limit: int | None = None
) -> Listed:
    """Who is on the list as of `now`, in order, and how many are not and why."""
    listed = Listed()
    for each in candidates:
        if not meant(each, wanted):
            continue
        listed.meant += 1
        listed.refreshed = min(listed.refreshed or each.as_of, each.as_of)
        reason = left_out(each, terms, now)
        if reason is None:
            listed.people.append(each)
        else:
            listed.out[reason] += 1
    listed.people.sort(key=lambda each: place(each, wanted))
    if limit is not None:
        listed.beyond = len(listed.people[limit:])
        del listed.people[limit:]
    return listed


def meant(of: Candidate, wanted: Wanted) -> bool:
    """Whether language, platform and brand are as wanted; the store sees to segment, tier and interests."""
    platforms = {account.partition(":")[0] for account in of.accounts}
    return (
        _any(wanted.languages, {of.language or UNKNOWN})
        and _any(wanted.platforms, platforms)
        and _any(wanted.brands, of.brands)
    )


def left_out(of: Candidate, terms: Terms, now: datetime) -> Reason | None:
    """Why they are not on the list; None: they are."""
    if now - of.as_of > terms.max_age or sorted(of.accounts) != sorted(of.judged):
        return Reason.STALE
    if of.suppressed:
        return Reason.SUPPRESSED
    if of.open_case:
        return Reason.OPEN_CASE
    if terms.purpose is not None and not consented(of.consents, terms.channel or "", terms.purpose):
        return Reason.NO_CONSENT
    if of.written_to is not None and now < of.written_to + terms.cool_down:
        return Reason.WRITTEN_TO
    return None


def place(of: Candidate, wanted: Wanted) -> tuple[float, float, int, str]:
    """Sort key of the list: the order is told at the head of this file."""
    return (-of.weight if wanted.interests else 0.0, -of.advocacy, -of.reach, of.subject)


def same_channel(one: str, other: str) -> bool:
    """Whether two texts name one channel, as consents are read: `E-Mail` and `email` do."""
    return consented([Consent(one, "", True, LONG_AGO)], other, "")


def _any(wanted: Collection[str], there: Collection[str]) -> bool:
    return not wanted or not set(wanted).isdisjoint(there)
