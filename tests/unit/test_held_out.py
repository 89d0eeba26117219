"""The held-out slices are labelled by the rules of docs/labels.md, and nothing learns from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.evaluation.robustness import HELD_OUT
from models.labels import BY_NAME
from models.training.data import read_rows, text_key

POSTS = {"negation": 80, "irony": 60, "finglish": 100}
TRAINING_ROWS = sorted(Path("models/training/rows").glob("*.jsonl*"))


def rows_of(path):
    return read_rows(path)


def test_every_slice_is_there():
    assert {path.stem: len(rows_of(path)) for path in HELD_OUT} == POSTS


@pytest.mark.parametrize("path", HELD_OUT, ids=lambda path: path.stem)
def test_rows_are_whole_and_consistent(path):
    rows = rows_of(path)
    assert len({row.id for row in rows}) == len({text_key(row.text) for row in rows}) == len(rows)
    for row in rows:
        labels = row.labels
        assert set(labels) == set(BY_NAME), row.id
        assert bool(labels["complaint"]) == (labels["severity"] > 0) == bool(labels["categories"]), row.id
        assert len(labels["topics"]) <= 3, row.id
        assert not (labels["promo"] and (labels["complaint"] or labels["advocacy"])), row.id
        assert (row.source, row.weight) == (path.stem, 1.0)


@pytest.mark.parametrize("path", HELD_OUT, ids=lambda path: path.stem)
def test_neither_answer_is_rare(path):
    """Always answering the same would not pass."""
    share = sum(row.labels["complaint"] for row in rows_of(path)) / POSTS[path.stem]
    assert 0.4 <= share <= 0.7


def test_no_post_is_among_the_training_rows():
    assert TRAINING_ROWS
    learned = {text_key(row.text) for path in TRAINING_ROWS for row in read_rows(path)}
    assert not [row.id for path in HELD_OUT for row in rows_of(path) if text_key(row.text) in learned]
