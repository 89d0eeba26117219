"""Percentiles of response times from a few hundred counts, which merge exactly.

The sketch is DDSketch (Masson et al., VLDB 2019, https://www.vldb.org/pvldb/vol12/p2195-masson.pdf): bin i
counts the times in (γ^(i−1), γ^i] seconds. Merging adds counts, which is exact; only reading is off, by α.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from pipeline.records import ResponseBin, Sketch

RELATIVE_ERROR = 0.01
"""α of the sketch. Rows of another α cannot be merged with these: it is part of the contract `kpi.v1`."""

_GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_UNDER_A_SECOND = -1


def sketch_of(counts: Mapping[int, int]) -> Sketch:
    """The sketch of so many times in each bin; bins of none are left out."""
    return tuple(ResponseBin(*item) for item in sorted(counts.items()) if item[1])


def joined(sketches: Iterable[Sketch]) -> Sketch:
    """The sketch of all the times that some sketches hold."""
    counts: Counter[int] = Counter()
    for bins in sketches:
        counts.update({each.bin: each.count for each in bins})
    return sketch_of(counts)


def quantile(bins: Sketch, percent: int) -> float | None:
    """The time in seconds within which `percent` % of all were answered (nearest rank), off by at most α.

    Times under one second read as 0. None for an empty sketch.
    """
    rank = -(-percent * sum(each.count for each in bins) // 100)
    for each in bins:
        rank -= each.count
        if rank <= 0:
            return 0.0 if each.bin == _UNDER_A_SECOND else round(2 * _GAMMA**each.bin / (_GAMMA + 1), 6)
    return None


def bin_of(seconds: float) -> int:
    """The bin of one time."""
    return _UNDER_A_SECOND if seconds < 1 else math.ceil(math.log(seconds) / math.log(_GAMMA))
