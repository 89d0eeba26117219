"""profiles, cases, alerts, actions, waves and KPIs

What Shenava made before revisions were counted. Such a store is taken over as it is: a table that is there stays, with
its rows.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import JSON, Boolean, Column, DateTime, Float, Integer, MetaData, String, Table, inspect

from pipeline.errors import ConfigError

revision = "0001"
down_revision = None

TABLES = MetaData()
Table(
    "profiles",
    TABLES,
    Column("account", String, primary_key=True, comment="platform:account_id"),
    Column("version", Integer, nullable=False, comment="counts the changes of this row"),
    Column("handle", String),
    Column("display_name", String),
    Column("verified", Boolean),
    Column("reach", Integer, nullable=False, comment="followers, as last seen"),
    Column("first_seen", DateTime(timezone=True), nullable=False),
    Column("last_seen", DateTime(timezone=True), nullable=False, index=True),
    Column("posts", Integer, nullable=False),
    Column("complaints", Integer, nullable=False),
    Column("advocacy", Integer, nullable=False),
    Column("mood", Float, nullable=False, comment="decayed mean sentiment as of last_seen, -1..1"),
    Column("interests", JSON, nullable=False, comment="interest -> decayed weight as of last_seen"),
    Column("document", JSON, nullable=False, comment="the whole Profile, as schemas/profile.v1.avsc"),
)
Table(
    "facts",
    TABLES,
    Column("customer", String, primary_key=True, comment="as cases.customer"),
    Column("post", String, primary_key=True, comment="platform:post_id"),
    Column("version", String, primary_key=True, comment="of the post; the newest counts"),
    Column("at", DateTime(timezone=True), nullable=False, index=True),
    Column("document", JSON, nullable=False, comment="the whole Fact; redacted text only"),
)
Table(
    "cases",
    TABLES,
    Column("case_id", String, primary_key=True),
    Column("customer", String, nullable=False, index=True, comment="platform:account_id"),
    Column("department", String, nullable=False, comment="who has to act"),
    Column("state", String, nullable=False, index=True),
    Column("severity", Integer, nullable=False, comment="1..4"),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("answered_at", DateTime(timezone=True)),
    Column("resolved_at", DateTime(timezone=True)),
    Column("sla_met", Boolean),
    Column("document", JSON, nullable=False, comment="the whole Case, as schemas/case.v1.avsc"),
)
Table(
    "alerts",
    TABLES,
    Column("alert_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("rule", String, nullable=False),
    Column("level", String, nullable=False),
    Column("department", String, nullable=False, index=True),
    Column("customer", String, nullable=False, index=True, comment="as cases.customer"),
    Column("case_id", String),
    Column("raised_at", DateTime(timezone=True), nullable=False, index=True),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("document", JSON, nullable=False, comment="the whole Alert, as schemas/alert.v1.avsc"),
)
Table(
    "wave_courses",
    TABLES,
    Column("key", String, primary_key=True, comment="category and brand"),
    Column("upto", Integer, nullable=False, comment="quarters of an hour since 1970 that were walked"),
    Column("document", JSON, nullable=False, comment="the whole Course: counts by hour of week, no text, no author"),
)
Table(
    "actions",
    TABLES,
    Column("action_id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("customer", String, nullable=False, index=True, comment="as cases.customer"),
    Column("policy", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("segment", String, nullable=False, comment="what the customer was to the company then"),
    Column("at", DateTime(timezone=True), nullable=False, comment="of the post that gave the occasion"),
    Column("not_before", DateTime(timezone=True), nullable=False, index=True),
    Column("document", JSON, nullable=False, comment="the whole Action, as schemas/action.v1.avsc"),
)
Table(
    "kpi_facts",
    TABLES,
    Column("post", String, primary_key=True, comment="platform:post_id"),
    Column("at", DateTime(timezone=True), nullable=False, index=True),
    Column("document", JSON, nullable=False, comment="the KpiFact that is counted; no text, no author"),
)
Table(
    "kpis",
    TABLES,
    *(Column(name, String, primary_key=True) for name in ("brand", "department", "platform", "period")),
    Column("start", DateTime(timezone=True), primary_key=True),
    *(
        Column(name, Integer, nullable=False)
        for name in ("mentions", "complaints", "severe", "answered", "sla_decided", "sla_met", "advocacy", "reach")
    ),
    *(Column(name, Float) for name in ("answered_share", "sla_met_share", "sentiment")),
    *(Column(name, Float) for name in ("first_response_p50_s", "first_response_p90_s")),
    *(Column(name, Float) for name in ("working_response_p50_s", "working_response_p90_s")),
    Column("revision", Integer, nullable=False),
    Column("document", JSON, nullable=False, comment="the whole Kpi, as schemas/kpi.v1.avsc"),
)


def upgrade() -> None:
    """Create what is missing; raises ConfigError when a table of that name is another one."""
    connection = op.get_bind()
    there = inspect(connection)
    for name in {*TABLES.tables} & {*there.get_table_names()}:
        missing = {column.name for column in TABLES.tables[name].c} - {each["name"] for each in there.get_columns(name)}
        if missing:
            raise ConfigError(
                f"--store: its table {name} has no column {min(missing)}, so it is another program's, or was made by "
                "a Shenava too old to be taken over; name another store, and run the posts into it again"
            )
    TABLES.create_all(connection)
