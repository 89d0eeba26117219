"""Labelled rows: reading, checking, splitting, and the target matrix.

A row is `{"id", "text", "lang", "source", "weight", "labels": {head: value}}`; a head that is absent
from `labels` is unknown, not negative, and is masked out of the loss.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.labels import BY_NAME, COLUMNS, HEADS, Head, Kind, columns_of
from models.training.config import LabelledSet, Stage, TrainingConfig
from models.training.names import fill
from pipeline.errors import ConfigError


@dataclass(frozen=True)
class Row:
    """One labelled text."""

    id: str
    text: str
    lang: str
    source: str
    weight: float
    labels: dict[str, Any]


@dataclass(frozen=True)
class Split:
    """What is learned from, what thresholds are chosen on, and what is reported on; no text is in two."""

    stages: list[list[Row]]
    """Rows of each stage (the student's last), a row that is seen n times n times."""
    calibration: list[Row]
    validation: list[Row]

    @property
    def train(self) -> list[Row]:
        """Every row that any stage learns from, repetitions included."""
        return [row for rows in self.stages for row in rows]


def read_rows(path: Path) -> list[Row]:
    """Rows of a JSON Lines file (.gz or plain), or of a YAML file of posts with a gap for names (`names.fill`).

    Raises:
        ConfigError: naming file, line (or pattern) and field when a row is not as documented or a label is unknown.
    """
    if not path.exists():
        raise ConfigError(f"{path}: no such data file")
    if path.suffix == ".yaml":
        return [_row(f"{path}: {value['id']}", value) for value in fill(path)]
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        return [_row(f"{path}:{number}", line) for number, line in enumerate(lines, 1)]


def _row(place: str, found: str | dict[str, Any]) -> Row:
    try:
        value = json.loads(found) if isinstance(found, str) else found
        row = Row(
            id=str(value["id"]),
            text=_mend(value["text"]),
            lang=value.get("lang", "und"),
            source=value.get("source", Path(place).name.split(".")[0]),
            weight=float(value.get("weight", 1.0)),
            labels=value["labels"],
        )
        _check_labels(row.labels)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{place}: {type(error).__name__}: {error}") from error
    return row


def _mend(text: str) -> str:
    """Undo the escaped commas and apostrophes that SemEval's files carry."""
    return text.replace("\\u002c", ",").replace("\\u2019", "’")


def _check_labels(labels: dict[str, Any]) -> None:
    for name, value in labels.items():
        head = BY_NAME.get(name)
        if head is None:
            raise ValueError(f"labels.{name} is not a head; heads are {', '.join(BY_NAME)}")
        for label in value if head.kind is Kind.LABELS else [value]:
            if str(label) not in head.answers:
                raise ValueError(f"labels.{name}: {label!r} is none of {', '.join(head.answers)}")


def text_key(text: str) -> str:
    """Two texts with the same key count as one post, so that no validation post is ever learned."""
    letters = "".join(c for c in text.casefold() if c.isalnum())
    return hashlib.sha1(letters.encode("utf-8", "surrogatepass")).hexdigest()


def split(config: TrainingConfig, root: Path) -> Split:
    """Cut the sets as the config says. The cut depends on the rows' ids only, never on the seed.

    Raises:
        ConfigError: a set is missing, or one of its rows is not as documented.
    """
    public = _PublicSets(root / config.public)
    parts = {name: _stratified(_read_set(chosen, root, public), chosen) for name, chosen in config.sets.items()}
    calibration = [row for _, rows, _ in parts.values() for row in rows]
    validation = [row for _, _, rows in parts.values() for row in rows]
    unseen = {text_key(row.text) for row in (*calibration, *validation)}
    reported = {text_key(row.text) for row in validation}

    def clean(rows: Iterable[Row]) -> list[Row]:
        return [row for row in rows if row.text.strip() and text_key(row.text) not in unseen]

    learned = {name: clean(kept) for name, (kept, _, _) in parts.items()}

    def rows_of(stage: Stage) -> list[Row]:
        seen = [row for name, times in stage.rows.items() for row in learned[name] for _ in range(times)]
        for name, count in stage.public.items():
            rows = list(public.of(name).values())
            seen += clean(random.Random(config.seed).sample(rows, min(count, len(rows))))
        return seen

    return Split(
        stages=[rows_of(stage) for stage in config.mixtures],
        calibration=[row for row in calibration if text_key(row.text) not in reported],
        validation=validation,
    )


class _PublicSets:
    """The public sets, each read once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._read: dict[str, dict[str, Row]] = {}

    def of(self, name: str) -> dict[str, Row]:
        """Rows of a set by id."""
        if name not in self._read:
            self._read[name] = {row.id: row for row in read_rows(self._directory / f"{name}.jsonl.gz")}
        return self._read[name]


def _read_set(chosen: LabelledSet, root: Path, public: _PublicSets) -> list[Row]:
    """The rows of a set; a row of our own without a text takes it from the public set its id names."""
    path = chosen.own or root / (chosen.path or Path())
    rows = []
    for row in read_rows(path):
        if not row.text and ":" in row.id:
            name, _, number = row.id.partition(":")
            source = public.of(name).get(number)
            if source is None:
                raise ConfigError(f"{path}: {row.id}: the public set {name} has no row {number}")
            row = replace(row, text=source.text, lang=source.lang)
        rows.append(row)
    return rows


def _stratified(rows: Sequence[Row], chosen: LabelledSet) -> tuple[list[Row], list[Row], list[Row]]:
    """(train, calibration, validation), each stratum of language × sentiment × severity cut alike."""
    strata: dict[tuple[str, str, int], list[Row]] = defaultdict(list)
    for row in rows:
        strata[row.lang, row.labels.get("sentiment", "?"), row.labels.get("severity", 0)].append(row)
    parts: tuple[list[Row], list[Row], list[Row]] = ([], [], [])
    for stratum in strata.values():
        # an order that depends on nothing but the ids: adding rows elsewhere moves no row across the cut
        ordered = sorted(stratum, key=lambda row: hashlib.sha1(row.id.encode()).digest())
        held = round(len(ordered) * chosen.hold_out)
        calibrate = held + round(len(ordered) * chosen.calibrate)
        for part, rows_of_part in zip(
            parts, (ordered[calibrate:], ordered[held:calibrate], ordered[:held]), strict=True
        ):
            part.extend(rows_of_part)
    return parts


def targets(rows: Iterable[Row], severity_smoothing: float = 0.0) -> NDArray[np.float32]:
    """Target matrix of shape (rows, len(COLUMNS)); NaN where the label is unknown or does not apply."""
    return np.stack([_target(row.labels, severity_smoothing) for row in rows])


def _target(labels: dict[str, Any], smoothing: float) -> NDArray[np.float32]:
    target = np.full(len(COLUMNS), np.nan, np.float32)
    for head in HEADS:
        if head.name in labels and not (head.given_complaint and not labels.get("complaint")):
            target[columns_of(head)] = _head_target(head, labels[head.name], smoothing)
    return target


def _head_target(head: Head, value: Any, smoothing: float) -> NDArray[np.float32]:
    if head.kind is Kind.FLAG:
        return np.array([float(value)], np.float32)
    chosen = {str(label) for label in (value if head.kind is Kind.LABELS else [value])}
    target = np.array([float(label in chosen) for label in head.labels], np.float32)
    if head.name == "severity" and smoothing and target.any():
        # neighbouring levels are nearly right: one step off costs less than three
        level = int(target.argmax())
        for neighbour in (level - 1, level + 1):
            if 0 <= neighbour < len(target):
                target[neighbour] += smoothing
                target[level] -= smoothing
    return target
