"""Waves of complaints in a stream: when they show, what comes late, what is taken back, who is counted."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.logic.spikes import History, Sighting, next_check, people, wave_cell, waves
from pipeline.records import from_json, to_json
from tests.histories import DAY, HOUR, MINUTE, SETTINGS, START, WEEK, sighted, simulated


def found(history, end):
    return waves(history, end, SETTINGS)


def burst(size, at=START, **more):
    """A silent month, then so many complaints at once."""
    posts = {str(n): Sighting(str(n), at, f"author {n}", **more) for n in range(size)}
    return History(posts, since=START - 30 * DAY)


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
    expected = [(wave.detected_at, wave_cell(wave, SETTINGS)) for wave in found(history, START + 6 * WEEK)]
    state = History({post: each for post, each in history.posts.items() if each.at < START + 5 * WEEK})
    state.seal(START + 5 * WEEK, SETTINGS)
    coming = sorted(set(history.posts.values()) - set(state.posts.values()), key=lambda each: each.at)
    coming = [each for each in coming if each.at >= START + 5 * WEEK]
    alerts, timer, by_now = {}, None, ()
    while coming or timer:
        arrival = coming[0].at if coming else None
        if arrival and (timer is None or arrival < timer):
            now = arrival
            state.add(coming.pop(0), SETTINGS)
        else:
            now = timer
            state.seal(now - 12 * HOUR, SETTINGS)
            by_now = found(state, now)
            for wave in by_now:
                alerts.setdefault(wave_cell(wave, SETTINGS), now)
        timer = next_check(state, by_now, now, SETTINGS)
        assert timer is None or timer > now
    assert [(at, cell) for cell, at in alerts.items()] == expected
    assert len(alerts) == 2


def test_next_check():
    few, many = (History(sighted(dict.fromkeys(map(str, range(size)), SETTINGS.index(START)))) for size in (4, 5))
    now = START + 5 * MINUTE
    assert next_check(History(), (), now, SETTINGS) is None
    assert next_check(few, (), now, SETTINGS) is None
    assert next_check(many, (), now, SETTINGS) == START + 15 * MINUTE
    assert next_check(many, (), now - HOUR, SETTINGS) == START + 15 * MINUTE
    assert next_check(many, (), now + 45 * MINUTE, SETTINGS) == START + HOUR
    assert next_check(many, (), now + HOUR, SETTINGS) is None


def test_an_open_wave_is_looked_at_when_it_may_be_over():
    history = burst(20)
    last = found(history, START + HOUR)[-1].last_seen_at
    later = START + 2 * HOUR
    assert next_check(history, found(history, later), later, SETTINGS) == last + SETTINGS.cool_down
    assert found(history, last + SETTINGS.cool_down)[-1].ended_at == last


def test_sealing_refuses_the_late_and_forgets_the_old():
    begin = START + 5 * WEEK
    history = simulated(240, 7 * WEEK, waves=[(begin + 9 * HOUR, 2 * HOUR, 8)])
    assert not history.is_late(START, SETTINGS)
    sealed = START + 6 * WEEK
    history.seal(sealed, SETTINGS)
    assert history.is_late(sealed - MINUTE, SETTINGS)
    assert not history.is_late(sealed, SETTINGS)
    assert min(each.at for each in history.posts.values()) >= sealed - 2 * SETTINGS.window
    before = dict(history.posts)
    history.add(Sighting("late", sealed - MINUTE, "somebody"), SETTINGS)
    assert history.posts == before
    assert len(found(history, sealed)) == 1
    history.seal(START + 7 * WEEK, SETTINGS)
    assert found(history, START + 7 * WEEK) == ()


# --- versions


def test_the_newest_version_holds_whatever_came_first():
    old, new = (Sighting("x:1", START, "x:ali", version=v, severity=s) for v, s in (("1", 2), ("2", 4)))
    for order in ((old, new), (new, old)):
        history = History()
        for each in order:
            history.add(each, SETTINGS)
        assert history.posts == {"x:1": new}


def test_retracted_posts_make_no_wave():
    history = burst(12, excerpt="flight cancelled")
    assert len(found(history, START + HOUR)) == 1
    for post in [str(n) for n in range(8)]:
        history.add(Sighting(post, START, f"author {post}", version="2", stands=False), SETTINGS)
    assert found(history, START + HOUR) == ()
    assert next_check(history, (), START, SETTINGS) is None


def test_a_late_older_version_does_not_bring_a_retracted_post_back():
    history = burst(4)
    history.add(Sighting("5", START + MINUTE, "author 5", version="2", stands=False), SETTINGS)
    history.add(Sighting("5", START, "author 5", version="1"), SETTINGS)
    assert found(history, START + HOUR) == ()


def test_retracted_posts_are_forgotten_with_the_others():
    gone = Sighting("1", START, "ali", stands=False)
    alone, among = History({"1": gone}), burst(5, at=START + 2 * MINUTE)
    among.add(gone, SETTINGS)
    for history in (alone, among):
        history.seal(START + SETTINGS.window, SETTINGS)
        assert "1" in history.posts
        history.seal(START + DAY, SETTINGS)
        assert history.posts == {}


def test_the_silence_before_a_retracted_post_teaches_nothing():
    later = {str(n): Sighting(str(n), START, f"author {n}") for n in range(20)}
    gone = Sighting("gone", START - 30 * DAY, "ali", stands=False)
    assert found(History(later | {"gone": gone}), START + HOUR) == ()
    assert len(found(History(later | {"stands": replace(gone, stands=True)}), START + HOUR)) == 1


# --- people


def by(author, *minutes):
    return {f"{author}-{n}": Sighting(f"{author}-{n}", START + n * MINUTE, author) for n in minutes}


@pytest.mark.parametrize(("author", "waves_found"), [("x:ali", 0), ("", 1)])
def test_one_loud_author_is_no_wave_and_anonymous_posts_count_each(author, waves_found):
    assert len(found(History(by(author, *range(30)), since=START - 30 * DAY), START + HOUR)) == waves_found


def test_a_wave_counts_each_person_once_and_shows_a_post_of_each():
    posts = {}
    for author in "abcdef":
        posts |= by(author, *range(3))
    (wave,) = found(History(posts, since=START - 30 * DAY), START + 15 * MINUTE)
    assert (wave.observed, wave.peak) == (6, 6)
    assert wave.posts == ("a-0", "b-0", "c-0", "d-0", "e-0")


@pytest.mark.parametrize(
    ("minutes", "counted"),
    [((0, 59), [0]), ((14, 60), [14, 60]), ((0, 60, 119), [0, 60]), ((0, 45, 90), [0]), ((0, 45, 105), [0, 105])],
)
def test_who_complained_within_a_window_does_not_count_again(minutes, counted):
    """Though that earlier complaint did not count itself. A window is four whole buckets."""
    found = people(by("x:ali", *minutes).values(), SETTINGS)
    assert [post for posts in found.values() for post in posts] == [f"x:ali-{minute}" for minute in counted]


def test_a_retracted_complaint_does_not_stand_in_the_way_of_the_next():
    history = burst(4, at=START + 30 * MINUTE)
    for each in by("loud", 0, 30).values():
        history.add(each, SETTINGS)
    history.add(Sighting("loud-0", START, "loud", version="2", stands=False), SETTINGS)
    (wave,) = found(history, START + HOUR)
    assert wave.observed == 5


def test_who_complained_before_the_seal_is_known_after_it():
    sealed, bucket = START + 2 * HOUR, SETTINGS.bucket
    history = burst(4, at=sealed)
    for at in (sealed - 2 * SETTINGS.window + 2 * bucket, sealed - SETTINGS.window + bucket):
        history.add(Sighting(f"{at}", at, "x:ali"), SETTINGS)
    assert found(history, sealed + bucket) == ()
    history.seal(sealed, SETTINGS)
    assert found(history, sealed + bucket) == ()


# --- kept as JSON


def test_a_history_comes_back_from_json():
    begin = START + 5 * WEEK
    history = simulated(240, 6 * WEEK, waves=[(begin + 9 * HOUR, 2 * HOUR, 8)])
    history.since = START
    history.seal(begin + DAY, SETTINGS)
    persian = Sighting("x:1", begin + DAY, "x:ali", "1", True, 3, "«کِی می‌رسه؟»", "https://x.com/2", "fa", "x", "m")
    history.add(persian, SETTINGS)
    history.add(Sighting("x:2", begin + DAY, "", "2", stands=False), SETTINGS)
    assert history.course.waves
    assert history.course.guard
    assert history.course.habit.rates
    back = from_json(History, json.loads(json.dumps(to_json(history))))
    assert back == history
    assert waves(back, START + 6 * WEEK, SETTINGS) == waves(history, START + 6 * WEEK, SETTINGS)


def test_an_empty_history_comes_back_from_json():
    assert from_json(History, json.loads(json.dumps(to_json(History())))) == History()
