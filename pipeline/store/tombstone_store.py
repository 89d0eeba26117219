"""Who is forgotten, in the store: salted hashes only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select

from pipeline.logic.tombstones import Tombstones, subject_hash
from pipeline.store import database
from pipeline.store.base import SqlStore
from pipeline.store.customer_tables import FORGOTTEN
from pipeline.store.secrets import salt

NOBODY = Tombstones(b"", frozenset())


class TombstoneStore(SqlStore):
    """Reads and sets tombstones; all of it is idempotent."""

    def salt(self) -> bytes:
        """The salt of this store; raises ConfigError when it is another than the store began with."""
        with database.writing(self._engine) as connection:
            return salt(connection)

    def state(self) -> tuple[int, datetime | None]:
        """How many tombstones there are, and the time of the latest: another pair, other tombstones."""
        with database.reading(self._engine) as connection:
            count, latest = connection.execute(select(func.count(), func.max(FORGOTTEN.c.at))).one()
        return count, latest

    def read(self) -> Tombstones:
        """All tombstones; raises ConfigError as `salt`, TransientError when the database is away."""
        with database.reading(self._engine) as connection:
            hashes = frozenset(connection.scalars(select(FORGOTTEN.c.hash)))
            return Tombstones(salt(connection), hashes) if hashes else NOBODY

    def bury(self, rows: Sequence[str], at: datetime) -> int:
        """Set tombstones (`logic.tombstones.rows`); one that stands keeps its time. Returns how many are new."""
        with database.writing(self._engine) as connection:
            written = 0
            for part in database.chunks(rows):
                statement = database.insert(connection, FORGOTTEN).values([{"hash": row, "at": at} for row in part])
                done = statement.on_conflict_do_nothing().returning(FORGOTTEN.c.hash)
                written += len(connection.execute(done).all())
        return written

    def lift(self, subject: str) -> int:
        """Take the tombstone of an account or customer away, with its aliases; returns how many rows went."""
        with database.writing(self._engine) as connection:
            stone = subject_hash(subject, salt(connection))
            theirs = or_(FORGOTTEN.c.hash == stone, FORGOTTEN.c.hash.startswith(f"{stone}:", autoescape=True))
            return connection.execute(FORGOTTEN.delete().where(theirs)).rowcount
