"""Laws of waves: order, repetition, and how the past is cut into pieces change nothing."""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.logic.spikes import History, Sighting, SpikeSettings, people, wave_cell, waves
from tests.histories import DAY, HOUR, MINUTE, START

SPIKES = SpikeSettings(min_history=DAY, cool_down=2 * HOUR)
LENGTH = 4 * 96
"""Buckets: four days, of which the first two teach what is usual."""
QUICK = settings(max_examples=15, deadline=None)

_BACKGROUND = [
    Sighting(f"usual-{n}", START + n * timedelta(minutes=23), f"usual-{n % 9}") for n in range(4 * 24 * 60 // 23)
]


@st.composite
def bursts(draw, first=0):
    """Posts of a burst share authors, and somebody loud is everywhere; some are taken back, now or later."""
    found, place = [], st.integers(first, LENGTH - 1)
    for number in range(draw(st.integers(0, 6))):
        bucket, size, crowd, gone = draw(st.tuples(place, st.integers(1, 40), st.integers(1, 40), st.integers(0, 10)))
        for n in range(size):
            at = START + (bucket + n / size) * SPIKES.bucket
            said = Sighting(f"{number}-{n}", at, f"author-{n % crowd}" if n % crowd else "", "1", severity=n % 4)
            found.append(said)
            if n < gone:
                found.append(replace(said, version="2", stands=False, at=at + draw(_DELAYS)))
    for bucket in draw(st.lists(place, max_size=8)):
        found.append(Sighting(f"loud-{bucket}", START + bucket * SPIKES.bucket, "loud", "1"))
    return _BACKGROUND + found


_DELAYS = st.sampled_from([0, 0, 40]).map(lambda n: n * MINUTE)
_SIGHTINGS = bursts()
_NOWS = st.integers(0, LENGTH).map(lambda n: START + n * SPIKES.bucket)


def history(sightings):
    kept = History()
    for sighting in sightings:
        kept.add(sighting, SPIKES)
    return kept


def merged(*parts):
    whole = History()
    for part in parts:
        whole.merge(deepcopy(part), SPIKES)
    return whole


@QUICK
@given(_SIGHTINGS, _NOWS, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(sightings, now, random):
    shuffled = sightings + random.sample(sightings, len(sightings) // 3)
    random.shuffle(shuffled)
    assert history(shuffled) == history(sightings)
    assert waves(history(shuffled), now, SPIKES) == waves(history(sightings), now, SPIKES)


@QUICK
@given(
    st.permutations(
        [
            Sighting("1", START, author, version, stands, excerpt=text, permalink=link)
            for author in ("", "ali")
            for version in ("", "2")
            for stands in (True, False)
            for text, link in (("a", None), ("a", ""), ("", "b"))
        ]
    )
)
def test_one_sighting_of_a_post_holds_whatever_the_order(versions):
    assert list(history(versions).posts.values()) == list(history(sorted(versions, key=repr)).posts.values())


@QUICK
@given(_SIGHTINGS, st.randoms(use_true_random=False), st.lists(_NOWS, min_size=3, max_size=3))
def test_merging_is_a_commutative_idempotent_union(sightings, random, sealed):
    parts = [history(random.sample(sightings, len(sightings) // 2)) for _ in range(3)]
    for part, at in zip(parts, sealed, strict=True):
        part.seal(at, SPIKES)
    one, two, three = parts
    assert merged(one, two) == merged(two, one)
    assert merged(merged(one, two), three) == merged(one, merged(two, three))
    assert merged(one, one) == merged(one)
    assert merged(one, merged(one, two)) == merged(one, two)


_EVENING = 3 * 96


@settings(max_examples=60, deadline=None)
@given(bursts(_EVENING + 80), st.lists(st.integers(_EVENING + 78, LENGTH), min_size=1, max_size=6).map(sorted))
def test_sealing_the_past_piece_by_piece_changes_no_wave(sightings, cuts):
    """As long as all versions of a post come before it is sealed. Bursts and cuts lie close together."""
    times = {sighting.post: sighting.at for sighting in reversed(sightings)}
    sightings = [replace(sighting, at=times[sighting.post]) for sighting in sightings]
    end = START + LENGTH * SPIKES.bucket
    state, coming = History(), sorted(sightings, key=lambda sighting: sighting.at)
    for cut in (START + n * SPIKES.bucket for n in cuts):
        while coming and coming[0].at < cut:
            state.add(coming.pop(0), SPIKES)
        state.seal(cut, SPIKES)
    for sighting in coming:
        assert not state.is_late(sighting.at, SPIKES)
        state.add(sighting, SPIKES)
    (course, readings), (whole, all_readings) = state.walked(end, SPIKES), history(sightings).walked(end, SPIKES)
    assert readings == all_readings[len(all_readings) - len(readings) :]
    assert course == whole


@QUICK
@given(_SIGHTINGS, _NOWS, _NOWS)
def test_what_was_found_stays_found(sightings, one, two):
    early, late = sorted((one, two))
    kept = history(sightings)
    before, after = waves(kept, early, SPIKES), waves(kept, late, SPIKES)
    told = [(wave.started_at, wave.detected_at, wave.posts) for wave in after]
    assert [(wave.started_at, wave.detected_at, wave.posts) for wave in before] == told[: len(before)]
    assert all(wave.detected_at <= early for wave in before)
    assert all(wave.detected_at > early for wave in after[len(before) :])


@QUICK
@given(_SIGHTINGS)
def test_a_window_counts_nobody_twice_and_nobody_is_lost(sightings):
    posts = history(sightings).posts
    counted = people(posts.values(), SPIKES)
    for bucket in counted:
        window = [post for b in range(bucket, bucket + SPIKES.width) for post in counted.get(b, ())]
        authors = [posts[post].author for post in window if posts[post].author]
        assert len(authors) == len(set(authors))
    shown = [posts[post] for posts_of in counted.values() for post in posts_of]
    assert all(sighting.stands for sighting in shown)
    assert {each.author for each in shown} == {each.author for each in posts.values() if each.stands}


@st.composite
def _storms(draw):
    """Settings, and bursts just as far apart as makes two waves of them, or not."""
    window = draw(st.sampled_from([1, 2, 4])) * SPIKES.bucket
    cool_down = window + draw(st.integers(0, 12)) * 5 * MINUTE
    spikes = SpikeSettings(min_history=DAY, window=window, cool_down=cool_down)
    quiet = cool_down // SPIKES.bucket
    gaps = draw(st.lists(st.integers(max(1, quiet - 1), quiet + 4), min_size=2, max_size=10))
    bucket, posts = 2 * 96 + draw(st.integers(0, 30)), []
    for number, gap in enumerate(gaps):
        size = draw(st.sampled_from([10, 20, 40]))
        posts += [Sighting(f"{number}-{n}", START + bucket * SPIKES.bucket, "") for n in range(size)]
        bucket += gap
    return spikes, _BACKGROUND + posts


@settings(max_examples=60, deadline=None)
@given(_storms())
def test_waves_are_apart_and_share_no_cell(storm):
    spikes, sightings = storm
    now = START + LENGTH * SPIKES.bucket
    found = waves(history(sightings), now, spikes)
    for wave in found:
        assert wave.started_at < wave.detected_at <= wave.last_seen_at <= now
        assert wave.observed >= spikes.minimum
        assert wave.p_value < spikes.significance
        assert wave.ended_at in (None, wave.last_seen_at)
    for earlier, later in pairwise(found):
        assert earlier.ended_at is not None
        assert later.detected_at - earlier.ended_at > spikes.cool_down
    assert len({wave_cell(wave, spikes) for wave in found}) == len(found)
