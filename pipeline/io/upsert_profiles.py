"""Profiles into the store, merged with what it has."""

from __future__ import annotations

import apache_beam as beam

from pipeline.logic.profile import ProfileSettings
from pipeline.metrics import counter
from pipeline.records import Profile
from pipeline.store import database
from pipeline.store.profile_store import ProfileStore

_BATCH = 500


class UpsertProfiles(beam.PTransform):
    """Merge profiles into the store, a transaction a batch.

    Input: Profile. Output: nothing.
    Guarantees: the merge is idempotent and versioned, so a retried bundle or a second run over the
    same posts changes no row. Counts `profiles.written` (rows changed).
    """

    def __init__(self, url: str, settings: ProfileSettings) -> None:
        super().__init__()
        self._url, self._settings = url, settings

    def expand(self, profiles: beam.PCollection) -> beam.PCollection:
        return (
            profiles
            | "Batch" >> beam.BatchElements(min_batch_size=_BATCH, max_batch_size=_BATCH)
            | "Merge into store" >> beam.ParDo(_MergeFn(self._url, self._settings))
        )


class _MergeFn(beam.DoFn):
    _store: ProfileStore

    def __init__(self, url: str, settings: ProfileSettings) -> None:
        self._url, self._settings = url, settings

    def setup(self) -> None:
        self._store = ProfileStore(self._url)

    def process(self, element: list[Profile]) -> None:
        database.patiently(lambda: self._merge(element))

    def teardown(self) -> None:
        self._store.close()

    def _merge(self, profiles: list[Profile]) -> None:
        counter("profiles.written").inc(self._store.merge(profiles, self._settings))
