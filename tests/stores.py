"""Stores for tests, on SQLite and on PostgreSQL: a real server, started once a session.

A test module says `pytest_plugins = ["tests.stores"]`. A test that takes `store_url` runs on both databases.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, make_url, text

from pipeline.store.base import SqlStore

SCRIPT = Path(__file__).parents[1] / "scripts" / "postgresql"
INSTALL_WITHIN = 10 * 60
"""Seconds: on a new machine the package is installed first."""
_NUMBERS = count(1)


class PostgreSql:
    """A server of this session's own, and its databases."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._server: subprocess.Popen[str] | None = None
        self._stores: list[str] = []
        self.url = ""

    def start(self) -> None:
        """Start it on what its directory holds, and wait until it answers."""
        # -F: what a crash of this machine would lose was a test's; the time zone is not ours: nothing may rest on it
        flags = ["-F", "-c", "log_min_messages=fatal", "-c", "timezone=Asia/Tehran"]
        command = [SCRIPT, "--directory", self._directory, "--", *flags]
        self._server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._server.stdout
        name, _, self.url = self._server.stdout.readline().strip().partition("=")
        assert name == "SHENAVA_STORE", "the server did not start; its reason stands above"

    def stop(self) -> None:
        """Cut every connection and end it, as a restart does."""
        if self._server:
            self._server.send_signal(signal.SIGTERM)
            self._server.communicate()
            self._server = None

    def database(self, template: str = "template0", **options: str) -> str:
        """URL of a new database."""
        name = f"store_{next(_NUMBERS)}"
        given = " ".join(f"{option} {value}" for option, value in options.items())
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} {given}")
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    @contextmanager
    def stores(self, template: str) -> Iterator[Callable[[], str]]:
        """Lends stores without rows; given back, they are emptied for the next, as making one takes half a second."""
        lent = []

        def lend() -> str:
            lent.append(self._stores.pop() if self._stores else self.database(template))
            return lent[-1]

        yield lend
        for url in lent:
            empty(url)
        self._stores += lent

    def execute(self, statement: str) -> None:
        """Run one statement as the superuser, outside a transaction."""
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


def empty(url: str) -> None:
    """Delete every row of a store."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for name in {*inspect(connection).get_table_names()} - {"alembic_version"}:
            connection.execute(text(f"DELETE FROM {name}"))
    engine.dispose()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSql]:
    """A server that only this session uses."""
    subprocess.run([SCRIPT, "--install"], check=True, timeout=INSTALL_WITHIN, stdout=subprocess.DEVNULL)
    # not pytest's own directory: the server's user may not enter that, and its socket needs a short name
    directory = Path(f"/tmp/shenava-{os.getpid()}")
    server = PostgreSql(directory)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


def _up_to_date(url: str) -> str:
    store = SqlStore(url)
    store.create_tables()
    store.close()
    return url


@pytest.fixture(scope="session")
def postgresql_template(postgresql: PostgreSql) -> str:
    """Name of a database whose tables are up to date, and whose texts sort as people's do, not by code point."""
    url = postgresql.database(LOCALE_PROVIDER="icu", ICU_LOCALE="'fa-IR'")
    return str(make_url(_up_to_date(url)).database)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file whose tables are up to date."""
    path = tmp_path_factory.mktemp("template") / "store.db"
    _up_to_date(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Makes empty databases, on each of the two: gives the URL of one more."""
    if request.param == "sqlite":
        place = tmp_path_factory.mktemp("empty")
        return lambda: f"sqlite:///{place}/{next(_NUMBERS)}.db"
    server: PostgreSql = request.getfixturevalue("postgresql")
    return server.database


@pytest.fixture(params=["sqlite", "postgresql"])
def new_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], str]]:
    """Makes stores with tables and no rows, on each of the two: gives the URL of one more."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        place = tmp_path_factory.mktemp("stores")
        yield lambda: f"sqlite:///{shutil.copy(template, place / f'{next(_NUMBERS)}.db')}"
    else:
        server: PostgreSql = request.getfixturevalue("postgresql")
        with server.stores(request.getfixturevalue("postgresql_template")) as lend:
            yield lend


@pytest.fixture
def store_url(new_store: Callable[[], str]) -> str:
    """A store of this test's own, on each of the two."""
    return new_store()
