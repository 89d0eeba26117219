"""Views for analysts: what is known of each customer, what is open, and how the days went, without a join to write.

They hold no rows of their own. Each is a select of SQLAlchemy's, so both databases get it in their own SQL; what the
columns mean stands in `view_columns.py`. `migration.upgrade` drops them before it changes tables and creates them anew
afterwards, so they are always those of this code (ADR 27).

Rows of other tables are summed up by subject before they are joined: no join multiplies a row. A subject is a
customer of the CRM with all linked accounts, or an account that is no customer's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Date, FromClause, Select, case, cast, func, inspect, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from pipeline.errors import ConfigError
from pipeline.logic.cases import RESOLVED
from pipeline.logic.insight import ACCOUNT, CUSTOMER
from pipeline.logic.kpis import DAY
from pipeline.store import subjects
from pipeline.store.care_tables import CASES
from pipeline.store.customer_tables import CUSTOMERS, LINKS
from pipeline.store.insight_tables import INSIGHTS, INTERESTS
from pipeline.store.kpi_tables import KPIS
from pipeline.store.profile_tables import PROFILES
from pipeline.store.view_columns import COLUMNS

_KPI_NUMBERS = [each for each in KPIS.c if not each.primary_key and each.name not in ("revision", "document")]
_INSIGHT = ("segment", "advocacy", "mood", "mood_trend", "best_hour", "influence")


class _DayOf(GenericFunction[Any]):
    """The local date of a day, from its start in UTC: 13 hours later UTC has that date, from UTC-10 to UTC+13."""

    type = Date()
    inherit_cache = True


@compiles(_DayOf, "sqlite")
def _day_of_text(element: Any, compiler: Any, **more: Any) -> str:
    return f"date({compiler.process(element.clauses, **more)}, '+13 hours')"


@compiles(_DayOf, "postgresql")
def _day_of_time(element: Any, compiler: Any, **more: Any) -> str:
    # at UTC, since a date is otherwise that of whoever looks
    return f"CAST({compiler.process(element.clauses, **more)} AT TIME ZONE 'UTC' + INTERVAL '13 hours' AS DATE)"


def customer_360() -> Select[Any]:
    """One row a subject: each customer, and each account with a post that is no customer's."""
    people, cases = subjects.people(), subjects.open_cases()
    alerts, actions = subjects.latest_alert(), subjects.latest_action()
    consents, suppressed = subjects.marketing_consents(), subjects.suppressed()
    joined: FromClause = people.outerjoin(INSIGHTS, INSIGHTS.c.subject == people.c.subject)
    for each in (cases, alerts, actions, consents, suppressed):
        joined = joined.outerjoin(each, each.c.subject == people.c.subject)
    return select(
        *people.c,
        *(INSIGHTS.c[name] for name in _INSIGHT),
        INSIGHTS.c.as_of.label("insight_as_of"),
        func.coalesce(cases.c.open_cases, 0).label("open_cases"),
        func.coalesce(cases.c.breached_cases, 0).label("breached_cases"),
        cases.c.next_due,
        alerts.c.last_alert_at,
        actions.c.last_action_at,
        func.coalesce(consents.c.marketing_channels, 0).label("marketing_channels"),
        suppressed.c.subject.is_not(None).label("suppressed"),
    ).select_from(joined)


def open_cases() -> Select[Any]:
    """One row a case that is not resolved, with who waits."""
    subject = subjects.subject_of(CASES.c.customer)
    # at most one of each: they are keyed by the account and by the subject
    joined = (
        CASES.outerjoin(LINKS, LINKS.c.account == CASES.c.customer)
        .outerjoin(CUSTOMERS, CUSTOMERS.c.customer == LINKS.c.customer)
        .outerjoin(PROFILES, PROFILES.c.account == CASES.c.customer)
        .outerjoin(INSIGHTS, INSIGHTS.c.subject == subject)
    )
    return (
        select(
            CASES.c.case_id,
            subject.label("subject"),
            CASES.c.customer.label("account"),
            LINKS.c.customer,
            _name(),
            CUSTOMERS.c.tier,
            PROFILES.c.handle,
            *(CASES.c[name] for name in ("department", "state", "severity", "opened_at", "due_at", "answered_at")),
            PROFILES.c.reach,
            INSIGHTS.c.segment,
        )
        .select_from(joined)
        .where(CASES.c.state != RESOLVED)
    )


def segments() -> Select[Any]:
    """One row a segment that somebody is in."""
    cases = subjects.open_cases()
    return (
        select(
            INSIGHTS.c.segment,
            func.count().label("subjects"),
            func.count().filter(INSIGHTS.c.kind == CUSTOMER).label("customers"),
            func.count().filter(INSIGHTS.c.kind == ACCOUNT).label("accounts"),
            func.sum(INSIGHTS.c.reach).label("reach"),
            func.avg(INSIGHTS.c.advocacy).label("advocacy"),
            func.avg(INSIGHTS.c.mood).label("mood"),
            # a sum of counts is a decimal number in PostgreSQL
            cast(func.coalesce(func.sum(cases.c.open_cases), 0), BigInteger).label("open_cases"),
            func.min(INSIGHTS.c.as_of).label("as_of"),
        )
        .select_from(INSIGHTS.outerjoin(cases, cases.c.subject == INSIGHTS.c.subject))
        .group_by(INSIGHTS.c.segment)
    )


def interests() -> Select[Any]:
    """One row an interest of a subject."""
    joined = (
        INTERESTS.join(INSIGHTS, INSIGHTS.c.subject == INTERESTS.c.subject)
        .outerjoin(CUSTOMERS, CUSTOMERS.c.customer == INTERESTS.c.subject)
        .outerjoin(PROFILES, PROFILES.c.account == INTERESTS.c.subject)
    )
    columns = (INTERESTS.c.interest, INTERESTS.c.subject, _name(), CUSTOMERS.c.tier, INSIGHTS.c.segment)
    return select(*columns, INTERESTS.c.weight, INTERESTS.c.kind, INTERESTS.c.as_of).select_from(joined)


def kpi_daily() -> Select[Any]:
    """The days of `kpis`, without those whose posts were all deleted or moved."""
    key = (KPIS.c.brand, KPIS.c.department, KPIS.c.platform, _DayOf(KPIS.c.start).label("day"), KPIS.c.start)
    return select(*key, *_KPI_NUMBERS).where(KPIS.c.period == DAY, KPIS.c.mentions > 0)


def _name() -> ColumnElement[Any]:
    """What the CRM calls a customer; what an account that is no customer's calls itself."""
    return case((CUSTOMERS.c.customer.is_(None), PROFILES.c.display_name), else_=CUSTOMERS.c.name).label("name")


class View(NamedTuple):
    """A view and the first revision of the store that has it."""

    select: Callable[[], Select[Any]]
    since: str

    def sql(self, dialect: Dialect) -> str:
        """Its select in the database's own words."""
        return str(self.select().compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


VIEWS = {each.__name__: View(each, "0005") for each in (customer_360, open_cases, segments, interests, kpi_daily)}
_NEEDED = "2BP01"
"""PostgreSQL's code of what cannot be dropped, for something else needs it."""


def drop(connection: Connection, revision: str | None) -> None:
    """Take away the views of a store of that revision, or tables under them could not be altered.

    Raises:
        ConfigError: somebody's own view is made of them.
    """
    for name, view in VIEWS.items():
        if revision is None or revision < view.since:
            # a view of that name is not ours
            continue
        try:
            connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")
        except DatabaseError as error:
            if getattr(error.orig, "sqlstate", "") != _NEEDED:
                raise
            others = error.orig.diag.message_detail  # type: ignore[union-attr]
            raise ConfigError(
                f"--store: the view {name} is to be made anew, but others are made of it ({others}); drop them, run "
                "`shenava store upgrade`, and create them again"
            ) from error


def create(connection: Connection) -> None:
    """Create every view, on tables that are up to date; PostgreSQL keeps what the columns mean as comments.

    Raises:
        ConfigError: something else has the name of a view.
    """
    there = inspect(connection)
    taken = VIEWS.keys() & {*there.get_table_names(), *there.get_view_names()}
    if taken:
        raise ConfigError(
            f"--store: it has a table or view {min(taken)} that Shenava did not make; give it another name"
        )
    for name, view in VIEWS.items():
        connection.exec_driver_sql(f"CREATE VIEW {name} AS {view.sql(connection.dialect)}")
        if connection.dialect.name == "postgresql":
            for column, meaning in COLUMNS[name].items():
                quoted = meaning.replace("'", "''")
                connection.exec_driver_sql(f"COMMENT ON COLUMN {name}.{column} IS '{quoted}'")


def digest() -> str:
    """Changes when a view does; the latest revision that changed any carries it, so that no change lacks a revision."""
    sql = "\n".join(f"{name}: {view.sql(sqlite.dialect())}" for name, view in VIEWS.items())
    return hashlib.sha256(sql.encode()).hexdigest()[:12]
