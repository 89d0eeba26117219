"""Records to one sink after the other, so that what the last one has, those before it have as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import apache_beam as beam

_BATCH = 200


class Sink(Protocol):
    """Where records go. It travels to the workers, and is opened there."""

    def open(self) -> None:
        """Connect."""

    def write(self, records: Sequence[Any]) -> None:
        """Write them, and return when they are there; again changes nothing. Raises TransientError: try again."""

    def close(self) -> None:
        """Disconnect."""


class WriteInTurn(beam.PTransform):
    """A few hundred records at a time to one sink after the other.

    Input: records. Output: nothing.
    Guarantees: a sink is given only what those before it have taken. A bundle ends when the last has everything, and
    fails when one does not take it; a retried bundle writes to all of them again. Between two sinks lies no more than
    one call, so that a crash hardly ever comes between.
    """

    def __init__(self, *sinks: Sink) -> None:
        super().__init__()
        self._sinks = sinks

    def expand(self, records: beam.PCollection) -> beam.PCollection:
        return records | "Write" >> beam.ParDo(_WriteFn(self._sinks))


class _WriteFn(beam.DoFn):
    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._sinks = sinks
        self._records: list[Any] = []

    def setup(self) -> None:
        for sink in self._sinks:
            sink.open()

    def start_bundle(self) -> None:
        self._records = []

    def process(self, element: Any) -> None:
        self._records.append(element)
        if len(self._records) == _BATCH:
            self._write()

    def finish_bundle(self) -> None:
        self._write()

    def teardown(self) -> None:
        for sink in self._sinks:
            sink.close()

    def _write(self) -> None:
        if self._records:
            for sink in self._sinks:
                sink.write(self._records)
            self._records = []
