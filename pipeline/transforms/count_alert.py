"""The counters of alerts, whatever raised them."""

from __future__ import annotations

from pipeline.metrics import counter
from pipeline.records import Alert


def count_alert(alert: Alert) -> None:
    """Count it where it is told for the first time, or taken back."""
    if alert.withdrawn:
        counter("alerts.withdrawn").inc()
    elif alert.revision == 1:
        counter("alerts.raised").inc()
        counter(f"alerts.level.{alert.level}").inc()
        counter(f"alerts.department.{alert.department}").inc()
        counter(f"alerts.rule.{alert.rule}").inc()
