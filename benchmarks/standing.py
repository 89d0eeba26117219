"""What a run left behind, each record once, and whether two runs left the same."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

from runners.show import records

TOLERANCE = 1e-3
"""Relative and absolute. A score's last digit goes by the batch that its post was in, and a profile adds up scores."""
_COUNTS_OF_CHANGES = ("revision",)
"""How often something was corrected on its way depends on what came in which bundle."""
_SCORE_UNITS = ("sentiment_sum",)
"""A sum of scores as a whole number; `sentiment` beside it says the same."""

Records = Mapping[str, Any]


@dataclass(frozen=True)
class Standing:
    """Records by id, from the files and the store of a run's output."""

    events: Records
    """By post key, the newest version, as docs/data.md tells readers to take them."""
    profiles: Records
    cases: Records
    alerts: Records
    """Those that were not withdrawn."""
    kpis: Records
    """Rows that count at least one post."""
    dead_letters: Records
    """By the number of the message."""


class Difference(NamedTuple):
    """How one kind of record differs between two runs."""

    kind: str
    first: int
    second: int
    only_first: Sequence[str]
    only_second: Sequence[str]
    changed: Mapping[str, Sequence[str]]
    """Id → where in the record."""

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not (self.only_first or self.only_second or self.changed)


def compare(first: Standing, second: Standing) -> list[Difference]:
    """The two, one kind of record after the other. Pure."""
    found = []
    for kind in (field.name for field in fields(Standing)):
        a, b = getattr(first, kind), getattr(second, kind)
        changed = {key: list(_differing(a[key], b[key])) for key in sorted(a.keys() & b.keys())}
        only = (sorted(a.keys() - b.keys()), sorted(b.keys() - a.keys()))
        found.append(Difference(kind, len(a), len(b), *only, {key: paths for key, paths in changed.items() if paths}))
    return found


def lost(published: Mapping[int, str | None], left: Standing) -> list[int]:
    """Messages that ended neither as an event nor as a dead letter.

    Args:
        published: number of the message → key of its post; None when no post can be read from it.
    """
    gone = (n for n, key in published.items() if key not in left.events and str(n) not in left.dead_letters)
    return sorted(gone)


def read_standing(output: Path) -> Standing:
    """What lies in a run's output; a kind that is not there is empty."""
    store = output / "profiles.db"
    alerts = {key: each for key, each in _documents(store, "alerts") if not each["withdrawn"]}
    return Standing(
        events=read_events(output),
        profiles=dict(_documents(store, "profiles")),
        cases=dict(_documents(store, "cases")),
        alerts=alerts,
        kpis={key: each for key, each in _documents(store, "kpis") if each["mentions"]},
        dead_letters=read_dead_letters(output),
    )


def read_events(output: Path) -> dict[str, Any]:
    """Enriched events by post key, the newest version of each."""
    found: dict[str, Any] = {}
    for row in _rows(output / "enriched"):
        key = f"{row['post']['platform']}:{row['post']['post_id']}"
        if key not in found or _version(row["post"]) > _version(found[key]["post"]):
            found[key] = row
    return found


def read_dead_letters(output: Path) -> dict[str, Any]:
    """Dead letters by the number of the message; the subscription, in which two runs differ, is left out."""
    rows = _rows(output / "dead_letters")
    return {str(row["position"]): {name: row[name] for name in row if name != "source"} for row in rows}


def _version(post: Mapping[str, Any]) -> tuple[Any, ...]:
    counted = sum(count or 0 for count in post["engagement"].values())
    edited = post["edited_at"]
    return bool(post["deleted"]), edited or post["created_at"], edited is not None, counted


def _rows(folder: Path) -> Iterator[Any]:
    # a folder without a finished file yet is no error here
    return records(str(folder)) if any(folder.rglob("*.avro")) else iter(())


def _documents(store: Path, table: str) -> Iterator[tuple[str, Any]]:
    """(key, document) of a table of the store; nothing where this version has no such table."""
    # past the stores' own classes: they take the write lock even to read
    with closing(sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True, timeout=60)) as connection:
        key = [name for _, name, _, _, _, place in connection.execute(f"PRAGMA table_info({table})") if place]
        if key:
            for document, *values in connection.execute(f"SELECT document, {', '.join(key)} FROM {table}"):
                yield " ".join(map(str, values)), json.loads(document)


def _differing(a: Any, b: Any, path: str = "") -> Iterable[str]:
    """Paths at which two values differ by more than the last digits of scores."""
    if isinstance(a, float) or isinstance(b, float):
        close = isinstance(a, int | float) and isinstance(b, int | float)
        if not (close and math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)):
            yield path
    elif isinstance(a, Mapping) and isinstance(b, Mapping):
        for name in sorted((a.keys() | b.keys()) - {*_COUNTS_OF_CHANGES, *_SCORE_UNITS}):
            yield from _differing(a.get(name), b.get(name), f"{path}.{name}".lstrip("."))
    elif isinstance(a, list | tuple) and isinstance(b, list | tuple) and len(a) == len(b):
        for place, pair in enumerate(zip(a, b, strict=True)):
            yield from _differing(*pair, f"{path}[{place}]")
    elif a != b:
        yield path
