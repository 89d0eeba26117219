"""Cases, alerts and the facts they rest on, in the store.

The facts are the truth: cases and alerts follow from them. A run that begins recalls the facts of the customers
who may still be owed something, and the alerts they were told of, so that no deadline is forgotten and no alert is
told twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import Table, and_, or_, select
from sqlalchemy.exc import OperationalError

from pipeline.errors import TransientError
from pipeline.io import database
from pipeline.io.care_tables import ACTIONS, ALERTS, CASES, COURSES, FACTS, TABLES
from pipeline.logic.care import Known
from pipeline.logic.course import Course
from pipeline.logic.facts import Fact, Kind
from pipeline.logic.wave_alerts import RULE as WAVE
from pipeline.logic.wave_alerts import KnownWaves, key_of
from pipeline.records import Action, Alert, Case, from_json, to_json

T = TypeVar("T")


class CareStore:
    """Writes are idempotent; every one is a transaction."""

    def __init__(self, url: str) -> None:
        """Raises ConfigError when the URL is not one SQLAlchemy can use here."""
        self._engine, self.shown_url = database.connect(url)

    def create_tables(self) -> None:
        """Create what is missing; raises ConfigError when the database cannot be opened."""
        database.create_tables(self._engine, TABLES, self.shown_url)

    def add_facts(self, facts: Iterable[tuple[str, Fact]]) -> None:
        """Keep facts of customers; a fact that is there stays, what a deleted post once said goes.

        Raises:
            TransientError: the database is away; writing again what was written changes nothing.
        """
        facts = list(facts)
        rows = [
            {
                **{"customer": customer, "post": fact.post, "version": fact.version},
                **{"at": fact.at, "document": to_json(fact)},
            }
            for customer, fact in facts
        ]
        self._upsert(FACTS, database.last_of_each(rows, "customer", "post", "version"), ())
        for customer, fact in facts:
            if fact.kind is Kind.DELETED:
                theirs = and_(FACTS.c.customer == customer, FACTS.c.post == fact.post, FACTS.c.version < fact.version)
                self._write(lambda connection, theirs=theirs: connection.execute(FACTS.delete().where(theirs)))

    def put_cases(self, cases: Iterable[Case]) -> None:
        """Write cases over what was there; a void case goes. Raises TransientError: nothing was written."""
        same = [column.name for column in CASES.c if column.name != "document"]
        latest = {case.case_id: case for case in cases}
        rows = [
            {name: getattr(case, name) for name in same} | {"document": to_json(case)}
            for _, case in sorted(latest.items())
            if not case.void
        ]
        self._upsert(CASES, rows, [*same[1:], "document"])
        void = [case.case_id for case in latest.values() if case.void]
        if void:
            self._write(lambda connection: connection.execute(CASES.delete().where(CASES.c.case_id.in_(void))))

    def put_alerts(self, alerts: Iterable[Alert]) -> None:
        """Write alerts; a higher revision replaces a lower one. Raises TransientError: nothing was written."""
        same = ("alert_id", "revision", "withdrawn", "rule", "level", "department", "raised_at", "due_at")
        rows = [
            {name: getattr(alert, name) for name in same}
            | {"customer": customer_of(alert), "case_id": alert.case, "document": to_json(alert)}
            for alert in sorted(alerts, key=lambda each: each.revision)
        ]
        names = [column.name for column in ALERTS.c if not column.primary_key]
        self._upsert(ALERTS, database.last_of_each(rows, "alert_id"), names, newer="revision")

    def put_actions(self, actions: Iterable[Action]) -> None:
        """Write actions; a higher revision replaces a lower one. Raises TransientError: nothing was written."""
        names = [column.name for column in ACTIONS.c if column.name != "document"]
        rows = [
            {name: getattr(action, name) for name in names} | {"document": to_json(action)}
            for action in sorted(actions, key=lambda each: each.revision)
        ]
        self._upsert(ACTIONS, database.last_of_each(rows, "action_id"), [*names[1:], "document"], newer="revision")

    def recall(self, customers_since: timedelta) -> Iterator[tuple[str, Known]]:
        """What is known of every customer with an unsettled case, or with a post of the latest such time."""
        with database.reading(self._engine) as connection:
            latest = connection.scalar(select(FACTS.c.at).order_by(FACTS.c.at.desc()).limit(1))
            if latest is None:
                return
            open_cases = select(CASES.c.customer).where(CASES.c.state != "resolved")
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

    def put_courses(self, courses: Iterable[tuple[str, Course]]) -> None:
        """Write how the complaints of keys went; what was walked further stays. Raises TransientError."""
        ordered = sorted(courses, key=lambda item: item[1].upto)
        rows = [{"key": key, "upto": course.upto, "document": to_json(course)} for key, course in ordered]
        self._upsert(COURSES, database.last_of_each(rows, "key"), ["upto", "document"], newer="upto")

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

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _read(self, table: Table, order: Any, kind: Any) -> Iterator[Any]:
        with database.reading(self._engine) as connection:
            for (document,) in connection.execute(select(table.c.document).order_by(order)):
                yield from_json(kind, document)

    def _upsert(self, table: Table, rows: Sequence[dict[str, Any]], names: Sequence[str], newer: str = "") -> None:
        def write(connection: Any) -> None:
            for part in database.chunks(rows):
                statement = database.insert(connection, table).values(list(part))
                keys = [column.name for column in table.primary_key]
                given = statement.excluded
                if names:
                    where = given[newer] > table.c[newer] if newer else None
                    statement = statement.on_conflict_do_update(
                        index_elements=keys, set_={name: given[name] for name in names}, where=where
                    )
                else:
                    statement = statement.on_conflict_do_nothing(index_elements=keys)
                connection.execute(statement)

        if rows:
            self._write(write)

    def _write(self, work: Any) -> None:
        try:
            with self._engine.begin() as connection:
                work(connection)
        except OperationalError as error:
            raise TransientError(f"store: {error.orig}") from error


def customer_of(alert: Alert) -> str:
    """Whom an alert concerns, as `Case.customer`; a wave of complaints concerns nobody alone."""
    if alert.rule == WAVE:
        return WAVE
    return alert.account or f"post {alert.platform}:{alert.post_id}"
