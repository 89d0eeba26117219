"""Alembic's way into a store: `pipeline/store/migration.py` hands it a connection with a transaction begun."""

from __future__ import annotations

from alembic import context

from pipeline.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
