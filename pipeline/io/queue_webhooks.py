"""Alerts and actions into the outbox of the webhooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import apache_beam as beam

from pipeline.logic.webhooks import Subscription
from pipeline.metrics import counter
from pipeline.ports import Clock
from pipeline.store import database
from pipeline.store.outbox import Outbox

_BATCH = 200


class QueueWebhooks(beam.PTransform):
    """A message in the outbox for each receiver that wants the record.

    Input: Alert or Action. Output: the same records, once the outbox has them: what follows may rely on it.
    Guarantees: idempotent by receiver, record and revision. A store that is away is waited for, then the bundle fails
    and the runner retries it. Counts `webhooks.queued`.
    """

    def __init__(self, url: str, to: Sequence[Subscription], clock: Clock) -> None:
        super().__init__()
        self._url, self._to, self._clock = url, to, clock

    def expand(self, records: beam.PCollection) -> beam.PCollection:
        return (
            records
            | "Batch" >> beam.BatchElements(min_batch_size=_BATCH, max_batch_size=_BATCH)
            | "Queue" >> beam.ParDo(_QueueFn(self._url, self._to, self._clock))
        )


class _QueueFn(beam.DoFn):
    _outbox: Outbox

    def __init__(self, url: str, to: Sequence[Subscription], clock: Clock) -> None:
        self._url, self._to, self._clock = url, to, clock

    def setup(self) -> None:
        self._outbox = Outbox(self._url)

    def process(self, element: list[Any]) -> Iterable[Any]:
        queued = database.patiently(lambda: self._outbox.put(element, self._to, self._clock()))
        counter("webhooks.queued").inc(queued)
        yield from element

    def teardown(self) -> None:
        self._outbox.close()
