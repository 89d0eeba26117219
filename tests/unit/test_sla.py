import pickle
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.errors import ConfigError
from pipeline.logic.sla import WorkingCalendar, parse_hours

NINE_TO_FIVE = ((time(9), time(17)),)
TEHRAN = WorkingCalendar(
    "Asia/Tehran",
    # Saturday to Wednesday, a short Thursday, Friday free
    {**dict.fromkeys((5, 6, 0, 1, 2), NINE_TO_FIVE), 3: ((time(9), time(13)),)},
    country="IR",
)


def tehran(*of: int) -> datetime:
    return datetime(*of, tzinfo=ZoneInfo("Asia/Tehran"))  # type: ignore[misc,arg-type]


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@pytest.mark.parametrize(
    ("opened", "working", "due"),
    [
        (tehran(2025, 11, 15, 10), hours(2), tehran(2025, 11, 15, 12)),
        # opened before work, and exactly a day's work: due when the day closes, not next morning
        (tehran(2025, 11, 15, 7), hours(8), tehran(2025, 11, 15, 17)),
        # Wednesday evening → Thursday morning; Thursday noon → over Friday to Saturday
        (tehran(2025, 11, 19, 20), hours(1), tehran(2025, 11, 20, 10)),
        (tehran(2025, 11, 20, 12), hours(2), tehran(2025, 11, 22, 10)),
        # 2025-11-24 (Monday) is a public holiday
        (tehran(2025, 11, 23, 16), hours(2), tehran(2025, 11, 25, 10)),
        # Nowruz: 20 March (Thursday) to 24 March are free
        (tehran(2025, 3, 18, 16), hours(2), tehran(2025, 3, 25, 10)),
        (tehran(2025, 11, 14, 12), timedelta(0), tehran(2025, 11, 14, 12)),
    ],
)
def test_due_at_in_tehran(opened: datetime, working: timedelta, due: datetime) -> None:
    found = TEHRAN.due_at(opened, working)
    assert found == due
    assert found.tzinfo is UTC


def test_split_shifts() -> None:
    calendar = WorkingCalendar("Asia/Tehran", {5: parse_hours(["09:00-13:00", "17:00-21:00"])})
    assert calendar.due_at(tehran(2025, 11, 15, 12), hours(2)) == tehran(2025, 11, 15, 18)
    assert calendar.working_time(tehran(2025, 11, 15, 0), tehran(2025, 11, 16, 0)) == hours(8)


def test_extra_holidays_and_worked_holidays() -> None:
    calendar = WorkingCalendar(
        "Asia/Tehran",
        TEHRAN.hours,
        "IR",
        extra_holidays=frozenset({date(2025, 11, 25)}),
        working_exceptions=frozenset({date(2025, 11, 24)}),
    )
    assert calendar.due_at(tehran(2025, 11, 23, 16), hours(2)) == tehran(2025, 11, 24, 10)
    assert calendar.due_at(tehran(2025, 11, 24, 16), hours(2)) == tehran(2025, 11, 26, 10)


@pytest.mark.parametrize(("state", "free"), [("BY", True), ("BE", False)])
def test_holidays_of_a_state(state: str, free: bool) -> None:
    calendar = WorkingCalendar("Europe/Berlin", {0: NINE_TO_FIVE}, "DE", subdivision=state)
    assert calendar.is_holiday(date(2025, 1, 6)) is free


def test_night_the_clocks_change_lasts_as_long_as_it_lasts() -> None:
    calendar = WorkingCalendar("Europe/Berlin", {6: parse_hours(["00:00-06:00"])})
    spring, autumn = datetime(2025, 3, 30, tzinfo=UTC), datetime(2025, 10, 26, tzinfo=UTC)
    assert calendar.working_time(spring - hours(6), spring + hours(12)) == hours(5)
    assert calendar.working_time(autumn - hours(6), autumn + hours(12)) == hours(7)


def test_shift_inside_the_hour_that_is_jumped_over_is_not_counted_twice() -> None:
    calendar = WorkingCalendar("America/New_York", {6: parse_hours(["01:00-02:45", "03:00-04:00"])})
    day = datetime(2025, 3, 9, tzinfo=UTC)
    # from 01:00 EST to 04:00 EDT two hours pass
    assert calendar.working_time(day, day + timedelta(days=1)) == hours(2)


def test_tehran_before_it_gave_up_summer_time() -> None:
    # 2021-03-22, Monday: clocks went from 00:00 to 01:00; the offset was +04:30 until September
    calendar = WorkingCalendar("Asia/Tehran", {0: NINE_TO_FIVE, 1: NINE_TO_FIVE})
    due = calendar.due_at(datetime(2021, 3, 22, 0, tzinfo=UTC), hours(1))
    assert due == datetime(2021, 3, 22, 5, 30, tzinfo=UTC)


def test_round_the_clock_across_midnight() -> None:
    calendar = WorkingCalendar("UTC", dict.fromkeys(range(7), parse_hours(["00:00-24:00"])))
    start = datetime(2025, 1, 1, 15, tzinfo=UTC)
    assert calendar.due_at(start, hours(100)) == start + hours(100)
    assert calendar.working_time(start, start + hours(100)) == hours(100)


def test_night_shift_written_as_two() -> None:
    calendar = WorkingCalendar("UTC", dict.fromkeys(range(7), parse_hours(["00:00-06:00", "22:00-24:00"])))
    assert calendar.due_at(datetime(2025, 1, 1, 23, tzinfo=UTC), hours(2)) == datetime(2025, 1, 2, 1, tzinfo=UTC)


def test_years_without_known_holidays_count_weekdays_only() -> None:
    assert TEHRAN.known_years == range(1980, 2101)
    assert WorkingCalendar("UTC", {0: NINE_TO_FIVE}).known_years is None
    # Nowruz of a year the package does not know
    assert not TEHRAN.is_holiday(date(1970, 3, 21))
    assert TEHRAN.due_at(tehran(1970, 3, 21, 8), hours(1)) == tehran(1970, 3, 21, 10)


def test_pickles() -> None:
    assert pickle.loads(pickle.dumps(TEHRAN)) == TEHRAN


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"time_zone": "Asia/Atlantis"}, "time zone"),
        ({"time_zone": "../etc/passwd"}, "time zone"),
        ({"hours": {}}, "no working hour"),
        ({"hours": {0: ()}}, "no working hour"),
        ({"hours": {7: NINE_TO_FIVE}}, "weekday 7"),
        ({"hours": {0: ((time(22), time(6)),)}}, "over midnight"),
        ({"hours": {0: ((time(9), time(9)),)}}, "over midnight"),
        ({"hours": {0: ((time(9), time(12)), (time(11), time(14)))}}, "overlaps"),
        ({"hours": {0: ((time(9), time(0)), (time(11), time(14)))}}, "overlaps"),
        ({"hours": {0: ((time(9, tzinfo=UTC), time(12)),)}}, "local times"),
        ({"country": "XX"}, "public holidays"),
        ({"country": "DE", "subdivision": "QQ"}, "DE, QQ"),
    ],
)
def test_wrong_calendars(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        WorkingCalendar(**{"time_zone": "UTC", "hours": {0: NINE_TO_FIVE}, **changes})  # type: ignore[arg-type]


def test_due_more_than_two_years_ahead() -> None:
    calendar = WorkingCalendar("UTC", {0: ((time(9), time(10)),)})
    with pytest.raises(ConfigError, match="two years"):
        calendar.due_at(datetime(2025, 1, 1, tzinfo=UTC), hours(200))


def test_moments_need_a_zone_and_an_order() -> None:
    now = datetime(2025, 1, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="time zone"):
        TEHRAN.due_at(now.replace(tzinfo=None), hours(1))
    with pytest.raises(ValueError, match="negative"):
        TEHRAN.due_at(now, hours(-1))
    with pytest.raises(ValueError, match="before"):
        TEHRAN.working_time(now, now - hours(1))


@pytest.mark.parametrize(
    ("span", "shift"),
    [
        ("09:00-17:30", (time(9), time(17, 30))),
        (" 9:00 – 24:00 ", (time(9), time(0))),
        ("۰۹:۰۰-۱۳:۰۰", (time(9), time(13))),
    ],
)
def test_parse_hours(span: str, shift: tuple[time, time]) -> None:
    assert parse_hours([span]) == (shift,)


@pytest.mark.parametrize("span", ["", "9-17", "09:00", "25:00-26:00", "09:60-10:00", "09:00-24:30"])
def test_parse_hours_refuses(span: str) -> None:
    with pytest.raises(ConfigError, match=r"09:00|must be"):
        parse_hours([span])
