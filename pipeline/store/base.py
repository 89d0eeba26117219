"""What every part of the store has: a connection to the database, and its tables."""

from __future__ import annotations

from sqlalchemy import MetaData, literal, select

from pipeline.store import database
from pipeline.store.tables import BOOKKEEPING, TOLD


class SqlStore:
    """A part of the store. Parts over one URL share the database and its tables."""

    def __init__(self, url: str) -> None:
        """Raises ConfigError when the URL is not one SQLAlchemy can use here."""
        self._engine, self.shown_url = database.connect(url)

    def must_exist(self) -> None:
        """Raises ConfigError when SQLite's file is not there: whoever only looks would make it by opening it."""
        database.must_exist(self._engine, self.shown_url)

    def create_tables(self) -> None:
        """Bring all tables up to date, from none or from those of an earlier Shenava; data stays.

        Raises:
            ConfigError: the database cannot be opened or changed, or a newer Shenava made its tables.
        """
        # here, since Alembic takes 0.2 s to import, and workers never change tables
        from pipeline.store import migration

        migration.upgrade(self._engine, self.shown_url)

    def empty_derived(self) -> bool:
        """Empty the tables that follow from posts, for a run that replaces an earlier one.

        What people said stays: the CRM, links, consents, whom to leave alone and whom to forget. False, and nothing is
        done, when there is none of that.

        Raises:
            TransientError: the database is away or locked; nothing was removed.
        """
        there = MetaData()
        with database.reading(self._engine) as connection:
            there.reflect(connection)
            told = [table for name, table in there.tables.items() if name in TOLD]
            if not any(connection.execute(select(literal(1)).select_from(table).limit(1)).first() for table in told):
                return False
        with database.writing(self._engine) as connection:
            for table in reversed(there.sorted_tables):
                if table.name not in {*TOLD, *BOOKKEEPING}:
                    connection.execute(table.delete())
        return True

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()
