"""Where "now" comes from. Whatever needs it takes a clock, so that a test can set the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


def system_clock() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class FixedClock:
    """A clock that stands still, for tests and for replays as of a moment."""

    moment: datetime

    def __call__(self) -> datetime:
        """Always the same moment, in UTC."""
        return self.moment.astimezone(UTC)
