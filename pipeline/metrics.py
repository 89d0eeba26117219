"""Beam's counters under one namespace; names are `<stage>.<noun>` such as parse.failed.bad_json."""

from __future__ import annotations

from typing import Any

from apache_beam.metrics import Metrics
from apache_beam.metrics.metric import MetricsFilter

NAMESPACE = "shenava"


def counter(name: str) -> Any:
    """The counter of that name; cheap to make again."""
    return Metrics.counter(NAMESPACE, name)


def counters(result: Any) -> dict[str, int]:
    """Name -> count of every counter of a finished run, summed over its steps."""
    counts: dict[str, int] = {}
    for found in result.metrics().query(MetricsFilter().with_namespace(NAMESPACE))["counters"]:
        name = found.key.metric.name
        # `result` is what was attempted when a runner reports no committed value
        counts[name] = counts.get(name, 0) + found.result
    return counts
