"""Cuts an open file into records, each with its original bytes and its place. No record is dropped.

What cannot be cut out cleanly becomes a record whose `error` says why; the reading goes on behind it
wherever the file allows.
"""

from __future__ import annotations

import base64
import csv
import gzip
import json
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

import fastavro

from pipeline.records import RawRecord

MAX_LINE = 8_000_000
"""Bytes; a longer line is kept only as its beginning."""
DEAD_LETTER = "io.shenava.DeadLetter"
"""Full name of a dead letter's schema."""
KEPT = 64_000
"""Bytes kept of what is too long or damaged."""

_CHUNK = 1 << 16
# bytes.splitlines would also split at a lone \r, which may stand inside a CSV cell
_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
_DAMAGED_GZIP = (EOFError, gzip.BadGzipFile, zlib.error)
# what fastavro was seen to raise on damaged files; an OSError is the disk's or the network's fault, not the file's
_DAMAGED_AVRO = (
    *_DAMAGED_GZIP,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
    MemoryError,
    RecursionError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    data: bytes
    """With its line break."""
    error: str | None = None


def unzip(file: BinaryIO) -> BinaryIO:
    """`file` itself, or its unpacked content when it begins as gzip does. The name does not matter:
    a .gz that a browser has already unpacked is read as what it is.
    """
    zipped = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    return cast(BinaryIO, gzip.GzipFile(fileobj=file)) if zipped else file


def cut_lines(file: BinaryIO, source: str) -> Iterator[RawRecord]:
    """One record a line that is not blank, without its line break; position is the 1-based line number."""
    for line in _lines(file):
        payload = line.data.rstrip(b"\r\n")
        if line.error or payload.strip():
            yield RawRecord(payload, source, line.number, error=line.error)


def cut_rows(file: BinaryIO, source: str) -> Iterator[RawRecord]:
    """One record a CSV row behind the header, with its line breaks; position is the row's first line.

    Bytes that are no UTF-8 do not hinder the cutting. A quote that is never closed ends after 131,072
    characters (the csv module's limit), so that it cannot swallow the file.
    """
    taken: list[_Line] = []

    def texts() -> Iterator[str]:
        for line in _lines(file):
            taken.append(line)
            yield line.data.decode("utf-8", "surrogateescape")

    rows = csv.reader(texts())
    header: tuple[str, ...] | None = None
    while True:
        row, error = [], None
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as refusal:
            error = f"no CSV row: {refusal}"
        payload, first = b"".join(line.data for line in taken), taken[0].number
        error = next((line.error for line in taken if line.error), error)
        taken.clear()
        if not error and not payload.strip():
            continue
        if header is None and not error:
            header = tuple(_clean(name) for name in row)
            continue
        if not header:
            header = ()
            error = error or "the header of its file could not be read"
        yield RawRecord(payload, source, first, header, error)


def cut_avro(file: BinaryIO, source: str) -> Iterator[RawRecord]:
    """One record an Avro record, as UTF-8 JSON; position is its 1-based number.

    Times become ISO 8601, bytes base64. A dead letter is what it holds: the record that failed, with the place where
    it was read first, so that a file of them can be read again. At the damaged place, or for a file that is no Avro,
    one record with `error`; it holds the file's first bytes when nothing could be read before.
    """
    beginning, number = b"", 0
    try:
        beginning = file.read(KEPT)
        file.seek(0)
        records = fastavro.reader(file)
        for number, record in enumerate(records, 1):
            if _is_dead_letter(records.writer_schema):
                yield RawRecord(record["payload"], record["source"], record["position"], tuple(record["header"]))
                continue
            payload = json.dumps(record, ensure_ascii=False, default=_plain).encode("utf-8", "surrogatepass")
            yield RawRecord(payload, source, number)
    except _DAMAGED_AVRO as error:
        reason = f"no Avro file, or damaged from record {number + 1} on ({type(error).__name__})"
        yield RawRecord(b"" if number else beginning, source, number + 1, error=reason)


def _is_dead_letter(schema: object) -> bool:
    return isinstance(schema, dict) and schema.get("name") == DEAD_LETTER


def _lines(file: BinaryIO) -> Iterator[_Line]:
    # read1 hands over what a damaged gzip file still gave before it raises; remote files have only read
    read = file.read1 if isinstance(file, gzip.GzipFile) else file.read
    number, pieces, size, damage = 1, list[bytes](), 0, None
    while True:
        try:
            chunk = read(_CHUNK)
        except _DAMAGED_GZIP as error:
            damage = f"the gzip file is damaged from here on ({type(error).__name__})"
            break
        if not chunk:
            break
        for piece in _LINE.findall(chunk):
            if size <= MAX_LINE:
                pieces.append(piece)
            size += len(piece)
            if piece.endswith(b"\n"):
                yield _line(number, pieces, size)
                number, pieces, size = number + 1, [], 0
    if damage is not None:
        yield _Line(number, b"".join(pieces)[:KEPT], damage)
    elif pieces:
        yield _line(number, pieces, size)


def _line(number: int, pieces: list[bytes], size: int) -> _Line:
    data = b"".join(pieces)
    if size > MAX_LINE:
        return _Line(number, data[:KEPT], f"the line has {size:,} bytes; only the first {KEPT:,} are kept")
    return _Line(number, data)


def _clean(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace").lstrip("\ufeff").strip()


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    isoformat = getattr(value, "isoformat", None)
    return str(isoformat() if isoformat else value)
