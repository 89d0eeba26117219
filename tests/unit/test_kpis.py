from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
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
from pipeline.logic.sketch import RELATIVE_ERROR, bin_of, quantile, sketch_of
from pipeline.records import Kpi, ResponseBin, Sketch, to_dict

NOON = datetime(2026, 10, 3, 12, tzinfo=UTC)
CARE = KpiKey("acme", "care", "x", HOUR, NOON)


def a_fact(number: int = 1, **more: Any) -> KpiFact:
    """An unanswered complaint for the care department, written at five past noon."""
    usual: dict[str, Any] = {
        **{"post": f"x:{number}", "at": NOON + timedelta(minutes=5), "brands": ("acme",), "department": "care"},
        **{"platform": "x", "complaint": True, "severity": 2, "sentiment": -0.5, "advocacy": False, "reach": 10},
    }
    return KpiFact(**usual | more)


def answered(fact: KpiFact, minutes: float, working: float = 0, **more: Any) -> KpiFact:
    """The same fact with its first answer so many minutes later."""
    return replace(
        fact,
        answered_at=fact.at + timedelta(minutes=minutes),
        first_response_s=minutes * 60,
        working_response_s=working * 60,
        **{"sla_met": True} | more,
    )


def row(*facts: KpiFact, key: KpiKey = CARE) -> Kpi:
    """The row that the standing facts add up to."""
    standing: dict[str, KpiFact] = {}
    for fact in sorted(facts, key=KpiFact.order):
        standing[fact.post] = fact
    tally = Tally()
    for fact in standing.values():
        if key in fact.keys("UTC"):
            tally.count(fact)
    return tally.row(key)


def sketch(seconds: Iterable[float]) -> Sketch:
    return sketch_of(Counter(map(bin_of, seconds)))


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


@pytest.mark.parametrize("empty", [Tally().row(CARE), merge_rows([], CARE)])
def test_an_empty_period_has_zeros_and_no_shares(empty: Kpi) -> None:
    assert (empty.mentions, empty.complaints, empty.reach, empty.sentiment_sum) == (0, 0, 0, 0)
    assert empty.answered_share is empty.sla_met_share is empty.sentiment is empty.first_response_p90_s is None


def test_empty_hours_do_not_change_the_day() -> None:
    day, quiet = CARE._replace(period=DAY), CARE._replace(start=NOON + timedelta(hours=1))
    hour = row(answered(a_fact(), 3))
    assert merge_rows([hour, Tally().row(quiet)], day) == merge_rows([hour], day)


def test_posts_that_are_no_complaint_count_under_no_department() -> None:
    praise = a_fact(department="", complaint=False, severity=0, sentiment=1.0)
    key = CARE._replace(department="")
    assert key in praise.keys("UTC")
    found = row(praise, key=key)
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
        (EARLY, a_fact(version="2")),
        (a_fact(version="9"), a_fact(deleted=True)),
    ],
)
def test_which_version_counts(smaller: KpiFact, greater: KpiFact) -> None:
    assert smaller.order() < greater.order()
    assert row(smaller, greater) == row(greater, smaller) == row(greater)


def test_what_was_counted_can_be_taken_away_again() -> None:
    tally = Tally(row(LATE, a_fact(2, severity=4)))
    tally.count(LATE, -1)
    assert tally.row(CARE) == row(a_fact(2, severity=4))
    tally.count(EARLY)
    assert tally.row(CARE).sla_met_share == 1.0
    assert tally.row(CARE).first_response_p90_s == pytest.approx(20 * 60, rel=RELATIVE_ERROR)


def test_a_deleted_post_counts_nowhere() -> None:
    notice = a_fact(at=NOON + timedelta(days=1), deleted=True, complaint=False, department=None)
    assert row(EARLY, notice) == Tally().row(CARE), "however little its notice says"


def test_a_post_about_two_brands_is_in_the_rows_of_both() -> None:
    both = a_fact(brands=("acme", "other"))
    assert [(key.brand, key.period) for key in both.keys("UTC")] == [
        *(("acme", HOUR), ("acme", DAY)),
        *(("other", HOUR), ("other", DAY)),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"answered_at": NOON},
        {"answered_at": NOON, "first_response_s": 1.0},
        {"first_response_s": 1.0, "working_response_s": 1.0},
        {"answered_at": NOON, "first_response_s": -1.0, "working_response_s": 0.0},
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
    keys = {key for post in posts for key in post.keys("Europe/Berlin")}
    assert len([key for key in keys if key.period == HOUR]) == hours
    assert [key.start for key in keys if key.period == DAY] == [midnight]


def test_an_unknown_period_is_refused() -> None:
    with pytest.raises(ValueError, match="'week' is no period; there are: hour, day"):
        period_start(NOON, "week", "UTC")


def test_rows_that_would_count_a_post_twice_are_not_merged() -> None:
    day = CARE._replace(period=DAY)
    with pytest.raises(ValueError, match="two states of one row"):
        merge_rows([row(a_fact()), row(EARLY)], day)
    with pytest.raises(ValueError, match="different periods"):
        merge_rows([row(a_fact()), Tally().row(day)], day)


def test_days_merge_into_a_week_and_departments_into_a_brand() -> None:
    days = []
    for n in (1, 2):
        start = NOON.replace(hour=0) + timedelta(n)
        day = CARE._replace(period=DAY, start=start)
        days.append(row(answered(a_fact(n, at=start + timedelta(hours=9)), n * 10), key=day))
    assert merge_rows(days, CARE._replace(period="week")).complaints == 2
    billing = CARE._replace(department="billing")
    rows = [row(EARLY), row(answered(a_fact(2, department="billing"), 40), key=billing)]
    assert merge_rows(rows, CARE).first_response_p90_s == pytest.approx(40 * 60, rel=RELATIVE_ERROR)


@pytest.mark.parametrize("percent", [1, 50, 90, 99, 100])
@pytest.mark.parametrize("shape", ["lognormal", "uniform", "two humps"])
def test_percentiles_of_ten_thousand_values_are_within_the_relative_error_of_numpys(shape: str, percent: int) -> None:
    random = np.random.default_rng(7)
    seconds = {
        "lognormal": random.lognormal(8, 2, 10_000) + 1,
        "uniform": random.uniform(1, 86_400, 10_000),
        "two humps": np.concatenate([random.normal(300, 20, 5_000), random.normal(90_000, 5_000, 5_000)]),
    }[shape]
    true = np.percentile(seconds, percent, method="inverted_cdf")
    assert quantile(sketch(seconds), percent) == pytest.approx(true, rel=RELATIVE_ERROR * (1 + 1e-9), abs=1e-6)


def test_a_sketch_is_small() -> None:
    assert len(sketch(range(0, 30 * 86_400, 259))) < 740, "30 days at 1 %"
    assert sketch([0, 0.5, 1]) == (ResponseBin(-1, 2), ResponseBin(0, 1))
    assert quantile(sketch([0]), 50) == 0.0


def test_a_row_keeps_its_contract() -> None:
    for found in (row(answered(a_fact(), 5)), Tally().row(CARE)):
        schemas.validate(to_dict(found), "kpi")
