"""How good a classifier is, head by head, from its logits and the true labels.

Every metric is the one of the targets: F1 of the positive class for flags, macro-F1 for choices,
micro-F1 for categories (of true complaints) and topics, macro-F1 for intents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from models.decoding import Decision, decode, probabilities
from models.labels import BY_NAME, HEADS, Kind
from models.training.data import Row
from pipeline.records import Classification

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Score:
    """One head on one set of rows."""

    head: str
    metric: str
    value: float
    rows: int
    calibration_error: float
    """Expected calibration error, 10 bins of equal width (Naeini et al. 2015)."""


def score(logits: Floats, decision: Decision, rows: Sequence[Row]) -> list[Score]:
    """A Score per head that the rows are labelled on."""
    said = decode(logits, decision, "evaluated", [False] * len(rows))
    found = []
    for head in HEADS:
        known = [i for i, row in enumerate(rows) if head.name in row.labels]
        if head.name == "categories":
            known = [i for i in known if rows[i].labels.get("complaint")]
        if known:
            metric, value = _value(head.name, [said[i] for i in known], [rows[i] for i in known], decision)
            error = _calibration_error(head.name, logits, decision, rows, known)
            found.append(Score(head.name, metric, round(value, 4), len(known), round(error, 4)))
    return found


def _value(name: str, said: list[Classification], rows: list[Row], decision: Decision) -> tuple[str, float]:
    head, true = BY_NAME[name], [row.labels[name] for row in rows]
    if head.kind is Kind.FLAG:
        given = [int(getattr(each, name).label) for each in said]
        return "F1", float(f1_score(true, given, zero_division=0.0))
    if head.kind is Kind.CHOICE:
        labels = ["0", *head.labels] if name == "severity" else list(head.labels)
        given_labels = [getattr(each, name).label for each in said]
        return "macro-F1", float(
            f1_score([str(t) for t in true], given_labels, labels=labels, average="macro", zero_division=0.0)
        )
    columns = list(head.labels)
    truth = np.array([[label in labels for label in columns] for labels in true])
    answers = [_categories(each, decision) if name == "categories" else getattr(each, name).labels for each in said]
    answer = np.array([[label in labels for label in columns] for labels in answers])
    average = "macro" if name == "intents" else "micro"
    return f"{average}-F1", float(f1_score(truth, answer, average=average, zero_division=0.0))


def _categories(said: Classification, decision: Decision) -> tuple[str, ...]:
    """The categories that would be given if the post were known to be a complaint."""
    head, scores = BY_NAME["categories"], said.categories.scores
    given = [label for label in head.labels if scores[label] >= decision.of(head).threshold(label)]
    return tuple(given) or (max(head.labels, key=lambda label: scores[label]),)


def _calibration_error(name: str, logits: Floats, decision: Decision, rows: Sequence[Row], known: list[int]) -> float:
    head = BY_NAME[name]
    if name == "severity":
        known = [i for i in known if rows[i].labels["severity"]]
    if not known:
        return 0.0
    scores = probabilities(head, logits[known], decision)
    if head.kind is Kind.CHOICE:
        right = np.array([str(rows[i].labels[name]) for i in known]) == np.array(head.labels)[scores.argmax(1)]
        return _expected_error(scores.max(1), right)
    if head.kind is Kind.FLAG:
        return _expected_error(scores[:, 0], np.array([rows[i].labels[name] == 1 for i in known]))
    truth = np.array([[label in rows[i].labels[name] for label in head.labels] for i in known])
    return _expected_error(scores.ravel(), truth.ravel())


def _expected_error(confidence: Floats, right: NDArray[np.bool_], bins: int = 10) -> float:
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return float(
        sum(
            (place == i).mean() * abs(confidence[place == i].mean() - right[place == i].mean())
            for i in range(bins)
            if (place == i).any()
        )
    )
