"""Lists for other programs: CSV, JSON Lines and Avro files that appear whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import fastavro

from pipeline.errors import ConfigError
from pipeline.records import iso_time
from schemas import load

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of the one of that name when all went well.

    Raises:
        ConfigError: it cannot be written; what was there stays.
    """
    unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with unfinished.open("wb") as file:
                yield file
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"--output {path}: cannot be written: {error.strerror}") from error


def write_rows(
    file: BinaryIO, rows: Iterable[Mapping[str, Any]], form: str, columns: Sequence[str], schema: str = ""
) -> None:
    """Write rows in a form: csv, jsonl or avro.

    Args:
        columns: of the head of a CSV file.
        schema: name of the rows' contract, for Avro.
    """
    if form == "avro":
        fastavro.writer(file, load(schema), rows, codec="deflate")
        return
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
    if form == "csv":
        lines = csv.writer(text)
        lines.writerow(columns)
        lines.writerows([cell(row[name]) for name in columns] for row in rows)
    else:
        for row in rows:
            text.write(json.dumps(row, ensure_ascii=False, default=_json_value) + "\n")
    text.detach()


def harmless(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row for a spreadsheet: a name that its owner chose must not run there as a formula."""
    name = row["name"]
    return {**row, "name": f"'{name}"} if name and name.startswith(_FORMULA) else dict(row)


def cell(value: Any) -> str:
    """A value as a cell of a CSV file has it: times in UTC, several values parted by semicolons."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return iso_time(value)
    if isinstance(value, list | tuple):
        return ";".join(map(cell, value))
    if isinstance(value, Mapping):
        return ":".join(map(cell, value.values()))
    return str(value)


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso_time(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
