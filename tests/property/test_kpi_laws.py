"""What is counted can be taken away again, in any order, and rows of hours add up to the row of the day."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.logic.kpis import (
    DAY,
    HOUR,
    KpiFact,
    KpiKey,
    Tally,
    merge_rows,
    period_start,
)
from pipeline.logic.sketch import RELATIVE_ERROR
from pipeline.records import Kpi

ZONES = ("UTC", "Asia/Tehran", "Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu")
ZONE = "Europe/Berlin"
MIDNIGHT = datetime(2026, 10, 25, tzinfo=UTC) - timedelta(hours=2)
"""Berlin's day of 25 hours begins."""
BRAND_DAY = KpiKey("acme", "care", "x", DAY, MIDNIGHT)
relaxed = settings(deadline=None)


@st.composite
def facts(draw: st.DrawFn) -> KpiFact:
    """One of some versions of one of ten posts, spread over the day; few values, so that versions collide."""
    number = draw(st.integers(0, 9))
    bare = KpiFact(
        # a post's time belongs to its id
        *(f"x:{number}", MIDNIGHT + timedelta(hours=number * 7 % 25, minutes=number)),
        brands=draw(st.sampled_from([("acme",), ("acme",), ("acme", "other"), ()])),
        department=draw(st.sampled_from(["care", "care", "care", ""])),
        platform="x",
        complaint=draw(st.booleans()),
        severity=draw(st.integers(0, 4)),
        sentiment=draw(st.sampled_from([-1.0, -0.3333, 0.0, 0.1, 0.9999])),
        advocacy=draw(st.booleans()),
        reach=draw(st.sampled_from([0, 12, 100_000])),
        sla_met=draw(st.sampled_from([None, False])),
        version=draw(st.sampled_from(["1", "2", "3"])),
        deleted=draw(st.integers(0, 9)) == 0,
    )
    if draw(st.booleans()):
        return bare
    wait = draw(st.integers(0, 10**6))
    return replace(
        bare,
        answered_at=bare.at + timedelta(seconds=wait),
        first_response_s=float(wait),
        working_response_s=wait / 3,
        sla_met=draw(st.sampled_from([None, False, True])),
    )


several = st.lists(facts(), max_size=12)


def standing(some: list[KpiFact]) -> dict[str, KpiFact]:
    """Of each post what counts."""
    return {fact.post: fact for fact in sorted(some, key=KpiFact.order)}


def counted(some: list[KpiFact]) -> set[Kpi]:
    """The rows of posts, counted at once."""
    tallies: dict[KpiKey, Tally] = defaultdict(Tally)
    for fact in standing(some).values():
        for key in fact.keys(ZONE):
            tallies[key].count(fact)
    return {tally.row(key) for key, tally in tallies.items()}


def of(rows: set[Kpi], period: str) -> list[Kpi]:
    own = ("acme", "care", period)
    return [row for row in rows if (row.brand, row.department, row.period) == own]


@relaxed
@given(several, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(some, random):
    shuffled = some + random.sample(some, len(some) // 2)
    random.shuffle(shuffled)
    assert counted(shuffled) == counted(some)


@relaxed
@given(several, several)
def test_what_was_added_can_be_taken_away(some, more):
    key = BRAND_DAY
    tally, once = Tally(), Tally()
    for fact in some:
        tally.count(fact)
        once.count(fact)
    for fact in more:
        tally.count(fact)
    tally = Tally(tally.row(key))
    for fact in more:
        tally.count(fact, -1)
    assert tally.row(key) == once.row(key)


@relaxed
@given(facts(), facts())
def test_versions_are_totally_ordered(one, other):
    other = replace(other, post=one.post, at=one.at)
    assert (one.order() == other.order()) == (one == other)


@relaxed
@given(several)
def test_the_day_is_the_merge_of_its_hours(some):
    rows = counted(some)
    assert [merge_rows(of(rows, HOUR), BRAND_DAY)] == (of(rows, DAY) or [Tally().row(BRAND_DAY)])


@relaxed
@given(several)
def test_the_days_percentiles_lie_within_the_relative_error(some):
    day = merge_rows(of(counted(some), HOUR), BRAND_DAY)
    own = [f for f in standing(some).values() if BRAND_DAY in f.keys(ZONE) and f.complaint]
    waits = sorted(fact.first_response_s for fact in own if fact.first_response_s is not None)
    assert day.answered == len(waits)
    for percent, found in ((50, day.first_response_p50_s), (90, day.first_response_p90_s)):
        if not waits:
            assert found is None
            continue
        true = waits[-(-percent * len(waits) // 100) - 1]
        # a time under a second reads as 0; a row rounds to the microsecond
        assert found == (0 if true < 1 else pytest.approx(true, rel=RELATIVE_ERROR * (1 + 1e-9), abs=1e-6))


@relaxed
@given(several, st.randoms(use_true_random=False), st.integers(0, 25))
def test_rows_merge_in_any_order_and_grouping_and_twice(some, random, cut):
    rows = of(counted(some), HOUR)
    day = merge_rows(rows, BRAND_DAY)
    random.shuffle(rows)
    morning = merge_rows(rows[:cut], BRAND_DAY._replace(period="part"))
    evening = merge_rows(rows[cut:], BRAND_DAY._replace(period="part", start=MIDNIGHT + timedelta(hours=12)))
    assert merge_rows([evening, morning, evening], BRAND_DAY) == day
    assert merge_rows([*rows, *rows], BRAND_DAY) == day


@relaxed
@given(several)
def test_counts_agree_with_each_other(some):
    row = merge_rows(of(counted(some), DAY), BRAND_DAY)
    assert row.sla_met <= row.sla_decided <= row.complaints <= row.mentions
    assert row.severe <= row.complaints
    assert row.sla_met <= row.answered <= row.complaints
    assert sum(each.count for each in row.first_response_bins) == row.answered
    assert sum(each.count for each in row.working_response_bins) == row.answered
    assert row.sentiment is None or -1 <= row.sentiment <= 1


moments = st.datetimes(datetime(2015, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))


@relaxed
@given(moments, st.sampled_from(ZONES))
def test_hours_lie_in_their_days_and_starts_are_their_own_start(at, zone):
    hour, day = period_start(at, HOUR, zone), period_start(at, DAY, zone)
    assert day <= hour <= at
    # Lord Howe turns the clock by half an hour
    assert at - hour < timedelta(minutes=90)
    assert at - day < timedelta(hours=25)
    assert period_start(hour, HOUR, zone) == hour
    assert period_start(hour, DAY, zone) == period_start(day, DAY, zone) == day
