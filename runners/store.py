"""`shenava store`: how far the tables of a store are, and bringing them up to date."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from runners.flags import add_command, add_json, add_store

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pipeline.store.migration import Standing

_STATUS_EXAMPLES = """\
examples:
  shenava store status --store sqlite:///out/profiles.db
  shenava store status --store postgresql+psycopg://shenava@db.example/shenava --json | jq .rows.cases

It changes nothing. The exit code is 1 when the store is not up to date.
"""
_UPGRADE_EXAMPLES = """\
examples:
  shenava store upgrade --store sqlite:///out/profiles.db
  shenava store upgrade --store postgresql+psycopg://owner@db.example/shenava

A run does it by itself when it begins; by hand it is for databases whose tables only somebody else may change.
Data stays. All that is due is one transaction. There is no way back but a backup: take one first.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `store` with its sub-commands."""
    does = "look at the tables of a store, and bring them up to date"
    store = commands.add_parser("store", help=does, description=does, epilog="examples: `shenava store status --help`")
    steps = store.add_subparsers(title="steps", required=True, metavar="STEP")
    _add(steps, "status", "say how far the tables of a store are, and how many rows they have", _status)
    _add(steps, "upgrade", "bring the tables of a store up to date, or make them", _upgrade)


def _add(
    steps: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    does: str,
    command: Callable[[argparse.Namespace], int],
) -> None:
    step = add_command(steps, name, does, command, _STATUS_EXAMPLES if name == "status" else _UPGRADE_EXAMPLES)
    add_store(step)
    add_json(step, "print the result as JSON")


def _status(given: argparse.Namespace) -> int:
    from pipeline.store import database, migration

    engine, shown = database.connect(given.store)
    database.must_exist(engine, shown)
    found = migration.standing(engine, shown)
    rows = migration.count_rows(engine, shown, found)
    print(json.dumps({**_fields(engine, shown, found), "rows": rows})) if given.json else _show(shown, found, rows)
    engine.dispose()
    return 1 if found.pending else 0


def _upgrade(given: argparse.Namespace) -> int:
    from pipeline.store import database, migration

    engine, shown = database.connect(given.store)
    before = migration.upgrade(engine, shown)
    if given.json:
        done = [{"revision": each.number, "changes": each.changes} for each in before.pending]
        after = _fields(engine, shown, migration.standing(engine, shown))
        print(json.dumps({**after, "from": before.revision, "done": done}))
    else:
        for each in before.pending:
            print(f"{each.number}  {each.changes}")
        print(f"{shown} {'is' if before.pending else 'was'} up to date: revision {before.latest}")
    engine.dispose()
    return 0


def _fields(engine: Engine, shown: str, found: Standing) -> dict[str, Any]:
    return {
        "store": shown,
        "database": engine.dialect.name,
        "revision": found.revision,
        "latest": found.latest,
        "up_to_date": not found.pending,
        "pending": [{"revision": each.number, "changes": each.changes} for each in found.pending],
    }


def _show(shown: str, found: Standing, rows: dict[str, int]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("table", box=None, pad_edge=False)
    table.add_column("rows", justify="right")
    for name, count in rows.items():
        table.add_row(name, f"{count:,}")
    console = Console(highlight=False, markup=False)
    if rows:
        console.print(table)
    console.print(f"{shown}: {_in_words(found)}", soft_wrap=True)
    for each in found.pending:
        console.print(f"  to do: {each.number}  {each.changes}", soft_wrap=True)
    if found.pending:
        console.print(f"`shenava store upgrade --store {shown}` does it", soft_wrap=True)


def _in_words(found: Standing) -> str:
    if not found.pending:
        return f"up to date, revision {found.revision}"
    if found.revision:
        return f"revision {found.revision} of {found.latest}"
    return "tables from before revisions were counted" if found.tables else "no tables yet"
