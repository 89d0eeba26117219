"""Event time as one key of a stateful transform sees it: a timer, and how far it has run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from apache_beam.utils.timestamp import Timestamp

from pipeline.logic.durations import LONG_AGO


def set_clock(clock: Any, ahead: datetime | None) -> None:
    """Set the timer for the next time that the clock brings something; None: never."""
    if ahead:
        clock.set(Timestamp.from_utc_datetime(ahead))
    else:
        clock.clear()


def strike(at: Timestamp, now: Any, wall_clock: Callable[[], datetime]) -> datetime | None:
    """The time that a timer brought, kept in the state `now`, which never goes back.

    None when it lies beyond the wall clock: an engine that drains fires every timer there is.
    """
    moment: datetime = at.to_utc_datetime(has_tz=True)
    if moment > wall_clock():
        return None
    moment = max(moment, now.read() or LONG_AGO)
    now.write(moment)
    return moment
