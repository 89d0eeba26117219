"""Times as platforms and spreadsheets write them, as UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""No post is older. It also dates a notice of deletion that neither has a time nor lets one be told."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# "2015-02-24 11:35:52 -0800", as many exports write it: ISO 8601 has no blank before the offset
_SPACED_OFFSET = re.compile(r"(?<=\d) (?=[+-]\d\d:?\d\d$)")


def read_time(text: str, zone: tzinfo | None = None) -> datetime:
    """The moment an ISO 8601 text names, in UTC; a text without an offset is read in `zone`.

    Raises ValueError when it is no such time, or has no offset and `zone` is None. A local time that
    a clock change makes ambiguous is taken as the earlier of the two.
    """
    try:
        moment = datetime.fromisoformat(_SPACED_OFFSET.sub("", text.strip()))
    except ValueError:
        raise ValueError("is not a time in ISO 8601") from None
    if moment.tzinfo is None:
        if zone is None:
            raise ValueError("has no time zone")
        moment = moment.replace(tzinfo=zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("lies outside the years 1 to 9999") from None


def read_epoch(value: int, units_per_second: int = 1) -> datetime:
    """The moment `value` units after 1970-01-01, in UTC; ValueError outside the years 1 to 9999."""
    seconds, rest = divmod(value, units_per_second)
    try:
        return _EPOCH + timedelta(seconds=seconds, microseconds=rest * 1_000_000 // units_per_second)
    except OverflowError:
        raise ValueError("lies outside the years 1 to 9999") from None
