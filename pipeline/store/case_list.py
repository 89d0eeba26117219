"""Cases as a department works through them: the most urgent first, with who waits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from pipeline.records import Case, from_json
from pipeline.store import database
from pipeline.store.base import SqlStore
from pipeline.store.care_tables import CASES
from pipeline.store.customer_tables import CUSTOMERS, LINKS
from pipeline.store.profile_tables import PROFILES

WAITING = ("open", "at_risk", "breached", "reopened")
"""States in which a customer waits for an answer."""
STATES = (*WAITING, "answered", "resolved")


@dataclass(frozen=True, slots=True)
class ListedCase:
    """A case and who is behind it."""

    case: Case
    name: str | None
    """In the CRM, for an account that is linked there."""
    handle: str | None
    """On the platform, as last seen."""


class CaseList(SqlStore):
    """Reads only."""

    def find(
        self,
        states: Collection[str] = WAITING,
        department: str | None = None,
        due_before: datetime | None = None,
        limit: int | None = None,
    ) -> tuple[list[ListedCase], int]:
        """The cases by their deadline, earliest first, and how many there are without the limit."""
        which: list[ColumnElement[bool]] = [CASES.c.state.in_(states)]
        if department is not None:
            which.append(CASES.c.department == department)
        if due_before is not None:
            which.append(CASES.c.due_at < due_before)
        # at most one of each: both are keyed by the account
        people = (
            CASES.outerjoin(PROFILES, PROFILES.c.account == CASES.c.customer)
            .outerjoin(LINKS, LINKS.c.account == CASES.c.customer)
            .outerjoin(CUSTOMERS, CUSTOMERS.c.customer == LINKS.c.customer)
        )
        rows = (
            select(CASES.c.document, CUSTOMERS.c.name, PROFILES.c.handle)
            .select_from(people)
            .where(*which)
            .order_by(CASES.c.due_at, CASES.c.severity.desc(), CASES.c.case_id)
            .limit(limit)
        )
        with database.reading(self._engine) as connection:
            total = connection.scalar(select(func.count()).select_from(CASES).where(*which)) or 0
            found = connection.execute(rows).all()
        return [ListedCase(from_json(Case, row.document), row.name, row.handle) for row in found], total
