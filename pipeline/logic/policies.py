"""The policy table: for whom what is to be done, where, in which hours of the day, and in which words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from pipeline.logic.profile import ProfileSettings
from pipeline.logic.segments import Segment

NO_CONSENT = "none"
DAYTIME = frozenset(range(9, 21))

_WHOLE_HOURS = re.compile(r"\s*(\d{1,2}):00\s*[-–]\s*(\d{1,2}):00\s*")


@dataclass(frozen=True)
class When:
    """Conditions of a policy: each that is given must hold, and of its values one."""

    segments: frozenset[Segment] = frozenset()
    interests: frozenset[str] = frozenset()
    """Topics or fine interests of which one must weigh `min_interest`, decayed as in the profile."""
    min_interest: float = 1.5
    about_us: bool = False
    """The post is about a brand of ours; always asked with stages and intents, which are the post's."""
    stages: frozenset[str] = frozenset()
    intents: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    tiers: frozenset[str] = frozenset()
    """As the CRM names them; nobody it does not know has one."""


@dataclass(frozen=True)
class Policy:
    """What to do for a customer of whom the conditions hold."""

    name: str
    when: When
    action: str
    channel: str
    template: Mapping[str, str]
    """By language: fa and en."""
    needs_consent: str = NO_CONSENT
    hours: frozenset[int] = DAYTIME
    """Local hours of the day in which the customer may be written to."""
    usual_hour: int | None = None
    """Among them the one in which people read most, but a customer who is known to write in another gets that one. When
    None, as soon as allowed."""


@dataclass(frozen=True)
class ActionSettings:
    """The policy table, and what it needs to know of the company."""

    policies: tuple[Policy, ...] = ()
    cool_down: timedelta = timedelta(days=30)
    brands: frozenset[str] | None = None
    """Those that are ours; None when the config names none."""
    settle_after: timedelta = timedelta(days=7)
    profiles: ProfileSettings = field(default_factory=ProfileSettings)
    persian: Mapping[str, str] = field(default_factory=dict)
    """Interest or brand → its name in Persian."""


def hours_of_day(text: str) -> frozenset[int]:
    """The hours of a text such as 09:00-21:00, the last one excluded.

    Raises:
        ValueError: another form, or a window that is empty or runs over midnight.
    """
    match = _WHOLE_HOURS.fullmatch(text)
    first, last = map(int, match.groups()) if match else (0, 0)
    if not first < last <= 24:
        raise ValueError(f"{text!r} are no hours of a day; write whole ones, for example 09:00-21:00")
    return frozenset(range(first, last))
