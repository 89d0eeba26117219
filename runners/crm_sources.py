"""The rows of a CRM, from a file or a database, each with its place."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from pipeline.errors import ConfigError
from pipeline.logic.cutting import cut_avro, cut_lines, cut_rows, unzip
from pipeline.records import RawRecord


@dataclass(frozen=True)
class Row:
    """One row as it was found."""

    place: str
    """`crm.csv:7`: the first line of the row; of Avro and SQL the number of the record."""
    cells: Mapping[str, Any]
    """Column → value; the columns in lower case."""
    error: str | None = None
    """Why there are no cells."""


_CUT: dict[str, Callable[[BinaryIO, str], Iterator[RawRecord]]] = {
    ".csv": cut_rows,
    ".jsonl": cut_lines,
    ".avro": cut_avro,
}


def rows(source: str, query: str | None) -> Iterator[Row]:
    """The rows of a .csv, .jsonl or .avro file (the first two also .gz), or of a query to a database.

    Raises:
        ConfigError: there is no such file or database, or the query fails.
    """
    if "://" in source:
        return _queried(source, query)
    if query:
        raise ConfigError("--query: it is for a database; this is a file")
    return _read(Path(source))


def _read(path: Path) -> Iterator[Row]:
    suffix = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    if suffix.lower() not in _CUT:
        raise ConfigError(f"{path}: neither .csv, .jsonl nor .avro, and no SQL URL such as postgresql+psycopg://…")
    try:
        with path.open("rb") as file:
            for record in _CUT[suffix.lower()](unzip(file), path.name):
                yield _row(record)
    except (OSError, EOFError, gzip.BadGzipFile) as error:
        raise ConfigError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'a damaged .gz'}") from error


def _row(record: RawRecord) -> Row:
    place = f"{record.source}:{record.position}"
    if record.error:
        return Row(place, {}, record.error)
    try:
        line = record.payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Row(place, {}, f"byte {error.start + 1} of the row is not UTF-8; save the file as UTF-8")
    if record.header:
        return _csv_row(place, line, record.header)
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return Row(place, {}, "no JSON; each line is one object")
    if not isinstance(value, dict):
        return Row(place, {}, "JSON, but no object")
    return Row(place, _named(value))


def _csv_row(place: str, line: str, header: tuple[str, ...]) -> Row:
    try:
        cells = next(csv.reader([line], strict=True), [])
    except csv.Error as error:
        return Row(place, {}, f"no CSV row: {error}")
    if len(cells) != len(header):
        hint = "; columns are parted by commas" if len(header) == 1 and ";" in header[0] else ""
        return Row(place, {}, f"has {len(cells)} columns, the header {len(header)}{hint}")
    return Row(place, _named(dict(zip(header, cells, strict=True))))


def _queried(url: str, query: str | None) -> Iterator[Row]:
    if not query:
        raise ConfigError("--query: a database needs one, such as 'SELECT id AS customer, name, tier FROM clients'")
    try:
        parsed = make_url(url)
        # hide_parameters: an error of the database must not print what a row says
        engine = create_engine(parsed, hide_parameters=True)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigError(f"{parsed.render_as_string(hide_password=True)}: {error}") from error
    except ArgumentError as error:
        raise ConfigError("not a database URL; for example postgresql+psycopg://host/crm") from error
    try:
        with engine.connect() as connection:
            found = connection.execution_options(yield_per=1000).execute(text(query))
            for number, row in enumerate(found.mappings(), 1):
                yield Row(f"query:{number}", _named(dict(row)))
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
        raise ConfigError(f"{parsed.render_as_string(hide_password=True)}: the query fails: {reason}") from error
    finally:
        engine.dispose()


def _named(cells: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name).strip().lower(): value for name, value in cells.items()}
