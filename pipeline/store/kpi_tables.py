"""Tables of the service KPIs: their rows, and the posts that are counted in them."""

from __future__ import annotations

from sqlalchemy import JSON, Column, DateTime, Float, Integer, String, Table

from pipeline.store.metadata import METADATA

_NUMBERS = ("mentions", "complaints", "severe", "answered", "sla_decided", "sla_met", "advocacy", "reach")
_SHARES = (
    *("answered_share", "sla_met_share", "sentiment"),
    *("first_response_p50_s", "first_response_p90_s", "working_response_p50_s", "working_response_p90_s"),
)
FACTS = Table(
    "kpi_facts",
    METADATA,
    Column("post", String, primary_key=True, comment="platform:post_id"),
    Column("at", DateTime(timezone=True), nullable=False, index=True),
    Column("document", JSON, nullable=False, comment="the KpiFact that is counted; no text, no author"),
)
KPIS = Table(
    "kpis",
    METADATA,
    *(Column(name, String, primary_key=True) for name in ("brand", "department", "platform", "period")),
    Column("start", DateTime(timezone=True), primary_key=True),
    *(Column(name, Integer, nullable=False) for name in _NUMBERS),
    *(Column(name, Float) for name in _SHARES),
    Column("revision", Integer, nullable=False),
    Column("document", JSON, nullable=False, comment="the whole Kpi, as schemas/kpi.v1.avsc"),
)
