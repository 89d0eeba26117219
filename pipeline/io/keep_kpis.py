"""KPIs into the store, and out of it the rows that changed."""

from __future__ import annotations

from collections.abc import Iterable

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.timestamp import MIN_TIMESTAMP
from apache_beam.utils.windowed_value import WindowedValue

from pipeline.logic.kpis import KpiFact, KpiKey
from pipeline.metrics import counter
from pipeline.records import Kpi
from pipeline.store import database
from pipeline.store.kpi_store import KpiStore

_BATCH = 500


class CountService(beam.PTransform):
    """Count posts into the rows of hours and days that the store holds.

    Input: KpiFact. Output: Kpi, each row that changed as it then stands: once where the input is bounded, after each
    bundle where it never ends, with the next revision.
    Guarantees: idempotent; what is known later of a post corrects its rows, however late; a store that is away is
    waited for, then the bundle fails and the runner retries it. Counts `kpis.rows`.
    """

    def __init__(self, url: str, time_zone: str) -> None:
        super().__init__()
        self._url, self._time_zone = url, time_zone

    def expand(self, facts: beam.PCollection) -> beam.PCollection:
        rows = facts | "Count" >> beam.ParDo(_CountFn(self._url, self._time_zone)).with_output_types(Kpi)
        if not facts.is_bounded:
            return rows
        return (
            rows
            | "Key" >> beam.Map(lambda row: (repr(KpiKey.of(row)), row)).with_output_types(tuple[str, Kpi])
            | "Gather states" >> beam.GroupByKey()
            | "Latest" >> beam.MapTuple(lambda _, states: max(states, key=lambda row: row.revision))
        )


class _CountFn(beam.DoFn):
    _store: KpiStore

    def __init__(self, url: str, time_zone: str) -> None:
        self._url, self._time_zone = url, time_zone
        self._facts: list[KpiFact] = []
        self._rows: dict[KpiKey, Kpi] = {}

    def setup(self) -> None:
        self._store = KpiStore(self._url, self._time_zone)

    def start_bundle(self) -> None:
        self._facts, self._rows = [], {}

    def process(self, element: KpiFact) -> None:
        self._facts.append(element)
        if len(self._facts) == _BATCH:
            self._count()

    def finish_bundle(self) -> Iterable[WindowedValue]:
        self._count()
        for row in self._rows.values():
            counter("kpis.rows").inc()
            yield WindowedValue(row, MIN_TIMESTAMP, [GlobalWindow()])

    def teardown(self) -> None:
        self._store.close()

    def _count(self) -> None:
        if self._facts:
            rows = database.patiently(lambda: self._store.count(self._facts))
            self._rows |= {KpiKey.of(row): row for row in rows}
            self._facts = []
