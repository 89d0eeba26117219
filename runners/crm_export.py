"""`shenava crm export`: what is known of every customer, back to the CRM."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigError
from pipeline.records import CustomerRow, iso_time, to_dict
from runners.flags import DEFAULT_CONFIG, add_command, add_json, add_store

if TYPE_CHECKING:
    from pipeline.logic.crm_row import Subject
    from pipeline.logic.insight import InsightSettings
    from pipeline.store.export_store import ExportStore

_FORMATS = ("csv", "avro", "jsonl")
_EXAMPLES = """\
examples:
  shenava crm export --store sqlite:///out/profiles.db --config company.yaml --output customers.csv
  shenava crm export --store sqlite:///out/profiles.db --as salesforce --output changed.jsonl --json
  shenava crm export --store postgresql+psycopg://localhost/shenava --since 2026-10-01 --output changed.avro

A row a customer, as of now (or --as-of). --as NAME gives only customers whose row is another than the one NAME got
last, also when a post came late, was edited or deleted; the store remembers it when the file stands, so after a crash
the same rows come again. --since TIME remembers nothing and goes by the times of posts, cases, actions and imports: a
post that came late has an earlier one and is missed. What fades by itself (advocacy, weights of interests) and
influence make no change; they are renewed whenever a row goes out.
"""


@dataclass
class Exported:
    """An export in numbers, and what is to be remembered of it."""

    subjects: int = 0
    """Customers and accounts that were looked at."""
    rows: int = 0
    digests: dict[str, str] = field(default_factory=dict)
    """Subject → digest, of the rows that went out."""
    gone: set[str] = field(default_factory=set)
    """Subjects that the consumer got earlier, and that are there no more."""


def add_step(steps: argparse._SubParsersAction[argparse.ArgumentParser], name: str = "export") -> None:
    """Add `export` to the steps of `crm`."""
    step = add_command(steps, name, "what is known of every customer into a file", _run, _EXAMPLES)
    add_store(step)
    step.add_argument("--output", required=True, type=Path, metavar="FILE", help=".csv, .jsonl or .avro")
    step.add_argument("--format", choices=_FORMATS, help="default: of --output's name")
    step.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="the company's YAML")
    which = step.add_mutually_exclusive_group()
    which.add_argument("--as", dest="consumer", metavar="NAME", help="only what changed since NAME's last export")
    which.add_argument("--since", metavar="TIME", help="only customers of whom something is known that is as late")
    step.add_argument("--full", action="store_true", help="with --as: everybody once more, such as after a lost file")
    step.add_argument("--unlinked", action="store_true", help="also accounts that are no customer's, a row each")
    step.add_argument("--as-of", metavar="TIME", help="or latest: of the store's last post (default: now)")
    add_json(step, "print the numbers as JSON")


def export(
    store: ExportStore,
    write: Callable[[Iterator[CustomerRow]], object],
    now: datetime,
    settings: InsightSettings,
    *,
    consumer: str | None = None,
    full: bool = False,
    since: datetime | None = None,
    unlinked: bool = False,
    advance: Callable[[], object] = lambda: None,
) -> Exported:
    """Hand the rows as of `now` to `write`; then remember what the consumer got.

    Args:
        write: called once; when it returns, the rows are safe.
        full: rows that the consumer has, too.
        since: only rows that changed then or later.
        advance: called once a subject.

    Raises:
        TransientError: the store is away; the next export gives the same rows again.
    """
    from pipeline.logic.crm_row import crm_row, digest

    before = store.exported(consumer) if consumer else {}
    done = Exported(gone=set(before))

    def rows() -> Iterator[CustomerRow]:
        for each in _subjects(store, unlinked):
            row = crm_row(each, now, settings)
            done.subjects += 1
            done.gone.discard(each.subject)
            advance()
            if consumer:
                found = digest(row, each.versions)
                if found == before.get(each.subject) and not full:
                    continue
                done.digests[each.subject] = found
            elif since and (row.changed_at is None or row.changed_at < since):
                continue
            done.rows += 1
            yield row

    write(rows())
    if consumer:
        # the moment of the export, not the one it speaks of
        store.remember(consumer, done.digests, done.gone, datetime.now(UTC))
    return done


def _subjects(store: ExportStore, unlinked: bool) -> Iterator[Subject]:
    for some in store.customers():
        yield from some
    if unlinked:
        for some in store.unlinked():
            yield from some


def _run(given: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import Progress

    from pipeline.config import load_config
    from pipeline.store.export_store import ExportStore
    from pipeline.store.insight_store import InsightStore
    from runners.insight_settings import moment, settings_of
    from runners.row_files import harmless, whole_file, write_rows

    form, config = _form(given), load_config(given.config)
    if given.full and not given.consumer:
        raise ConfigError("--full: goes with --as NAME; without it everybody is exported anyway")
    columns = [each.name for each in fields(CustomerRow)]

    def plain(row: CustomerRow) -> dict[str, Any]:
        # an account's handle is its owner's choice, a customer's name the company's
        return harmless(to_dict(row)) if form == "csv" and row.customer is None else to_dict(row)

    def write(rows: Iterator[CustomerRow]) -> None:
        with whole_file(given.output) as file:
            write_rows(file, map(plain, rows), form, columns, "customer")

    with closing(ExportStore(given.store)) as store, closing(InsightStore(given.store)) as insights:
        store.must_exist()
        store.create_tables()
        now = moment(given.as_of, "--as-of", config.time_zone, insights)
        since = moment(given.since, "--since", config.time_zone, insights) if given.since else None
        screen = Console(stderr=True)
        with Progress(console=screen, transient=True, disable=not screen.is_terminal) as shown:
            task = shown.add_task("exporting", total=store.size(given.unlinked))
            done = export(
                *(store, write, now, settings_of(config)),
                consumer=given.consumer,
                full=given.full,
                since=since,
                unlinked=given.unlinked,
                advance=lambda: shown.advance(task),
            )
    if given.json:
        print(json.dumps(_numbers(done, given, now), ensure_ascii=False))
    else:
        _show(done, given)
    return 0


def _form(given: argparse.Namespace) -> str:
    form: str = given.format or given.output.suffix.removeprefix(".")
    if form not in _FORMATS:
        raise ConfigError(f"--output {given.output}: a file is .csv, .jsonl or .avro, or say --format csv")
    return form


def _numbers(done: Exported, given: argparse.Namespace, now: datetime) -> dict[str, Any]:
    return {
        "output": str(given.output),
        "as_of": iso_time(now),
        "rows": done.rows,
        "subjects": done.subjects,
        "as": given.consumer,
        "gone": len(done.gone),
    }


def _show(done: Exported, given: argparse.Namespace) -> None:
    print(f"{given.output}: {done.rows:,} rows of {done.subjects:,} customers{' and accounts' * given.unlinked}")
    if given.consumer:
        print(f"  remembered as what {given.consumer} has; {done.subjects - done.rows:,} have not changed")
        if done.gone:
            print(f"  {len(done.gone):,} that {given.consumer} got earlier are there no more", file=sys.stderr)
