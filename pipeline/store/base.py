"""What every part of the store has: a connection to the database, and its tables."""

from __future__ import annotations

from pipeline.store import database
from pipeline.store.metadata import METADATA


class SqlStore:
    """A part of the store. Parts over one URL share the database and its tables."""

    def __init__(self, url: str) -> None:
        """Raises ConfigError when the URL is not one SQLAlchemy can use here."""
        self._engine, self.shown_url = database.connect(url)

    def create_tables(self) -> None:
        """Create what is missing; raises ConfigError when the database cannot be opened."""
        database.create_tables(self._engine, METADATA, self.shown_url)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()
