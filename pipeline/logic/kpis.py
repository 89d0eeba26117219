"""Service KPIs per brand × department × platform × hour, and × day: counts, shares, response times.

A row is a sum over posts of integers and two sketches, so what a post once added can be taken away again when more is
known of it (an answer, an edit, a deletion), and hours merge into days and days into weeks without their posts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pipeline.logic.sketch import bin_of, joined, quantile, sketch_of
from pipeline.records import Kpi, Sketch

HOUR, DAY = "hour", "day"
SEVERE = 3
"""Complaints of this severity or more are counted apart."""

_SENTIMENT_UNITS = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class KpiKey(NamedTuple):
    """What a row is about."""

    brand: str
    department: str
    """Empty for posts that are no complaint."""
    platform: str
    period: str
    """hour or day; rows of other periods (a week) are only made by `merge_rows`."""
    start: datetime
    """Local start of the period, in UTC."""

    @classmethod
    def of(cls, row: Kpi) -> KpiKey:
        """The key of a row."""
        return cls(row.brand, row.department, row.platform, row.period, row.start)


@dataclass(frozen=True, slots=True)
class KpiFact:
    """What one post adds to the rows of its brands, as known when the fact was made; of several the greatest counts.

    Raises ValueError when made with half an answer, a negative time, or an SLA met without an answer.
    """

    post: str
    """`SocialPost.key`."""
    at: datetime
    """When the post's first version was written, UTC."""
    brands: tuple[str, ...]
    department: str
    """Who answers for the complaint; empty for posts that are no complaint."""
    platform: str
    complaint: bool
    severity: int
    """0..4."""
    sentiment: float
    """P(pos) − P(neg), in −1..1."""
    advocacy: bool
    reach: int
    """Followers of the author, 0 when unknown."""
    version: str = ""
    """`Fact.version` of the post."""
    answered_at: datetime | None = None
    """UTC; None while unanswered, and for posts that are no complaint."""
    first_response_s: float | None = None
    """From the complaint to its first answer, by the clock on the wall."""
    working_response_s: float | None = None
    """The same in the department's working time."""
    sla_met: bool | None = None
    """None while neither answered nor overdue."""
    deleted: bool = False
    """The post counts nowhere any more."""

    def __post_init__(self) -> None:
        answer = (self.answered_at, self.first_response_s, self.working_response_s)
        if None in answer and (any(each is not None for each in answer) or self.sla_met):
            raise ValueError(f"{self.post}: an answer has its time and both response times; only it can meet an SLA")
        if min(self.first_response_s or 0, self.working_response_s or 0) < 0:
            raise ValueError(f"{self.post}: answered before it was written")

    def order(self) -> tuple[bool, str, bool, timedelta, bool, str]:
        """A total order of what is known of a post.

        Deleted beats all; then the newer version; then answered beats unanswered; then the earlier answer, since a
        reply that arrives late may turn out to be the first; then a decided SLA. Ties fall to any fixed choice.
        """
        answered, decided = self.answered_at is not None, self.sla_met is not None
        sooner = _EPOCH - (self.answered_at or _EPOCH)
        return (self.deleted, self.version, answered, sooner, decided, repr(self))

    def keys(self, time_zone: str) -> tuple[KpiKey, ...]:
        """The rows that the post belongs to: for each of its brands that of the hour and that of the day."""
        if self.deleted:
            return ()
        starts = [(period, period_start(self.at, period, time_zone)) for period in (HOUR, DAY)]
        return tuple(
            KpiKey(brand, self.department, self.platform, period, start)
            for brand in self.brands
            for period, start in starts
        )


_ADDED = (
    *("mentions", "complaints", "severe", "answered", "sla_decided", "sla_met"),
    *("sentiment_sum", "advocacy", "reach"),
)


class Tally:
    """One row on its way: sums to add to and to take from. Taking away what was added leaves what was before."""

    def __init__(self, row: Kpi | None = None) -> None:
        self._sums = Counter({name: getattr(row, name) for name in _ADDED} if row else {})
        self._wall: Counter[int] = _counts(row.first_response_bins if row else ())
        self._working: Counter[int] = _counts(row.working_response_bins if row else ())

    def count(self, fact: KpiFact, times: int = 1) -> None:
        """Add a post; -1 takes it away again."""
        added = {
            "mentions": 1,
            "sentiment_sum": round(fact.sentiment * _SENTIMENT_UNITS),
            "advocacy": fact.advocacy,
            "reach": fact.reach,
        }
        if fact.complaint:
            added |= {
                "complaints": 1,
                "severe": fact.severity >= SEVERE,
                "answered": fact.answered_at is not None,
                "sla_decided": fact.sla_met is not None,
                "sla_met": fact.sla_met is True,
            }
            for seconds, bins in ((fact.first_response_s, self._wall), (fact.working_response_s, self._working)):
                if seconds is not None:
                    bins[bin_of(seconds)] += times
        for name, number in added.items():
            self._sums[name] += times * number

    def row(self, key: KpiKey, revision: int = 1) -> Kpi:
        """The row as of the posts counted so far; all counts are 0 and all shares None without any."""
        sums = {name: self._sums[name] for name in _ADDED}
        return _row(key, sums, sketch_of(self._wall), sketch_of(self._working), revision)


def merge_rows(rows: Iterable[Kpi], key: KpiKey) -> Kpi:
    """One row of rows that share no post: the hours of a day, the days of a week, the departments of a brand.

    Args:
        rows: in any order, of one period, all within what the key stands for; the same row again counts once.
        key: of the row to make; a quiet first hour has no row to tell when the day began.

    Raises:
        ValueError: two states of one row, or rows of different periods, whose posts would count twice.
    """
    distinct: dict[KpiKey, Kpi] = {}
    for row in rows:
        if distinct.setdefault(KpiKey.of(row), row) != row:
            raise ValueError(f"{KpiKey.of(row)}: two states of one row; merge only the latest")
    if len({row.period for row in distinct.values()}) > 1:
        raise ValueError(f"{key}: rows of different periods share posts; merge those of one period")
    parts = distinct.values()
    sums = {name: sum(getattr(row, name) for row in parts) for name in _ADDED}
    wall = joined(row.first_response_bins for row in parts)
    return _row(key, sums, wall, joined(row.working_response_bins for row in parts))


def period_start(at: datetime, period: str, time_zone: str) -> datetime:
    """Start (UTC) of the local hour or day that a moment lies in; days may have 23 or 25 hours.

    Raises:
        ValueError: a period other than hour or day.
    """
    local = at.astimezone(ZoneInfo(time_zone))
    if period == HOUR:
        # replace() keeps the fold, so an hour that the clock shows twice is two hours
        return local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    if period == DAY:
        # fold 0: of two midnights the first; one that the clock jumps over is read as the jump
        return datetime.combine(local.date(), time.min, local.tzinfo).astimezone(UTC)
    raise ValueError(f"{period!r} is no period; there are: {HOUR}, {DAY}")


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _row(key: KpiKey, sums: Mapping[str, int], wall: Sketch, working: Sketch, revision: int = 1) -> Kpi:
    added: dict[str, Any] = dict(sums)
    return Kpi(
        **key._asdict(),
        **added,
        answered_share=_share(sums["answered"], sums["complaints"]),
        sla_met_share=_share(sums["sla_met"], sums["sla_decided"]),
        first_response_p50_s=quantile(wall, 50),
        first_response_p90_s=quantile(wall, 90),
        working_response_p50_s=quantile(working, 50),
        working_response_p90_s=quantile(working, 90),
        sentiment=_share(sums["sentiment_sum"], sums["mentions"] * _SENTIMENT_UNITS),
        first_response_bins=wall,
        working_response_bins=working,
        revision=revision,
    )


def _counts(bins: Sketch) -> Counter[int]:
    return Counter({each.bin: each.count for each in bins})
