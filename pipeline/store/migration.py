"""Brings the tables of a store up to date, revision by revision (ADR 21).

The revisions lie in `migrations/versions/`, each with what it changes; Alembic carries them out. All that are due are
one transaction, on SQLite too: a store stands at one revision or at another, never between.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, func, inspect, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DatabaseError

from pipeline.errors import ConfigError, TransientError
from pipeline.store import database, views
from pipeline.store.tables import METADATA

MIGRATIONS = Path(__file__).parent / "migrations"
_BOOKKEEPING = "alembic_version"
_MAY_NOT = "42501"
"""PostgreSQL's code of what a user has no right to."""
_log = logging.getLogger("shenava.store")


@dataclass(frozen=True, slots=True)
class Revision:
    """One change of the tables."""

    number: str
    changes: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the tables of a store are."""

    revision: str | None
    """The last that was carried out. None: no table yet, or a store from before revisions were counted."""
    latest: str
    """The last that this Shenava knows."""
    pending: tuple[Revision, ...]
    """What is to be carried out, in order."""
    tables: tuple[str, ...]
    """Every table that is there, of whomever."""


def upgrade(engine: Engine, shown: str) -> Standing:
    """Carry out what is pending, all in one transaction; returns how the store stood before.

    Safe when several processes begin at once: one carries out, the others wait for it. Quick when nothing is pending.

    Raises:
        ConfigError: the database cannot be opened or changed, or a newer Shenava made it.
        TransientError: another writer held SQLite's lock all the time.
    """
    found = standing(engine, shown)
    if not found.pending:
        return found
    with _plain_errors(shown), engine.begin() as connection:
        database.one_writer(connection, _BOOKKEEPING)
        # looked at again: whoever had the lock before may have done it
        found = _standing(connection, shown)
        if found.pending:
            # no view may stand on a table that is altered; the new ones need the tables as they are at the end
            views.drop(connection, found.revision)
            command.upgrade(_config(connection), "head")
            views.create(connection)
    if found.pending:
        steps = {"from": found.revision, "to": found.latest}
        _log.info("the store's tables are brought up to date", extra={"fields": steps})
    return found


def standing(engine: Engine, shown: str) -> Standing:
    """How far the store is; writes nothing. Raises ConfigError as `upgrade` does."""
    with _plain_errors(shown), engine.connect() as connection:
        return _standing(connection.execution_options(**database.READS), shown)


def count_rows(engine: Engine, shown: str, found: Standing) -> dict[str, int]:
    """Table -> rows, of Shenava's tables that are there."""
    with _plain_errors(shown), engine.connect() as connection:
        connection = connection.execution_options(**database.READS)
        ours = [table for name, table in sorted(METADATA.tables.items()) if name in found.tables]
        return {each.name: connection.scalar(select(func.count()).select_from(each)) or 0 for each in ours}


def _standing(connection: Connection, shown: str) -> Standing:
    # in order, the first one first
    known = [*ScriptDirectory.from_config(_config(connection)).walk_revisions()][::-1]
    numbers = [each.revision for each in known]
    done = MigrationContext.configure(connection).get_current_revision()
    if done is not None and done not in numbers:
        raise ConfigError(
            f"--store {shown}: its tables are of revision {done}, made by a newer Shenava; this one knows them up to "
            f"{numbers[-1]}. Install the newer one, or name another store"
        )
    due = known[numbers.index(done) + 1 :] if done else known
    tables = sorted({*inspect(connection).get_table_names()} - {_BOOKKEEPING})
    pending = tuple(Revision(each.revision, each.doc) for each in due)
    return Standing(done, numbers[-1], pending, tuple(tables))


def _config(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    # a % stands for itself only when it is doubled there
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


@contextmanager
def _plain_errors(shown: str) -> Iterator[None]:
    """What a person can mend, in words; what the database says of anything else stays as it is."""
    try:
        yield
    except DatabaseError as error:
        if getattr(error.orig, "sqlite_errorname", "") == "SQLITE_BUSY":
            raise TransientError(f"store {shown}: {error.orig}") from error
        if getattr(error.orig, "sqlstate", "") == _MAY_NOT:
            reason = str(error.orig).partition("\n")[0]
            raise ConfigError(
                f"--store {shown}: this user may not change its tables ({reason}); let one who may run "
                f"`shenava store upgrade --store {shown}`"
            ) from error
        # the class itself: SQLite's for a file that is no database
        if database.is_transient(error) or type(error) is DatabaseError:
            raise ConfigError(f"--store {shown}: cannot be opened: {error.orig}") from error
        raise
