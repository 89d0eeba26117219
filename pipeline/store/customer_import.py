"""What an import of the CRM writes, within one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, delete, select
from sqlalchemy.engine import Connection

from pipeline.logic.identity import LinkChanges, import_links
from pipeline.records import Consent, Customer, Link, from_json
from pipeline.store import database
from pipeline.store.customer_tables import CONSENTS, CONTACTS, CUSTOMERS, LINKS, PARTED


@dataclass(frozen=True)
class Imported:
    """What an import changed."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    older: int = 0
    """Customers of whom a later import has spoken: left as they are."""
    removed: int = 0
    """Customers that the file no longer has; only when asked to replace."""
    links_added: int = 0
    links_removed: int = 0
    kept_by_hand: tuple[str, ...] = ()
    """Accounts that stay another customer's, for somebody linked them by hand."""
    kept_apart: tuple[str, ...] = ()
    """Accounts that are not linked, for somebody took the same link away by hand."""

    def __add__(self, other: Imported) -> Imported:
        return Imported(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


def put(connection: Connection, given: Mapping[str, tuple[Customer, Collection[str]]], at: datetime) -> Imported:
    """Write some customers (id → customer and accounts), at most `database.CHUNK`, as `CustomerStore.put_customers`."""
    rows = connection.execute(select(CUSTOMERS).where(CUSTOMERS.c.customer.in_(given)))
    before = {row.customer: row for row in rows}
    known = {
        name: from_json(Customer, row.document) for name, row in before.items() if database.utc(row.imported_at) <= at
    }
    taken = {
        name: (_with_times(customer, known.get(name), at), accounts)
        for name, (customer, accounts) in given.items()
        if name in known or name not in before
    }
    customers = [customer for customer, _ in taken.values()]
    database.upsert(connection, CUSTOMERS, [database.row(CUSTOMERS, each, imported_at=at) for each in customers])
    # most say what they said: their consents and contacts are left alone
    told = [each for each in customers if known.get(each.customer) != each]
    _put_sayings(connection, told)
    links = _put_links(connection, {a: name for name, (_, accounts) in taken.items() for a in accounts}, taken, at)
    new = len(taken) - len(known)
    return Imported(
        new=new,
        changed=len(told) - new,
        unchanged=len(customers) - len(told),
        older=len(given) - len(taken),
        links_added=links.added,
        links_removed=len(links.remove),
        kept_by_hand=links.kept_by_hand,
        kept_apart=links.kept_apart,
    )


def links_where(connection: Connection, where: Any) -> list[Link]:
    """The links of which the condition holds, in order of account."""
    rows: Sequence[Row[Any]] = connection.execute(select(LINKS).where(where).order_by(LINKS.c.account)).all()
    return [Link(row.account, row.customer, row.source, row.confidence, database.utc(row.at)) for row in rows]


def consent(row: Row[Any]) -> Consent:
    """The consent in a row of CONSENTS."""
    return Consent(row.channel, row.purpose, row.given, database.utc(row.at))


def columns(record: Any) -> dict[str, Any]:
    """The record's fields as columns of the same names."""
    return {each.name: getattr(record, each.name) for each in fields(record)}


def _put_sayings(connection: Connection, customers: Sequence[Customer]) -> None:
    """Write consents and contacts over those that were there."""
    for table in (CONSENTS, CONTACTS):
        connection.execute(delete(table).where(table.c.customer.in_([each.customer for each in customers])))
    consents = [{"customer": each.customer, **columns(said)} for each in customers for said in each.consents]
    database.upsert(connection, CONSENTS, consents)
    contacts = [{"hash": address, "customer": each.customer} for each in customers for address in each.contacts]
    for part in database.chunks(contacts):
        connection.execute(database.insert(connection, CONTACTS).values(list(part)).on_conflict_do_nothing())


def _put_links(
    connection: Connection, wanted: Mapping[str, str], customers: Collection[str], at: datetime
) -> LinkChanges:
    existing = links_where(connection, LINKS.c.customer.in_(customers))
    parted: set[tuple[str, str]] = set()
    for part in database.chunks(sorted(wanted)):
        existing += links_where(connection, and_(LINKS.c.account.in_(part), LINKS.c.customer.not_in(customers)))
        rows = connection.execute(select(PARTED).where(PARTED.c.account.in_(part)))
        parted |= {(row.account, row.customer) for row in rows}
    changes = import_links(wanted, customers, existing, parted, at)
    for accounts in database.chunks(changes.remove):
        connection.execute(delete(LINKS).where(LINKS.c.account.in_(accounts)))
    database.upsert(connection, LINKS, [columns(link) for link in changes.put])
    return changes


def _with_times(customer: Customer, known: Customer | None, at: datetime) -> Customer:
    """The customer, with its earlier time for each consent that says what it said before and has no time of its own."""
    if known is None:
        return customer
    since = {(each.channel, each.purpose, each.given): each.at for each in known.consents}
    kept = (
        replace(each, at=since.get((each.channel, each.purpose, each.given), at)) if each.at == at else each
        for each in customer.consents
    )
    return replace(customer, consents=tuple(kept))
