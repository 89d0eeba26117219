"""Durations and moments as people write them (90d, 1h30m; 2026-10-01, 2026-10-01T09:00+03:30), and the ends of time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

LONG_AGO = datetime.min.replace(tzinfo=UTC)
FOREVER = datetime.max.replace(tzinfo=UTC)
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_WHOLE = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?")


def parse_duration(value: Any) -> Any:
    """A timedelta of text such as `8h`; anything else is handed on for pydantic to judge.

    Raises:
        ValueError: text that is no duration, or a duration of zero.
    """
    if not isinstance(value, str):
        return value
    match = _WHOLE.fullmatch(value.strip())
    parts = (
        {unit: int(number) for unit, number in zip(_UNITS.values(), match.groups(), strict=True) if number}
        if match
        else {}
    )
    if not any(parts.values()):
        raise ValueError(f"{value!r} is no duration; write for example 90d, 8h, 45m or 1h30m")
    return timedelta(**parts)


def parse_moment(text: str, zone: tzinfo = UTC) -> datetime:
    """A moment in UTC; without an offset it is of that zone, a day alone is its beginning there.

    Raises:
        ValueError: text that is no ISO 8601 time.
    """
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
