"""Choosing temperatures, thresholds and uncertain bands on rows the model did not learn from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from models.decoding import Decision, HeadDecision, probabilities
from models.labels import HEADS, Head, Kind, columns_of

Floats = NDArray[np.float32]

ENOUGH_POSITIVES = 25
"""A label with fewer positive rows takes the head's common threshold: its own would be chance."""
UNSURE_ACCURACY = 0.70
"""Decisions in the uncertain band are right at most this often …"""
UNSURE_SHARE = 0.10
"""… and the band holds at most this share of the posts: a person has to read them."""


def calibrate(logits: Floats, targets: Floats) -> Decision:
    """The decision rules for a model.

    Args:
        logits: (rows, columns) scores of the calibration rows.
        targets: (rows, columns), NaN where unknown, as `models.training.data.targets`.
    """
    return Decision({head.name: _calibrate_head(head, logits, targets) for head in HEADS})


def _calibrate_head(head: Head, logits: Floats, targets: Floats) -> HeadDecision:
    target = targets[:, columns_of(head)]
    known = ~np.isnan(target[:, 0])
    if not known.any():
        return HeadDecision()
    logits, target = logits[known], target[known]
    temperature = _temperature(head, logits, target)
    scores = probabilities(head, logits, Decision({head.name: HeadDecision(temperature)}))
    if head.kind is Kind.CHOICE:
        top = np.sort(scores, axis=1)
        right = scores.argmax(1) == target.argmax(1)
        return HeadDecision(temperature, {}, _band(top[:, -1] - top[:, -2], right))
    thresholds = _thresholds(head, scores, target)
    if head.kind is Kind.LABELS:
        return HeadDecision(temperature, thresholds)
    distance = scores[:, 0] - thresholds[head.name]
    return HeadDecision(temperature, thresholds, _band(abs(distance), (distance >= 0) == (target[:, 0] == 1)))


def _temperature(head: Head, logits: Floats, target: Floats) -> float:
    """The temperature with the smallest negative log-likelihood."""

    def loss(log_temperature: float) -> float:
        rule = Decision({head.name: HeadDecision(float(np.exp(log_temperature)))})
        scores = np.clip(probabilities(head, logits, rule).astype(np.float64), 1e-7, 1 - 1e-7)
        if head.kind is Kind.CHOICE:
            return float(-(target * np.log(scores)).sum(1).mean())
        return float(-(target * np.log(scores) + (1 - target) * np.log(1 - scores)).mean())

    return round(float(np.exp(minimize_scalar(loss, bounds=(-1.5, 1.5), method="bounded").x)), 3)


def _thresholds(head: Head, scores: Floats, target: Floats) -> dict[str, float]:
    labels = [head.name] if head.kind is Kind.FLAG else list(head.labels)
    common = _best_threshold(scores.ravel(), target.ravel())
    return {
        label: _best_threshold(scores[:, i], target[:, i]) if target[:, i].sum() >= ENOUGH_POSITIVES else common
        for i, label in enumerate(labels)
    }


def _best_threshold(scores: Floats, target: Floats) -> float:
    """The threshold with the best F1, averaged over its neighbours so that one lucky row decides nothing."""
    grid = np.arange(0.05, 0.96, 0.01)
    f1 = np.array([_f1(scores >= threshold, target == 1) for threshold in grid])
    smooth = np.convolve(np.pad(f1, 4, mode="edge"), np.ones(9) / 9, mode="valid")
    return round(float(grid[smooth.argmax()]), 2)


def _f1(given: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    both = (given & true).sum()
    return float(2 * both / max(given.sum() + true.sum(), 1))


def _band(distance: Floats, right: NDArray[np.bool_]) -> float:
    """Half-width of the widest band of close decisions that are right at most UNSURE_ACCURACY of the time."""
    order = np.argsort(distance)[: int(len(distance) * UNSURE_SHARE)]
    accuracy = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # a band of a handful of rows is chance: from ten rows on
    wide = [i for i in range(9, len(order)) if accuracy[i] <= UNSURE_ACCURACY]
    return round(float(distance[order[wide[-1]]]), 4) if wide else 0.0
