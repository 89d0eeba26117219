"""`shenava show`: Avro files as JSON Lines, for people and for jq."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from glob import iglob
from itertools import islice
from pathlib import Path
from typing import Any

import fastavro

from pipeline.errors import ConfigError
from pipeline.records import iso_time


def run(path: str, limit: int | None) -> int:
    """Print the records of the files at `path`; raises ConfigError naming what cannot be read."""
    for record in islice(records(path), limit):
        sys.stdout.write(json.dumps(record, ensure_ascii=False, default=_readable) + "\n")
    return 0


def records(path: str) -> Iterator[Any]:
    """The records of an Avro file, of those below a directory, or of a glob; raises ConfigError as `run`."""
    # iglob: Path.glob takes no absolute pattern
    named = Path(path).rglob("*.avro") if Path(path).is_dir() else map(Path, iglob(path))  # noqa: PTH207
    files = sorted(named)
    if not files:
        raise ConfigError(f"{path}: no Avro file there")
    for file in files:
        with file.open("rb") as opened:
            try:
                yield from fastavro.reader(opened)
            except ValueError as error:
                raise ConfigError(f"{file}: not an Avro file: {error}") from error


def _readable(value: Any) -> str:
    """Times as ISO 8601; bytes as text, with what is no UTF-8 shown as escapes."""
    if isinstance(value, datetime):
        return iso_time(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    raise TypeError(type(value).__name__)
