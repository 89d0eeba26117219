"""Alerts and actions into the outbox of the webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.logic.webhooks import Subscription
from pipeline.metrics import counter
from pipeline.ports import Clock
from pipeline.store import database
from pipeline.store.outbox import Outbox


class OutboxSink:
    """A message in the outbox for each receiver that wants the record.

    Idempotent by receiver, record and revision. A store that is away is waited for. Counts `webhooks.queued`.
    """

    _outbox: Outbox

    def __init__(self, url: str, to: Sequence[Subscription], clock: Clock) -> None:
        self._url, self._to, self._clock = url, to, clock

    def open(self) -> None:
        self._outbox = Outbox(self._url)

    def write(self, records: Sequence[Any]) -> None:
        queued = database.patiently(lambda: self._outbox.put(records, self._to, self._clock()))
        counter("webhooks.queued").inc(queued)

    def close(self) -> None:
        self._outbox.close()
