"""A connection to the store: SQLite as the embedded default, PostgreSQL for teams."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, Table, create_engine, event, func, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from pipeline.errors import ConfigError, TransientError
from pipeline.records import to_json

T = TypeVar("T")
_log = logging.getLogger("shenava.store")
_PATIENCE_S = "30"
"""How long a writer waits for SQLite's one write lock, unless the URL says `?timeout=`."""
WAITS_S = (0.2, 1.0, 5.0, 15.0, 30.0)
"""Pauses between tries when the store does not answer; then the bundle fails and the runner retries it."""
READS = {"shenava_reads": True}
"""Execution options of a connection that only reads."""
CHUNK = 400
"""Rows a statement: below SQLite's limit of 32,766 bound values."""


def connect(url: str) -> tuple[Engine, str]:
    """The engine, and the URL without its password, for people and logs.

    Raises:
        ConfigError: the URL is not one SQLAlchemy can use here.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError(f"--store: not a database URL ({error}); for example sqlite:///profiles.db") from error
    shown = parsed.render_as_string(hide_password=True)
    try:
        if parsed.drivername.startswith("sqlite") and "timeout" not in parsed.query:
            parsed = parsed.update_query_dict({"timeout": _PATIENCE_S})
        # hide_parameters: an error of the database must not print what a record says
        # pre_ping: a connection that a restart of the server cut is replaced before it is used
        engine = create_engine(parsed, hide_parameters=True, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise ConfigError(f"--store {shown}: {error}; PostgreSQL is reached by postgresql+psycopg://…") from error
    except (ArgumentError, NoSuchModuleError) as error:
        raise ConfigError(f"--store {shown}: {error}; for example sqlite:///profiles.db") from error
    if engine.dialect.name not in ("sqlite", "postgresql"):
        raise ConfigError(f"--store {shown}: SQLite and PostgreSQL are supported")
    if engine.dialect.name == "sqlite":
        _take_write_lock_first(engine)
    return engine, shown


def must_exist(engine: Engine, shown: str) -> None:
    """Raises ConfigError when SQLite's file is not there: whoever only looks would make it by opening it."""
    file = engine.url.database
    if engine.dialect.name == "sqlite" and file and file != ":memory:" and not Path(file).exists():
        raise ConfigError(f"--store {shown}: no such file; `shenava run` makes OUTPUT/profiles.db")


def insert(connection: Connection, table: Table) -> Any:
    """An INSERT that knows ON CONFLICT, in the database's dialect."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    return dialect.insert(table)


def upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], newer: str = "") -> int:
    """Insert rows, or write them over those of the same primary key; returns how many were written.

    Args:
        newer: only a row that is greater in this column replaces one that is there. Empty: every row does.
    """
    keys = [column.name for column in table.primary_key]
    written = 0
    for part in chunks(rows):
        statement = insert(connection, table).values(list(part))
        given = statement.excluded
        changed = {column.name: given[column.name] for column in table.c if not column.primary_key}
        where = given[newer] > table.c[newer] if newer else None
        statement = statement.on_conflict_do_update(index_elements=keys, set_=changed, where=where)
        # without it SQLAlchemy may have given back the cursor that knows
        written += connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount
    return written


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction; raises TransientError when the database is locked or away, and nothing was written."""
    with _waiting_helps(), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for reading only: it takes no lock that a writer would wait for.

    Raises:
        TransientError: the database is away.
    """
    with _waiting_helps(), engine.connect() as connection:
        yield connection.execution_options(**READS)


@contextmanager
def _waiting_helps() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if not is_transient(error):
            raise
        raise TransientError(f"store: {error.orig}") from error


def is_transient(error: DBAPIError) -> bool:
    """Whether the same may work later: locked, away, cut off, or rolled back for another writer's sake."""
    # SQLite's code for what is wrong in itself, such as a table that is not there
    wrong = getattr(error.orig, "sqlite_errorname", "") == "SQLITE_ERROR"
    # deadlocks, serialization failures and a server that shuts down are operational errors of PostgreSQL's driver
    return error.connection_invalidated or (isinstance(error, OperationalError) and not wrong)


def one_writer(connection: Connection, name: str) -> None:
    """Let transactions of that name pass one at a time; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(name))))


def patiently(write: Callable[[], T], waits: Sequence[float] = WAITS_S) -> T:
    """Call it, again after each pause (seconds) while the database is away; the last TransientError goes on.

    Logs a warning at the first pause, and when the database is back.
    """
    away_since = None
    for wait in (*waits, None):
        try:
            found = write()
        except TransientError as error:
            if wait is None:
                raise
            if away_since is None:
                away_since = time.monotonic()
                # PostgreSQL's further lines may quote a row
                reason = str(error).partition("\n")[0]
                _log.warning("the store does not answer", extra={"fields": {"reason": reason}})
            time.sleep(wait)
        else:
            break
    if away_since is not None:
        _log.info("the store is back", extra={"fields": {"away_s": round(time.monotonic() - away_since, 1)}})
    return found


def chunks(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """The rows, CHUNK at a time."""
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def row(table: Table, record: Any, **given: Any) -> dict[str, Any]:
    """The record as a row: each column from `given`, else from the record's field of that name; `document` is all."""
    same = {column.name for column in table.c} - {*given, "document"}
    return {name: getattr(record, name) for name in same} | given | {"document": to_json(record)}


def utc(moment: datetime) -> datetime:
    """A time as the database gave it, in UTC: SQLite keeps no offset, PostgreSQL shows its own."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def last_of_each(rows: Iterable[dict[str, Any]], *key: str) -> list[dict[str, Any]]:
    """One row a key, the last one; sorted, so that two writers lock in one order."""
    kept = {tuple(row[name] for name in key): row for row in rows}
    return [kept[each] for each in sorted(kept)]


def _take_write_lock_first(engine: Engine) -> None:
    """Begin SQLite's transactions with its write lock, so that read-then-write cannot deadlock; but not `reading`."""

    @event.listens_for(engine, "connect")
    def _manual_begin(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reads = READS.items() <= connection.get_execution_options().items()
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
