"""Removal by age: what is older than a company wants to keep.

What is still open stays with all it rests on: an open case, its alerts, and the facts of its customer.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import ColumnElement, Table, and_, func, or_, select

from pipeline.logic.cases import RESOLVED
from pipeline.store import database
from pipeline.store.base import SqlStore
from pipeline.store.care_tables import ACTIONS, ALERTS, CASES, FACTS, UNSETTLED
from pipeline.store.insight_tables import INSIGHTS, INTERESTS
from pipeline.store.kpi_tables import FACTS as KPI_FACTS
from pipeline.store.outbox_tables import DELIVERIES
from pipeline.store.profile_tables import PROFILES


class RetentionStore(SqlStore):
    """Removes what is older than a moment; a second time removes nothing."""

    def remove_older(self, than: datetime, dry: bool = False) -> Counter[str]:
        """Remove in one transaction; returns table -> rows.

        Profiles go by `last_seen`; facts, actions, what was counted of a post by the time of the post; resolved cases
        by `resolved_at`; alerts by `raised_at`; webhook deliveries by `settled_at`; insights by `last_seen`, interests
        with their insight. KPI rows, customers, links, consents and tombstones have no age.

        Args:
            dry: only count.

        Raises:
            TransientError: the database is away; nothing was removed.
        """
        done: Counter[str] = Counter()
        opened = database.reading if dry else database.writing
        with opened(self._engine) as connection:
            for table, where in _old(than):
                if dry:
                    done[table.name] += connection.scalar(select(func.count()).select_from(table).where(where)) or 0
                else:
                    done[table.name] += connection.execute(table.delete().where(where)).rowcount
        return +done

    def open_cases(self) -> frozenset[str]:
        """Ids of the cases that are not resolved."""
        with database.reading(self._engine) as connection:
            return frozenset(connection.scalars(select(CASES.c.case_id).where(UNSETTLED)))


def _old(than: datetime) -> list[tuple[Table, ColumnElement[bool]]]:
    """What goes, in an order in which each can still see what it hangs on."""
    unsettled = select(CASES.c.case_id).where(UNSETTLED)
    waiting = select(CASES.c.customer).where(UNSETTLED)
    stale = select(INSIGHTS.c.subject).where(INSIGHTS.c.last_seen < than)
    return [
        (PROFILES, and_(PROFILES.c.last_seen < than, PROFILES.c.account.not_in(waiting))),
        (FACTS, and_(FACTS.c.at < than, FACTS.c.customer.not_in(waiting))),
        (ALERTS, and_(ALERTS.c.raised_at < than, or_(ALERTS.c.case_id.is_(None), ALERTS.c.case_id.not_in(unsettled)))),
        (ACTIONS, ACTIONS.c.at < than),
        (CASES, and_(CASES.c.state == RESOLVED, CASES.c.resolved_at < than)),
        (KPI_FACTS, KPI_FACTS.c.at < than),
        (DELIVERIES, DELIVERIES.c.settled_at < than),
        (INTERESTS, INTERESTS.c.subject.in_(stale)),
        (INSIGHTS, INSIGHTS.c.last_seen < than),
    ]
