"""`shenava forget`: erase a person, prove it, and keep them out."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.clock import system_clock
from pipeline.errors import ConfigError
from runners.erasure import Erased, Places, apply, forget, progress
from runners.flags import add_command, add_json

_EXAMPLES = """\
examples:
  shenava forget x:1529384756 --output out --dry-run
  shenava forget C-1042 --store postgresql+psycopg://localhost/shenava --output out --output older --yes
  shenava forget --apply --store sqlite:///out/profiles.db --output export-of-last-year
  shenava forget --lift x:1529384756 --store sqlite:///out/profiles.db

An account is platform:account_id; a customer's id stands for all linked accounts. What is erased cannot be brought
back. A tombstone, a salted hash, stays: runs, replays and streams drop what such an account writes (a stream within
a minute; say it again after that to catch what was under way). --lift lets a person who comes back be heard again.
Afterwards the store and the files are searched for the person; what is still found is listed, with exit code 1.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `forget`."""
    parser = add_command(commands, "forget", "erase a person everywhere, prove it, keep them out", _forget, _EXAMPLES)
    parser.add_argument(
        "subject", nargs="?", metavar="ACCOUNT|CUSTOMER", help="platform:account_id, or a customer's id"
    )
    add_places(parser)
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--apply", action="store_true", help="erase everybody who was forgotten, as in an older export")
    way.add_argument("--lift", action="store_true", help="take the tombstone away; nothing comes back by itself")
    parser.add_argument("--dry-run", action="store_true", help="only count what would be erased")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_json(parser, "print what was erased and what is left as JSON")


def add_places(parser: argparse.ArgumentParser) -> None:
    """`--store` and `--output`."""
    parser.add_argument("--store", metavar="URL", help="the store (default: the profiles.db of --output)")
    parser.add_argument(
        *("--output",),
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="OUTPUT of a run, or another directory of its files; again for each",
    )


def opened(store: str | None, outputs: list[Path]) -> Places:
    """The places, with the store's tables up to date."""
    from pipeline.store.base import SqlStore

    places = Places.given(store, outputs)
    base = SqlStore(places.store)
    base.create_tables()
    base.close()
    return places


def _forget(given: argparse.Namespace) -> int:
    if bool(given.subject) == given.apply:
        raise ConfigError("forget needs either ACCOUNT|CUSTOMER or --apply; see `shenava forget --help`")
    places = opened(given.store, given.output)
    if given.lift:
        return _lift(given, places)
    if not given.dry_run and not given.yes:
        _ask(given.subject or "everybody who was forgotten", places)
    with progress() as tick:
        if given.apply:
            done = apply(places, given.dry_run, tick)
        else:
            done = forget(given.subject, places, system_clock(), given.dry_run, tick)
    if given.json:
        print(json.dumps(_plain(done, given), ensure_ascii=False, indent=2))
    else:
        _show(done, given)
    return 1 if done.left or done.note else 0


def _lift(given: argparse.Namespace, places: Places) -> int:
    from pipeline.store.tombstone_store import TombstoneStore

    store = TombstoneStore(places.store)
    lifted = store.lift(given.subject)
    store.close()
    if given.json:
        print(json.dumps({"subject": given.subject, "lifted": bool(lifted)}))
    elif lifted:
        print("lifted: what this account writes from now on is heard again, in streams within a minute")
    else:
        print("no tombstone lies on this account or customer: nothing to lift")
    return 0


def _ask(who: str, places: Places) -> None:
    if not sys.stdin.isatty():
        raise ConfigError("forget: there is no terminal to ask on; say --yes, or --dry-run to look first")
    where = ", ".join(map(str, ("the store", *places.outputs)))
    answer = input(f"Erase {who} from {where}? It cannot be brought back. Type yes: ")
    if answer.strip().lower() not in ("yes", "بله"):
        raise ConfigError("forget: nothing was erased")


def _plain(done: Erased, given: argparse.Namespace) -> dict[str, object]:
    return {
        "subject": given.subject,
        "dry_run": given.dry_run,
        "tombstones": done.tombstones,
        "store": dict(done.store),
        "files": {
            place: {"removed": done.removed[place], "changed": done.changed[place]}
            for place in sorted({*done.removed, *done.changed})
        },
        "left": dict(done.left),
        "note": done.note,
    }


def _show(done: Erased, given: argparse.Namespace) -> None:
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    for name in ("where", "gone", "masked"):
        table.add_column(name, justify="left" if name == "where" else "right")
    for name, count in sorted(done.store.items()):
        table.add_row(f"store: {name}", f"{count:,}", "")
    for place in sorted({*done.removed, *done.changed}):
        table.add_row(escape(place), f"{done.removed[place]:,}", f"{done.changed[place]:,}")
    if done.total:
        console.print(table)
    if given.dry_run:
        console.print(f"{done.total:,} records would go or be masked; nothing was changed")
        return
    if not done.total:
        console.print("nothing to erase")
    if done.tombstones:
        console.print("tombstone set: what they write is dropped from now on")
    if done.note:
        console.print(f"[yellow]{escape(done.note)}[/]")
    if done.left:
        console.print("[red]still found:[/]")
        for place, count in sorted(done.left.items()):
            console.print(f"  {escape(place)}: {count:,}")
    else:
        console.print("proof: nothing found, in no text of the store nor in the files")
