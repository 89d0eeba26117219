"""The files of a run: which record goes where, cut by which day, in which order."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import apache_beam as beam

from pipeline.io.write_files import WriteFiles
from pipeline.logic.kpis import KpiKey
from pipeline.records import Action, Alert, Case, DeadLetter, EnrichedPost, Kpi, Review


def events(output: Path) -> beam.PTransform:
    """Enriched posts, by the UTC date of the post, as BigQuery does."""
    return WriteFiles(str(output / "enriched"), "enriched_post", _post_order, lambda e: _date(e.post.created_at))


def reviews(output: Path) -> beam.PTransform:
    """Posts that a person should judge."""
    return WriteFiles(str(output / "review"), "review", _review_order, lambda review: _date(review.created_at))


def cases(output: Path) -> beam.PTransform:
    """Cases, by the date on which each was opened."""
    return WriteFiles(str(output / "cases"), "case", _case_order, lambda case: _date(case.opened_at))


def alerts(output: Path) -> beam.PTransform:
    """Alerts for programs (Avro) and for people (JSON Lines)."""
    directory = str(output / "alerts")
    return WriteAll(
        avro=WriteFiles(directory, "alert", _alert_order, lambda alert: _date(alert.raised_at or alert.created_at)),
        json_lines=WriteFiles(directory, "alert", _alert_order, file_format="jsonl"),
    )


def actions(output: Path) -> beam.PTransform:
    """What to do for customers next."""
    return WriteFiles(str(output / "actions"), "action", _action_order, lambda action: _date(action.at))


def kpis(output: Path) -> beam.PTransform:
    """KPI rows as they came to stand."""
    directory = str(output / "kpis")
    return WriteFiles(directory, "kpi", _kpi_order, lambda row: _date(row.start), identity=KpiKey.of)


def dead_letters(output: Path) -> beam.PTransform:
    """What failed, with its original bytes."""
    return WriteFiles(str(output / "dead_letters"), "dead_letter", _letter_order)


class WriteAll(beam.PTransform):
    """The same records to several sinks, side by side."""

    def __init__(self, **sinks: beam.PTransform) -> None:
        super().__init__()
        self._sinks = sinks

    def expand(self, records: beam.PCollection) -> dict[str, beam.PCollection]:
        return {name: records | f"To {name.replace('_', ' ')}" >> sink for name, sink in self._sinks.items()}


def _date(moment: datetime) -> str:
    return f"date={moment:%Y-%m-%d}"


def _post_order(enriched: EnrichedPost) -> tuple[Any, ...]:
    return enriched.post.created_at, enriched.post.key


def _review_order(review: Review) -> tuple[Any, ...]:
    return review.created_at, review.post, review.version


def _case_order(case: Case) -> tuple[Any, ...]:
    return case.opened_at, case.case_id


def _alert_order(alert: Alert) -> tuple[Any, ...]:
    return alert.raised_at or alert.created_at, alert.alert_id


def _action_order(action: Action) -> tuple[Any, ...]:
    return action.at, action.action_id, action.revision


def _kpi_order(row: Kpi) -> tuple[Any, ...]:
    return KpiKey.of(row), row.revision


def _letter_order(letter: DeadLetter) -> tuple[Any, ...]:
    return letter.source, letter.position
