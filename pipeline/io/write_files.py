"""Records into Avro or JSON Lines files of any Beam filesystem.

Beam's own `WriteToFiles` names files by chance and only logs a failed move; here a partition is one
file with a fixed name, so a retried bundle overwrites what it wrote before and a failed write fails.
"""

from __future__ import annotations

import hashlib
import json
import uuid
import zlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Literal

import apache_beam as beam
import fastavro
from apache_beam.io.filesystems import FileSystems

from pipeline.metrics import counter
from pipeline.records import iso_time, to_dict
from schemas import load

Format = Literal["avro", "jsonl"]
EVERY = timedelta(seconds=60)
MOST = 5_000
"""How long, and how many records, a stream gathers for one file of a partition."""


class WriteFiles(beam.PTransform):
    """Write records to `directory/[partition/]part-SHARD.FORMAT`, sorted.

    Input: records of one schema. Output: paths of the files written.
    Guarantees: a file appears whole or not at all. Bounded input: the same records give the same files, byte for
    byte with JSON Lines, whatever their order. Unbounded: a file is finished after EVERY or at MOST records and
    named by a digest of them; a record that comes again is in two files, so readers go by its id.
    Counts `<name>.rows`.
    """

    def __init__(
        self,
        directory: str,
        schema: str,
        order: Callable[[Any], Any],
        partition: Callable[[Any], str] = lambda _: "",
        file_format: Format = "avro",
        shards: int = 1,
        identity: Callable[[Any], Any] | None = None,
    ) -> None:
        """
        Args:
            schema: name of the records' schema, also the prefix of the metric.
            order: sort key, unique per record; shards are cut by it.
            partition: sub-directory of a record, such as `date=2026-10-03`.
            shards: files per partition; more than one only where a partition is too big for one worker.
            identity: of records of a file that have the same, only the last in order is written.
        """
        super().__init__()
        self._directory, self._schema, self._order = directory, schema, order
        self._partition, self._format, self._shards, self._identity = partition, file_format, shards, identity

    def expand(self, records: beam.PCollection) -> beam.PCollection:
        partition, order, shards = self._partition, self._order, self._shards
        if not records.is_bounded:
            return self._in_time(records)

        def place(record: Any) -> tuple[str, Any]:
            shard = zlib.crc32(repr(order(record)).encode()) % shards
            return FileSystems.join(partition(record), f"part-{shard:05d}"), record

        return (
            records
            | "Place" >> beam.Map(place).with_output_types(tuple[str, Any])
            | "Gather files" >> beam.GroupByKey()
            | "Write" >> beam.ParDo(_WriteFn(self._directory, self._schema, order, self._format, self._identity))
        )

    def _in_time(self, records: beam.PCollection) -> beam.PCollection:
        partition, order = self._partition, self._order

        def name(item: tuple[str, Iterable[Any]]) -> tuple[str, list[Any]]:
            part, batch = item[0], list(item[1])
            digest = hashlib.sha256(repr(sorted(map(repr, map(order, batch)))).encode()).hexdigest()
            return FileSystems.join(part, f"part-{digest[:16]}"), batch

        return (
            records
            | "Partition" >> beam.Map(lambda record: (partition(record), record)).with_output_types(tuple[str, Any])
            | "Gather in time" >> beam.GroupIntoBatches(MOST, max_buffering_duration_secs=EVERY.seconds)
            | "Name" >> beam.Map(name).with_output_types(tuple[str, Any])
            | "Write" >> beam.ParDo(_WriteFn(self._directory, self._schema, order, self._format, self._identity))
        )


class _WriteFn(beam.DoFn):
    def __init__(
        self,
        directory: str,
        schema: str,
        order: Callable[[Any], Any],
        file_format: Format,
        identity: Callable[[Any], Any] | None,
    ) -> None:
        self._directory, self._schema, self._order, self._format = directory, schema, order, file_format
        self._identity = identity

    def process(self, element: tuple[str, Iterable[Any]]) -> Iterable[str]:
        name, records = element
        records = sorted(records, key=self._order)
        if self._identity:
            records = list({self._identity(record): record for record in records}.values())
        rows = [to_dict(record) for record in records]
        path = FileSystems.join(self._directory, f"{name}.{self._format}")
        unfinished = f"{path}.{uuid.uuid4().hex}.tmp"
        with FileSystems.create(unfinished, mime_type="application/octet-stream") as file:
            if self._format == "avro":
                fastavro.writer(file, load(self._schema), rows, codec="deflate")
            else:
                _write_lines(file, rows)
        FileSystems.rename([unfinished], [path])
        counter(f"{self._schema}.rows_{self._format}").inc(len(rows))
        yield path


def _write_lines(file: BinaryIO, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False, default=_json_value).encode() + b"\n")


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso_time(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
