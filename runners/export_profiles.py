"""A snapshot of the store's profiles as Avro, for the warehouse."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import fastavro

from pipeline.errors import ConfigError
from pipeline.io.bigquery_names import BigQueryDataset
from pipeline.logic.warehouse import PARTITION
from pipeline.records import to_dict
from pipeline.store.profile_store import ProfileStore
from runners import warehouse_bigquery
from runners.warehouse_files import files_of
from schemas import load


def export(store_url: str, output: Path, day: date) -> tuple[Path, int]:
    """Write every profile to `output/profiles/date=DAY/part-00000.avro`; returns the file and the number of profiles.

    The file appears whole or not at all. It replaces the snapshot of the same day.

    Raises:
        ConfigError: the store cannot be opened, or the file not written.
    """
    path = output / "profiles" / f"{PARTITION}={day}" / "part-00000.avro"
    store = ProfileStore(store_url)
    try:
        store.create_tables()
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
        counted = _Counted(to_dict(profile) for profile in store.read_all())
        with unfinished.open("wb") as file:
            fastavro.writer(file, load("profile"), counted, codec="deflate")
        unfinished.replace(path)
    except OSError as error:
        raise ConfigError(f"--output {output}: cannot be written: {error.strerror}") from error
    finally:
        store.close()
    return path, counted.count


def snapshot(store_url: str, output: Path, warehouse: BigQueryDataset | None) -> None:
    """Today's snapshot beside the files of a run, and in the warehouse if there is one."""
    path, _ = export(store_url, output, datetime.now(UTC).date())
    if warehouse:
        todays = [each for each in files_of(output) if each.path == path]
        # a generator: nothing is loaded before it is asked for
        list(warehouse_bigquery.load(warehouse, todays))


class _Counted:
    """An iterable that knows how many it gave: a store may hold more profiles than memory does."""

    def __init__(self, items: Iterator[Any]) -> None:
        self._items, self.count = items, 0

    def __iter__(self) -> Iterator[Any]:
        for item in self._items:
            self.count += 1
            yield item
