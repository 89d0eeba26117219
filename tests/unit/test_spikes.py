"""Waves of complaints: what is one, what is none, and when that shows. Traffic is simulated with a fixed seed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from scipy import stats

from pipeline.errors import ConfigError
from pipeline.logic.spikes import History, SpikeSettings, next_check, tail, untold, waves

MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
SETTINGS = SpikeSettings()
START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday


def season(at):
    """The rate at a local time, 1 on average over a working day: quiet nights, a fall at the weekend."""
    day = 1 + 0.9 * np.cos((at.hour - 15) / 24 * 2 * np.pi)
    return day * (0.6 if at.weekday() >= 5 else 1)


def simulated(a_day, length, seed=0, burstiness=0.0, zone="UTC", start=START, waves=()):
    """A history of that many complaints a working day; waves are (start, length, factor)."""
    random, first = np.random.default_rng(seed), SETTINGS.index(start)
    moments = [SETTINGS.moment(first + n) for n in range(length // SETTINGS.bucket)]
    local = ZoneInfo(zone)
    rates = np.array([season(at.astimezone(local)) for at in moments]) * a_day / 96
    if burstiness:  # the same for all of an hour: a gamma factor of mean 1
        hours = random.gamma(1 / burstiness, burstiness, len(rates) // 4 + 1)
        rates = rates * np.repeat(hours, 4)[: len(rates)]
    for begin, lasting, factor in waves:
        rates[[begin <= at < begin + lasting for at in moments]] *= factor
    counts = random.poisson(rates)
    return History({f"{b}-{n}": first + b for b, count in enumerate(counts.tolist()) for n in range(count)})


def found(history, end, settings=SETTINGS):
    return waves(history, end, settings)


# --- what is none


@pytest.mark.parametrize(("a_day", "burstiness"), [(4, 0.0), (60, 0.2), (240, 0.2)])
def test_a_year_of_usual_traffic_raises_a_handful_of_false_alarms_at_most(a_day, burstiness):
    year = simulated(a_day, 52 * WEEK, seed=a_day, burstiness=burstiness)
    assert len(found(year, START + 52 * WEEK)) <= 4


def test_nothing_is_told_on_the_first_day():
    burst = {str(n): SETTINGS.index(START) + 40 + n % 4 for n in range(200)}
    assert found(History(burst), START + DAY) == ()


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
    assert found(History(burst), START + HOUR) == ()
    (wave,) = found(History(burst, since=START - 30 * DAY), START + HOUR)
    assert (wave.started_at, wave.observed) == (START, 12 if wave.detected_at > START + 15 * MINUTE else 6)


def test_four_complaints_in_a_quiet_key_are_no_wave():
    rare = {f"old{n}": SETTINGS.index(START + n * (5 * DAY + 7 * HOUR)) for n in range(7)}
    begin = SETTINGS.index(START + 40 * DAY)
    assert found(History(rare | {str(n): begin for n in range(4)}), START + 41 * DAY) == ()
    (wave,) = found(History(rare | {str(n): begin for n in range(5)}), START + 41 * DAY)
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
    assert found(History(posts), end, replace(SETTINGS, time_zone="America/New_York")) == ()
    assert found(History(posts), end, SETTINGS) != () or start.month == 9  # an hour early only in spring


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
    assert all(wave.started_at <= SETTINGS.moment(history.posts[post]) < wave.detected_at for post in wave.posts)


def test_the_same_count_is_a_wave_at_night_and_none_by_day():
    posts = simulated(240, 6 * WEEK).posts
    for hour, expected in ((15, 0), (3, 1)):
        bucket = SETTINGS.index(START + 5 * WEEK + hour * HOUR)
        more = {f"more{n}": bucket for n in range(12)}
        assert len(found(History(posts | more), START + 6 * WEEK)) == expected


def test_ups_and_downs_of_one_wave_are_one_wave():
    begin = START + 5 * WEEK + 6 * HOUR
    crests = [(begin + n * 5 * HOUR, HOUR, 8) for n in range(4)]
    assert len(found(simulated(240, 6 * WEEK, waves=crests), START + 6 * WEEK)) == 1


def test_after_the_cool_down_the_next_wave_is_another():
    begin = START + 5 * WEEK + 6 * HOUR
    one, two = found(simulated(240, 6 * WEEK, waves=[(begin, HOUR, 8), (begin + 9 * HOUR, HOUR, 8)]), START + 6 * WEEK)
    assert one.ended_at is not None
    assert two.started_at - one.ended_at >= SETTINGS.cool_down - SETTINGS.window


def test_a_wave_does_not_hide_the_next():
    """Waves of past weeks at the same hour leave what is expected as it was without them."""
    begin = START + 5 * WEEK + 15 * HOUR
    past = [(begin - n * WEEK, 3 * HOUR, 6) for n in (1, 2)]
    *_, calm = found(simulated(240, 6 * WEEK, waves=[(begin, HOUR, 4)]), START + 6 * WEEK)
    *_, after = found(simulated(240, 6 * WEEK, waves=[*past, (begin, HOUR, 4)]), START + 6 * WEEK)
    assert after.expected == pytest.approx(calm.expected, rel=0.15)


def test_what_lasts_becomes_the_habit():
    begin = START + 5 * WEEK
    one, *more = found(simulated(240, 8 * WEEK, waves=[(begin, 3 * WEEK, 4)]), START + 8 * WEEK)
    assert len(more) <= 3
    last = [one, *more][-1].ended_at
    assert last is not None
    assert begin + SETTINGS.longest < last < begin + 10 * DAY


# --- in a stream


def test_only_what_is_over_counts():
    begin = START + 5 * WEEK + 15 * HOUR
    history = simulated(240, 6 * WEEK, waves=[(begin, HOUR, 10)])
    (wave,) = found(history, START + 6 * WEEK)
    assert found(history, wave.detected_at - timedelta(microseconds=1)) == ()
    (early,) = found(history, wave.detected_at)
    assert early.ended_at is None
    assert replace(wave, last_seen_at=early.last_seen_at, ended_at=None, peak=early.peak) == early


def test_a_job_that_follows_next_check_tells_each_wave_once_and_at_its_time():
    begin = START + 5 * WEEK + 9 * HOUR
    history = simulated(240, 5 * WEEK + 2 * DAY, waves=[(begin, 2 * HOUR, 6), (begin + DAY, HOUR, 8)])
    expected = [(wave.detected_at, wave.started_at) for wave in found(history, START + 6 * WEEK)]
    state = History({post: b for post, b in history.posts.items() if b < SETTINGS.index(START + 5 * WEEK)})
    state.seal(START + 5 * WEEK, SETTINGS)
    coming = sorted((b, post) for post, b in history.posts.items() if b >= SETTINGS.index(START + 5 * WEEK))
    told, alerts, timer, by_now = None, [], None, ()
    while coming or timer:
        arrival = SETTINGS.moment(coming[0][0]) if coming else None
        if arrival and (timer is None or arrival < timer):
            now, (_, post) = arrival, coming.pop(0)
            state.add(post, now, SETTINGS)
        else:
            now = timer
            state.seal(now - 12 * HOUR, SETTINGS)
            by_now = found(state, now)
            for wave in untold(by_now, told):
                alerts.append((now, wave.started_at))
                told = wave.detected_at
        timer = next_check(state, by_now, now, SETTINGS)
        assert timer is None or timer > now
    assert alerts == expected
    assert len(alerts) == 2


def test_next_check():
    bucket = SETTINGS.index(START)
    few, many = History({str(n): bucket for n in range(4)}), History({str(n): bucket for n in range(5)})
    now = START + 5 * MINUTE
    assert next_check(History(), (), now, SETTINGS) is None
    assert next_check(few, (), now, SETTINGS) is None
    assert next_check(many, (), now, SETTINGS) == START + 15 * MINUTE
    assert next_check(many, (), now - HOUR, SETTINGS) == START + 15 * MINUTE
    assert next_check(many, (), now + 45 * MINUTE, SETTINGS) == START + HOUR
    assert next_check(many, (), now + HOUR, SETTINGS) is None


def test_an_open_wave_is_looked_at_when_it_may_be_over():
    burst = {str(n): SETTINGS.index(START) for n in range(20)}
    history = History(burst, since=START - 30 * DAY)
    now = START + HOUR
    last = found(history, now)[-1].last_seen_at
    later = START + 2 * HOUR
    assert next_check(history, found(history, later), later, SETTINGS) == last + SETTINGS.cool_down
    assert found(history, last + SETTINGS.cool_down)[-1].ended_at == last


def test_sealing_refuses_the_late_and_forgets_the_old():
    begin = START + 5 * WEEK
    history = simulated(240, 7 * WEEK, waves=[(begin + 9 * HOUR, 2 * HOUR, 8)])
    assert not history.is_late(START, SETTINGS)
    history.seal(START + 6 * WEEK, SETTINGS)
    assert history.is_late(START + 6 * WEEK - MINUTE, SETTINGS)
    assert not history.is_late(START + 6 * WEEK, SETTINGS)
    assert min(history.posts.values()) >= SETTINGS.index(START + 6 * WEEK - HOUR)
    assert len(found(history, START + 6 * WEEK)) == 1
    history.seal(START + 7 * WEEK, SETTINGS)
    assert found(history, START + 7 * WEEK) == ()


# --- the parts


@pytest.mark.parametrize(
    ("count", "mean", "variance"), [(5, 0.01, 0.5), (12, 3.0, 0.02), (60, 20.0, 0.3), (3, 9.0, 1.0)]
)
def test_the_tail_is_that_of_the_negative_binomial(count, mean, variance):
    size = 1 / variance
    expected = stats.nbinom.sf(count - 1, size, size / (size + mean))
    assert tail(count, mean, variance) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    "given",
    [
        {"bucket": 7 * MINUTE},
        {"bucket": timedelta(0)},
        {"window": 20 * MINUTE},
        {"cool_down": 30 * MINUTE},
        {"longest": HOUR},
        {"significance": 0.05},
    ],
)
def test_settings_that_make_no_sense_are_refused(given):
    with pytest.raises(ConfigError, match="spikes"):
        SpikeSettings(**given)
