"""`shenava crm`: customers of the CRM into the store, and what is known of them back."""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from pipeline.errors import ConfigError
from pipeline.logic.contacts import DEFAULT_REGION, REGIONS
from pipeline.logic.durations import parse_moment
from pipeline.records import iso_time
from runners import crm_export
from runners.flags import add_command, add_json, add_store

if TYPE_CHECKING:
    from pipeline.store.customer_import import Imported
    from pipeline.store.customer_store import CustomerStore
    from pipeline.store.tombstone_store import TombstoneStore
    from runners.crm_rows import CrmRow, Problem

T = TypeVar("T")
_BATCH = 2000
"""Customers a transaction: other writers get their turn between two."""
_SHOWN = 50
_IMPORT_EXAMPLES = """\
examples:
  shenava crm import examples/parsi/crm.csv --store sqlite:///out/profiles.db --as-of 2026-10-01
  shenava crm import crm.jsonl.gz --store postgresql+psycopg://localhost/shenava --replace --json
  shenava crm import postgresql+psycopg://localhost/crm --store sqlite:///out/profiles.db \\
    --query 'SELECT id AS customer, name, tier, mail AS email FROM clients'

columns (in any order; of these only customer is needed, others are not read):
  customer   id in the CRM                        name, tier   as the CRM has them
  consents   marketing:e-mail=yes;service:*=no    PURPOSE:CHANNEL=yes or no, * is every channel; channels as in the
             config's policies; yes@2026-09-30 says since when (else --as-of). Or a column each:
             consent_marketing_e-mail, consent_service (every channel)
  accounts   x:123;instagram:@sara.dizin          PLATFORM:ID, or PLATFORM:@HANDLE of an account that has posted. Or a
             column each: account_x
  email, phone   several are parted by semicolons; only salted hashes are kept (salt: SHENAVA_SALT in the
             environment, else the store's own)

A row replaces what was known of its customer: an account that is no longer listed loses its link, a consent that is no
longer there is gone. What was linked or unlinked by hand stays. Nothing is written unless every row is good.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `crm` with its sub-commands."""
    does = "bring the CRM and the store together"
    crm = commands.add_parser("crm", help=does, description=does, epilog="examples: `shenava crm STEP --help`")
    steps = crm.add_subparsers(title="steps", required=True, metavar="STEP")

    taken = add_command(
        steps, "import", "customers, their accounts and consents into the store", _run, _IMPORT_EXAMPLES
    )
    taken.add_argument("source", metavar="FILE|SQL-URL", help=".csv, .jsonl (also .gz) or .avro, or a database")
    add_store(taken)
    taken.add_argument("--query", metavar="SELECT", help="what to read from a database")
    taken.add_argument(
        "--region",
        default=DEFAULT_REGION,
        metavar="CODE",
        help=f"country of phone numbers without their country code (default: {DEFAULT_REGION})",
    )
    taken.add_argument(
        "--as-of", type=_moment, metavar="TIME", help="when the CRM said so, such as 2026-10-01 (default: now)"
    )
    taken.add_argument("--replace", action="store_true", help="remove customers who are not in the file")
    taken.add_argument("--skip-bad", action="store_true", help="leave bad rows out instead of refusing all")
    add_json(taken, "print the outcome as JSON")
    crm_export.add_step(steps)


@dataclass
class _Read:
    """All rows, read."""

    good: list[CrmRow]
    bad: list[CrmRow]
    problems: list[Problem]
    unread: frozenset[str]

    def refuse(self, problems: Sequence[Problem]) -> None:
        """Take the rows of further problems for bad."""
        places = {each.place for each in problems}
        self.problems += problems
        self.bad += [row for row in self.good if row.place in places]
        self.good = [row for row in self.good if row.place not in places]


def _run(given: argparse.Namespace) -> int:
    from pipeline.store.customer_store import CustomerStore
    from pipeline.store.tombstone_store import TombstoneStore

    now = datetime.now(UTC)
    at: datetime = given.as_of or now
    if at > now:
        raise ConfigError("--as-of: lies in the future; no import would count until then")
    region = given.region.upper()
    if region not in REGIONS:
        raise ConfigError(f"--region: {given.region!r} is no country such as IR (ISO 3166)")
    with closing(CustomerStore(given.store)) as store:
        store.create_tables()
        read = _read(given, store.salt(), region, at)
        forgotten = _leave_out_forgotten(read, TombstoneStore(given.store))
        read.refuse(list(_repeated(read.good)))
        read.refuse(_look_up_handles(read.good, store))
        if read.problems and not given.skip_bad:
            raise ConfigError(_told(read.problems) + "\nnothing was written; mend the rows, or say --skip-bad")
        if not read.good:
            raise ConfigError(f"{given.source}: no customer in it")
        done = _write(read.good, store, at)
        if given.replace:
            done += store.remove_others({row.customer.customer for row in (*read.good, *read.bad)}, at)
        listed = {account for row in read.good for account in row.accounts}
        posted = store.have_posted(listed)
        found = _summary(given.source, store.shown_url, at, read, done)
    found["links"]["not_posted"] = len(listed - posted)
    found["forgotten"] = forgotten
    if given.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        _show(found)
    if read.problems:
        print(f"shenava: left out: {_told(read.problems)}", file=sys.stderr)
    return 0


def _read(given: argparse.Namespace, salt: bytes, region: str, at: datetime) -> _Read:
    from runners import crm_rows, crm_sources

    read, unread = _Read([], [], [], frozenset()), set[str]()
    for row in _with_bar(crm_sources.rows(given.source, given.query), "reading"):
        found = crm_rows.read_row(row, salt, region, at)
        (read.bad if found.problems else read.good).append(found)
        read.problems += found.problems
        unread |= found.unread
    read.unread = frozenset(unread)
    return read


def _leave_out_forgotten(read: _Read, tombstones: TombstoneStore) -> int:
    """Take out customers and accounts that are to be forgotten; returns how many."""
    with closing(tombstones):
        forgotten = tombstones.read()
    kept = [row for row in read.good if not forgotten.covers(row.customer.customer)]
    count, read.good = len(read.good) - len(kept), kept
    for row in kept:
        accounts = tuple(account for account in row.accounts if not forgotten.covers(account))
        count, row.accounts = count + len(row.accounts) - len(accounts), accounts
    return count


def _repeated(rows: Iterable[CrmRow]) -> Iterator[Problem]:
    """Customers and accounts that stand in more than one row."""
    from runners.crm_rows import Problem

    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        places["customer", row.customer.customer].append(row.place)
        for account in row.accounts:
            places["accounts", account].append(row.place)
    for (name, _), several in places.items():
        for place in several[1:]:
            yield Problem(place, name, f"stands in {several[0]} already")


def _look_up_handles(rows: Sequence[CrmRow], store: CustomerStore) -> list[Problem]:
    """Put account ids in the place of handles; a problem where not exactly one account has the handle."""
    from runners.crm_rows import Problem

    wanted = {account for row in rows for account in row.accounts if ":@" in account}
    found = store.accounts_by_handle(wanted) if wanted else {}
    problems, owners = [], dict[str, str]()
    for row in rows:
        resolved = []
        for account in row.accounts:
            known = found.get(account, [account])
            if len(known) != 1:
                seen = f"{len(known)} accounts have" if known else "no account of the store has"
                platform = account.partition(":")[0]
                problems.append(Problem(row.place, "accounts", f"{seen} this handle on {platform}; write PLATFORM:ID"))
                continue
            if owners.setdefault(known[0], row.place) != row.place:
                problems.append(Problem(row.place, "accounts", f"stands in {owners[known[0]]} already"))
            resolved += known
        row.accounts = tuple(sorted(set(resolved)))
    return problems


def _write(rows: Sequence[CrmRow], store: CustomerStore, at: datetime) -> Imported:
    from pipeline.store.customer_import import Imported
    from pipeline.store.database import patiently

    done = Imported()
    batches = [rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH)]
    for batch in _with_bar(batches, "writing"):
        customers = [(row.customer, row.accounts) for row in batch]
        done += patiently(lambda customers=customers: store.put_customers(customers, at))  # type: ignore[misc]
    return done


def _summary(source: str, store: str, at: datetime, read: _Read, done: Imported) -> dict[str, Any]:
    places = {account: row.place for row in read.good for account in row.accounts}
    return {
        "source": source.rpartition("@")[2],
        "store": store,
        "as_of": iso_time(at),
        "rows": len(read.good) + len(read.bad),
        "bad": len(read.bad),
        "customers": {name: getattr(done, name) for name in ("new", "changed", "unchanged", "older", "removed")},
        "links": {
            "listed": len(places),
            "added": done.links_added,
            "removed": done.links_removed,
            "kept_by_hand": sorted(places[account] for account in done.kept_by_hand),
            "kept_apart": sorted(places[account] for account in done.kept_apart),
        },
        "columns_not_read": sorted(read.unread),
    }


def _show(found: dict[str, Any]) -> None:
    customers, links = found["customers"], found["links"]
    print(f"{found['source']}: {found['rows'] - found['bad']:,} customers into {found['store']}")
    print("  customers  " + " · ".join(f"{count:,} {name}" for name, count in customers.items() if count))
    print(f"  links      {links['listed']:,} listed · {links['added']:,} added · {links['removed']:,} removed")
    if found["forgotten"]:
        print(f"  forgotten  {found['forgotten']:,} customers and accounts were left out: they are to be forgotten")
    if links["not_posted"]:
        print(f"             {links['not_posted']:,} to accounts that have not posted yet")
    for name, why in (("kept_by_hand", "linked to another customer by hand"), ("kept_apart", "unlinked by hand")):
        if links[name]:
            print(f"             {len(links[name]):,} not taken, {why}: {', '.join(links[name][:_SHOWN])}")
    if found["columns_not_read"]:
        print(f"  not read   the columns {', '.join(found['columns_not_read'])}")


def _told(problems: Sequence[Problem]) -> str:
    rows = len({each.place for each in problems})
    ordered = sorted(problems, key=lambda each: int(each.place.rpartition(":")[2]))
    lines = [f"{rows:,} bad row{'s' * (rows > 1)}", *map(str, ordered[:_SHOWN])]
    more = len(problems) - _SHOWN
    return "\n  ".join([*lines, f"and {more:,} more problems"] if more > 0 else lines)


def _with_bar(items: Iterable[T], doing: str) -> Iterable[T]:
    """A bar on standard error, on a terminal only."""
    from rich.console import Console
    from rich.progress import track

    quiet = not sys.stderr.isatty()
    return track(items, doing, console=Console(stderr=True), transient=True, disable=quiet)


def _moment(text: str) -> datetime:
    try:
        return parse_moment(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-10-01 or 2026-10-01T09:00+03:30") from None
