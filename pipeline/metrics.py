"""Counters under one namespace; names are `<stage>.<noun>` such as parse.failed.bad_json.

Every count goes to Beam and to a tally of this process. A local streaming run reads the tally: it is live, and
Beam's local streaming engine keeps of each step only what its first bundle counted.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from apache_beam.metrics import Metrics
from apache_beam.metrics.metric import MetricsFilter

NAMESPACE = "shenava"
_tally: Counter[str] = Counter()
_lock = threading.Lock()


class _Counter:
    """Beam's counter of that name, and the tally's."""

    def __init__(self, name: str) -> None:
        self._name, self._beam = name, Metrics.counter(NAMESPACE, name)

    def inc(self, count: int = 1) -> None:
        """Count so many more."""
        self._beam.inc(count)
        with _lock:
            _tally[self._name] += count


def counter(name: str) -> _Counter:
    """The counter of that name; cheap to make again."""
    return _Counter(name)


def counters(result: Any) -> dict[str, int]:
    """Name -> count of every counter of a finished run, summed over its steps."""
    counts: dict[str, int] = {}
    for found in result.metrics().query(MetricsFilter().with_namespace(NAMESPACE))["counters"]:
        name = found.key.metric.name
        # `result` is what was attempted when a runner reports no committed value
        counts[name] = counts.get(name, 0) + found.result
    return counts


def tally() -> dict[str, int]:
    """Name -> what this process counted since it started or `forget` was called; a retried bundle counts again."""
    with _lock:
        return dict(_tally)


def forget() -> None:
    """Begin the tally anew."""
    with _lock:
        _tally.clear()
