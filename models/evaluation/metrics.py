"""How good a classifier is, head by head, from its logits and the true labels.

Every headline metric is the one of the targets: F1 of the positive class for flags, macro-F1 for
choices, micro-F1 for categories (of true complaints) and topics, macro-F1 for intents. All of them are
functions of three sums a label (both, true, given: a tally), so that a resample of the rows is a
weighted sum of the rows' tallies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.decoding import Decision, decode, probabilities
from models.labels import BY_NAME, HEADS, Head, Kind
from models.training.data import Row
from pipeline.records import Classification

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Places = NDArray[np.intp]

BOTH, TRUE, GIVEN = 0, 1, 2
"""Where a tally, the last axis of tallies, holds its sums: true and given, true, given."""


@dataclass(frozen=True)
class Score:
    """One head on one set of rows."""

    head: str
    metric: str
    value: float
    rows: int
    calibration_error: float
    """Expected calibration error, 10 bins of equal width (Naeini et al. 2015)."""


@dataclass(frozen=True)
class Judged:
    """The truth and a classifier's decisions for one head, on the n rows that are labelled on it."""

    head: Head
    labels: tuple[str, ...]
    """The L labels that can be right or wrong: ("1",) of a flag, with "0" for severity."""
    places: Places
    """(n,) positions of the rows among those given."""
    truth: Bools
    """(n, L)"""
    given: Bools
    """(n, L)"""
    scores: Floats
    """(n, L) calibrated probabilities; of categories on condition of a complaint."""

    def on(self, places: Places) -> Judged:
        """The same, of those rows only."""
        kept = np.isin(self.places, places)
        return replace(
            self,
            places=self.places[kept],
            truth=self.truth[kept],
            given=self.given[kept],
            scores=self.scores[kept],
        )

    def tallies(self) -> Floats:
        """(n, L, 3) ones and zeros: both, true, given."""
        return np.stack([self.truth & self.given, self.truth, self.given], axis=-1).astype(np.float32)


@dataclass(frozen=True)
class Bin:
    """The decisions of one range of confidence."""

    confidence: float
    """Mean probability."""
    right: float
    """Share that was right."""
    decisions: int


def judge(logits: Floats, decision: Decision, rows: Sequence[Row]) -> list[Judged]:
    """Decisions beside the truth, for each head that some row is labelled on.

    Args:
        logits: (rows, columns) scores of the rows.
        rows: a head that is absent from a row's labels is unknown and left out.
    """
    said = decode(logits, decision, "evaluated", [False] * len(rows))
    found = []
    for head in HEADS:
        known = [i for i, row in enumerate(rows) if head.name in row.labels]
        if head.name == "categories":
            known = [i for i in known if rows[i].labels.get("complaint")]
        if known:
            found.append(_judge(head, known, logits[known], decision, [said[i] for i in known], rows))
    return found


def _judge(
    head: Head, known: list[int], logits: Floats, decision: Decision, said: list[Classification], rows: Sequence[Row]
) -> Judged:
    true = [rows[i].labels[head.name] for i in known]
    scores = probabilities(head, logits, decision)
    if head.kind is Kind.FLAG:
        labels: tuple[str, ...] = ("1",)
        truth = [[int(each) == 1] for each in true]
        given = [[bool(getattr(each, head.name).label)] for each in said]
    elif head.kind is Kind.CHOICE:
        labels = head.answers
        if head.name == "severity":
            complaint = probabilities(BY_NAME["complaint"], logits, decision)
            scores = np.concatenate([1 - complaint, complaint * scores], axis=1)
        truth = [[str(each) == label for label in labels] for each in true]
        given = [[getattr(each, head.name).label == label for label in labels] for each in said]
    else:
        labels = head.labels
        truth = [[label in each for label in labels] for each in true]
        answers = [
            _categories(each, decision) if head.name == "categories" else getattr(each, head.name).labels
            for each in said
        ]
        given = [[label in each for label in labels] for each in answers]
    return Judged(head, labels, np.array(known), np.array(truth), np.array(given), scores)


def _categories(said: Classification, decision: Decision) -> tuple[str, ...]:
    """The categories that would be given if the post were known to be a complaint."""
    head, scores = BY_NAME["categories"], said.categories.scores
    given = [label for label in head.labels if scores[label] >= decision.of(head).threshold(label)]
    return tuple(given) or (max(head.labels, key=lambda label: scores[label]),)


def score(logits: Floats, decision: Decision, rows: Sequence[Row]) -> list[Score]:
    """A Score per head that the rows are labelled on."""
    return [summarise(each) for each in judge(logits, decision, rows)]


def summarise(judged: Judged) -> Score:
    """The headline metric and the calibration error of one head."""
    value = float(headline(judged.head, judged.tallies().sum(axis=0)))
    error = expected_error(reliability(judged))
    return Score(judged.head.name, metric(judged.head), round(value, 4), len(judged.places), round(error, 4))


def metric(head: Head) -> str:
    """Name of the head's headline metric."""
    if head.kind is Kind.FLAG:
        return "F1"
    return "macro-F1" if head.kind is Kind.CHOICE or head.name == "intents" else "micro-F1"


def headline(head: Head, tallies: Floats) -> Floats:
    """The head's headline metric; tallies of shape (…, L, 3) give values of shape (…)."""
    if metric(head) == "micro-F1":
        tallies = micro(tallies)
    # a label that is neither true nor given counts as 0 in the mean, as with scikit-learn's zero_division=0
    return np.asarray(f1(tallies).mean(axis=-1))


def micro(tallies: Floats) -> Floats:
    """All labels pooled into one: (…, L, 3) becomes (…, 1, 3)."""
    return np.asarray(tallies.sum(axis=-2, keepdims=True))


def precision(tallies: Floats) -> Floats:
    """Share of the given labels that are true, 0 where none was given; (…, 3) becomes (…)."""
    return _ratio(tallies[..., BOTH], tallies[..., GIVEN])


def recall(tallies: Floats) -> Floats:
    """Share of the true labels that are given, 0 where none is true; (…, 3) becomes (…)."""
    return _ratio(tallies[..., BOTH], tallies[..., TRUE])


def f1(tallies: Floats) -> Floats:
    """Harmonic mean of precision and recall: 2·both / (true + given); (…, 3) becomes (…)."""
    return _ratio(2 * tallies[..., BOTH], tallies[..., TRUE] + tallies[..., GIVEN])


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.asarray(part / np.maximum(whole, 1), np.float32)


def confusion(judged: Judged) -> NDArray[np.int64]:
    """Rows of each true label (down) by given label (across); no and yes for a flag.

    Only for heads with one label a row. Shape (labels, labels).
    """
    truth, given = judged.truth, judged.given
    if judged.head.kind is Kind.FLAG:
        truth, given = (np.concatenate([~each, each], axis=1) for each in (truth, given))
    return np.asarray(truth.T.astype(np.int64) @ given.astype(np.int64))


def reliability(judged: Judged, bins: int = 10) -> list[Bin]:
    """Confidence against correctness, in bins of equal width that hold any decision.

    Of a choice the probability of the likeliest label counts; of a flag that of yes; of a label head every
    label's. Severity counts for true complaints only, on condition of a complaint.
    """
    confidence, right = _confidences(judged)
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        Bin(float(confidence[place == i].mean()), float(right[place == i].mean()), int((place == i).sum()))
        for i in range(bins)
        if (place == i).any()
    ]


def _confidences(judged: Judged) -> tuple[Floats, Bools]:
    if judged.head.kind is not Kind.CHOICE:
        return judged.scores.ravel(), judged.truth.ravel()
    scores, truth = judged.scores, judged.truth
    if judged.head.name == "severity":
        complaint = ~truth[:, 0]
        scores, truth = scores[complaint, 1:], truth[complaint, 1:]
        scores = scores / scores.sum(axis=1, keepdims=True)
    return scores.max(axis=1), truth.argmax(axis=1) == scores.argmax(axis=1)


def expected_error(bins: Sequence[Bin]) -> float:
    """Expected calibration error: mean distance of confidence and correctness, weighted by decisions."""
    decisions = sum(each.decisions for each in bins)
    return sum(each.decisions * abs(each.confidence - each.right) for each in bins) / max(decisions, 1)


def threshold_curve(judged: Judged, thresholds: Sequence[float]) -> Floats:
    """Tallies of a flag, shape (thresholds, 3), were it given from each of these probabilities on."""
    given = judged.scores[:, 0] >= np.asarray(thresholds, np.float32)[:, None]
    truth = judged.truth[:, 0]
    true = np.full(len(given), truth.sum())
    return np.stack([(given & truth).sum(axis=1), true, given.sum(axis=1)], axis=-1).astype(np.float32)
