"""The file a person edits: a CSV for spreadsheets or JSON Lines, by the suffix, with one row a post.

The CSV begins with a byte order mark, without which Excel shows no Persian. A cell that a spreadsheet would
run as a formula gets an apostrophe in front (https://owasp.org/www-community/attacks/CSV_Injection),
which reading takes away again; a cell that begins with apostrophes and then such a sign gets one more, so that
every text comes back as it was.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.labels import BY_NAME
from models.review.selection import Candidate
from pipeline.errors import ConfigError

NEEDED = ("reviewed", "id", "language", "text", *BY_NAME)
COLUMNS = ("reviewed", "id", "language", "text", "reasons", *BY_NAME)

_FORMULA = r"(?:\s*[=+\-@＝＋－＠]|[\t\r\n])"
_WOULD_RUN = re.compile(rf"'*{_FORMULA}")
_MADE_HARMLESS = re.compile(rf"'+{_FORMULA}")


@dataclass(frozen=True)
class SheetRow:
    """One row as it was read; every cell is text."""

    number: int
    """Row of the spreadsheet, the header being 1; line of a JSON Lines file."""
    cells: Mapping[str, str]
    fault: str | None = None
    """Why its cells could not be told apart; None when they could."""


def write(path: Path, candidates: Iterable[Candidate]) -> None:
    """Write the rows for review. Raises ConfigError when they cannot be written there."""
    check_target(path)
    rows = [
        {"reviewed": "", "id": each.id, "language": each.language, "text": each.text, "reasons": list(each.reasons)}
        | dict(each.labels)
        for each in candidates
    ]
    if path.suffix == ".csv":
        replace_file(path, "\ufeff" + _as_csv(rows))
    else:
        replace_file(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def check_target(path: Path) -> None:
    """Raise ConfigError for a file of another kind, or one that exists: a review may be under way in it."""
    check_suffix(path, "--output")
    if path.exists():
        raise ConfigError(f"--output {path}: exists, and a review may be under way in it; name another file")


def read(path: Path) -> list[SheetRow]:
    """Rows in file order, empty ones left out.

    Raises:
        ConfigError: no such file, not UTF-8, or columns missing; the text says how to mend it.
    """
    check_suffix(path, "--input")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"--input {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"--input {path}: not UTF-8; in Excel save it as “CSV UTF-8 (Comma delimited)”") from error
    rows = _from_csv(path, text) if path.suffix == ".csv" else _from_lines(text)
    return [row for row in rows if row.fault or any(row.cells.values())]


def replace_file(path: Path, content: str) -> None:
    """Write a file whole or not at all. Raises ConfigError when it cannot be written."""
    unfinished = path.with_name(f"{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(content, "utf-8", newline="")
        unfinished.replace(path)
    except OSError as error:
        raise ConfigError(f"--output {path}: {error.strerror}") from error


def check_suffix(path: Path, flag: str, allowed: Sequence[str] = (".csv", ".jsonl")) -> None:
    """Raise ConfigError for a file of another kind."""
    if path.suffix not in allowed:
        raise ConfigError(f"{flag} {path}: the name must end in {' or '.join(allowed)}")


def _as_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(COLUMNS)
    for row in rows:
        cells = {name: _cell(value, "; " if name == "reasons" else ", ") for name, value in row.items()}
        writer.writerow([f"'{cell}" if _WOULD_RUN.match(cell) else cell for cell in map(cells.__getitem__, COLUMNS)])
    return target.getvalue()


def _from_csv(path: Path, text: str) -> Iterator[SheetRow]:
    # where the decimal sign is a comma, spreadsheets save with semicolons
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise ConfigError(f"--input {path}: not a CSV file: {error}") from error
    header = [name.strip().casefold() for name in lines[0]] if lines else []
    if missing := [name for name in NEEDED if name not in header]:
        raise ConfigError(
            f"--input {path}: columns missing: {', '.join(missing)}; keep those of `shenava review export`"
        )
    for number, line in enumerate(lines[1:], 2):
        cells = [cell[1:] if _MADE_HARMLESS.match(cell) else cell for cell in line]
        wrong = any(line) and len(line) != len(header)
        fault = f"{len(line)} cells, the header has {len(header)}; quote cells that hold commas" if wrong else None
        yield SheetRow(number, dict(zip(header, cells, strict=False)), fault)


def _from_lines(text: str) -> Iterator[SheetRow]:
    # not splitlines: a text may hold U+2028, which JSON leaves as it is
    for number, line in enumerate(text.split("\n"), 1):
        cells, fault = _json_cells(line) if line.strip() else ({}, None)
        yield SheetRow(number, cells, fault)


def _json_cells(line: str) -> tuple[dict[str, str], str | None]:
    """The cells of a line, or none and why."""
    try:
        value = json.loads(line)
    except ValueError as error:
        return {}, f"not JSON: {error}"
    if not isinstance(value, dict):
        return {}, "not an object"
    if missing := [name for name in NEEDED if name not in value]:
        return {}, f"missing: {', '.join(missing)}"
    return {name: _cell(each, ", ") for name, each in value.items()}, None


def _cell(value: Any, between: str) -> str:
    if isinstance(value, list):
        return between.join(map(str, value))
    return "" if value is None else str(int(value)) if isinstance(value, bool) else str(value)
