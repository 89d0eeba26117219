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
_VALUED = {"cases": "state", "publish": "topic"}
"""Stages whose counters name a value right after the stage, and what that value is."""
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


def broken_down(name: str) -> tuple[str, str, str]:
    """A counter's name as family, label and value: parse.failed.bad_json is parse.failed with reason bad_json.

    Label and value are empty where the name tells no value.
    """
    stage, _, rest = name.partition(".")
    if stage in _VALUED:
        return stage, _VALUED[stage], rest
    noun, _, value = rest.partition(".")
    if not value:
        return name, "", ""
    return f"{stage}.{noun}", "reason" if noun == "failed" else noun, value


def forget() -> None:
    """Begin the tally anew."""
    with _lock:
        _tally.clear()
