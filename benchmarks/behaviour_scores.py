"""Scores of forecasts, and how sure they are (for `benchmarks/next_behaviour.py`). Every score: less is better."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import fastavro
import numpy as np
from numpy.typing import NDArray

from models.evaluation.intervals import RESAMPLES, SEED, interval
from pipeline.logic.profile import Fold
from pipeline.records import Contribution, EnrichedPost, from_dict

Floats = NDArray[np.float64]
Accounts = list[tuple[Contribution, ...]]
"""The posts of each account, oldest first."""
FOLDS = 5
T = TypeVar("T")


class Difference(NamedTuple):
    """Mean of what one forecast loses more than another, with the 95 % interval of a paired bootstrap over accounts."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:+.4f} [{self.low:+.4f}, {self.high:+.4f}]"


def read(folder: Path) -> Accounts:
    """The accounts of enriched events, in order of their names. Raises SystemExit when there is none."""
    found: dict[str, Fold] = {}
    for path in sorted(folder.rglob("*.avro")):
        with path.open("rb") as file:
            for event in fastavro.reader(file):
                enriched = from_dict(EnrichedPost, event)
                if enriched.post.account_key and not enriched.is_brand_reply:
                    found.setdefault(enriched.post.account_key, Fold()).add(enriched)
    kept = [fold.contributions.values() for _, fold in sorted(found.items()) if fold.contributions]
    if not kept:
        raise SystemExit(f"--events {folder}: no post with an author in any .avro file below it")
    return [tuple(sorted(posts, key=lambda each: (each.at, each.post))) for posts in kept]


def folds(accounts: Sequence[T]) -> list[tuple[list[T], list[T]]]:
    """Accounts to learn from and accounts to forecast, five times: each account is forecast by others only."""
    part = np.random.default_rng(SEED).permutation(len(accounts)) % FOLDS
    return [
        (
            [each for each, own in zip(accounts, part, strict=True) if own != fold],
            [each for each, own in zip(accounts, part, strict=True) if own == fold],
        )
        for fold in range(FOLDS)
    ]


def difference(mine: Floats, other: Floats, accounts: Sequence[Any]) -> Difference:
    """`mine` less `other`, losses of shape (n,) each; `accounts` (n,) names whose each is."""
    _, place = np.unique(np.array(accounts), return_inverse=True)
    counts = np.bincount(place).astype(float)
    sums = np.bincount(place, mine - other)
    random = np.random.default_rng(SEED)
    means = []
    for _ in range(RESAMPLES):
        drawn = random.integers(len(counts), size=len(counts))
        means.append(sums[drawn].sum() / counts[drawn].sum())
    return Difference(float((mine - other).mean()), *interval(np.array(means)))


def calibration(chances: Floats, came: NDArray[np.bool_]) -> tuple[float, list[tuple[float, float, int]]]:
    """Expected calibration error, and (mean chance, share that came, number) by tenths of the range of chances."""
    tenth = np.minimum((chances * 10).astype(int), 9)
    bins = []
    for _, group in groupby(sorted(range(len(chances)), key=lambda at: tenth[at]), key=lambda at: tenth[at]):
        places = list(group)
        bins.append((float(chances[places].mean()), float(came[places].mean()), len(places)))
    return sum(abs(chance - share) * n for chance, share, n in bins) / len(chances), bins


def best(losses: dict[str, Floats], names: Iterable[str]) -> str:
    """Which of these loses least on average."""
    return min(names, key=lambda name: float(losses[name].mean()))
