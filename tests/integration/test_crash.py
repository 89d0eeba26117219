"""A run that is killed and started again leaves what an undisturbed one leaves; what tells whether it did."""

from __future__ import annotations

import random
import sys
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

sys.path.append("benchmarks")
import standing
from crash_report import found, told, told_counts
from crash_runs import Published, disturbed, two_runs, undisturbed
from crash_stream import make
from poison import poison
from postings import SAMPLE, read_texts
from standing import Standing, compare, lost, read_events, read_standing

from pipeline.logic.parsing import ParseSettings

pytest_plugins = ["tests.integration.pubsub"]

EVENT = {
    "post": {"post_id": "1"},
    "classification": {"complaint": {"label": True, "score": 0.91}, "labels": ["a", "b"]},
}
LEFT = Standing(
    events={"x:1": EVENT, "x:2": EVENT},
    profiles={"x:me": {"mood": -0.5, "posts": 2}},
    cases={"c": {"state": "open"}},
    alerts={"a": {"withdrawn": False, "revision": 1, "words": ["slow"]}},
    kpis={"Parsi hour": {"mentions": 2, "sentiment": -0.5, "sentiment_sum": -10_000, "revision": 3}},
    dead_letters={"7": {"reason": "bad_json"}},
)


def with_event(**changes):
    event = deepcopy(EVENT)
    event["classification"].update(changes)
    return replace(LEFT, events=LEFT.events | {"x:2": event})


@pytest.mark.parametrize(
    "same",
    [
        LEFT,
        with_event(complaint={"label": True, "score": 0.9101}),
        replace(LEFT, alerts={"a": LEFT.alerts["a"] | {"revision": 4}}),
        replace(LEFT, kpis={"Parsi hour": LEFT.kpis["Parsi hour"] | {"revision": 9, "sentiment_sum": -10_001}}),
    ],
)
def test_last_digits_and_counts_of_corrections_make_no_difference(same):
    assert all(each.equal for each in compare(LEFT, same))


@pytest.mark.parametrize(
    ("other", "kind", "where"),
    [
        (with_event(complaint={"label": False, "score": 0.91}), "events", ["classification.complaint.label"]),
        (with_event(complaint={"label": True, "score": 0.93}), "events", ["classification.complaint.score"]),
        (with_event(complaint={"label": True, "score": None}), "events", ["classification.complaint.score"]),
        (with_event(labels=["b", "a"]), "events", ["classification.labels[0]", "classification.labels[1]"]),
        (with_event(labels=["a"]), "events", ["classification.labels"]),
        (replace(LEFT, profiles={"x:me": {"mood": -0.5, "posts": 3}}), "profiles", ["posts"]),
        (replace(LEFT, cases={"c": {"state": "open", "due_at": "soon"}}), "cases", ["due_at"]),
        (replace(LEFT, alerts={"a": LEFT.alerts["a"] | {"words": ["late"]}}), "alerts", ["words[0]"]),
        (replace(LEFT, dead_letters={"7": {"reason": "bad_time"}}), "dead_letters", ["reason"]),
    ],
)
def test_what_changed_is_named(other, kind, where):
    differing = [each for each in compare(LEFT, other) if not each.equal]
    assert [each.kind for each in differing] == [kind]
    assert [*differing[0].changed.values()] == [where]


def test_what_only_one_of_them_has_is_named():
    fewer = replace(LEFT, cases={}, kpis={"Parsi day": LEFT.kpis["Parsi hour"]})
    differing = {each.kind: each for each in compare(LEFT, fewer) if not each.equal}
    assert (differing["cases"].only_first, differing["cases"].only_second) == (["c"], [])
    assert (differing["kpis"].only_first, differing["kpis"].only_second) == (["Parsi hour"], ["Parsi day"])


def test_a_message_is_lost_that_is_neither_an_event_nor_a_dead_letter():
    assert lost({1: "x:1", 7: None, 8: None, 9: "x:3", 10: "x:2"}, LEFT) == [8, 9]


def test_of_a_post_that_lies_in_several_files_the_newest_version_counts(monkeypatch):
    def row(number, **more):
        created = datetime(2026, 10, 1, tzinfo=UTC)
        post = {"platform": "x", "post_id": "1", "created_at": created, "edited_at": None, "deleted": False}
        return {"post": post | {"engagement": {"likes": None, "views": 3}} | more, "number": number}

    edited, liked = row(1, edited_at=datetime(2026, 10, 2, tzinfo=UTC)), row(3, engagement={"likes": 5, "views": 3})
    for rows, newest in (([row(2), edited, liked], 1), ([liked, row(2)], 3), ([edited, row(4, deleted=True)], 4)):
        monkeypatch.setattr(standing, "_rows", lambda _, rows=rows: iter(rows))
        assert [each["number"] for each in read_events(Path("out")).values()] == [newest]


def test_a_replay_begins_before_the_first_message_that_is_not_written_and_never_before_the_stream():
    second = timedelta(seconds=1)
    start = datetime(2026, 11, 22, tzinfo=UTC)
    keys = {1: "x:1", 2: None, 3: "x:3", 4: "x:4"}
    published = Published(keys, {number: start + number * 10 * second for number in keys})
    crash = start + 100 * second
    assert published.replay_from({"x:1", "2", "x:3", "x:4"}, crash, 60 * second) == start + 40 * second
    assert published.replay_from({"x:1", "2", "x:4"}, crash, 5 * second) == start + 25 * second
    assert published.replay_from({"x:1", "x:3", "x:4"}, crash, 5 * second) == start + 15 * second
    assert published.replay_from({"x:1", "2", "x:4"}, crash, 60 * second) == start + 10 * second
    assert published.since(start + 20 * second) == {"2", "x:3", "x:4"}


def test_alerts_that_were_told_twice_or_never_are_counted():
    counts = told_counts({("b", "1"): 1, ("b", "2"): 3}, LEFT)
    assert counts == {"told": 2, "twice": 1, "never": 1}
    assert not found(compare(LEFT, LEFT), {"a": []}, {"a": counts})["same"]
    assert not found(compare(LEFT, LEFT), {"a": [3]}, {"a": counts | {"never": 0}})["same"]
    assert found(compare(LEFT, LEFT), {"a": []}, {"a": counts | {"never": 0}})["same"]


def test_poison_is_the_same_for_a_seed_and_nearly_all_of_it_is_refused():
    made = list(poison(64, seed=3))
    assert made == list(poison(64, seed=3))
    assert made != list(poison(64, seed=4))
    refused = [each.kind for each in made if each.key(ParseSettings(), datetime.now(UTC)) is None]
    assert {*refused} == {each.kind for each in made} - {"backwards"}
    assert len(refused) > 48


def test_a_killed_run_leaves_what_an_undisturbed_one_leaves(pubsub, tmp_path):
    topic, chance = pubsub.unused("crash"), random.Random(7)
    stream = make(posts=60, poisons=8, texts=read_texts([SAMPLE]), seed=7)
    with two_runs(tmp_path, topic) as (calm, killed):
        published = undisturbed(calm, topic, stream, rate=500)
        # a seek, so as not to wait for the leases of what was under way
        kills = disturbed(killed, published, kills=1, chance=chance, linger=2, replay=timedelta(minutes=10))
        left = [read_standing(run.output) for run in (calm, killed)]
        assert [lost(published.keys, each) for each in left] == [[], []]
        assert [each for each in compare(*left) if not each.equal] == []
        assert [
            told_counts(told(run.alerts), each)["never"] for run, each in zip((calm, killed), left, strict=True)
        ] == [0, 0]
    assert len(kills) == 1
    # something was at stake
    assert len(left[0].events) >= 60
    assert min(map(len, (left[0].cases, left[0].alerts, left[0].profiles, left[0].dead_letters))) >= 5
