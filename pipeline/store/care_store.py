"""Cases, alerts and the facts they rest on, in the store.

The facts are the truth: cases and alerts follow from them. A run that begins recalls the facts of the customers
who may still be owed something, and the alerts they were told of, so that no deadline is forgotten and no alert is
told twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import Table, and_, or_, select

from pipeline.logic.care import Known
from pipeline.logic.course import Course
from pipeline.logic.facts import Fact, Kind
from pipeline.logic.wave_alerts import RULE as WAVE
from pipeline.logic.wave_alerts import KnownWaves, key_of
from pipeline.records import Action, Alert, Case, from_json
from pipeline.store import database
from pipeline.store.base import SqlStore
from pipeline.store.care_tables import ACTIONS, ALERTS, CASES, COURSES, FACTS, UNSETTLED

T = TypeVar("T")


class CareStore(SqlStore):
    """Writes are idempotent; every one is a transaction."""

    def add_facts(self, facts: Iterable[tuple[str, Fact]]) -> None:
        """Keep facts of customers; a fact that is there stays, what a deleted post once said goes.

        Raises:
            TransientError: the database is away; writing again what was written changes nothing.
        """
        facts = list(facts)
        rows = [database.row(FACTS, fact, customer=customer) for customer, fact in facts]
        with database.writing(self._engine) as connection:
            for part in database.chunks(database.last_of_each(rows, "customer", "post", "version")):
                connection.execute(database.insert(connection, FACTS).values(list(part)).on_conflict_do_nothing())
            for customer, fact in facts:
                if fact.kind is Kind.DELETED:
                    theirs = and_(FACTS.c.customer == customer, FACTS.c.post == fact.post)
                    connection.execute(FACTS.delete().where(theirs, FACTS.c.version < fact.version))

    def put_cases(self, cases: Iterable[Case]) -> None:
        """Write cases over what was there; a void case goes. Raises TransientError: nothing was written."""
        latest = {case.case_id: case for case in cases}
        void = [case.case_id for case in latest.values() if case.void]
        rows = [database.row(CASES, case) for _, case in sorted(latest.items()) if not case.void]
        with database.writing(self._engine) as connection:
            database.upsert(connection, CASES, rows)
            connection.execute(CASES.delete().where(CASES.c.case_id.in_(void)))

    def put_alerts(self, alerts: Iterable[Alert]) -> None:
        """Write alerts; a higher revision replaces a lower one. Raises TransientError: nothing was written."""
        ordered = sorted(alerts, key=lambda each: each.revision)
        rows = [database.row(ALERTS, each, customer=customer_of(each), case_id=each.case) for each in ordered]
        self._put(ALERTS, rows, newer="revision")

    def put_actions(self, actions: Iterable[Action]) -> None:
        """Write actions; a higher revision replaces a lower one. Raises TransientError: nothing was written."""
        ordered = sorted(actions, key=lambda each: each.revision)
        self._put(ACTIONS, [database.row(ACTIONS, each) for each in ordered], newer="revision")

    def put_courses(self, courses: Iterable[tuple[str, Course]]) -> None:
        """Write how the complaints of keys went; what was walked further stays. Raises TransientError."""
        ordered = sorted(courses, key=lambda item: item[1].upto)
        self._put(COURSES, [database.row(COURSES, course, key=key) for key, course in ordered], newer="upto")

    def recall(self, customers_since: timedelta) -> Iterator[tuple[str, Known]]:
        """What is known of every customer with an unsettled case, or with a post of the latest such time."""
        with database.reading(self._engine) as connection:
            latest = connection.scalar(select(FACTS.c.at).order_by(FACTS.c.at.desc()).limit(1))
            if latest is None:
                return
            open_cases = select(CASES.c.customer).where(UNSETTLED)
            recent = select(FACTS.c.customer).where(FACTS.c.at >= latest - customers_since)

            def of(table: Table, kind: type[T]) -> dict[str, list[T]]:
                found: dict[str, list[T]] = defaultdict(list)
                theirs = or_(table.c.customer.in_(open_cases), table.c.customer.in_(recent))
                for customer, document in connection.execute(select(table.c.customer, table.c.document).where(theirs)):
                    found[customer].append(from_json(kind, document))
                return found

            facts, alerts = of(FACTS, Fact), of(ALERTS, Alert)
            actions, cases = of(ACTIONS, Action), of(CASES, Case)
        # a crash may have kept a case or an alert, and not yet the facts behind it
        for customer in sorted({*facts, *alerts, *actions, *cases} - {WAVE}):
            yield (
                customer,
                Known(
                    facts=tuple(facts.get(customer, ())),
                    alerts=tuple(alerts.get(customer, ())),
                    actions=tuple(actions.get(customer, ())),
                    cases=tuple(cases.get(customer, ())),
                ),
            )

    def recall_waves(self) -> Iterator[tuple[str, KnownWaves]]:
        """What is known of each brand and category, with the waves told since all of it was walked for good."""
        told: dict[str, list[Alert]] = defaultdict(list)
        with database.reading(self._engine) as connection:
            courses = {
                key: from_json(Course, document)
                for key, document in connection.execute(select(COURSES.c.key, COURSES.c.document))
            }
            for (document,) in connection.execute(select(ALERTS.c.document).where(ALERTS.c.rule == WAVE)):
                alert = from_json(Alert, document)
                told[key_of(alert.brands[0] if alert.brands else "", alert.category or "")].append(alert)
        for key in sorted({*courses, *told}):
            yield key, KnownWaves(courses.get(key), tuple(told[key]))

    def cases(self) -> Iterator[Case]:
        """Every case, in order of id."""
        return self._read(CASES, CASES.c.case_id, Case)

    def alerts(self) -> Iterator[Alert]:
        """Every alert that stands, in order of time."""
        for alert in self._read(ALERTS, ALERTS.c.raised_at, Alert):
            if not alert.withdrawn:
                yield alert

    def actions(self) -> Iterator[Action]:
        """Every action that stands, in order of time."""
        for action in self._read(ACTIONS, ACTIONS.c.at, Action):
            if not action.withdrawn:
                yield action

    def _read(self, table: Table, order: Any, kind: Any) -> Iterator[Any]:
        with database.reading(self._engine) as connection:
            for (document,) in connection.execute(select(table.c.document).order_by(order)):
                yield from_json(kind, document)

    def _put(self, table: Table, rows: Iterable[dict[str, Any]], newer: str) -> None:
        key = next(iter(table.primary_key)).name
        with database.writing(self._engine) as connection:
            database.upsert(connection, table, database.last_of_each(rows, key), newer)


def customer_of(alert: Alert) -> str:
    """Whom an alert concerns, as `Case.customer`; a wave of complaints concerns nobody alone."""
    if alert.rule == WAVE:
        return WAVE
    return alert.account or f"post {alert.platform}:{alert.post_id}"
