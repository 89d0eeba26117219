"""Durations as people write them in a config (90d, 8h, 45m, 1h30m), and the ends of time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
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
