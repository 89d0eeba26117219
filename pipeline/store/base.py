"""What every part of the store has: a connection to the database, and its tables."""

from __future__ import annotations

from pipeline.store import database


class SqlStore:
    """A part of the store. Parts over one URL share the database and its tables."""

    def __init__(self, url: str) -> None:
        """Raises ConfigError when the URL is not one SQLAlchemy can use here."""
        self._engine, self.shown_url = database.connect(url)

    def create_tables(self) -> None:
        """Bring all tables up to date, from none or from those of an earlier Shenava; data stays.

        Raises:
            ConfigError: the database cannot be opened or changed, or a newer Shenava made its tables.
        """
        # here, since Alembic takes 0.2 s to import, and workers never change tables
        from pipeline.store import migration

        migration.upgrade(self._engine, self.shown_url)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()
