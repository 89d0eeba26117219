"""The warehouse in BigQuery: its tables and views, and a run's files into them."""

from __future__ import annotations

import hashlib
import io
import json
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, ShenavaError, TransientError
from pipeline.io import bigquery_names
from pipeline.io.bigquery_names import BigQueryDataset
from pipeline.logic.warehouse import PARTITION, TABLES, WarehouseTable, row_id
from runners.warehouse_files import WarehouseFile, rows_of
from schemas import bigquery_schema, to_row

_PARTITION_COLUMN = {
    "name": PARTITION,
    "type": "DATE",
    "mode": "REQUIRED",
    "description": "UTC day of the record, of a snapshot the day it was taken: the partition.",
}


_PATIENCE_S = 60.0
"""How long a request is tried again while BigQuery does not answer; Google's own default is ten minutes."""


class LoadError(ShenavaError):
    """BigQuery refused a file; nothing of it was loaded."""


@dataclass(frozen=True)
class Loaded:
    """What became of a file."""

    table: str
    path: Path
    rows: int
    new: bool
    """False: it was loaded before, and nothing was done."""


def columns(table: WarehouseTable) -> list[dict[str, Any]]:
    """The table's columns as BigQuery's JSON has them."""
    return [*bigquery_schema(table.schema)["fields"], _PARTITION_COLUMN]


def definitions(dataset: BigQueryDataset) -> dict[str, Any]:
    """Every table as BigQuery's REST resource, which Terraform knows too, and every view as the statement it is of."""
    return {
        "tables": [_table(dataset, table) for table in TABLES],
        "views": {table.view: _create_view(dataset, table) for table in TABLES},
    }


def make(dataset: BigQueryDataset) -> dict[str, str]:
    """Create tables, add columns that are new, and write the views; returns name -> created, updated or unchanged.

    Raises:
        ConfigError: there is no such dataset, one may not change it, or a table there is not like ours.
        TransientError: BigQuery does not answer.
    """
    from google.cloud.bigquery import Table

    done = {}
    with _plain_errors(dataset), closing(bigquery_names.client(dataset.project)) as client:
        client.get_dataset(f"{dataset.project}.{dataset.dataset}", retry=_retry())
        there = {each.table_id for each in client.list_tables(f"{dataset.project}.{dataset.dataset}", retry=_retry())}
        for table in TABLES:
            wanted = Table.from_api_repr(_table(dataset, table))
            if table.name not in there:
                client.create_table(wanted, retry=_retry())
                done[table.name] = "created"
                continue
            before = client.get_table(wanted.reference, retry=_retry())
            new = set(_names(wanted.schema)) - set(_names(before.schema))
            if new:
                before.schema = wanted.schema
                client.update_table(before, ["schema"], retry=_retry())
            done[table.name] = "updated" if new else "unchanged"
        for table in TABLES:
            client.query(_create_view(dataset, table), retry=_retry()).result(retry=_retry())
            done[table.view] = "updated" if table.view in there else "created"
    return done


def load(dataset: BigQueryDataset, files: list[WarehouseFile], replace: bool = False) -> Iterator[Loaded]:
    """Load each file by a job of its own, all of it or nothing.

    The job's id is a digest of the file's rows, so a file that was loaded is not loaded again. A snapshot replaces
    what there is of its day.

    Args:
        replace: empty all tables first, so that what is no longer in the files (an erased person) is gone here too.

    Raises:
        LoadError: BigQuery refused a file.
        ConfigError: a table is missing, or one may not write it.
        TransientError: BigQuery does not answer.
    """
    with closing(bigquery_names.client(dataset.project)) as client:
        for table in TABLES if replace else ():
            with _plain_errors(dataset):
                _delete(client, dataset, table, "TRUE")
        for file in files:
            table = file.table
            rows = [to_row(record, table.schema) | {PARTITION: str(day)} for record, day in rows_of(file)]
            if not rows:
                continue
            with _plain_errors(dataset):
                if file.snapshot:
                    _delete(client, dataset, table, f"{PARTITION} = '{file.snapshot}'")
                if file.snapshot or replace:
                    # what is deleted may be loaded again
                    new = _append(client, dataset, file, rows, f"shenava_{table.name}_{uuid.uuid4().hex}")
                else:
                    new = _append(client, dataset, file, rows, _job_id(dataset, file, rows))
            yield Loaded(table.name, file.path, len(rows), new)


def _delete(client: Any, dataset: BigQueryDataset, table: WarehouseTable, which: str) -> None:
    # of whole partitions this costs nothing: https://cloud.google.com/bigquery/docs/using-dml-with-partitioned-tables
    statement = f"DELETE FROM {dataset.quoted(table.name)} WHERE {which}"
    client.query(statement, retry=_retry()).result(retry=_retry())


def _append(client: Any, dataset: BigQueryDataset, file: WarehouseFile, rows: list[dict[str, Any]], job: str) -> bool:
    """Load the rows by the job of that id; False when it was done before."""
    from google.api_core.exceptions import BadRequest, Conflict
    from google.cloud.bigquery import LoadJobConfig, SchemaField

    config = LoadJobConfig(
        schema=[SchemaField.from_api_repr(column) for column in columns(file.table)],
        source_format="NEWLINE_DELIMITED_JSON",
        create_disposition="CREATE_NEVER",
        write_disposition="WRITE_APPEND",
    )
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    if _done(client, job):
        return False
    try:
        loading = client.load_table_from_file(
            io.BytesIO(lines), dataset.table(file.table.name), job_id=job, job_config=config
        )
    except Conflict:
        # another loader began the same job meanwhile
        loading = client.get_job(job, retry=_retry())
    except BadRequest as error:
        raise _refused(file, error.errors) from None
    try:
        loading.result(retry=_retry())
    except BadRequest as error:
        raise _refused(file, error.errors) from None
    return True


def _refused(file: WarehouseFile, errors: Any) -> LoadError:
    """Without the message of the job, which quotes values."""
    reasons = sorted({f"{each.get('reason')} at {each.get('location') or 'the file'}" for each in errors})
    return LoadError(f"{file.path}: BigQuery refuses it: {'; '.join(reasons)}; nothing of it was loaded")


def _table(dataset: BigQueryDataset, table: WarehouseTable) -> dict[str, Any]:
    return {
        "tableReference": {"projectId": dataset.project, "datasetId": dataset.dataset, "tableId": table.name},
        "description": f"Contract {table.schema}: every row ever written. Read {table.view} for those that count.",
        "schema": {"fields": columns(table)},
        "timePartitioning": {"type": "DAY", "field": PARTITION},
        "clustering": {"fields": list(table.clustered)},
    }


def _create_view(dataset: BigQueryDataset, table: WarehouseTable) -> str:
    what = f"The rows of {table.name} that count: the newest of each, without what no longer stands."
    # BigQuery keeps the columns that a view had when it was made, so * would promise too much; some are keywords
    query = table.select(dataset.quoted(table.name), [f"`{column['name']}`" for column in columns(table)])
    return f'CREATE OR REPLACE VIEW {dataset.quoted(table.view)}\nOPTIONS (description = "{what}")\nAS\n{query}'


def _names(fields: Any, path: str = "") -> Iterator[str]:
    """Every column by its dotted name."""
    for field in fields:
        yield path + field.name
        yield from _names(field.fields, f"{path}{field.name}.")


def _retry() -> Any:
    from google.cloud.bigquery.retry import DEFAULT_RETRY

    return DEFAULT_RETRY.with_timeout(_PATIENCE_S)


def _job_id(dataset: BigQueryDataset, file: WarehouseFile, rows: list[dict[str, Any]]) -> str:
    """The same for the same rows into the same table, whatever their file is called."""
    named = [str(dataset), file.table.name, *sorted(map(row_id, rows))]
    return f"shenava_{file.table.name}_{hashlib.blake2b(' '.join(named).encode(), digest_size=16).hexdigest()}"


def _done(client: Any, job_id: str) -> bool:
    from google.api_core.exceptions import NotFound

    try:
        return client.get_job(job_id, retry=_retry()).error_result is None
    except NotFound:
        return False


@contextmanager
def _plain_errors(dataset: BigQueryDataset) -> Iterator[None]:
    from google.api_core import exceptions
    from requests.exceptions import ConnectionError as NoConnection

    name = f"{dataset.project}:{dataset.dataset}"
    try:
        yield
    except exceptions.NotFound as error:
        raise ConfigError(
            f"{dataset}: the dataset or a table of it is not there; make it: bq mk --dataset {name}, then "
            f"shenava warehouse tables --project {dataset.project} --dataset {dataset.dataset}"
        ) from error
    except exceptions.Forbidden as error:
        raise ConfigError(f"{dataset}: not allowed; the account needs the role BigQuery Data Editor on it") from error
    except (exceptions.ServerError, exceptions.RetryError, NoConnection) as error:
        raise TransientError(f"{dataset}: BigQuery does not answer: {type(error).__name__}") from error
