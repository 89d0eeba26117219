"""How sure the numbers are: percentile bootstrap over rows (Efron and Tibshirani 1993, chapter 13)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.evaluation.metrics import Floats, Judged, Places

RESAMPLES = 1000
SEED = 20261003
_DRAWN_AT_ONCE = 4_000_000
"""Row numbers drawn at a time, so that memory does not grow with the rows."""


def resampled(judged: Sequence[Judged], places: Places, resamples: int = RESAMPLES, seed: int = SEED) -> list[Floats]:
    """Tallies of shape (resamples, L, 3) for each of the heads and classifiers given.

    Each resample draws as many rows as there are, with replacement. All of `judged` see the same draws,
    so the difference of two of them is that of a paired bootstrap.

    Args:
        judged: on any of the rows; a row that a head is unknown for adds nothing to its tallies.
        places: (n,) the rows to draw from, sorted.
    """
    columns = np.concatenate([_tallies(each, places) for each in judged], axis=1)
    random = np.random.default_rng(seed)
    at_once = max(1, min(resamples, _DRAWN_AT_ONCE // len(places)))
    sums = [
        _times_drawn(random, min(at_once, resamples - start), len(places)) @ columns
        for start in range(0, resamples, at_once)
    ]
    ends = np.cumsum([3 * len(each.labels) for each in judged])[:-1]
    parts = np.split(np.concatenate(sums), ends, axis=1)
    return [part.reshape(resamples, -1, 3) for part in parts]


def interval(values: Floats, share: float = 0.95) -> tuple[float, float]:
    """The middle `share` of the resampled values: (low, high)."""
    low, high = np.quantile(values, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)


def _tallies(judged: Judged, places: Places) -> Floats:
    """(n, 3·L), zeros where the row is unknown."""
    own = judged.on(places)
    columns = np.zeros((len(places), 3 * len(judged.labels)), np.float32)
    columns[np.searchsorted(places, own.places)] = own.tallies().reshape(len(own.places), -1)
    return columns


def _times_drawn(random: np.random.Generator, resamples: int, rows: int) -> NDArray[np.float32]:
    """(resamples, rows) how often each row was drawn."""
    drawn = random.integers(rows, size=(resamples, rows)) + rows * np.arange(resamples)[:, None]
    return np.bincount(drawn.ravel(), minlength=resamples * rows).reshape(resamples, rows).astype(np.float32)
