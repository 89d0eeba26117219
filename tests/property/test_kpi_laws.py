"""Tallies are a commutative, associative, idempotent union of facts, and rows of hours add up to the row of the day."""

from __future__ import annotations

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
        brand=draw(st.sampled_from(["acme", "acme", "acme", "other"])),
        department=draw(st.sampled_from(["care", "care", "care", None])),
        platform="x",
        complaint=draw(st.booleans()),
        severity=draw(st.integers(0, 4)),
        sentiment=draw(st.sampled_from([-1.0, -0.3333, 0.0, 0.1, 0.9999])),
        advocacy=draw(st.booleans()),
        reach=draw(st.sampled_from([0, 12, 100_000])),
        sla_met=draw(st.sampled_from([None, False])),
        edited_at=draw(st.sampled_from([None, MIDNIGHT + timedelta(days=1), MIDNIGHT + timedelta(days=2)])),
        deleted=draw(st.integers(0, 9)) == 0,
    )
    if draw(st.booleans()):
        return bare
    wait = draw(st.integers(0, 10**12))
    response = timedelta(microseconds=wait)
    answer = {"answered_at": bare.at + response, "first_response": response, "working_response": response / 3}
    return replace(bare, **answer, sla_met=draw(st.sampled_from([None, False, True])))


several = st.lists(facts(), max_size=12)


def tally(some: list[KpiFact]) -> Tally:
    made = Tally()
    for fact in some:
        made.add(fact)
    return made


def merged(*tallies: Tally) -> Tally:
    made = Tally()
    for each in tallies:
        made.merge(each)
    return made


def hours_of(some: list[KpiFact]) -> list[Kpi]:
    """The rows of the hours, each from the facts of its hour."""
    starts = {period_start(fact.at, HOUR, ZONE) for fact in some}
    by_start = {start: [fact for fact in some if period_start(fact.at, HOUR, ZONE) == start] for start in starts}
    return [tally(facts).kpi(replace(BRAND_DAY, period=HOUR, start=start)) for start, facts in by_start.items()]


@relaxed
@given(several, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(some, random):
    shuffled = some + random.sample(some, len(some) // 2)
    random.shuffle(shuffled)
    assert tally(shuffled) == tally(some)
    assert tally(shuffled).kpi(BRAND_DAY) == tally(some).kpi(BRAND_DAY)


@relaxed
@given(several, several)
def test_merge_commutes_and_equals_adding_all_at_once(left, right):
    assert merged(tally(left), tally(right)) == merged(tally(right), tally(left)) == tally(left + right)


@relaxed
@given(several, several, several)
def test_merge_is_associative_and_the_empty_tally_is_neutral(a, b, c):
    a, b, c = tally(a), tally(b), tally(c)
    assert merged(merged(a, b), c) == merged(a, merged(b, c))
    assert merged(a, Tally()) == merged(Tally(), a) == a


@relaxed
@given(several)
def test_merge_is_idempotent(some):
    assert merged(tally(some), tally(some)) == tally(some)


@relaxed
@given(facts(), facts())
def test_versions_are_totally_ordered(one, other):
    other = replace(other, post=one.post, at=one.at)
    assert (one.order() == other.order()) == (one == other)


@relaxed
@given(several, facts())
def test_a_late_fact_corrects_the_row_as_if_it_had_been_there_from_the_start(some, late):
    corrected = tally(some)
    corrected.kpi(BRAND_DAY)
    corrected.add(late)
    assert corrected.kpi(BRAND_DAY) == tally([late, *some]).kpi(BRAND_DAY)
    greatest = max((each for each in [*some, late] if each.post == late.post), key=KpiFact.order)
    assert corrected.facts[late.post] == greatest


@relaxed
@given(several)
def test_the_day_is_the_merge_of_its_hours(some):
    assert merge_rows(hours_of(some), BRAND_DAY) == tally(some).kpi(BRAND_DAY)


@relaxed
@given(several)
def test_the_days_percentiles_lie_within_the_relative_error(some):
    day = merge_rows(hours_of(some), BRAND_DAY)
    own = [
        fact
        for fact in tally(some).facts.values()
        if (fact.brand, fact.department, fact.deleted, fact.complaint) == ("acme", "care", False, True)
    ]
    waits = sorted(fact.first_response.total_seconds() for fact in own if fact.first_response is not None)
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
    rows = hours_of(some)
    day = merge_rows(rows, BRAND_DAY)
    random.shuffle(rows)
    morning = merge_rows(rows[:cut], replace(BRAND_DAY, period="part"))
    evening = merge_rows(rows[cut:], replace(BRAND_DAY, period="part", start=MIDNIGHT + timedelta(hours=12)))
    assert merge_rows([evening, morning, evening], BRAND_DAY) == day
    assert merge_rows([*rows, *rows], BRAND_DAY) == day


@relaxed
@given(several)
def test_counts_agree_with_each_other(some):
    row = tally(some).kpi(BRAND_DAY)
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


@relaxed
@given(st.text(), st.text(), st.text(), st.sampled_from([HOUR, DAY]), moments)
def test_a_key_survives_as_text(brand, department, platform, period, start):
    key = KpiKey(brand, department, platform, period, start)
    assert KpiKey.parse(key.text) == key
