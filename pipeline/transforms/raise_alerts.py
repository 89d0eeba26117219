"""Escalate the complaints that the config's rules name."""

from __future__ import annotations

from collections.abc import Iterable

import apache_beam as beam

from pipeline.logic.alerts import AlertSettings, Explain, escalation, explained
from pipeline.logic.profile import Fold
from pipeline.metrics import counter
from pipeline.records import Alert, EnrichedPost


class RaiseAlerts(beam.PTransform):
    """At most one Alert a post, by the first rule that holds, with the words that carried its decision.

    Input: EnrichedPost. Output: Alert. An error of `explain` fails the bundle.
    Guarantees: event time: the customer brief of an alert tells what was known when the post was
    written, whatever came later in the input. Ids are deterministic, so a second run repeats no alert
    under another name. Only what became an alert is explained. Bounded input only (it gathers an
    account's posts).
    """

    def __init__(self, settings: AlertSettings, explain: Explain) -> None:
        super().__init__()
        self._settings, self._explain = settings, explain

    def expand(self, posts: beam.PCollection) -> beam.PCollection:
        return (
            posts
            # an anonymous post has no history: it stands alone under its own key
            | "Key by account" >> beam.Map(lambda e: (e.post.account_key or f"post {e.post.key}", e)).with_output_types(
                tuple[str, EnrichedPost]
            )
            | "Gather posts" >> beam.GroupByKey()
            | "Escalate" >> beam.ParDo(_EscalateFn(self._settings, self._explain)).with_output_types(Alert)
        )  # fmt: skip


class _EscalateFn(beam.DoFn):
    def __init__(self, settings: AlertSettings, explain: Explain) -> None:
        self._settings, self._explain = settings, explain

    def process(self, element: tuple[str, Iterable[EnrichedPost]]) -> Iterable[Alert]:
        history = Fold()
        for enriched in sorted(element[1], key=lambda each: (each.post.created_at, each.post.key)):
            alert = escalation(enriched, history, self._settings)
            if alert:
                counter("alerts.raised").inc()
                counter(f"alerts.level.{alert.level}").inc()
                counter(f"alerts.department.{alert.department}").inc()
                yield explained(alert, enriched, self._explain)
            history.add(enriched)
