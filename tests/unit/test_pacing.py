"""When each message of a play is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from pipeline.logic.pacing import at_rate, filled, in_post_time, round_length

START = datetime(2026, 10, 3, 8, tzinfo=UTC)


def times(*minutes):
    return [None if minute is None else START + timedelta(minutes=minute) for minute in minutes]


def test_a_rate_is_counted_from_the_start():
    assert list(islice(at_rate(4), 5)) == [0, 0.25, 0.5, 0.75, 1]
    # a sum of a hundred thousand thirds would be off by now
    assert next(islice(at_rate(3), 300_000, None)) == 100_000


def test_a_record_without_a_time_goes_with_the_one_before_it_in_its_file():
    assert filled(times(None, None, 5, None, 2, None)) == times(5, 5, 5, 5, 2, 2)
    assert filled(times(None, None)) == [None, None]
    assert filled([]) == []


def test_post_time_runs_as_many_times_as_fast():
    assert in_post_time(times(60, 0, 30), 3600) == [(0, 1), (0.5, 2), (1, 0)]
    assert in_post_time(times(1, 0), 0.5) == [(0, 1), (120, 0)]


def test_a_record_without_a_time_stays_behind_the_record_before_it():
    order = in_post_time(filled(times(60, None, 0, None, None, 30)), 60)
    assert [index for _, index in order] == [2, 3, 4, 5, 0, 1]


def test_files_without_any_time_go_first():
    assert in_post_time([None, *times(1, 0)], 60) == [(0, 0), (0, 2), (1, 1)]
    assert in_post_time([None, None], 60) == [(0, 0), (0, 1)]
    assert in_post_time([], 60) == []


def test_a_round_ends_one_gap_after_its_last_message():
    assert round_length([(0, 0), (2, 1), (4, 2)]) == 6
    assert round_length([(0, 0), (0, 1)]) == round_length([(0, 0)]) == 1


@given(st.lists(st.none() | st.integers(0, 10_000)), st.floats(0.01, 1e6))
def test_every_message_is_due_once_and_in_order(minutes, speed):
    given = filled(times(*minutes))
    order = in_post_time(given, speed)
    assert sorted(index for _, index in order) == list(range(len(minutes)))
    assert order == sorted(order)
    assert not order or order[0][0] == 0
    played = [given[index] for _, index in order if given[index]]
    assert played == sorted(played)
