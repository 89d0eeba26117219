from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

import schemas
from pipeline.logic.kpis import (
    DAY,
    HOUR,
    KpiFact,
    KpiKey,
    Tally,
    merge_rows,
    period_start,
)
from pipeline.logic.sketch import RELATIVE_ERROR, quantile, sketch
from pipeline.records import Kpi, ResponseBin, to_dict

NOON = datetime(2026, 10, 3, 12, tzinfo=UTC)
CARE = KpiKey("acme", "care", "x", HOUR, NOON)


def a_fact(number: int = 1, **more: Any) -> KpiFact:
    """An unanswered complaint for the care department, written at five past noon."""
    usual: dict[str, Any] = {
        **{"post": f"x:{number}", "at": NOON + timedelta(minutes=5), "brand": "acme", "department": "care"},
        **{"platform": "x", "complaint": True, "severity": 2, "sentiment": -0.5, "advocacy": False, "reach": 10},
    }
    return KpiFact(**usual | more)


def answered(fact: KpiFact, minutes: float, working: float = 0, **more: Any) -> KpiFact:
    """The same fact with its first answer so many minutes later."""
    response = timedelta(minutes=minutes)
    return replace(
        fact,
        answered_at=fact.at + response,
        first_response=response,
        working_response=timedelta(minutes=working),
        **{"sla_met": True} | more,
    )


def row(*facts: KpiFact, key: KpiKey = CARE) -> Kpi:
    tally = Tally()
    for fact in facts:
        tally.add(fact)
    return tally.kpi(key)


def utc(*of: int) -> datetime:
    return datetime(*of, tzinfo=UTC)  # type: ignore[misc,arg-type]


def test_a_row_counts_its_posts() -> None:
    found = row(
        answered(a_fact(1, severity=4, reach=1000), 60, 30),
        answered(a_fact(2, sentiment=-0.9), 120, 90, sla_met=False),
        a_fact(3, severity=3),
        a_fact(4, sla_met=False, advocacy=True),
    )
    assert (found.mentions, found.complaints, found.severe, found.answered) == (4, 4, 2, 2)
    assert (found.answered_share, found.sla_met_share) == (0.5, 0.333333)
    assert (found.sla_met, found.sla_decided) == (1, 3), "the undecided complaint is no denominator"
    assert (found.advocacy, found.reach, found.sentiment) == (1, 1030, -0.6)
    assert found.first_response_p50_s == pytest.approx(3600, rel=RELATIVE_ERROR)
    assert found.first_response_p90_s == pytest.approx(7200, rel=RELATIVE_ERROR), "of two the slower, not the faster"
    assert found.working_response_p50_s == pytest.approx(1800, rel=RELATIVE_ERROR)
    assert found.working_response_p90_s == pytest.approx(5400, rel=RELATIVE_ERROR)


def test_unanswered_complaints_have_no_response_time() -> None:
    found = row(a_fact(1), a_fact(2))
    assert (found.complaints, found.answered, found.answered_share) == (2, 0, 0.0)
    assert (found.sla_decided, found.sla_met_share) == (0, None)
    assert found.first_response_p50_s is found.working_response_p90_s is None
    assert found.first_response_bins == ()


def test_an_overdue_complaint_is_decided_before_it_is_answered() -> None:
    assert row(a_fact(sla_met=False)).sla_met_share == 0.0


@pytest.mark.parametrize("empty", [Tally().kpi(CARE), merge_rows([], CARE)])
def test_an_empty_period_has_zeros_and_no_shares(empty: Kpi) -> None:
    assert (empty.mentions, empty.complaints, empty.reach, empty.sentiment_sum) == (0, 0, 0, 0)
    assert empty.answered_share is empty.sla_met_share is empty.sentiment is empty.first_response_p90_s is None


def test_empty_hours_do_not_change_the_day() -> None:
    day, quiet = replace(CARE, period=DAY), replace(CARE, start=NOON + timedelta(hours=1))
    hour = row(answered(a_fact(), 3))
    assert merge_rows([hour, Tally().kpi(quiet)], day) == merge_rows([hour], day)


def test_posts_that_are_no_complaint_count_under_no_department() -> None:
    praise = a_fact(department=None, complaint=False, severity=0, sentiment=1.0)
    assert praise.key(HOUR, "UTC") == replace(CARE, department="")
    found = row(praise, key=praise.key(HOUR, "UTC"))
    assert (found.department, found.mentions, found.complaints, found.answered_share) == ("", 1, 0, None)


LATE = answered(a_fact(), 600, sla_met=False)
EARLY = answered(a_fact(), 20)


@pytest.mark.parametrize(
    ("smaller", "greater"),
    [
        (a_fact(), a_fact(sla_met=False)),
        (a_fact(sla_met=False), LATE),
        # a reply that arrives late was the first one
        (LATE, EARLY),
        (replace(EARLY, sla_met=None), EARLY),
        # an edit's fact carries the answer known so far, so it may also take one back
        (EARLY, a_fact(edited_at=NOON + timedelta(hours=1))),
        (a_fact(edited_at=NOON + timedelta(days=9)), a_fact(deleted=True)),
    ],
)
def test_which_version_counts(smaller: KpiFact, greater: KpiFact) -> None:
    assert smaller.order() < greater.order()
    assert row(smaller, greater) == row(greater, smaller) == row(greater)


def test_a_late_answer_corrects_the_row() -> None:
    tally = Tally({"x:1": LATE})
    assert tally.kpi(CARE).sla_met_share == 0.0
    tally.add(EARLY)
    assert tally.kpi(CARE).sla_met_share == 1.0
    assert tally.kpi(CARE).first_response_p90_s == pytest.approx(20 * 60, rel=RELATIVE_ERROR)


def test_a_deleted_post_counts_nowhere() -> None:
    notice = a_fact(at=NOON + timedelta(days=1), deleted=True, complaint=False, department=None)
    assert row(EARLY, notice) == Tally().kpi(CARE), "however little its notice says"


def test_a_post_that_moved_to_another_department_leaves_its_old_row() -> None:
    moved = a_fact(edited_at=NOON + timedelta(hours=1), department="billing")
    assert row(a_fact(), moved) == Tally().kpi(CARE)
    assert row(moved, key=moved.key(HOUR, "UTC")).mentions == 1
    back = a_fact(edited_at=NOON + timedelta(hours=2))
    assert row(a_fact(), moved, back).mentions == 1, "and may come back"


@pytest.mark.parametrize(
    "wrong",
    [
        {"answered_at": NOON},
        {"answered_at": NOON, "first_response": timedelta(1)},
        {"first_response": timedelta(1), "working_response": timedelta(1)},
        {"answered_at": NOON, "first_response": timedelta(-1), "working_response": timedelta(0)},
        {"sla_met": True},
    ],
)
def test_an_impossible_answer_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="x:1: "):
        a_fact(**wrong)


@pytest.mark.parametrize(
    ("zone", "at", "hour", "day"),
    [
        # Tehran is half an hour off
        ("Asia/Tehran", utc(2026, 10, 3, 12, 15), utc(2026, 10, 3, 11, 30), utc(2026, 10, 2, 20, 30)),
        # Berlin shows 02:00 to 03:00 twice: two hours of one day
        ("Europe/Berlin", utc(2026, 10, 25, 0, 40), utc(2026, 10, 25, 0), utc(2026, 10, 24, 22)),
        ("Europe/Berlin", utc(2026, 10, 25, 1, 40), utc(2026, 10, 25, 1), utc(2026, 10, 24, 22)),
        # Havana shows midnight twice: the day begins with the first
        ("America/Havana", utc(2026, 11, 1, 5, 10), utc(2026, 11, 1, 5), utc(2026, 11, 1, 4)),
        # Tehran's clock jumped over midnight: the day began at 01:00
        ("Asia/Tehran", utc(2022, 3, 21, 20, 50), utc(2022, 3, 21, 20, 30), utc(2022, 3, 21, 20, 30)),
    ],
)
def test_hours_and_days_begin_in_local_time(zone: str, at: datetime, hour: datetime, day: datetime) -> None:
    assert (period_start(at, HOUR, zone), period_start(at, DAY, zone)) == (hour, day)
    assert period_start(at, DAY, zone).tzinfo is UTC


@pytest.mark.parametrize(("date", "hours"), [((2026, 3, 29), 23), ((2026, 6, 1), 24), ((2026, 10, 25), 25)])
def test_a_day_has_as_many_rows_as_it_really_has_hours(date: tuple[int, int, int], hours: int) -> None:
    midnight = datetime(*date, tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)
    posts = [a_fact(n, at=midnight + timedelta(minutes=10 * n)) for n in range(6 * hours)]
    keys = {post.key(HOUR, "Europe/Berlin") for post in posts}
    assert len(keys) == hours
    assert {post.key(DAY, "Europe/Berlin").start for post in posts} == {midnight}
    rows = [row(*(p for p in posts if p.key(HOUR, "Europe/Berlin") == key), key=key) for key in keys]
    assert merge_rows(rows, replace(CARE, period=DAY, start=midnight)).mentions == len(posts)


def test_an_unknown_period_is_refused() -> None:
    with pytest.raises(ValueError, match="'week' is no period; there are: hour, day"):
        period_start(NOON, "week", "UTC")


def test_rows_that_would_count_a_post_twice_are_not_merged() -> None:
    day = replace(CARE, period=DAY)
    with pytest.raises(ValueError, match="two states of one row"):
        merge_rows([row(a_fact()), row(EARLY)], day)
    with pytest.raises(ValueError, match="different periods"):
        merge_rows([row(a_fact()), row(a_fact(), key=day)], day)


def test_days_merge_into_a_week_and_departments_into_a_brand() -> None:
    days = [row(answered(a_fact(n), n * 10), key=replace(CARE, period=DAY, start=NOON + timedelta(n))) for n in (1, 2)]
    assert merge_rows(days, replace(CARE, period="week")).complaints == 2
    billing = replace(CARE, department="billing")
    both = merge_rows([row(EARLY), row(answered(a_fact(2, department="billing"), 40), key=billing)], CARE)
    assert both.first_response_p90_s == pytest.approx(40 * 60, rel=RELATIVE_ERROR)


@pytest.mark.parametrize("percent", [1, 50, 90, 99, 100])
@pytest.mark.parametrize("shape", ["lognormal", "uniform", "two humps"])
def test_percentiles_of_ten_thousand_values_are_within_the_relative_error_of_numpys(shape: str, percent: int) -> None:
    random = np.random.default_rng(7)
    seconds = {
        "lognormal": random.lognormal(8, 2, 10_000) + 1,
        "uniform": random.uniform(1, 86_400, 10_000),
        "two humps": np.concatenate([random.normal(300, 20, 5_000), random.normal(90_000, 5_000, 5_000)]),
    }[shape]
    waits = [timedelta(seconds=value) for value in seconds]
    true = np.percentile([wait.total_seconds() for wait in waits], percent, method="inverted_cdf")
    assert quantile(sketch(waits), percent) == pytest.approx(true, rel=RELATIVE_ERROR * (1 + 1e-9), abs=1e-6)


def test_a_sketch_is_small_and_the_same_in_every_order() -> None:
    waits = [timedelta(seconds=second) for second in range(0, 30 * 86_400, 259)]
    assert sketch(waits) == sketch(reversed(waits))
    assert len(sketch(waits)) < 740, "30 days at 1 %"
    assert sketch([None, timedelta(0), timedelta(seconds=0.5), timedelta(seconds=1)]) == (
        ResponseBin(-1, 2),
        ResponseBin(0, 1),
    )
    assert quantile(sketch([timedelta(0)]), 50) == 0.0


def test_a_row_keeps_its_contract() -> None:
    for found in (row(answered(a_fact(), 5)), Tally().kpi(CARE)):
        schemas.validate(to_dict(found), "kpi")
