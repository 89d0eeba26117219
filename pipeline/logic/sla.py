"""Deadlines and durations in a department's working hours.

A `WorkingCalendar` turns "eight working hours" into a moment and two moments into working time. All
arithmetic is on UTC, so a shift on the night the clocks change lasts as long as it really lasts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from pipeline.errors import ConfigError

Shift = tuple[time, time]
"""Local start and end on one day; an end of 00:00 is the midnight that ends the day."""

FURTHEST = timedelta(days=731)
"""A deadline more than two years ahead is a mistake in the calendar or in the SLA."""

_MIDNIGHT = time(0)
_ONE_DAY = timedelta(days=1)
_SPAN = re.compile(r"\s*(\d{1,2}):(\d\d)\s*[-–]\s*(\d{1,2}):(\d\d)\s*")


def parse_hours(spans: Sequence[str]) -> tuple[Shift, ...]:
    """Shifts of texts such as `09:00-17:30`; the day may end at `24:00`.

    Raises:
        ConfigError: a text of another form, or a time that does not exist.
    """
    return tuple(_parse_span(span) for span in spans)


@dataclass(frozen=True)
class WorkingCalendar:
    """When a department works.

    Raises ConfigError when made with an unknown zone or country, with shifts that overlap or run over
    midnight (split them: 22:00-24:00 and, on the next day, 00:00-06:00), or without any working hour.
    """

    time_zone: str
    """IANA name such as Asia/Tehran."""
    hours: Mapping[int, tuple[Shift, ...]]
    """Weekday (0 is Monday) → shifts; a weekday that is absent is free. Two shifts make a split day."""
    country: str | None = None
    """ISO 3166 code of the country whose public holidays are free, as the `holidays` package knows them."""
    extra_holidays: frozenset[date] = field(default_factory=frozenset)
    working_exceptions: frozenset[date] = field(default_factory=frozenset)
    """Holidays that are worked, with the hours of their weekday."""
    subdivision: str | None = None
    """State or province, for countries whose holidays differ inside (DE: BY, BE …)."""

    def __post_init__(self) -> None:
        _zone(self.time_zone)
        if self.country is not None:
            _check_country(self.country, self.subdivision)
        for weekday, shifts in self.hours.items():
            _check_day(weekday, shifts)
        if not any(self.hours.values()):
            raise ConfigError("the calendar has no working hour at all")

    @property
    def known_years(self) -> range | None:
        """Years whose public holidays are known; None without a country.

        Outside of them only weekdays and `extra_holidays` count. Inside, holidays of the lunar calendar are
        computed for years to come and may be a day off until they are announced (IR: after 2026).
        """
        return _known_years(self.country, self.subdivision) if self.country else None

    def is_holiday(self, day: date) -> bool:
        """Whether that local day is free although its weekday may be worked."""
        if day in self.working_exceptions:
            return False
        if day in self.extra_holidays:
            return True
        return self.country is not None and day in _public_holidays(self.country, self.subdivision, day.year)

    def due_at(self, opened: datetime, working: timedelta) -> datetime:
        """The first moment (UTC) at which `working` has passed in working hours since `opened`.

        Raises:
            ValueError: `opened` without a time zone, or a negative `working`.
            ConfigError: the moment lies more than two years ahead.
        """
        opened = _utc(opened)
        if working < timedelta(0):
            raise ValueError(f"working time cannot be negative: {working}")
        if not working:
            return opened
        left = working
        for start, end in self._shifts(opened, opened + FURTHEST):
            if end - start >= left:
                return start + left
            left -= end - start
        raise ConfigError(f"{working} of working time do not fit into two years of this calendar")

    def working_time(self, start: datetime, end: datetime) -> timedelta:
        """How much of the time from `start` to `end` is working time.

        Raises:
            ValueError: a moment without a time zone, or an end before the start.
        """
        start, end = _utc(start), _utc(end)
        if end < start:
            raise ValueError("the end lies before the start")
        return sum((last - first for first, last in self._shifts(start, end)), timedelta(0))

    def _shifts(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Working spans (UTC) between two moments, in order, never overlapping."""
        zone = _zone(self.time_zone)
        # a day early: where the clock jumps over midnight the day before reaches into this one
        day, last = start.astimezone(zone).date() - _ONE_DAY, end.astimezone(zone).date()
        done = start
        while day <= last:
            if day.weekday() in self.hours and not self.is_holiday(day):
                for opens, closes in self.hours[day.weekday()]:
                    # a local time that the clock jumps over is read as some later one: hence max and min
                    first = max(done, _moment(day, opens, zone))
                    until = min(end, _moment(day if closes != _MIDNIGHT else day + _ONE_DAY, closes, zone))
                    if first < until:
                        yield first, until
                        done = until
            day += _ONE_DAY


def _parse_span(span: str) -> Shift:
    match = _SPAN.fullmatch(span)
    if not match:
        raise ConfigError(f"{span!r} are no hours; write for example 09:00-17:30")
    opens_hour, opens_minute, closes_hour, closes_minute = map(int, match.groups())
    try:
        whole_day = (closes_hour, closes_minute) == (24, 0)
        return time(opens_hour, opens_minute), _MIDNIGHT if whole_day else time(closes_hour, closes_minute)
    except ValueError as error:
        raise ConfigError(f"{span!r}: {error}") from error


def _check_day(weekday: int, shifts: Sequence[Shift]) -> None:
    if weekday not in range(7):
        raise ConfigError(f"weekday {weekday} does not exist; 0 is Monday, 6 is Sunday")
    free_from: time | None = _MIDNIGHT
    for opens, closes in shifts:
        if opens.tzinfo or closes.tzinfo:
            raise ConfigError("shifts are local times of the calendar's zone and carry none of their own")
        if closes != _MIDNIGHT and closes <= opens:
            raise ConfigError(
                f"the shift {opens:%H:%M}-{closes:%H:%M} runs over midnight; "
                f"write {opens:%H:%M}-24:00 and, on the next day, 00:00-{closes:%H:%M}"
            )
        if free_from is None or opens < free_from:
            raise ConfigError(f"the shift that starts at {opens:%H:%M} overlaps the one before it")
        free_from = None if closes == _MIDNIGHT else closes


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return moment.astimezone(UTC)


@cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(f"time zone {name!r} is unknown; write an IANA name such as Asia/Tehran") from error


@cache
def _check_country(country: str, subdivision: str | None) -> None:
    try:
        holidays.country_holidays(country, subdiv=subdivision)
    except NotImplementedError as error:
        place = country if subdivision is None else f"{country}, {subdivision}"
        raise ConfigError(f"no public holidays are known for {place}; write an ISO 3166 code such as IR") from error


@cache
def _known_years(country: str, subdivision: str | None) -> range:
    known = holidays.country_holidays(country, subdiv=subdivision)
    return range(known.start_year, known.end_year + 1)


@cache
def _public_holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    """Empty for years the package does not know."""
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))
