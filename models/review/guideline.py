"""A reviewed row against the annotation guideline (docs/labels.md): each head's answer, then how they agree."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.labels import BY_NAME, HEADS, Head, Kind

MOST_TOPICS = 3
_SHOWN_CHARACTERS = 20
_BETWEEN = re.compile("[,،;؛]")
_NONE = {"", "-", "–", "—"}


@dataclass
class Checked:
    """The labels of one row in the form of a training row, and what is wrong with them."""

    labels: dict[str, Any] = field(default_factory=dict)
    """Of the heads whose cell could be understood."""
    errors: list[tuple[str, str]] = field(default_factory=list)
    """(column, what is wrong and how to mend it)."""
    warnings: list[tuple[str, str]] = field(default_factory=list)
    """What the guideline says is normally otherwise."""


def check(cells: Mapping[str, str]) -> Checked:
    """The labels of a row: digits of any script, lists with Latin or Persian commas, `-` or nothing for none."""
    row = Checked()
    for head in HEADS:
        try:
            row.labels[head.name] = _labels(head, cells[head.name]) if head.kind is Kind.LABELS else _one(head, cells)
        except ValueError as error:
            row.errors.append((head.name, str(error)))
    _check_complaint(row)
    _check_promo(row)
    return row


def plain(cell: str) -> str:
    """A cell as compared: lower case, Latin digits, without blanks round it and invisible marks."""
    kept = (c for c in cell if unicodedata.category(c) != "Cf")
    return "".join(str(int(c)) if c.isdecimal() else c for c in kept).strip().casefold()


def _one(head: Head, cells: Mapping[str, str]) -> str | int:
    label = plain(cells[head.name])
    if label not in head.answers:
        given = "is empty" if not label else f"{_quoted(label)} is unknown"
        raise ValueError(f"{given}; write one of {', '.join(head.answers)}")
    return int(label) if label.isdecimal() else label


def _labels(head: Head, cell: str) -> list[str]:
    labels = [] if plain(cell) in _NONE else [plain(each) for each in _BETWEEN.split(cell)]
    labels = [label for label in labels if label]
    if unknown := [label for label in labels if label not in head.labels]:
        raise ValueError(
            f"{', '.join(map(_quoted, unknown))} unknown; write some of {', '.join(head.labels)}, or nothing"
        )
    if twice := sorted({label for label in labels if labels.count(label) > 1}):
        raise ValueError(f"{', '.join(twice)} more than once; write each label once")
    if head is BY_NAME["topics"] and len(labels) > MOST_TOPICS:
        raise ValueError(f"{len(labels)} topics; keep the {MOST_TOPICS} that fit best")
    return labels


def _check_complaint(row: Checked) -> None:
    complaint, severity = row.labels.get("complaint"), row.labels.get("severity")
    categories = row.labels.get("categories")
    if complaint == 0 and severity:
        row.errors.append(("severity", f"{severity} without a complaint; write 0 here, or 1 into complaint"))
    if complaint == 1 and severity == 0:
        row.errors.append(("severity", "0 for a complaint; write 1 to 4 here, or 0 into complaint"))
    if complaint == 0 and categories:
        row.errors.append(("categories", "given without a complaint; empty the cell, or write 1 into complaint"))
    if complaint == 1 and categories == []:
        row.errors.append(("categories", "none for a complaint; write at least one, `other` where none fits"))


def _check_promo(row: Checked) -> None:
    also = [name for name in ("complaint", "advocacy") if row.labels.get(name) == 1]
    if row.labels.get("promo") == 1 and also:
        row.warnings.append(("promo", f"1 together with {' and '.join(also)}; an advert normally has neither"))


def _quoted(label: str) -> str:
    # a cell that slipped into another column may hold a person's text
    return f"“{label}”" if len(label) <= _SHOWN_CHARACTERS else f"(a text of {len(label)} characters)"
