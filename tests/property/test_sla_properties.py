"""Laws of working time, on calendars of many shapes and zones whose clocks change in odd ways."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.logic.sla import WorkingCalendar

# Tehran at midnight, New York at two, Lord Howe by half an hour, Apia once by a whole day
_ZONES = st.sampled_from(
    ["UTC", "Asia/Tehran", "America/New_York", "Australia/Lord_Howe", "Europe/Berlin", "Pacific/Apia"]
)
_TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))


def _shifts(times: list[time]) -> tuple[tuple[time, time], ...]:
    times = sorted(set(times))
    return tuple(zip(times[::2], times[1::2], strict=False))


_DAYS = st.lists(_TIMES, min_size=2, max_size=6, unique=True).map(_shifts)
_FREE = st.frozensets(st.dates(date(2011, 12, 1), date(2012, 1, 31)), max_size=10)
# Monday always works eight hours, so that any deadline drawn here is reached within two years
_CALENDARS = st.builds(
    lambda zone, hours, country, free: WorkingCalendar(zone, {**hours, 0: ((time(9), time(17)),)}, country, free),
    _ZONES,
    st.dictionaries(st.integers(0, 6), _DAYS, max_size=7),
    st.sampled_from([None, "IR", "US"]),
    _FREE,
)
_MOMENTS = st.datetimes(datetime(2011, 12, 15), datetime(2022, 4, 15)).map(lambda at: at.replace(tzinfo=UTC))
_WORK = st.timedeltas(timedelta(microseconds=1), timedelta(hours=60))


@given(_CALENDARS, _MOMENTS, _WORK)
def test_due_at_is_where_that_much_time_has_passed(
    calendar: WorkingCalendar, opened: datetime, work: timedelta
) -> None:
    due = calendar.due_at(opened, work)
    assert calendar.working_time(opened, due) == work
    # and it is the first such moment
    assert calendar.working_time(opened, due - timedelta(microseconds=1)) < work


@given(_CALENDARS, _MOMENTS, _WORK, _WORK)
def test_due_at_is_additive(calendar: WorkingCalendar, opened: datetime, first: timedelta, second: timedelta) -> None:
    assert calendar.due_at(calendar.due_at(opened, first), second) == calendar.due_at(opened, first + second)


@given(_CALENDARS, _MOMENTS, _WORK, st.timedeltas(timedelta(0), timedelta(days=30)), _WORK)
def test_due_at_is_monotone(
    calendar: WorkingCalendar, opened: datetime, work: timedelta, later: timedelta, more: timedelta
) -> None:
    due = calendar.due_at(opened, work)
    assert opened < due
    assert due <= calendar.due_at(opened + later, work)
    assert due < calendar.due_at(opened, work + more)


@given(
    _CALENDARS,
    _MOMENTS,
    st.timedeltas(timedelta(0), timedelta(days=40)),
    st.timedeltas(timedelta(0), timedelta(days=40)),
)
def test_working_time_is_additive_and_no_longer_than_time(
    calendar: WorkingCalendar, start: datetime, first: timedelta, second: timedelta
) -> None:
    middle, end = start + first, start + first + second
    whole = calendar.working_time(start, end)
    assert whole == calendar.working_time(start, middle) + calendar.working_time(middle, end)
    assert timedelta(0) <= whole <= end - start
