"""Waves of complaints: what is one and what is none."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from pipeline.logic.spikes import History, waves
from tests.histories import DAY, HOUR, MINUTE, SETTINGS, START, WEEK, sighted, simulated


def found(history, end, settings=SETTINGS):
    return waves(history, end, settings)


# --- what is none


@pytest.mark.parametrize(("a_day", "burstiness"), [(4, 0.0), (60, 0.2), (240, 0.2)])
def test_a_year_of_usual_traffic_raises_a_handful_of_false_alarms_at_most(a_day, burstiness):
    year = simulated(a_day, 52 * WEEK, seed=a_day, burstiness=burstiness)
    assert len(found(year, START + 52 * WEEK)) <= 4


def test_nothing_is_told_on_the_first_day():
    burst = {str(n): SETTINGS.index(START) + 40 + n % 4 for n in range(200)}
    assert found(History(sighted(burst)), START + DAY) == ()


def test_a_new_key_needs_far_more_than_an_old_one():
    """Eight times the usual is a wave for a key known for weeks, not for one known for three days."""
    told = []
    for age in (3 * DAY, 30 * DAY):
        begin = START + age + 14 * HOUR
        history = simulated(40, age + DAY, waves=[(begin, HOUR, 8)])
        told.append(len(found(history, START + age + DAY)))
    assert told == [0, 1]


def test_silence_before_the_first_complaint_counts_where_the_source_was_watched():
    burst = {str(n): SETTINGS.index(START) + n % 2 for n in range(12)}
    assert found(History(sighted(burst)), START + HOUR) == ()
    (wave,) = found(History(sighted(burst), since=START - 30 * DAY), START + HOUR)
    assert (wave.started_at, wave.observed) == (START, 12 if wave.detected_at > START + 15 * MINUTE else 6)


def test_four_complaints_in_a_quiet_key_are_no_wave():
    rare = {f"old{n}": SETTINGS.index(START + n * (5 * DAY + 7 * HOUR)) for n in range(7)}
    begin = SETTINGS.index(START + 40 * DAY)
    assert found(History(sighted(rare | {str(n): begin for n in range(4)})), START + 41 * DAY) == ()
    (wave,) = found(History(sighted(rare | {str(n): begin for n in range(5)})), START + 41 * DAY)
    assert wave.expected < 0.1
    assert wave.p_value < SETTINGS.significance


@pytest.mark.parametrize("start", [datetime(2026, 2, 2, tzinfo=UTC), datetime(2026, 9, 28, tzinfo=UTC)])
def test_the_clock_change_is_no_wave(start):
    """Offices open at eight local time: five weeks of habit, then 8 March and 1 November 2026 in New York."""
    local, first = ZoneInfo("America/New_York"), SETTINGS.index(start)
    posts, random = {}, np.random.default_rng(1)
    for bucket in range(first, first + 6 * 672):
        open_ = 8 <= SETTINGS.moment(bucket).astimezone(local).hour < 18
        posts |= {f"{bucket}-{n}": bucket for n in range(random.poisson(8 if open_ else 0.02))}
    end = start + 6 * WEEK
    assert found(History(sighted(posts)), end, replace(SETTINGS, time_zone="America/New_York")) == ()
    assert found(History(sighted(posts)), end, SETTINGS) != () or start.month == 9  # an hour early only in spring


# --- what is one


@pytest.mark.parametrize("hour", [3, 11, 16])
def test_a_wave_of_four_times_the_usual_is_found_within_an_hour(hour):
    begin = START + 5 * WEEK + hour * HOUR
    history = simulated(240, 6 * WEEK, seed=hour, waves=[(begin, 2 * HOUR, 4 if hour > 6 else 12)])
    (wave,) = found(history, START + 6 * WEEK)
    assert begin - HOUR < wave.started_at <= begin + HOUR
    assert begin < wave.detected_at <= begin + HOUR
    assert wave.ended_at is not None
    assert begin + HOUR <= wave.ended_at <= begin + 4 * HOUR
    assert wave.observed > 2 * wave.expected
    assert wave.peak >= wave.observed
    assert wave.p_value < SETTINGS.significance
    assert len(wave.posts) == SETTINGS.samples
    assert all(wave.started_at <= history.posts[post].at < wave.detected_at for post in wave.posts)


def test_the_same_count_is_a_wave_at_night_and_none_by_day():
    posts = simulated(240, 6 * WEEK).posts
    for hour, expected in ((15, 0), (3, 1)):
        bucket = SETTINGS.index(START + 5 * WEEK + hour * HOUR)
        more = {f"more{n}": bucket for n in range(12)}
        assert len(found(History(posts | sighted(more)), START + 6 * WEEK)) == expected


def test_ups_and_downs_of_one_wave_are_one_wave():
    begin = START + 5 * WEEK + 6 * HOUR
    crests = [(begin + n * 5 * HOUR, HOUR, 8) for n in range(4)]
    assert len(found(simulated(240, 6 * WEEK, waves=crests), START + 6 * WEEK)) == 1


def test_after_the_cool_down_the_next_wave_is_another():
    begin = START + 5 * WEEK + 6 * HOUR
    one, two = found(simulated(240, 6 * WEEK, waves=[(begin, HOUR, 8), (begin + 9 * HOUR, HOUR, 8)]), START + 6 * WEEK)
    assert one.ended_at is not None
    assert two.started_at - one.ended_at >= SETTINGS.cool_down - SETTINGS.window


def test_waves_do_not_hide_the_next():
    """Waves of past weeks at the same hour leave what is expected as it was without them."""
    begin = START + 10 * WEEK + 15 * HOUR
    past = [(begin - n * WEEK, 3 * HOUR, 6) for n in range(1, 9)]
    *_, calm = found(simulated(240, 11 * WEEK, waves=[(begin, HOUR, 4)]), START + 11 * WEEK)
    *before, after = found(simulated(240, 11 * WEEK, waves=[*past, (begin, HOUR, 4)]), START + 11 * WEEK)
    assert len(before) == len(past)
    assert after.expected == pytest.approx(calm.expected, rel=0.15)


def test_what_lasts_becomes_the_habit():
    begin = START + 5 * WEEK
    one, *more = found(simulated(240, 8 * WEEK, waves=[(begin, 3 * WEEK, 4)]), START + 8 * WEEK)
    assert len(more) <= 3
    last = [one, *more][-1].ended_at
    assert last is not None
    assert begin + SETTINGS.longest < last < begin + 10 * DAY


def test_a_wave_that_becomes_the_habit_makes_the_key_no_burstier():
    begin = START + 5 * WEEK
    history = simulated(240, 6 * WEEK, waves=[(begin, WEEK, 4)])
    early, late = (history.walked(begin + after, SETTINGS)[0].habit for after in (50 * HOUR, 70 * HOUR))
    assert late.seen > early.seen
    assert late.surplus[1] <= early.surplus[1]
