"""When somebody writes, and what of it is a habit."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from pipeline.logic.habits import best_hours, habits, hour_probabilities, occasions, tail

TEHRAN = ZoneInfo("Asia/Tehran")
MONDAY = datetime(2026, 10, 5, tzinfo=TEHRAN)
IRAN = (3, 4)
DAY = timedelta(days=1)


def at(*hours, day=0):
    return [MONDAY + day * DAY + timedelta(hours=hour) for hour in hours]


def seen(times):
    return occasions((time.astimezone(UTC) for time in times), TEHRAN)


def told(times, weekend=IRAN):
    return [(habit.kind, habit.en, habit.fa) for habit in habits(seen(times), weekend)]


def test_posts_of_one_hour_are_one_occasion_and_hours_are_local():
    found = seen([*at(23.1, 23.5, 23.9), *at(0.1, day=1)])
    assert [(each.day.day, each.hour) for each in found] == [(5, 23), (6, 0)]


def test_probabilities_add_up_and_follow_the_formula():
    p = hour_probabilities(seen([*at(8), *at(8, day=7), *at(20, day=1)]))
    assert sum(p) == pytest.approx(1)
    eight = (2 + 8 / 24) / (3 + 8)
    assert p[8] == pytest.approx((2 + 24 * eight / 7) / (3 + 24))
    assert p[24 + 8] == pytest.approx((24 * eight / 7) / (3 + 24))
    assert p[5] == pytest.approx((24 * (8 / 24) / 11 / 7) / 27)


def test_without_posts_every_hour_is_alike():
    assert hour_probabilities([]) == pytest.approx([1 / 168] * 168)


def test_one_post_makes_its_hour_likelier_on_every_weekday():
    p = hour_probabilities(seen(at(20)))
    assert min(p[20::24]) > max(p[hour] for hour in range(168) if hour % 24 != 20)


def test_best_hours_are_those_that_come_again():
    times = [time for week in range(6) for time in at(21, 45, day=7 * week)]
    best = best_hours(seen([*times, *at(9, day=3)]))
    assert {best[0].hour_of_week, best[1].hour_of_week} == {21, 45}
    assert len(best) == 3
    assert best[0].probability > 0.1 > best[2].probability


@pytest.mark.parametrize(
    ("times", "english", "persian"),
    [
        (at(*(24 * day + 7.5 for day in range(14))), "posts daily between 7 and 8", "هر روز بین ساعت ۷ و ۸ می‌نویسد"),
        (
            at(*(24 * day + 7.5 for day in range(20) if day % 3)),
            "posts on most days between 7 and 8",
            "بیشتر روزها بین ساعت ۷ و ۸ می‌نویسد",
        ),
        (
            at(*(24 * day + 23.5 + day % 2 for day in range(0, 60, 5))),
            "posts mostly between 23 and 1",
            "بیشتر بین ساعت ۲۳ و ۱ می‌نویسد",
        ),
        (
            at(*(24 * day + 23.5 for day in range(0, 60, 5))),
            "posts mostly between 23 and 24",
            "بیشتر بین ساعت ۲۳ و ۲۴ می‌نویسد",
        ),
    ],
)
def test_hours_that_are_kept(times, english, persian):
    assert ("hours", english, persian) in told(times)


def test_every_day_at_any_hour():
    times = at(*(24 * day + (5 * day) % 24 for day in range(20)))
    assert told(times) == [("daily", "posts daily", "هر روز می‌نویسد")]


def test_weekends_are_the_companys():
    fridays = at(*(24 * (7 * week + day) + 5 * week + day for week in range(6) for day in (3, 4)))
    words = "mostly at weekends (Thursday–Friday)", "بیشتر آخر هفته‌ها می‌نویسد (پنج‌شنبه و جمعه)"
    assert ("weekend", *words) in told(fridays)
    assert "weekend" not in {kind for kind, *_ in told(fridays, weekend=(5, 6))}
    working = at(*(24 * (7 * week + day) + (5 * week + day) % 24 for week in range(6) for day in (0, 1, 2, 5, 6)))
    assert "hardly ever at weekends (Thursday–Friday)" in {english for _, english, _ in told(working)}


@pytest.mark.parametrize(
    "times",
    [
        [],
        at(*(24 * day + 7.5 for day in range(7))),
        at(*(hour for hour in range(12))),
        at(*(24 * day + hour for day in range(2) for hour in range(7, 11))),
    ],
    ids=["nothing", "seven times", "one busy day", "two busy mornings"],
)
def test_too_little_to_tell(times):
    assert told(times) == []


def test_who_writes_at_any_time_is_rarely_said_to_have_a_habit():
    random, found = Random(5), Counter()
    for _ in range(300):
        times = at(*(24 * random.randrange(120) + random.randrange(24) for _ in range(30)))
        found.update(kind for kind, *_ in told(times))
    assert sum(found.values()) <= 9


def test_the_tail_of_a_binomial():
    assert tail(0, 5, 0.3) == 1
    assert tail(5, 5, 0.5) == pytest.approx(1 / 32)
    assert tail(1, 3, 0.5) == pytest.approx(7 / 8)
    assert tail(1500, 2000, 0.5) < 1e-100
    assert tail(3, 5, 0.0) == 0
    assert tail(3, 5, 1.0) == 1
