"""When each message is due, so that a file can be played as if it were live. Nothing here waits.

All moments are seconds after the start of the play, never after the message before: a late message does not
make those after it late.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count

SINGLE_MOMENT = 1.0
"""Seconds that a round takes whose posts all have one time."""


def at_rate(rate: float) -> Iterator[float]:
    """When the first, second … message is due at `rate` messages a second; without end."""
    return (number / rate for number in count())


def filled(times: Sequence[datetime | None]) -> list[datetime | None]:
    """The times of one file's records in their order, without gaps.

    A record without a time goes with the record before it; at the head of the file, with the first that
    has one. All stay None when no record has a time.
    """
    latest = next((time for time in times if time is not None), None)
    whole = []
    for time in times:
        latest = time or latest
        whole.append(latest)
    return whole


def in_post_time(times: Sequence[datetime | None], speed: float) -> list[tuple[float, int]]:
    """When each message is due if the posts are played in their own time, `speed` times as fast.

    Args:
        times: of each message; None is due at the start.
        speed: seconds of post time that pass in a second.

    Returns:
        (due, index into `times`) in order of play; the earliest post is due at 0. What has the same time
        keeps its order.
    """
    start = min((time for time in times if time is not None), default=None)
    due = [0.0 if time is None or start is None else (time - start).total_seconds() / speed for time in times]
    return sorted((moment, index) for index, moment in enumerate(due))


def round_length(order: Sequence[tuple[float, int]]) -> float:
    """Seconds until a play that is repeated starts again: its span and one average gap, so that no seam shows."""
    span = order[-1][0] if order else 0.0
    return span * len(order) / (len(order) - 1) if span else SINGLE_MOMENT
