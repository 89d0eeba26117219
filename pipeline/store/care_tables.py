"""Tables of what is owed to customers, what was told, and the facts that all of it rests on."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, DateTime, Integer, String, Table

from pipeline.logic.cases import RESOLVED
from pipeline.store.metadata import METADATA

FACTS = Table(
    "facts",
    METADATA,
    Column("customer", String, primary_key=True, comment="as cases.customer"),
    Column("post", String, primary_key=True, comment="platform:post_id"),
    Column("version", String, primary_key=True, comment="of the post; the newest counts"),
    Column("at", DateTime(timezone=True), nullable=False, index=True),
    Column("document", JSON, nullable=False, comment="the whole Fact; redacted text only"),
)
CASES = Table(
    "cases",
    METADATA,
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
UNSETTLED = CASES.c.state != RESOLVED
"""Cases that wait for an answer, or for the customer to be content."""
ALERTS = Table(
    "alerts",
    METADATA,
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
COURSES = Table(
    "wave_courses",
    METADATA,
    Column("key", String, primary_key=True, comment="category and brand"),
    Column("upto", Integer, nullable=False, comment="quarters of an hour since 1970 that were walked"),
    Column("document", JSON, nullable=False, comment="the whole Course: counts by hour of week, no text, no author"),
)
ACTIONS = Table(
    "actions",
    METADATA,
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
