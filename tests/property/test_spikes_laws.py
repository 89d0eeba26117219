"""Laws of waves: order, repetition, and how the past is cut into pieces change nothing."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.logic.spikes import History, SpikeSettings, untold, waves

HOUR = timedelta(hours=1)
START = datetime(2026, 3, 2, tzinfo=UTC)
SPIKES = SpikeSettings(min_history=timedelta(days=1), cool_down=timedelta(hours=2))
LENGTH = 4 * 96
"""Buckets: four days, of which the first two teach what is usual."""
QUICK = settings(max_examples=10, deadline=None)

_BACKGROUND = [(f"usual-{n}", START + n * timedelta(minutes=23)) for n in range(4 * 24 * 60 // 23)]
# bursts: bucket, posts
_BURSTS = st.lists(st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 40)), max_size=6)
_POSTS = _BURSTS.map(
    lambda bursts: (
        _BACKGROUND
        + [
            (f"{bucket}-{n}-{size}", START + (bucket + n / size) * SPIKES.bucket)
            for bucket, size in bursts
            for n in range(size)
        ]
    )
)
_NOWS = st.integers(0, LENGTH).map(lambda n: START + n * SPIKES.bucket)


def history(posts):
    kept = History()
    for post, at in posts:
        kept.add(post, at, SPIKES)
    return kept


def merged(*parts):
    whole = History()
    for part in parts:
        whole.merge(deepcopy(part), SPIKES)
    return whole


@QUICK
@given(_POSTS, _NOWS, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(posts, now, random):
    shuffled = posts + random.sample(posts, len(posts) // 3)
    random.shuffle(shuffled)
    assert waves(history(shuffled), now, SPIKES) == waves(history(posts), now, SPIKES)


@QUICK
@given(_POSTS, st.randoms(use_true_random=False), st.lists(_NOWS, min_size=3, max_size=3))
def test_merging_is_a_commutative_idempotent_union(posts, random, sealed):
    parts = [history(random.sample(posts, len(posts) // 2)) for _ in range(3)]
    for part, at in zip(parts, sealed, strict=True):
        part.seal(at, SPIKES)
    one, two, three = parts
    assert merged(one, two) == merged(two, one)
    assert merged(merged(one, two), three) == merged(one, merged(two, three))
    assert merged(one, one) == merged(one)
    assert merged(one, merged(one, two)) == merged(one, two)


@QUICK
@given(_POSTS, st.lists(_NOWS, max_size=5).map(sorted))
def test_sealing_the_past_piece_by_piece_changes_no_wave(posts, cuts):
    end = START + LENGTH * SPIKES.bucket
    whole = waves(history(posts), end, SPIKES)
    state, coming = History(), sorted(posts, key=lambda post: post[1])
    for cut in cuts:
        while coming and coming[0][1] < cut:
            state.add(*coming.pop(0), SPIKES)
        state.seal(cut, SPIKES)
    for post, at in coming:
        assert not state.is_late(at, SPIKES)
        state.add(post, at, SPIKES)
    assert waves(state, end, SPIKES) == whole


@QUICK
@given(_POSTS, _NOWS, _NOWS)
def test_what_was_found_stays_found(posts, one, two):
    early, late = sorted((one, two))
    kept = history(posts)
    before, after = waves(kept, early, SPIKES), waves(kept, late, SPIKES)
    told = [(wave.started_at, wave.detected_at, wave.posts) for wave in after]
    assert [(wave.started_at, wave.detected_at, wave.posts) for wave in before] == told[: len(before)]
    assert all(wave.detected_at <= early for wave in before)
    assert all(wave.detected_at > early for wave in after[len(before) :])


@QUICK
@given(_POSTS, _NOWS)
def test_waves_are_apart_and_each_is_told_once(posts, now):
    found = waves(history(posts), now, SPIKES)
    for wave in found:
        assert wave.started_at < wave.detected_at <= wave.last_seen_at <= now
        assert wave.observed >= SPIKES.minimum
        assert wave.p_value < SPIKES.significance
        assert wave.ended_at in (None, wave.last_seen_at)
    for earlier, later in pairwise(found):
        assert earlier.ended_at is not None
        assert later.detected_at - earlier.ended_at > SPIKES.cool_down
        assert untold((earlier, later), earlier.detected_at) == (later,)
    assert untold(found, found[-1].detected_at if found else None) == ()
    assert untold(found, None) == found
