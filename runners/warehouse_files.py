"""A run's Avro files, table by table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import fastavro

from pipeline.errors import ConfigError
from pipeline.logic.warehouse import PARTITION, TABLES, WarehouseTable
from schemas import load

_DAY = re.compile(rf"{PARTITION}=(\d{{4}}-\d\d-\d\d)")


@dataclass(frozen=True)
class WarehouseFile:
    """An Avro file, and the table that it belongs to."""

    table: WarehouseTable
    path: Path
    snapshot: date | None
    """Of a snapshot the day it was taken."""


def files_of(output: Path) -> list[WarehouseFile]:
    """The files of a run's output directory that the warehouse takes, in order of table and path.

    Raises:
        ConfigError: there is none, or a snapshot's directory does not name its day.
    """
    found = [
        WarehouseFile(table, path, None if table.at else _day(path))
        for table in TABLES
        for path in sorted((output / table.name).rglob("*.avro"))
    ]
    if not found:
        raise ConfigError(f"{output}: no Avro file of {', '.join(table.name for table in TABLES)} is below it")
    return found


def rows_of(file: WarehouseFile) -> Iterator[tuple[dict[str, Any], date]]:
    """The records as the present contract has them, each with its partition; ConfigError when it cannot be read."""
    try:
        with file.path.open("rb") as opened:
            # a file of an older revision gets the defaults of the fields that are new
            for record in fastavro.reader(opened, reader_schema=load(file.table.schema)):
                yield record, file.snapshot or file.table.day(record)  # type: ignore[misc]
    except (OSError, ValueError, fastavro.read.SchemaResolutionError) as error:
        raise ConfigError(f"{file.path}: not an Avro file of the contract {file.table.schema}: {error}") from error


def _day(path: Path) -> date:
    match = _DAY.fullmatch(path.parent.name)
    if match is None:
        raise ConfigError(f"{path}: a snapshot lies in a directory that names its day, such as date=2026-10-17")
    return date.fromisoformat(match[1])
