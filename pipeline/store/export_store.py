"""Everything of each customer for an export, some hundred at a time, and what was exported to whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Row, Select, Table, func, select

from pipeline.logic.crm_row import Subject
from pipeline.records import Action, Case, Profile, from_json
from pipeline.store import database
from pipeline.store.base import SqlStore
from pipeline.store.care_tables import ACTIONS, CASES
from pipeline.store.customer_tables import CUSTOMERS, LINKS
from pipeline.store.export_tables import EXPORTS
from pipeline.store.insight_tables import INSIGHTS
from pipeline.store.profile_tables import PROFILES

T = TypeVar("T")


class ExportStore(SqlStore):
    """Reads customers; writes `crm_exports`."""

    def size(self, unlinked: bool) -> int:
        """How many subjects there are."""
        with database.reading(self._engine) as connection:
            wanted = [select(CUSTOMERS.c.customer), *([_unlinked()] if unlinked else [])]
            return sum(connection.scalar(select(func.count()).select_from(each.subquery())) or 0 for each in wanted)

    def customers(self) -> Iterator[list[Subject]]:
        """Every customer of the CRM in order of id, a part a transaction."""
        wanted = select(CUSTOMERS.c.customer, CUSTOMERS.c.name, CUSTOMERS.c.tier, CUSTOMERS.c.imported_at)
        for connection, rows in self._parts(wanted, CUSTOMERS.c.customer):
            accounts: dict[str, list[str]] = defaultdict(list)
            told = {row.customer: [database.utc(row.imported_at)] for row in rows}
            links = select(LINKS).where(LINKS.c.customer.in_(list(told))).order_by(LINKS.c.account)
            for link in connection.execute(links):
                accounts[link.customer].append(link.account)
                told[link.customer].append(database.utc(link.at))
            found = _Found(connection, [row.customer for row in rows], [a for some in accounts.values() for a in some])
            yield [
                found.subject(
                    row.customer, True, row.name, row.tier, sorted(accounts[row.customer]), told[row.customer]
                )
                for row in rows
            ]

    def unlinked(self) -> Iterator[list[Subject]]:
        """Every account with a post that is no customer's, in order, a part a transaction."""
        for connection, rows in self._parts(_unlinked(), PROFILES.c.account):
            accounts = [row.account for row in rows]
            found = _Found(connection, accounts, accounts)
            yield [found.subject(row.account, False, row.handle, None, [row.account], ()) for row in rows]

    def exported(self, consumer: str) -> dict[str, str]:
        """Subject → digest of the row that the consumer got last."""
        with database.reading(self._engine) as connection:
            wanted = select(EXPORTS.c.subject, EXPORTS.c.digest).where(EXPORTS.c.consumer == consumer)
            return {row.subject: row.digest for row in connection.execute(wanted)}

    def remember(self, consumer: str, digests: Mapping[str, str], gone: Collection[str], at: datetime) -> None:
        """Keep what the consumer got at `at`, and forget subjects that are gone, in one transaction.

        Raises:
            TransientError: the database is away; nothing was written, and the next export gives the same again.
        """
        rows = [
            {"consumer": consumer, "subject": subject, "digest": digest, "at": at}
            for subject, digest in sorted(digests.items())
        ]
        with database.writing(self._engine) as connection:
            database.upsert(connection, EXPORTS, rows)
            for part in database.chunks(sorted(gone)):
                mine = EXPORTS.c.consumer == consumer
                connection.execute(EXPORTS.delete().where(mine, EXPORTS.c.subject.in_(part)))

    def _parts(self, wanted: Select[Any], key: Column[Any]) -> Iterator[tuple[Connection, Sequence[Row[Any]]]]:
        after = ""
        while True:
            with database.reading(self._engine) as connection:
                rows = connection.execute(wanted.where(key > after).order_by(key).limit(database.CHUNK)).all()
                if not rows:
                    return
                yield connection, rows
            after = rows[-1][0]


class _Found:
    """What the store has of some subjects and their accounts."""

    def __init__(self, connection: Connection, subjects: Sequence[str], accounts: Sequence[str]) -> None:
        profiles = _of(connection, accounts, PROFILES, PROFILES.c.account, PROFILES.c.version)
        self._versions = {row.account: row.version for row in profiles}
        self._profiles = {row.account: from_json(Profile, row.document) for row in profiles}
        self._cases = _by_account(Case, _of(connection, accounts, CASES, CASES.c.customer))
        self._actions = _by_account(Action, _of(connection, accounts, ACTIONS, ACTIONS.c.customer))
        ranks = select(INSIGHTS.c.subject, INSIGHTS.c.influence).where(INSIGHTS.c.subject.in_(subjects))
        # 0 stands for unknown there
        self._influence = {row.subject: row.influence for row in connection.execute(ranks) if row.influence}

    def subject(
        self,
        subject: str,
        is_customer: bool,
        name: str | None,
        tier: str | None,
        accounts: Sequence[str],
        told: Sequence[datetime],
    ) -> Subject:
        return Subject(
            subject=subject,
            is_customer=is_customer,
            name=name,
            tier=tier,
            accounts=tuple(accounts),
            profiles=tuple(self._profiles[each] for each in accounts if each in self._profiles),
            versions={each: self._versions[each] for each in accounts if each in self._versions},
            cases=tuple(case for each in accounts for case in self._cases[each]),
            actions=tuple(action for each in accounts for action in self._actions[each]),
            influence=self._influence.get(subject),
            told=tuple(told),
        )


def _unlinked() -> Select[Any]:
    nobodys = PROFILES.outerjoin(LINKS, LINKS.c.account == PROFILES.c.account)
    wanted = select(PROFILES.c.account, PROFILES.c.handle).select_from(nobodys)
    return wanted.where(LINKS.c.account.is_(None), PROFILES.c.posts > 0)


def _of(
    connection: Connection, accounts: Sequence[str], table: Table, key: Column[Any], *more: Column[Any]
) -> list[Row[Any]]:
    parts = database.chunks(accounts)
    columns: list[Any] = [key, *more, table.c.document]
    wanted = (select(*columns).where(key.in_(part)) for part in parts)
    return [row for some in wanted for row in connection.execute(some)]


def _by_account(kind: type[T], rows: Sequence[Row[Any]]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = defaultdict(list)
    for row in rows:
        found[row.customer].append(from_json(kind, row.document))
    return found
