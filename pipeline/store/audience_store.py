"""Who may be meant by a list: insights with what the store knows of their subjects now, some hundred at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, Table, and_, exists, func, select

from pipeline.logic.audience import Candidate, Wanted
from pipeline.records import Consent
from pipeline.store import database
from pipeline.store.base import SqlStore
from pipeline.store.care_tables import ACTIONS, CASES, UNSETTLED
from pipeline.store.customer_import import consent
from pipeline.store.customer_tables import CONSENTS, CUSTOMERS, LINKS, SUPPRESSED
from pipeline.store.insight_tables import INSIGHTS, INTERESTS
from pipeline.store.profile_tables import PROFILES

_OF_CUSTOMER = and_(INSIGHTS.c.kind == "customer", CUSTOMERS.c.customer == INSIGHTS.c.subject)
_OF_ACCOUNT = and_(INSIGHTS.c.kind == "account", PROFILES.c.account == INSIGHTS.c.subject)


class AudienceStore(SqlStore):
    """Reads only."""

    def insights(self) -> int:
        """How many there are at all; none when they were never refreshed."""
        with database.reading(self._engine) as connection:
            return connection.scalar(select(func.count()).select_from(INSIGHTS)) or 0

    def size(self, wanted: Wanted) -> int:
        """How many candidates there are."""
        with database.reading(self._engine) as connection:
            return connection.scalar(select(func.count()).select_from(_found(wanted).subquery())) or 0

    def known(self, column: Column[Any]) -> set[str]:
        """Every value of a column, such as `INTERESTS.c.interest`."""
        with database.reading(self._engine) as connection:
            return {value for value in connection.scalars(select(column).distinct()) if value is not None}

    def candidates(self, wanted: Wanted, now: datetime) -> Iterator[list[Candidate]]:
        """Those of the wanted segments, tiers and interests, in order of subject; a part a transaction.

        Args:
            now: cases and actions of later count for nothing.
        """
        after = ""
        while True:
            with database.reading(self._engine) as connection:
                some = _found(wanted).where(INSIGHTS.c.subject > after)
                rows = connection.execute(some.order_by(INSIGHTS.c.subject).limit(database.CHUNK)).all()
                if not rows:
                    return
                yield _candidates(connection, rows, wanted, now)
            after = rows[-1].subject


def _found(wanted: Wanted) -> Select[Any]:
    people = INSIGHTS.outerjoin(CUSTOMERS, _OF_CUSTOMER).outerjoin(PROFILES, _OF_ACCOUNT)
    found = select(INSIGHTS, CUSTOMERS.c.name, CUSTOMERS.c.tier, PROFILES.c.handle).select_from(people)
    if wanted.segments:
        found = found.where(INSIGHTS.c.segment.in_(wanted.segments))
    if wanted.tiers:
        found = found.where(CUSTOMERS.c.tier.in_(wanted.tiers))
    if wanted.interests:
        found = found.where(exists().where(INTERESTS.c.subject == INSIGHTS.c.subject, *_of_interest(wanted)))
    return found


def _of_interest(wanted: Wanted) -> list[Any]:
    if not wanted.interests:
        return []
    return [INTERESTS.c.interest.in_(wanted.interests), INTERESTS.c.weight >= wanted.min_interest]


def _candidates(connection: Connection, rows: Sequence[Row[Any]], wanted: Wanted, now: datetime) -> list[Candidate]:
    subjects = [row.subject for row in rows]
    accounts, owned = _accounts(connection, subjects)
    for row in rows:
        # of an account that became a customer's meanwhile nothing is left: its insight is out of date
        accounts.setdefault(row.subject, [] if row.kind == "customer" or row.subject in owned else [row.subject])
    everybody = sorted({*subjects, *(each for theirs in accounts.values() for each in theirs)})
    heaviest: dict[str, Row[Any]] = {}
    interests = select(INTERESTS).where(INTERESTS.c.subject.in_(subjects), *_of_interest(wanted))
    for row in connection.execute(interests.order_by(INTERESTS.c.weight.desc(), INTERESTS.c.interest)):
        heaviest.setdefault(row.subject, row)
    consents: dict[str, list[Consent]] = defaultdict(list)
    for row in connection.execute(select(CONSENTS).where(CONSENTS.c.customer.in_(subjects))):
        consents[row.customer].append(consent(row))
    suppressed = _those(connection, SUPPRESSED, SUPPRESSED.c.subject, everybody)
    owed = _those(connection, CASES, CASES.c.customer, everybody, UNSETTLED, CASES.c.opened_at <= now)
    written = _written_to(connection, everybody, now)
    return [
        _candidate(row, tuple(accounts[row.subject]), heaviest.get(row.subject), consents, suppressed, owed, written)
        for row in rows
    ]


def _candidate(
    row: Row[Any],
    accounts: tuple[str, ...],
    heaviest: Row[Any] | None,
    consents: Mapping[str, Sequence[Consent]],
    suppressed: Collection[str],
    owed: Collection[str],
    written: Mapping[str, datetime],
) -> Candidate:
    # plain JSON is quicker to read than the record
    document, is_customer = row.document, row.kind == "customer"
    return Candidate(
        subject=row.subject,
        kind=row.kind,
        name=row.name if is_customer else row.handle,
        tier=row.tier,
        accounts=accounts,
        judged=tuple(document["accounts"]),
        segment=row.segment,
        interest=heaviest.interest if heaviest else None,
        weight=heaviest.weight if heaviest else 0.0,
        evidence=tuple(heaviest.evidence) if heaviest else (),
        best_hour=row.best_hour,
        languages=tuple(each["name"] for each in document["languages"]),
        brands=tuple(each["name"] for each in document["brands"]),
        reach=row.reach,
        advocacy=row.advocacy,
        last_seen=database.utc(row.last_seen),
        as_of=database.utc(row.as_of),
        open_case=any(each in owed for each in accounts),
        suppressed=any(each in suppressed for each in (row.subject, *accounts)),
        consents=tuple(consents[row.subject]) if is_customer and row.subject in consents else (),
        written_to=max((written[each] for each in accounts if each in written), default=None),
    )


def _accounts(connection: Connection, subjects: Sequence[str]) -> tuple[dict[str, list[str]], set[str]]:
    """Customer → accounts, of those who have any; and the subjects that are a customer's account themselves."""
    accounts: dict[str, list[str]] = defaultdict(list)
    linked = select(LINKS.c.customer, LINKS.c.account).where(LINKS.c.customer.in_(subjects))
    for row in connection.execute(linked.order_by(LINKS.c.account)):
        accounts[row.customer].append(row.account)
    return dict(accounts), _those(connection, LINKS, LINKS.c.account, subjects)


def _those(connection: Connection, table: Table, column: Column[Any], subjects: Sequence[str], *where: Any) -> set[str]:
    """Of the subjects, those for whom a row is there."""
    parts = database.chunks(subjects)
    wanted = (select(column).select_from(table).where(column.in_(part), *where) for part in parts)
    return {each for some in wanted for each in connection.scalars(some)}


def _written_to(connection: Connection, accounts: Sequence[str], now: datetime) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for part in database.chunks(accounts):
        stand = (ACTIONS.c.customer.in_(part), ~ACTIONS.c.withdrawn, ACTIONS.c.at <= now)
        latest = select(ACTIONS.c.customer, func.max(ACTIONS.c.not_before).label("at")).where(*stand)
        for row in connection.execute(latest.group_by(ACTIONS.c.customer)):
            found[row.customer] = database.utc(row.at)
    return found
