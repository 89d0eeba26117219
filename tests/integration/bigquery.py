"""A BigQuery server for tests: bqemulator, started once a session on a free port.

A test module says `pytest_plugins = ["tests.integration.bigquery"]` and takes the fixture `bigquery`.

Where bqemulator 1.4.0 differs from BigQuery, which is therefore not tested: it ignores insertIds and cuts no tables
into partitions (so that a load into `table$20261017` is not told from one into the table), and takes a job id twice.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.error import URLError

import duckdb
import duckdb_extension_spatial
import pytest

from pipeline.io.bigquery_names import EMULATOR, BigQueryDataset, client

SERVER = Path(__file__).with_name("bigquery_server.py")
START_WITHIN = 60
"""Seconds."""


class BigQuery:
    """Datasets of their own for each test, and what lies in them."""

    _numbers = count(1)

    def __init__(self) -> None:
        self.client = client("demo-project")

    def unused(self) -> BigQueryDataset:
        """A name that no other test has."""
        return BigQueryDataset("demo-project", f"shenava_{next(self._numbers)}")

    def made(self) -> BigQueryDataset:
        """A new dataset."""
        dataset = self.unused()
        self.client.create_dataset(f"{dataset.project}.{dataset.dataset}")
        return dataset

    def rows(self, query: str, dataset: BigQueryDataset | None = None) -> list[dict]:
        """What a query gives; tables without a dataset are looked for in `dataset`."""
        from google.cloud.bigquery import QueryJobConfig

        config = QueryJobConfig(default_dataset=f"{dataset.project}.{dataset.dataset}") if dataset else None
        return [dict(row) for row in self.client.query(query, job_config=config).result()]


@pytest.fixture(scope="session")
def bigquery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BigQuery]:
    """The server, named by $BIGQUERY_EMULATOR_HOST as long as the tests run."""
    home = tmp_path_factory.mktemp("bigquery")
    _lay_out_extension(home)
    host = f"127.0.0.1:{_free_port()}"
    # a python of its own may be named: the server's packages need not be those of the tests
    python = os.environ.get("BQEMULATOR_PYTHON", sys.executable)
    log = (home / "log").open("wb")
    ports = ["--rest-port", host.rpartition(":")[2], "--grpc-port", str(_free_port())]
    server = subprocess.Popen(
        [python, SERVER, "start", *ports, "--log-level", "error"],
        env=os.environ | {"HOME": str(home)},
        stdout=log,
        stderr=log,
    )
    before = os.environ.get(EMULATOR)
    try:
        _wait(host, server, home / "log")
        os.environ[EMULATOR] = host
        yield BigQuery()
    finally:
        os.environ.pop(EMULATOR, None)
        if before is not None:
            os.environ[EMULATOR] = before
        server.terminate()
        server.wait(30)
        log.close()


def _lay_out_extension(home: Path) -> None:
    """Where DuckDB, inside the server, looks for its extension `spatial` before it would download it."""
    (extension,) = Path(duckdb_extension_spatial.__file__).parent.rglob("spatial.duckdb_extension")
    with duckdb.connect(config={"extension_directory": str(home / ".duckdb" / "extensions")}) as connection:
        connection.execute(f"INSTALL '{extension}'")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(host: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_WITHIN
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{host}/healthz", timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"bqemulator did not start:\n{log.read_text()[-2000:]}")
