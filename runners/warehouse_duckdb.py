"""The warehouse as one DuckDB file on an analyst's machine."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]

from pipeline.errors import ConfigError
from pipeline.logic.warehouse import PARTITION, TABLES
from runners.warehouse_files import WarehouseFile, rows_of
from schemas.arrow import arrow_schema

_BATCH = 5_000


def build(files: list[WarehouseFile], to: Path, overwrite: bool = False) -> dict[str, int]:
    """Load the files into a new DuckDB file with the tables and views of the warehouse; returns rows by table.

    A table without files is there too, empty, so that every query runs.

    Raises:
        ConfigError: DuckDB is not installed, the file is there already, or a file cannot be read.
    """
    try:
        import duckdb
    except ModuleNotFoundError as error:
        raise ConfigError(f"DuckDB needs `pip install 'shenava[duckdb]'` ({error})") from error
    if to.exists() and not overwrite:
        raise ConfigError(f"--to {to} is there already; choose another name, or say --overwrite to replace it")
    unfinished = to.with_name(f"{to.name}.tmp")
    unfinished.unlink(missing_ok=True)
    try:
        with duckdb.connect(str(unfinished)) as connection:
            counts = _fill(connection, files)
    except duckdb.IOException as error:
        raise ConfigError(f"--to {to}: cannot be written: {str(error).splitlines()[0]}") from error
    unfinished.replace(to)
    return counts


def _fill(connection: Any, files: list[WarehouseFile]) -> dict[str, int]:
    counts = {}
    for table in TABLES:
        schema = arrow_schema(table.schema).append(pa.field(PARTITION, pa.date32()))
        connection.register("rows", schema.empty_table())
        connection.execute(f"CREATE TABLE {table.name} AS FROM rows")
        counts[table.name] = 0
        records = (
            record | {PARTITION: day} for file in files if file.table == table for record, day in rows_of(file)
        )  # fmt: skip
        while batch := list(islice(records, _BATCH)):
            connection.register("rows", pa.Table.from_pylist(batch, schema=schema))
            connection.execute(f"INSERT INTO {table.name} FROM rows")
            counts[table.name] += len(batch)
        connection.unregister("rows")
        connection.execute(f"CREATE VIEW {table.view} AS {table.select(table.name)}")
    return counts
