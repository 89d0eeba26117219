"""Tables of the webhooks: what waits for each receiver or was delivered, and how the receivers are."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Index, Integer, String, Table, Text

from pipeline.store.metadata import METADATA

DELIVERIES = Table(
    "webhook_deliveries",
    METADATA,
    Column("webhook", String, primary_key=True, comment="name in the config"),
    Column("record_id", String, primary_key=True, comment="alerts.alert_id or actions.action_id"),
    Column("revision", Integer, primary_key=True, comment="of the record"),
    Column("type", String, nullable=False, comment="alert.raised, alert.revised, alert.withdrawn, action.proposed …"),
    Column("customer", String, nullable=False, index=True, comment="as alerts.customer"),
    Column("at", DateTime(timezone=True), nullable=False, comment="event time of the record: the order of delivery"),
    Column("state", String, nullable=False, comment="pending, delivered, dead or superseded"),
    Column("body", Text, comment="what is sent; null once it is delivered or superseded"),
    Column("waiting_since", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False, comment="not tried before then"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("refused", Integer, nullable=False, default=0, comment="attempts that the receiver refused"),
    Column("status", Integer, comment="of HTTP, at the last attempt"),
    Column("problem", String, comment="why nobody answered it: timeout, connection, tls …"),
    Column("settled_at", DateTime(timezone=True), comment="since when it waits no more"),
    Index("ix_webhook_deliveries_state", "webhook", "state", "due_at"),
)
RECEIVERS = Table(
    "webhook_receivers",
    METADATA,
    Column("webhook", String, primary_key=True, comment="name in the config"),
    Column("leased_by", String, comment="the sender that calls it; one at a time"),
    Column("leased_until", DateTime(timezone=True), comment="when another one takes over"),
    Column("failures", Integer, nullable=False, default=0, comment="calls in a row that found it away"),
    Column("away_since", DateTime(timezone=True)),
    Column("paused_until", DateTime(timezone=True), comment="nothing is sent before then"),
)
