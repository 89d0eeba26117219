"""Service KPIs per brand × department × platform × hour, and × day: counts, shares, response times.

Two monoids. A `Tally` holds the facts of one row by post key and keeps the greatest version of each, so
order, grouping and repetition change nothing and a late answer corrects its row. A `Kpi` row holds only
integers to add and two sketches, so hours merge into days and days into weeks without their facts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.logic.sketch import joined, quantile, sketch
from pipeline.records import Kpi, Sketch

HOUR, DAY = "hour", "day"
SEVERE = 3
"""Complaints of this severity or more are counted apart."""

_SENTIMENT_UNITS = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True)
class KpiKey:
    """What a row is about."""

    brand: str
    department: str
    """Empty for posts that are no complaint."""
    platform: str
    period: str
    """hour or day; rows of other periods (a week) are only made by `merge_rows`."""
    start: datetime
    """Local start of the period, in UTC."""

    @property
    def text(self) -> str:
        """The key as Beam groups by it: a dataclass has no deterministic coder."""
        names = [self.brand, self.department, self.platform, self.period]
        return json.dumps([*names, self.start.astimezone(UTC).isoformat()], ensure_ascii=False)

    @classmethod
    def parse(cls, text: str) -> KpiKey:
        """The key that `text` was made of."""
        brand, department, platform, period, start = json.loads(text)
        return cls(brand, department, platform, period, datetime.fromisoformat(start))

    @classmethod
    def of(cls, row: Kpi) -> KpiKey:
        """The key of a row."""
        return cls(row.brand, row.department, row.platform, row.period, row.start)


@dataclass(frozen=True, slots=True)
class KpiFact:
    """What one post adds to one brand's rows, as known when the fact was made; of several the greatest counts.

    Raises ValueError when made with half an answer, a negative time, or an SLA met without an answer.
    """

    post: str
    """`SocialPost.key`."""
    at: datetime
    """When the post's first version was written, UTC; of a notice of deletion the time of the notice."""
    brand: str
    department: str | None
    """Who answers for the complaint; None for posts that are no complaint."""
    platform: str
    complaint: bool
    severity: int
    """0..4."""
    sentiment: float
    """P(pos) − P(neg), in −1..1."""
    advocacy: bool
    reach: int
    """Followers of the author, 0 when unknown."""
    answered_at: datetime | None = None
    """UTC; None while unanswered, and for posts that are no complaint."""
    first_response: timedelta | None = None
    """From the complaint to its first answer, by the clock on the wall."""
    working_response: timedelta | None = None
    """The same in the department's working time."""
    sla_met: bool | None = None
    """None while neither answered nor overdue."""
    edited_at: datetime | None = None
    """When the version that was judged was written; None for the first. It carries the answer known so far."""
    deleted: bool = False
    """The post counts nowhere any more."""

    def __post_init__(self) -> None:
        answer = (self.answered_at, self.first_response, self.working_response)
        if None in answer and (any(each is not None for each in answer) or self.sla_met):
            raise ValueError(f"{self.post}: an answer has its time and both response times; only it can meet an SLA")
        if min(self.first_response or _NO_TIME, self.working_response or _NO_TIME) < _NO_TIME:
            raise ValueError(f"{self.post}: answered before it was written")

    def order(self) -> tuple[bool, datetime, bool, timedelta, bool, str]:
        """A total order of a post's versions.

        Deleted beats all; then the later edit; then answered beats unanswered; then the earlier answer, since a
        reply that arrives late may turn out to be the first; then a decided SLA. Ties fall to any fixed choice.
        """
        answered, decided = self.answered_at is not None, self.sla_met is not None
        sooner = _EPOCH - (self.answered_at or _EPOCH)
        return (self.deleted, self.edited_at or _EPOCH, answered, sooner, decided, repr(self))

    def key(self, period: str, time_zone: str) -> KpiKey:
        """The row of that period that the post belongs to."""
        start = period_start(self.at, period, time_zone)
        return KpiKey(self.brand, self.department or "", self.platform, period, start)


_ADDED = (
    *("mentions", "complaints", "severe", "answered", "sla_decided", "sla_met"),
    *("sentiment_sum", "advocacy", "reach"),
)


@dataclass
class Tally:
    """Facts of one row on their way to it: the posts of its hour, about half a kilobyte each.

    A busy day is better merged from the rows of its hours than tallied.
    """

    facts: dict[str, KpiFact] = field(default_factory=dict)

    def add(self, fact: KpiFact) -> None:
        """Take in one fact; taking it in again changes nothing.

        When an edit moves a post to another row, or it is deleted, its new fact also goes to the tally of the old
        row, where it takes the old one's place: a row counts only what is its own.
        """
        old = self.facts.get(fact.post)
        if old is None or fact.order() > old.order():
            self.facts[fact.post] = fact

    def merge(self, other: Tally) -> None:
        """Take in everything of another tally of the same row."""
        for fact in other.facts.values():
            self.add(fact)

    def kpi(self, key: KpiKey) -> Kpi:
        """The row as of the facts taken in so far; all counts are 0 and all shares None without any."""
        own = (False, key.brand, key.department, key.platform)
        facts = [f for f in self.facts.values() if (f.deleted, f.brand, f.department or "", f.platform) == own]
        complaints = [each for each in facts if each.complaint]
        sums = {
            "mentions": len(facts),
            "complaints": len(complaints),
            "severe": sum(each.severity >= SEVERE for each in complaints),
            "answered": sum(each.answered_at is not None for each in complaints),
            "sla_decided": sum(each.sla_met is not None for each in complaints),
            "sla_met": sum(each.sla_met is True for each in complaints),
            "sentiment_sum": sum(round(each.sentiment * _SENTIMENT_UNITS) for each in facts),
            "advocacy": sum(each.advocacy for each in facts),
            "reach": sum(each.reach for each in facts),
        }
        wall = sketch(each.first_response for each in complaints)
        return _row(key, sums, wall, sketch(each.working_response for each in complaints))


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
            raise ValueError(f"{KpiKey.of(row).text}: two states of one row; merge only the latest")
    if len({row.period for row in distinct.values()}) > 1:
        raise ValueError(f"{key.text}: rows of different periods share posts; merge those of one period")
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


def _row(key: KpiKey, sums: Mapping[str, Any], wall: Sketch, working: Sketch) -> Kpi:
    return Kpi(
        **asdict(key),
        **sums,
        answered_share=_share(sums["answered"], sums["complaints"]),
        sla_met_share=_share(sums["sla_met"], sums["sla_decided"]),
        first_response_p50_s=quantile(wall, 50),
        first_response_p90_s=quantile(wall, 90),
        working_response_p50_s=quantile(working, 50),
        working_response_p90_s=quantile(working, 90),
        sentiment=_share(sums["sentiment_sum"], sums["mentions"] * _SENTIMENT_UNITS),
        first_response_bins=wall,
        working_response_bins=working,
    )
