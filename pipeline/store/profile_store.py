"""The profile store: one row an account, in SQLite or any database SQLAlchemy speaks to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.engine import Connection

from pipeline.errors import TransientError
from pipeline.logic.profile import ProfileSettings, merge
from pipeline.records import Profile, from_json
from pipeline.store import database
from pipeline.store.base import SqlStore
from pipeline.store.profile_tables import PROFILES


class ProfileStore(SqlStore):
    """Reads profiles and merges new ones in. Safe to call twice with the same profiles."""

    def merge(self, profiles: Iterable[Profile], settings: ProfileSettings) -> int:
        """Merge profiles into the store in one transaction; returns how many rows changed.

        Raises:
            TransientError: the database is locked or away, or another writer came between; nothing was written.
        """
        new: dict[str, Profile] = {}
        for profile in profiles:
            before = new.get(profile.account)
            new[profile.account] = merge(before, profile, settings) if before else profile
        with database.writing(self._engine) as connection:
            # one order for every writer: two that lock the same rows cannot wait for each other
            return sum(
                self._merge_chunk(connection, {account: new[account] for account in accounts}, settings)
                for accounts in database.chunks(sorted(new))
            )

    def read(self, account: str) -> Profile | None:
        """The account's profile, or None."""
        with database.reading(self._engine) as connection:
            document = connection.scalar(select(PROFILES.c.document).where(PROFILES.c.account == account))
        return None if document is None else from_json(Profile, document)

    def read_all(self) -> Iterator[Profile]:
        """Every profile, in order of account."""
        with database.reading(self._engine) as connection:
            for (document,) in connection.execute(select(PROFILES.c.document).order_by(PROFILES.c.account)):
                yield from_json(Profile, document)

    def foremost(self, column: str) -> Profile | None:
        """The profile with the highest value in a column of the table, of accounts with several posts."""
        order = (PROFILES.c[column].desc(), PROFILES.c.mood.desc(), PROFILES.c.account)
        with database.reading(self._engine) as connection:
            wanted = select(PROFILES.c.document).where(PROFILES.c.posts > 1).order_by(*order).limit(1)
            document = connection.scalar(wanted)
        return None if document is None else from_json(Profile, document)

    def _merge_chunk(self, connection: Connection, new: Mapping[str, Profile], settings: ProfileSettings) -> int:
        wanted = select(PROFILES.c.account, PROFILES.c.version, PROFILES.c.document).where(PROFILES.c.account.in_(new))
        # PostgreSQL locks the rows it reads here; SQLite holds the one write lock since the transaction began
        stored = {row.account: row for row in connection.execute(wanted.order_by(PROFILES.c.account).with_for_update())}
        rows = []
        for account, profile in new.items():
            row = stored.get(account)
            if row is None:
                rows.append(database.row(PROFILES, profile, version=1))
                continue
            known = from_json(Profile, row.document)
            merged = merge(known, profile, settings)
            # the records are compared, for one profile has had several forms as a document
            if merged != known:
                rows.append(database.row(PROFILES, merged, version=row.version + 1))
        if database.upsert(connection, PROFILES, rows, newer="version") != len(rows):
            # a row that was not there to be locked was inserted meanwhile: roll back, read it, merge again
            raise TransientError("store: another writer inserted the same accounts at the same time")
        return len(rows)
