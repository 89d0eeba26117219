"""Records into a BigQuery table as they come; what BigQuery refuses into dead letters."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.timestamp import MIN_TIMESTAMP
from apache_beam.utils.windowed_value import WindowedValue

from pipeline.errors import RecordError, TransientError
from pipeline.failures import Outcome
from pipeline.io import bigquery_names
from pipeline.io.bigquery_names import BigQueryDataset
from pipeline.logic.warehouse import BY_NAME, PARTITION, row_id
from pipeline.metrics import counter
from pipeline.records import DeadLetter, to_dict, to_json
from schemas import to_row

WAITS_S = (0.5, 2.0, 5.0, 15.0, 30.0)
"""Pauses between tries when BigQuery does not answer; then the bundle fails and the runner retries it."""
# https://cloud.google.com/bigquery/quotas#streaming_inserts: 500 rows are advised, 10 MB a request are the limit
_MOST_ROWS = 500
_MOST_BYTES = 5_000_000
_LONGEST_ROW = 9_000_000
_ANSWER_WITHIN_S = 60.0
_log = logging.getLogger("shenava.warehouse")
# https://cloud.google.com/bigquery/docs/error-messages: what passes by itself
_PASSING = {"backendError", "internalError", "rateLimitExceeded", "quotaExceeded", "stopped", "timeout"}
_FAILED = "failed"


class WriteBigQuery(beam.PTransform):
    """Stream records into their table, a request a batch.

    Input: records of the table's contract. Output: the same records, once BigQuery has them.
    Failures: `DeadLetter` of stage `warehouse`, a row that BigQuery refuses (the others of its batch are kept) or that
    JSON cannot carry: its payload is the record as JSON. The files have the record too, and `shenava warehouse load`
    brings it once the table is mended.
    Guarantees: at least once. The same row has the same insertId, by which BigQuery drops most repetitions of a
    retried bundle; readers use the view `*_latest`, which drops all. A BigQuery that is away is waited for, then the
    bundle fails. Counts `warehouse.rows` and `warehouse.failed`.
    """

    def __init__(self, dataset: BigQueryDataset, table: str, waits: Sequence[float] = WAITS_S) -> None:
        """
        Args:
            table: name of a table of `pipeline.logic.warehouse` that is no snapshot, such as `enriched`.
            waits: seconds before each further try.
        """
        super().__init__()
        self._dataset, self._table, self._waits = dataset, table, tuple(waits)

    def expand(self, records: beam.PCollection) -> Outcome:
        insert = beam.ParDo(_InsertFn(self._dataset, self._table, self._waits))
        done = records | "Insert" >> insert.with_outputs(_FAILED, main="ok")
        return Outcome(done.ok, done[_FAILED])


@dataclass(frozen=True)
class _Waiting:
    record: Any
    row: dict[str, Any]


class _InsertFn(beam.DoFn):
    _client: Any

    def __init__(self, dataset: BigQueryDataset, table: str, waits: Sequence[float]) -> None:
        self._dataset, self._waits = dataset, waits
        self._table = BY_NAME[table]
        self._gathered: list[_Waiting] = []
        self._bytes = 0

    def setup(self) -> None:
        self._client = bigquery_names.client(self._dataset.project)

    def start_bundle(self) -> None:
        self._gathered, self._bytes = [], 0

    def process(self, element: Any) -> Iterator[Any]:
        try:
            row = _row(element, self._table.name)
        except RecordError as error:
            yield beam.pvalue.TaggedOutput(_FAILED, self._letter(element, error))
            return
        size = len(json.dumps(row))
        if self._gathered and (len(self._gathered) == _MOST_ROWS or self._bytes + size > _MOST_BYTES):
            yield from self._insert()
        self._gathered.append(_Waiting(element, row))
        self._bytes += size

    def finish_bundle(self) -> Iterator[Any]:
        for output in self._insert():
            tagged = isinstance(output, beam.pvalue.TaggedOutput)
            value = WindowedValue(output.value if tagged else output, MIN_TIMESTAMP, [GlobalWindow()])
            yield beam.pvalue.TaggedOutput(_FAILED, value) if tagged else value

    def teardown(self) -> None:
        self._client.close()

    def _insert(self) -> Iterator[Any]:
        """Insert what was gathered; yields it, or its dead letters."""
        waiting, self._gathered, self._bytes = self._gathered, [], 0
        for wait in (*self._waits, None):
            if not waiting:
                return
            refused = self._request(waiting)
            again = []
            for index, each in enumerate(waiting):
                if index not in refused:
                    counter("warehouse.rows").inc()
                    yield each.record
                elif error := refused[index]:
                    yield beam.pvalue.TaggedOutput(_FAILED, self._letter(each.record, error))
                else:
                    again.append(each)
            waiting = again
            if waiting and wait is not None:
                time.sleep(wait)
        if waiting:
            raise TransientError(f"{self._dataset}: BigQuery did not take {len(waiting)} rows of {self._table.name}")

    def _request(self, waiting: Sequence[_Waiting]) -> dict[int, RecordError | None]:
        """Which rows were not taken, by their place: an error where that is for good, None where it may pass."""
        from google.api_core import exceptions
        from requests.exceptions import ConnectionError as NoConnection
        from requests.exceptions import Timeout

        try:
            answer = self._client.insert_rows_json(
                self._dataset.table(self._table.name),
                [each.row for each in waiting],
                row_ids=[row_id(each.row) for each in waiting],
                skip_invalid_rows=True,
                retry=None,
                timeout=_ANSWER_WITHIN_S,
            )
        except (
            exceptions.ServerError,
            exceptions.TooManyRequests,
            exceptions.Forbidden,
            NoConnection,
            Timeout,
        ) as error:
            if isinstance(error, exceptions.Forbidden) and not _passes(error.errors):
                raise
            _log.warning("BigQuery does not answer", extra={"fields": {"reason": type(error).__name__}})
            return dict.fromkeys(range(len(waiting)))
        return {row["index"]: None if _passes(row["errors"]) else _refusal(row["errors"]) for row in answer}

    def _letter(self, record: Any, error: RecordError) -> DeadLetter:
        counter("warehouse.failed").inc()
        return DeadLetter(
            payload=json.dumps(to_json(record), ensure_ascii=False).encode(),
            source=f"{self._dataset}/{self._table.name}",
            position=1,
            stage="warehouse",
            reason=error.reason,
            message=error.message,
        )


def _row(record: Any, table: str) -> dict[str, Any]:
    """The record as its row, with the partition; RecordError when BigQuery cannot take it."""
    plain = to_dict(record)
    row = to_row(plain, BY_NAME[table].schema)
    row[PARTITION] = str(BY_NAME[table].day(plain))
    if (size := len(json.dumps(row))) > _LONGEST_ROW:
        raise RecordError("row_too_long", f"the row is {size:,} bytes of JSON; BigQuery takes 10 MB a request")
    return row


def _passes(errors: Iterable[dict[str, Any]]) -> bool:
    return all(each.get("reason") in _PASSING for each in errors)


def _refusal(errors: Sequence[dict[str, Any]]) -> RecordError:
    """What BigQuery says of the row, without its message, which quotes values."""
    first = errors[0]
    place = f" (column {first['location']})" if first.get("location") else ""
    return RecordError(f"bigquery_{first['reason']}", f"BigQuery refuses the row as {first['reason']}{place}")
