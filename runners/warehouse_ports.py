"""A run's records into BigQuery as well, beside the files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import apache_beam as beam

from pipeline.io.bigquery_names import BigQueryDataset
from pipeline.io.write_bigquery import WriteBigQuery
from pipeline.io.write_files import WriteFiles
from pipeline.ports import Ports
from pipeline.records import DeadLetter

_TABLES = {
    "write_enriched": "enriched",
    "write_cases": "cases",
    "write_alerts": "alerts",
    "write_actions": "actions",
    "write_kpis": "kpis",
    "write_reviews": "review",
}
"""Profiles are merged in the store, not written as they come: they are exported and loaded."""


def and_bigquery(ports: Ports, dataset: BigQueryDataset, output: Path) -> Ports:
    """The ports, each output also into its table; what BigQuery refuses into OUTPUT/dead_letters/warehouse=TABLE."""
    sinks = {port: AndBigQuery(getattr(ports, port), dataset, table, output) for port, table in _TABLES.items()}
    return replace(ports, **sinks)


class AndBigQuery(beam.PTransform):
    """Records to a sink and to their table, side by side.

    Input: records. Output: nothing.
    Guarantees: those of the sink and of `WriteBigQuery`; each refused row is a dead letter in a file.
    """

    def __init__(self, sink: beam.PTransform, dataset: BigQueryDataset, table: str, output: Path) -> None:
        super().__init__()
        self._sink, self._insert = sink, WriteBigQuery(dataset, table)
        self._write_letters = WriteFiles(
            str(output / "dead_letters"), "dead_letter", _order, lambda _: f"warehouse={table}"
        )

    def expand(self, records: beam.PCollection) -> beam.PCollection:
        records | "To sink" >> self._sink
        outcome = records | "To BigQuery" >> self._insert
        return outcome.failures | "Write refused rows" >> self._write_letters


def _order(letter: DeadLetter) -> tuple[str, bytes]:
    return letter.source, letter.payload
