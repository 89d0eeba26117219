"""The mention graph and who is listened to in it."""

import networkx
import numpy as np
import pytest

from pipeline.logic.influence import MentionGraph, Ranked, Voice, foremost, page_rank


def graph(*voices, **more):
    made = MentionGraph(**more)
    for account, mentions, *handle in voices:
        made.add(Voice(account, handle[0] if handle else None, mentions))
    return made.influence()


def test_ranks_are_those_of_networkx():
    random = np.random.default_rng(3)
    pairs = sorted({(int(a), int(b)) for a, b in random.integers(0, 60, (150, 2)) if a != b})
    weights = random.uniform(0.1, 3, len(pairs))
    directed = networkx.DiGraph()
    directed.add_nodes_from(range(60))
    directed.add_weighted_edges_from((a, b, w) for (a, b), w in zip(pairs, weights, strict=True))
    expected = networkx.pagerank(directed, alpha=0.85, tol=1e-12, max_iter=500)
    found = page_rank(np.array([a for a, _ in pairs]), np.array([b for _, b in pairs]), weights, 60)
    assert found == pytest.approx([expected[node] for node in range(60)], abs=1e-8)


def test_who_is_mentioned_is_listened_to():
    found = graph(("x:1", {"x:9": 1.0}), ("x:2", {"x:9": 1.0}), ("x:9", {}))
    assert found["x:9"].rank > 1 > found["x:1"].rank == found["x:2"].rank
    assert (found["x:9"].mentioned_by, found["x:1"].mentioned_by) == (2, 0)
    assert sum(each.rank for each in found.values()) == pytest.approx(3, abs=1e-3)


def test_a_handle_is_the_account_that_has_it_whoever_comes_first():
    voices = [("x:1", {"x:@sara": 1.0, "x:9": 2.0}), ("x:2", {"telegram:@sara": 1.0}), ("x:9", {}, "Sara")]
    found = graph(*voices)
    assert set(found) == {"x:1", "x:2", "x:9", "telegram:@sara"}
    assert found["x:9"].mentioned_by == 1
    assert graph(*reversed(voices)) == found


def test_mentioning_oneself_and_the_brand_gives_nothing():
    own = frozenset({"x:900", "x:@parsishops"})
    voices = [("x:1", {"x:@ali": 9.0, "x:900": 5.0, "x:@parsishops": 1.0}, "Ali"), ("x:2", {}), ("x:900", {"x:2": 1.0})]
    found = graph(*voices, own=own)
    assert {name: each.mentioned_by for name, each in found.items()} == {"x:1": 0, "x:2": 0}


def test_the_accounts_of_a_customer_are_one():
    subjects = {"x:1": "C1", "telegram:1": "C1"}
    voices = [("x:1", {"telegram:1": 3.0}), ("x:2", {"x:1": 1.0, "telegram:@one": 1.0}), ("telegram:1", {}, "one")]
    found = graph(*voices, subjects=subjects)
    assert set(found) == {"C1", "x:2"}
    assert found["C1"].mentioned_by == 1


def test_a_thousand_mentions_are_one_vote():
    once = graph(("x:1", {"x:9": 1.0}), ("x:2", {"x:8": 1.0}))
    often = graph(("x:1", {"x:9": 1000.0}), ("x:2", {"x:8": 1.0}))
    assert once == often
    assert once["x:9"].rank == once["x:8"].rank


def test_without_anybody():
    assert graph() == {}
    assert graph(("x:1", {}))["x:1"].rank == 1


def test_the_foremost_of_a_segment():
    some = [
        Ranked("x:1", "advocate", 2.0, 10),
        Ranked("x:2", "advocate", 2.0, 500),
        Ranked("x:3", "critic", 9.0, 10),
        Ranked("x:4", "advocate", 3.0, 0),
    ]
    assert [each.subject for each in foremost(some, "advocate")] == ["x:4", "x:2", "x:1"]
    assert [each.subject for each in foremost(some, "advocate", 1)] == ["x:4"]
    assert foremost(some, "dormant") == []
