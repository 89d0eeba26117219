"""The table of what was last exported to whom."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, String, Table

from pipeline.store.metadata import METADATA

EXPORTS = Table(
    "crm_exports",
    METADATA,
    Column("consumer", String, primary_key=True, comment="who takes the export, as `--as` names it"),
    Column("subject", String, primary_key=True, comment="as insights.subject"),
    Column("digest", String, nullable=False, comment="of the row as it was last exported"),
    Column("at", DateTime(timezone=True), nullable=False, comment="when it was"),
)
