"""Avro and JSON Lines files of a run rewritten without some of their records.

Schema, codec and partition stay; a file is replaced whole or not at all; one that loses its last record is removed.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import fastavro

from pipeline.errors import ConfigError

Treat = Callable[[Mapping[str, Any]], Mapping[str, Any] | None]
"""Gives what a record becomes: itself, another one of the same schema, or None when it goes."""
_SUFFIXES = (".avro", ".jsonl")


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What became of a file's records."""

    removed: int = 0
    changed: int = 0

    def __bool__(self) -> bool:
        return bool(self.removed or self.changed)


def files(directory: Path) -> list[Path]:
    """The files of records below a directory, sorted; raises ConfigError when it is none."""
    if not directory.is_dir():
        raise ConfigError(f"--output {directory}: no such directory; name one that `shenava run` wrote to")
    return sorted(path for path in directory.rglob("*") if path.suffix in _SUFFIXES and path.is_file())


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a file; lines that are no JSON object are left out. Raises ConfigError naming an Avro file that
    is broken.
    """
    with path.open("rb") as file:
        if path.suffix == ".avro":
            yield from _avro(file, path)
        else:
            yield from (record for line in file if (record := _record(line)) is not None)


def rewrite(path: Path, treat: Treat, dry: bool = False) -> Rewritten:
    """Replace each record of the file by what `treat` makes of it. Nothing is written when nothing changes.

    Args:
        dry: only count.

    Raises:
        ConfigError: the file is broken; it is left as it is.
    """
    removed = changed = kept = 0
    for record in read(path):
        after = treat(record)
        removed, changed, kept = removed + (after is None), changed + (after not in (None, record)), kept + 1
    done = Rewritten(removed, changed)
    if dry or not done:
        return done
    if removed == kept and path.suffix == ".avro":
        path.unlink()
        return done
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with path.open("rb") as source, unfinished.open("wb") as target:
            (_rewrite_avro if path.suffix == ".avro" else _rewrite_lines)(source, target, treat)
            target.flush()
            os.fsync(target.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return done


def _avro(file: BinaryIO, path: Path) -> Iterator[dict[str, Any]]:
    try:
        yield from fastavro.reader(file)
    except (ValueError, EOFError) as error:
        raise ConfigError(f"{path}: not a whole Avro file ({error}); remove it by hand") from error


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _rewrite_avro(source: BinaryIO, target: BinaryIO, treat: Treat) -> None:
    reader = fastavro.reader(source)
    kept = (after for record in reader if (after := treat(record)) is not None)
    assert isinstance(reader.writer_schema, dict | list)
    fastavro.writer(target, reader.writer_schema, kept, codec=reader.codec)


def _rewrite_lines(source: BinaryIO, target: BinaryIO, treat: Treat) -> None:
    for line in source:
        record = _record(line)
        after = record if record is None else treat(record)
        if record is not None and after is None:
            continue
        same = after == record
        target.write(line if same else json.dumps(after, ensure_ascii=False).encode() + b"\n")
