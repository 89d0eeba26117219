"""Every table of the store. Who needs the whole metadata takes it from here, so that no table is missing in it."""

from __future__ import annotations

from pipeline.store import (
    care_tables,
    customer_tables,
    export_tables,
    insight_tables,
    kpi_tables,
    outbox_tables,
    profile_tables,
)
from pipeline.store.metadata import METADATA

MODULES = (profile_tables, care_tables, kpi_tables, customer_tables, insight_tables, outbox_tables, export_tables)
"""Importing a module hangs its tables on METADATA."""

TOLD = frozenset({"customers", "links", "parted", "consents", "contacts", "suppressed", "forgotten"})
"""Tables of what people said: no run over posts can make them again."""
BOOKKEEPING = frozenset({"secrets", "alembic_version"})

__all__ = ["BOOKKEEPING", "METADATA", "MODULES", "TOLD"]
