"""What follows from a receiver's answer: delivered, tried again and when, or given up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

WAITS = (
    *(timedelta(seconds=10), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10)),
    *(timedelta(minutes=30), timedelta(hours=1), timedelta(hours=3)),
    *(timedelta(hours=6),) * 11,
)
"""Between two tries: 71 hours in all."""
FEW_WAITS = 4
"""How many of them a message gets that the receiver refuses: asking longer would not change its mind."""
GIVE_UP_AFTER = timedelta(days=3)
LONGEST_RETRY_AFTER = timedelta(days=1)
JITTER = 0.2
"""A wait is up to so much of it shorter or longer, lest many senders knock at the same moment."""
PENDING, DELIVERED = "pending", "delivered"
DEAD = "dead"
"""Given up; `shenava webhooks retry` takes it up again."""
SUPERSEDED = "superseded"
"""A newer revision goes in its place."""
STATES = (PENDING, DELIVERED, DEAD, SUPERSEDED)
_AWAY = {408, 425, 429, 502, 503, 504}


class Verdict(StrEnum):
    """What an answer means."""

    DELIVERED = "delivered"
    GONE = "gone"
    """The receiver says that it will never want it."""
    REFUSED = "refused"
    """Something is wrong with this message, or with how we ask."""
    FAILED = "failed"
    """The receiver broke over this message."""
    AWAY = "away"
    """The receiver is not there or overburdened: no other message would fare better now."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int | None
    """Of HTTP; None when nobody answered."""
    problem: str | None = None
    """A word for why nobody did: timeout, connection, tls …"""
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a delivery and its receiver stand before or after a try."""

    due_at: datetime
    """Not before then."""
    state: str = PENDING
    """One of STATES."""
    attempts: int = 0
    """Calls so far."""
    refused: int = 0
    """Of them, those that were refused."""
    failures: int = 0
    """Of the receiver: calls in a row, whatever the message, that found it away."""
    away_since: datetime | None = None
    paused_until: datetime | None = None
    """Of the receiver: no message goes there before."""


def verdict(answer: Answer) -> Verdict:
    """What the answer means; redirects are refusals, for they are not followed."""
    status = answer.status
    if status is None or status in _AWAY:
        return Verdict.AWAY
    if 200 <= status < 300:
        return Verdict.DELIVERED
    if status == 410:
        return Verdict.GONE
    return Verdict.FAILED if status >= 500 else Verdict.REFUSED


def after(answer: Answer, before: Standing, now: datetime, chance: float) -> Standing:
    """How things stand after a try.

    Args:
        chance: of 0..1, for the jitter.
    """
    found, tried = verdict(answer), replace(before, attempts=before.attempts + 1)
    if found is Verdict.AWAY:
        failures = before.failures + 1
        paused_until = now + _wait(failures, answer, chance)
        since = before.away_since or now
        tried = replace(tried, failures=failures, away_since=since, paused_until=paused_until)
    else:
        tried = replace(tried, failures=0, away_since=None, paused_until=None)
    if found is Verdict.DELIVERED:
        return replace(tried, state=DELIVERED)
    if found is Verdict.GONE:
        return replace(tried, state=DEAD)
    tries, most = tried.attempts, len(WAITS)
    if found is Verdict.REFUSED:
        tried = replace(tried, refused=before.refused + 1)
        tries, most = tried.refused, FEW_WAITS
    state = DEAD if tries > most else PENDING
    return replace(tried, state=state, due_at=now + _wait(tries, answer, chance))


def lost_before(standing: Standing, now: datetime) -> datetime | None:
    """What waits since then or longer is dead, since the receiver was away for all that time; None: nothing is."""
    if standing.away_since is None or now - standing.away_since < GIVE_UP_AFTER:
        return None
    return now - GIVE_UP_AFTER


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """The header Retry-After, in seconds or as a date (RFC 9110, 10.2.3); None when it is neither."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdecimal():
        # the digits are theirs, and may be any number of them
        return min(timedelta(seconds=int(value[:9])), LONGEST_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta(0)), LONGEST_RETRY_AFTER)


def _wait(tries: int, answer: Answer, chance: float) -> timedelta:
    """How long after so many tries that failed; never shorter than the receiver asked for."""
    planned = WAITS[min(tries, len(WAITS)) - 1] * (1 + JITTER * (2 * chance - 1))
    return max(planned, answer.retry_after or timedelta(0))
