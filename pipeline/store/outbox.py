"""The outbox: what the webhooks' receivers are to be told, kept until they have it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select

from pipeline.logic.webhook_retries import DEAD, DELIVERED, PENDING, SUPERSEDED
from pipeline.logic.webhooks import Subscription, message, message_id, no_longer_theirs, record_id, wants
from pipeline.records import Action, Alert
from pipeline.store import database
from pipeline.store.base import SqlStore
from pipeline.store.care_store import customer_of
from pipeline.store.outbox_tables import DELIVERIES, RECEIVERS

KEPT = timedelta(days=30)
"""How long it is known that something was delivered or given up."""
_SETTLED = (DELIVERED, DEAD, SUPERSEDED)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one receiver, and how that stands. Nothing in it says what the message says."""

    webhook: str
    record_id: str
    revision: int
    type: str
    at: datetime
    state: str
    due_at: datetime
    attempts: int
    refused: int
    status: int | None
    problem: str | None
    settled_at: datetime | None

    @property
    def id(self) -> str:
        """As in the header `webhook-id`."""
        return message_id(self.record_id, self.revision)


class Outbox(SqlStore):
    """Every method is a transaction; raises TransientError when the database is away: nothing was written."""

    def put(self, records: Iterable[Alert | Action], to: Sequence[Subscription], now: datetime) -> int:
        """Queue the records for whom they concern; returns how many messages that made.

        A second time changes nothing. A newer revision takes the place of older ones that are not delivered. Who was
        told of a record that is none of theirs any more is told that it is withdrawn.
        """
        newest = {record_id(each): each for each in sorted(records, key=lambda each: each.revision)}
        with database.writing(self._engine) as connection:
            known = _told(connection, list(newest))
            rows = []
            for key, record in newest.items():
                for each in to:
                    told = known.get((each.name, key))
                    if told is not None and told >= record.revision:
                        continue
                    if wants(each, record):
                        rows.append(_row(each.name, record, now))
                    elif told is not None:
                        rows.append(_row(each.name, no_longer_theirs(record), now))
            rows.sort(key=lambda row: (row["webhook"], row["record_id"]))
            names = [{"webhook": name, "failures": 0} for name in sorted({row["webhook"] for row in rows})]
            if names:
                connection.execute(database.insert(connection, RECEIVERS).values(names).on_conflict_do_nothing())
            for part in database.chunks(rows):
                connection.execute(database.insert(connection, DELIVERIES).values(list(part)).on_conflict_do_nothing())
                older = [
                    and_(
                        DELIVERIES.c.webhook == row["webhook"],
                        DELIVERIES.c.record_id == row["record_id"],
                        DELIVERIES.c.revision < row["revision"],
                    )
                    for row in part
                    if row["revision"] > 1
                ]
                if older:
                    _supersede(connection, or_(*older), now)
        return len(rows)

    def retry(self, now: datetime, name: str | None = None, webhook: str | None = None) -> int:
        """Send at once what is dead or waits for its next try; returns how many that are.

        Args:
            name: only the message of that id; None for all.
            webhook: only to that receiver.
        """
        which: list[ColumnElement[bool]] = [DELIVERIES.c.state.in_((DEAD, PENDING))]
        receivers: list[ColumnElement[bool]] = []
        if name is not None:
            key, _, revision = name.rpartition("-")
            which += [DELIVERIES.c.record_id == key, DELIVERIES.c.revision == _number(revision)]
        if webhook is not None:
            which.append(DELIVERIES.c.webhook == webhook)
            receivers.append(RECEIVERS.c.webhook == webhook)
        afresh = {"state": PENDING, "due_at": now, "waiting_since": now, "attempts": 0, "refused": 0}
        with database.writing(self._engine) as connection:
            found = connection.execute(DELIVERIES.update().where(*which).values(**afresh, settled_at=None)).rowcount
            if found:
                awake = {"paused_until": None, "away_since": None, "failures": 0}
                connection.execute(RECEIVERS.update().where(*receivers).values(awake))
        return found

    def deliveries(self, state: str | None = None, webhook: str | None = None, limit: int = 100) -> list[Delivery]:
        """The latest by event time, newest first."""
        which: list[ColumnElement[bool]] = [DELIVERIES.c.state == state] if state else []
        which += [DELIVERIES.c.webhook == webhook] if webhook else []
        order = (DELIVERIES.c.at.desc(), DELIVERIES.c.record_id, DELIVERIES.c.webhook)
        chosen = select(DELIVERIES).where(*which).order_by(*order).limit(limit)
        with database.reading(self._engine) as connection:
            return [read_delivery(row) for row in connection.execute(chosen)]

    def counts(self) -> dict[str, dict[str, int]]:
        """Receiver → state → how many deliveries."""
        found: dict[str, dict[str, int]] = {}
        by = (DELIVERIES.c.webhook, DELIVERIES.c.state)
        with database.reading(self._engine) as connection:
            for webhook, state, count in connection.execute(select(*by, func.count()).group_by(*by).order_by(*by)):
                found.setdefault(webhook, {})[state] = count
        return found

    def away(self) -> dict[str, tuple[datetime, datetime]]:
        """Receivers that do not answer → since when, and when they are asked again."""
        with database.reading(self._engine) as connection:
            rows = connection.execute(select(RECEIVERS).where(RECEIVERS.c.away_since.is_not(None)))
            return {row.webhook: (database.utc(row.away_since), database.utc(row.paused_until)) for row in rows}

    def forget_old(self, now: datetime) -> int:
        """Delete what was settled longer than KEPT ago; returns how many rows that were."""
        old = and_(DELIVERIES.c.state.in_(_SETTLED), DELIVERIES.c.settled_at <= now - KEPT)
        with database.writing(self._engine) as connection:
            return connection.execute(DELIVERIES.delete().where(old)).rowcount


def _told(connection: Connection, records: Sequence[str]) -> dict[tuple[str, str], int]:
    """(receiver, record) → the newest revision that is queued or was delivered."""
    by = (DELIVERIES.c.webhook, DELIVERIES.c.record_id)
    found: dict[tuple[str, str], int] = {}
    for part in database.chunks(records):
        known = select(*by, func.max(DELIVERIES.c.revision)).where(DELIVERIES.c.record_id.in_(part)).group_by(*by)
        found |= {(webhook, record): revision for webhook, record, revision in connection.execute(known)}
    return found


def _row(webhook: str, record: Alert | Action, now: datetime) -> dict[str, Any]:
    said = message(record)
    customer = record.customer if isinstance(record, Action) else customer_of(record)
    place = {"webhook": webhook, "record_id": said.record_id, "revision": said.revision, "customer": customer}
    what = {"type": said.type, "at": said.at, "body": said.body}
    return place | what | {"state": PENDING, "waiting_since": now, "due_at": now, "attempts": 0, "refused": 0}


def _supersede(connection: Connection, which: ColumnElement[bool], now: datetime) -> None:
    over = {"state": SUPERSEDED, "settled_at": now, "body": None}
    connection.execute(DELIVERIES.update().where(DELIVERIES.c.state.in_((PENDING, DEAD)), which).values(over))


def is_pending(webhook: str) -> ColumnElement[bool]:
    """Of DELIVERIES: what waits for that receiver."""
    return and_(DELIVERIES.c.webhook == webhook, DELIVERIES.c.state == PENDING)


def read_delivery(row: Row[Any]) -> Delivery:
    """The delivery in a row of DELIVERIES."""
    found = {name: getattr(row, name) for name in Delivery.__dataclass_fields__}
    return Delivery(
        **found | {name: database.utc(found[name]) for name in ("at", "due_at", "settled_at") if found[name]}
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else -1
