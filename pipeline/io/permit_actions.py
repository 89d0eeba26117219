"""The last look before anybody is written to."""

from __future__ import annotations

from collections.abc import Iterable

import apache_beam as beam

from pipeline.logic.consent import consented
from pipeline.logic.policies import NO_CONSENT
from pipeline.metrics import counter
from pipeline.records import Action
from pipeline.store import database
from pipeline.store.customer_store import CustomerStore


class PermitActions(beam.PTransform):
    """Only those actions go on that may be carried out as of now.

    Input: Action. Output: Action. One whose customer is on the suppression list, or does not agree to its channel and
    purpose, is left out and counted in `actions.not_permitted`: a stream knows consents as of its start, and somebody
    may have refused since. What withdraws or corrects an action passes.
    Guarantees: asks the store for each action; a store that is away is waited for.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def expand(self, actions: beam.PCollection) -> beam.PCollection:
        return actions | "Ask the store" >> beam.ParDo(_PermitFn(self._url)).with_output_types(Action)


class _PermitFn(beam.DoFn):
    _store: CustomerStore

    def __init__(self, url: str) -> None:
        self._url = url

    def setup(self) -> None:
        self._store = CustomerStore(self._url)

    def process(self, element: Action) -> Iterable[Action]:
        if element.withdrawn or database.patiently(lambda: self._permitted(element)):
            yield element
        else:
            counter("actions.not_permitted").inc()

    def teardown(self) -> None:
        self._store.close()

    def _permitted(self, action: Action) -> bool:
        link = self._store.of_account(action.customer)
        if self._store.is_suppressed([action.customer, *([link.customer] if link else [])]):
            return False
        if action.needs_consent == NO_CONSENT:
            return True
        return link is not None and consented(self._store.consents(link.customer), action.channel, action.needs_consent)
