"""A person out of the store and out of the files of runs, and the proof that nothing of them is left."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pipeline.errors import ConfigError
from pipeline.io.rewrite_files import files, read, rewrite
from pipeline.logic.erased_letters import letter_without
from pipeline.logic.erasure import Person, author, concerns, known_by, without
from pipeline.logic.tombstones import Tombstones, rows
from pipeline.store.person_rows import OWNERS
from pipeline.store.privacy_store import PrivacyStore, bytes_naming
from pipeline.store.tombstone_store import TombstoneStore

Tick = Callable[[str], object]
"""Called with the name of each table or file before it is worked on."""


@dataclass
class Erased:
    """What was erased, or would be, and what is left."""

    tombstones: int = 0
    """New rows of the table `forgotten`."""
    store: Counter[str] = field(default_factory=Counter)
    """Table -> rows that went or were changed."""
    removed: Counter[str] = field(default_factory=Counter)
    """Folder of an output -> records that went."""
    changed: Counter[str] = field(default_factory=Counter)
    """Folder of an output -> records of others in which the person is named no more."""
    left: Counter[str] = field(default_factory=Counter)
    """Where the person is still found -> how often; empty when the proof holds."""
    note: str | None = None
    """Why the store's file could not be compacted."""

    @property
    def total(self) -> int:
        """Records and rows that went or were changed."""
        return sum((self.store + self.removed + self.changed).values())


@dataclass(frozen=True)
class Places:
    """Where to erase."""

    store: str
    outputs: tuple[Path, ...] = ()

    @classmethod
    def given(cls, store: str | None, outputs: Iterable[Path]) -> Places:
        """Where the flags say; without --store the store among the outputs.

        Raises:
            ConfigError: there is no store, more than one, or a directory is none.
        """
        places = tuple(outputs)
        for each in places:
            files(each)
        own = [each / "profiles.db" for each in places if (each / "profiles.db").is_file()]
        if store is None and len(own) != 1:
            raise ConfigError("--store: which store? For example sqlite:///out/profiles.db or postgresql+psycopg://…")
        url = store or f"sqlite:///{own[0]}"
        path = Path(url.partition("///")[2].partition("?")[0])
        if url.startswith("sqlite") and not path.is_file():
            raise ConfigError(f"--store {url}: there is no such file")
        return cls(url, places)


def forget(subject: str, places: Places, now: datetime, dry: bool, tick: Tick) -> Erased:
    """Set the tombstone, then erase the account or the customer everywhere, then look whether anything is left.

    Erasing again finds what a run under way may have written since.

    Raises:
        ConfigError: a file is broken, or the salt is not the store's.
        TransientError: the store is away or locked; what was done before stays done, say it again.
    """
    store = PrivacyStore(places.store)
    tombstones = TombstoneStore(places.store)
    try:
        person = store.find(subject)
        person = person.joined(_in_files(places, person.accounts, tick))
        if dry:
            return _erase(person, Tombstones(b"", frozenset()), store, places, b"dry", True, tick)
        salt = tombstones.salt()
        stones = [row for each in sorted(person.subjects) for row in _rows(each, person, salt)]
        new = tombstones.bury(stones, now)
        erased = _erase(person, tombstones.read(), store, places, salt, False, tick)
        erased.tombstones = new
        return erased
    finally:
        store.close()
        tombstones.close()


def apply(places: Places, dry: bool, tick: Tick) -> Erased:
    """Erase everybody on whom a tombstone lies, from the store itself and from directories of whatever age."""
    store = PrivacyStore(places.store)
    tombstones = TombstoneStore(places.store)
    try:
        forgotten = tombstones.read()
        if not forgotten:
            return Erased()
        accounts = {each for path in _all_files(places) for each in _covered(path, forgotten)}
        person = store.forgotten(forgotten).joined(Person(frozenset(accounts)))
        person = person.joined(_in_files(places, person.accounts, tick))
        return _erase(person, forgotten, store, places, forgotten.salt, dry, tick)
    finally:
        store.close()
        tombstones.close()


def _erase(
    person: Person,
    forgotten: Tombstones,
    store: PrivacyStore,
    places: Places,
    salt: bytes,
    dry: bool,
    tick: Tick,
) -> Erased:
    treat = _treatment(person, forgotten)
    done = Erased()
    # files first: what the store knows of the person is needed to find them there, should this be cut short
    for directory in places.outputs:
        for path in files(directory):
            tick(str(path))
            rewritten = rewrite(path, treat, dry)
            folder = str(directory / path.relative_to(directory).parts[0])
            done.removed[folder] += rewritten.removed
            done.changed[folder] += rewritten.changed
            if not dry and not path.exists() and not any(path.parent.iterdir()):
                path.parent.rmdir()
    done.store = store.erase(person, salt, tick, dry)
    done.removed, done.changed = +done.removed, +done.changed
    if not dry:
        done.note = store.compact()
        done.left = store.search(person, tick) + store.leftovers(person) + _left_in_files(person, places, treat, tick)
    return done


def _left_in_files(person: Person, places: Places, treat: Callable[[Any], Any], tick: Tick) -> Counter[str]:
    found: Counter[str] = Counter()
    own = Path(places.store.partition("///")[2].partition("?")[0]).absolute() if "sqlite" in places.store else None
    for directory in places.outputs:
        records = set(files(directory))
        for path in sorted(each for each in directory.rglob("*") if each.is_file()):
            tick(str(path))
            if path in records:
                shown = (record for record in read(path) if treat(record) != record or _shows(record, person))
                found[str(path)] += sum(1 for _ in shown)
            if path.suffix != ".avro" and not (own and path.absolute().name.startswith(own.name)):
                # a compressed Avro file says nothing as bytes
                found[str(path)] += bytes_naming(path, person)
    return +found


def _shows(record: Mapping[str, Any], person: Person) -> bool:
    return bool(person.evidence.search(json.dumps(record, ensure_ascii=False, default=_readable)))


def _readable(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _treatment(person: Person, forgotten: Tombstones) -> Callable[[Mapping[str, Any]], Mapping[str, Any] | None]:
    def treat(record: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if isinstance(record.get("payload"), bytes):
            return letter_without(record, person, forgotten)
        return without(record, person) if concerns(record, person) else record

    return treat


def _rows(subject: str, person: Person, salt: bytes) -> list[str]:
    platform = subject.partition(":")[0]
    is_account = subject in person.accounts
    handles = [each.partition(":@")[2] for each in person.handles if each.startswith(f"{platform}:@")]
    return rows(subject, handles if is_account else (), person.names if is_account else (), salt)


def _in_files(places: Places, accounts: frozenset[str], tick: Tick) -> Person:
    """What the files of events know of these accounts."""

    def events(path: Path) -> Iterator[dict[str, Any]]:
        tick(str(path))
        return (record for record in read(path) if isinstance(record.get("post"), dict))

    found = [known_by(events(path), accounts) for path in _all_files(places) if path.suffix == ".avro"]
    return reduce(Person.joined, found, Person())


def _covered(path: Path, forgotten: Tombstones) -> set[str]:
    """The forgotten accounts that a file names as owners of records."""
    found: set[str] = set()
    for record in read(path):
        owners = [record.get(name) for name in OWNERS]
        if isinstance(record.get("post"), dict):
            owners.append(author(record["post"]))
        found |= {each for each in owners if isinstance(each, str) and forgotten.covers(each)}
    return found


def _all_files(places: Places) -> list[Path]:
    return [path for directory in places.outputs for path in files(directory)]


@contextmanager
def progress() -> Iterator[Tick]:
    """A bar on standard error while the block runs, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda place: bar.update(task, advance=1, description=Path(place).name)
