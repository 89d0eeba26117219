"""Cases, alerts and facts into the store, and back out of it when a run begins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import apache_beam as beam

from pipeline.logic.care import Known
from pipeline.logic.wave_alerts import KnownWaves
from pipeline.store import database
from pipeline.store.care_store import CareStore
from pipeline.store.customer_store import CustomerStore

What = Literal["add_facts", "put_cases", "put_alerts", "put_actions", "put_courses"]


class CareSink:
    """Records into the store with one method of `CareStore`, a transaction a batch.

    Idempotent; a store that is away is waited for.
    """

    _store: CareStore

    def __init__(self, url: str, what: What) -> None:
        self._url, self._what = url, what

    def open(self) -> None:
        self._store = CareStore(self._url)

    def write(self, records: Sequence[Any]) -> None:
        database.patiently(lambda: getattr(self._store, self._what)(records))

    def close(self) -> None:
        self._store.close()


class RecallCare(beam.PTransform):
    """What the store knows of customers who may still be owed something, and what the CRM knows of linked accounts.

    Input: PBegin. Output: (customer, Known).
    """

    def __init__(self, url: str, since: timedelta, alerts: bool = True) -> None:
        """
        Args:
            since: customers who posted so shortly before the latest post are recalled too.
            alerts: also what was told (actions too), so that it is not told again.
        """
        super().__init__()
        self._url, self._since, self._alerts = url, since, alerts

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection:
        return (
            begin
            | "Begin" >> beam.Impulse()
            | "Recall" >> beam.ParDo(_RecallFn(self._url, self._since, self._alerts))
        )  # fmt: skip


class RecallWaves(beam.PTransform):
    """How complaints about each brand and category have gone, and the waves that were told lately.

    Input: PBegin. Output: (key, KnownWaves).
    """

    def __init__(self, url: str, alerts: bool = True) -> None:
        """
        Args:
            alerts: go on from there; a run that tells everything again begins anew.
        """
        super().__init__()
        self._url, self._alerts = url, alerts

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection:
        return (
            begin
            | "Begin" >> beam.Impulse()
            | "Recall" >> beam.ParDo(_RecallWavesFn(self._url, self._alerts))
        )  # fmt: skip


class _StoreFn(beam.DoFn):
    _store: CareStore

    def __init__(self, url: str) -> None:
        self._url = url

    def setup(self) -> None:
        self._store = CareStore(self._url)

    def teardown(self) -> None:
        self._store.close()


class _RecallFn(_StoreFn):
    def __init__(self, url: str, since: timedelta, alerts: bool) -> None:
        super().__init__(url)
        self._since, self._alerts = since, alerts

    def setup(self) -> None:
        super().setup()
        self._customers = CustomerStore(self._url)

    def teardown(self) -> None:
        self._customers.close()
        super().teardown()

    def process(self, element: bytes) -> Iterable[tuple[str, Known]]:
        del element  # the impulse
        crm = dict(self._customers.customers_by_account())
        for account, known in self._store.recall(self._since):
            told = known if self._alerts else replace(known, alerts=(), actions=())
            yield account, replace(told, crm=crm.pop(account, None))
        for account, customer in crm.items():
            yield account, Known(crm=customer)


class _RecallWavesFn(_StoreFn):
    def __init__(self, url: str, alerts: bool) -> None:
        super().__init__(url)
        self._alerts = alerts

    def process(self, element: bytes) -> Iterable[tuple[str, KnownWaves]]:
        del element  # the impulse
        if self._alerts:
            yield from self._store.recall_waves()
