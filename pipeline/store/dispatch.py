"""Who calls which receiver now, and what came of it.

A receiver is leased to one sender at a time, in whatever process that runs: so its messages go out one after another,
and two senders never send the same one at once. A sender that died holds its lease until that runs out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from pipeline.logic.webhook_retries import DEAD, DELIVERED, PENDING, Answer, Standing, lost_before
from pipeline.store import database
from pipeline.store.base import SqlStore
from pipeline.store.outbox import Delivery, is_pending, read_delivery
from pipeline.store.outbox_tables import DELIVERIES, RECEIVERS

LEASE = timedelta(minutes=2)
"""Longer than any call takes."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours to make."""

    delivery: Delivery
    body: str
    standing: Standing


class Dispatch(SqlStore):
    """The outbox as a sender sees it. Raises TransientError when the database is away: nothing was written."""

    def next_due(self, webhook: str) -> datetime | None:
        """When there is something to send next, which may be past; None when nothing waits. Takes no lock."""
        due = select(func.min(DELIVERIES.c.due_at)).where(is_pending(webhook))
        paused = select(RECEIVERS.c.paused_until).where(RECEIVERS.c.webhook == webhook)
        with database.reading(self._engine) as connection:
            first, awake = connection.scalar(due), connection.scalar(paused)
        return max(database.utc(first), database.utc(awake or first)) if first else None

    def claim(self, webhook: str, sender: str, now: datetime) -> Claimed | None:
        """The next delivery to make, in order of event time, with the receiver leased to that sender.

        None when another sender has the lease, the receiver is paused, or nothing is due.
        """
        mine = RECEIVERS.c.leased_by == sender
        free = or_(RECEIVERS.c.leased_until.is_(None), RECEIVERS.c.leased_until <= now, mine)
        awake = or_(RECEIVERS.c.paused_until.is_(None), RECEIVERS.c.paused_until <= now)
        with database.writing(self._engine) as connection:
            lease = RECEIVERS.update().where(RECEIVERS.c.webhook == webhook, free, awake)
            if not connection.execute(lease.values(leased_by=sender, leased_until=now + LEASE)).rowcount:
                return None
            order = (DELIVERIES.c.at, DELIVERIES.c.record_id, DELIVERIES.c.revision)
            due = select(DELIVERIES).where(is_pending(webhook), DELIVERIES.c.due_at <= now).order_by(*order).limit(1)
            row = connection.execute(due).one_or_none()
            if row is None:
                _release(connection, webhook, sender)
                return None
            receiver = connection.execute(select(RECEIVERS).where(RECEIVERS.c.webhook == webhook)).one()
        delivery = read_delivery(row)
        standing = Standing(
            due_at=delivery.due_at,
            attempts=delivery.attempts,
            refused=delivery.refused,
            failures=receiver.failures,
            away_since=database.utc(receiver.away_since) if receiver.away_since else None,
        )
        return Claimed(delivery, row.body, standing)

    def settle(self, claimed: Claimed, answer: Answer, standing: Standing, sender: str, now: datetime) -> None:
        """Write down how a try went."""
        delivery, settled = claimed.delivery, standing.state != PENDING
        changed: dict[str, Any] = {
            **{"state": standing.state, "due_at": standing.due_at, "attempts": standing.attempts},
            **{"refused": standing.refused, "status": answer.status, "problem": answer.problem},
            "settled_at": now if settled else None,
        }
        if standing.state == DELIVERED:
            changed["body"] = None
        this = (DELIVERIES.c.record_id == delivery.record_id) & (DELIVERIES.c.revision == delivery.revision)
        receiver = {name: getattr(standing, name) for name in ("failures", "away_since", "paused_until")}
        with database.writing(self._engine) as connection:
            # what was superseded or erased meanwhile stays so
            connection.execute(DELIVERIES.update().where(is_pending(delivery.webhook), this).values(changed))
            ours = (RECEIVERS.c.webhook == delivery.webhook) & (RECEIVERS.c.leased_by == sender)
            connection.execute(RECEIVERS.update().where(ours).values(receiver))
            if lost := lost_before(standing, now):
                waited = and_(is_pending(delivery.webhook), DELIVERIES.c.waiting_since <= lost)
                connection.execute(DELIVERIES.update().where(waited).values(state=DEAD, settled_at=now))

    def release(self, webhook: str, sender: str) -> None:
        """Let another sender have the receiver."""
        with database.writing(self._engine) as connection:
            _release(connection, webhook, sender)


def _release(connection: Connection, webhook: str, sender: str) -> None:
    ours = (RECEIVERS.c.webhook == webhook) & (RECEIVERS.c.leased_by == sender)
    connection.execute(RECEIVERS.update().where(ours).values(leased_by=None, leased_until=None))
