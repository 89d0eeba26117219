"""Reviewed rows into the training rows that the next model learns from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.review import guideline, sheet
from models.review.selection import LabelsByHead
from models.training import data
from pipeline.errors import ConfigError

_YES = {"y", "yes", "1", "بله"}
_NO = {"", "n", "no", "0", "نه", "خیر"}
# what saving in a code page without Persian letters leaves of a Persian text
_LOST_LETTERS = re.compile(r"\?{2}")
_ARABIC_SCRIPT = re.compile("[\u0600-\u06ff]")

TrainingRow = Mapping[str, Any]


@dataclass
class Reviewed:
    """What a review file holds."""

    rows: list[TrainingRow] = field(default_factory=list)
    """Of the rows that a person marked as reviewed."""
    unreviewed: int = 0
    problems: list[str] = field(default_factory=list)
    """Of all rows, marked or not: one wrong may be one whose mark was forgotten."""
    warnings: list[str] = field(default_factory=list)
    """Of the reviewed rows."""


@dataclass(frozen=True)
class Merged:
    """How a file of training rows changed."""

    added: int
    replaced: int
    unchanged: int
    rows: int
    """In the file now."""


def read_review(path: Path) -> Reviewed:
    """The reviewed rows of a sheet as training rows, and everything that is wrong in it.

    Raises:
        ConfigError: the file as a whole cannot be read.
    """
    found = Reviewed()
    numbers: dict[str, int] = {}
    for row in sheet.read(path):
        if row.fault:
            found.problems.append(f"{path}:{row.number}: {row.fault}")
            continue
        checked = guideline.check(row.cells)
        marked = _is_marked(row.cells["reviewed"], checked)
        _check_post(row, numbers, checked)
        found.problems += [f"{path}:{row.number}: {column}: {text}" for column, text in checked.errors]
        if not marked:
            found.unreviewed += 1
            continue
        found.warnings += [f"{path}:{row.number}: {column}: {text}" for column, text in checked.warnings]
        found.rows.append(_training_row(row.cells, checked.labels))
    return found


def read_corrections(paths: list[Path]) -> dict[str, LabelsByHead]:
    """Labels by post id of rows imported earlier; a later file counts more. Raises ConfigError as `read_rows`."""
    return {row.id: row.labels for path in paths for row in data.read_rows(path)}


def merge(path: Path, rows: list[TrainingRow]) -> Merged:
    """Add rows to a file of training rows, each in the place of an earlier one with its id; whole or not at all.

    Raises:
        ConfigError: what is there is no file of training rows, or cannot be written.
    """
    sheet.check_suffix(path, "--output", (".jsonl",))
    lines = _lines_by_id(path)
    before = dict(lines)
    lines |= {row["id"]: json.dumps(row, ensure_ascii=False) for row in rows}
    if lines != before:
        sheet.replace_file(path, "".join(f"{line}\n" for line in lines.values()))
    added = len(lines) - len(before)
    replaced = sum(lines[key] != line for key, line in before.items())
    return Merged(added, replaced, len(rows) - added - replaced, len(lines))


def _is_marked(cell: str, checked: guideline.Checked) -> bool:
    mark = guideline.plain(cell)
    if mark not in _YES | _NO:
        checked.errors.append(("reviewed", "neither yes (y, yes, 1, بله) nor no (n, no, 0, نه, خیر, or nothing)"))
    return mark in _YES


def _check_post(row: sheet.SheetRow, numbers: dict[str, int], checked: guideline.Checked) -> None:
    """Whether id and text are still those of one post."""
    key, text = row.cells["id"].strip(), row.cells["text"]
    if not key:
        checked.errors.append(("id", "is empty; copy it from the exported file"))
    elif (first := numbers.setdefault(key, row.number)) != row.number:
        checked.errors.append(("id", f"is that of row {first} too; keep one of them"))
    if not text.strip():
        checked.errors.append(("text", "is empty; copy it from the exported file"))
    elif row.cells["language"] in ("fa", "ar") and _LOST_LETTERS.search(text) and not _ARABIC_SCRIPT.search(text):
        checked.errors.append(("text", "lost its letters; export again, and in Excel save as “CSV UTF-8”"))


def _training_row(cells: Mapping[str, str], labels: LabelsByHead) -> TrainingRow:
    return {
        "id": cells["id"].strip(),
        "text": cells["text"],
        "lang": cells["language"].strip() or "und",
        "source": "review",
        "weight": 1.0,
        "labels": labels,
    }


def _lines_by_id(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    data.read_rows(path)
    try:
        # not splitlines: a text may hold U+2028, which JSON leaves as it is
        lines = [line for line in path.read_text("utf-8").split("\n") if line]
    except OSError as error:
        raise ConfigError(f"--output {path}: {error.strerror}") from error
    return {str(json.loads(line)["id"]): line for line in lines}
