"""`bigquery://PROJECT/DATASET`: how flags name a warehouse, and the client for it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any

from pipeline.errors import ConfigError
from pipeline.io.pubsub_names import PROJECT

PREFIX = "bigquery://"
EMULATOR = "BIGQUERY_EMULATOR_HOST"
"""Where a local stand-in listens, such as 127.0.0.1:9050; Google's own client reads the same variable."""
# https://cloud.google.com/bigquery/docs/datasets#dataset-naming
_DATASET = re.compile(r"[A-Za-z0-9_]{1,1024}", re.ASCII)


@dataclass(frozen=True, slots=True)
class BigQueryDataset:
    """A dataset of a project: the warehouse's tables and views lie in it."""

    project: str
    dataset: str

    def table(self, name: str) -> str:
        """Full name of a table, as Google's client takes it."""
        return f"{self.project}.{self.dataset}.{name}"

    def quoted(self, name: str) -> str:
        """Full name of a table, as SQL takes it."""
        return f"`{self.table(name)}`"

    def __str__(self) -> str:
        return f"{PREFIX}{self.project}/{self.dataset}"


def parse_bigquery(value: str, flag: str) -> BigQueryDataset:
    """The dataset that `value`, `bigquery://PROJECT/DATASET`, names; ConfigError names the flag and what to write."""
    project, slash, dataset = value.removeprefix(PREFIX).partition("/")
    if not value.startswith(PREFIX) or not slash:
        raise ConfigError(f"{flag} {value!r}: write {PREFIX}PROJECT/DATASET, such as {PREFIX}my-project/shenava")
    return check_dataset(project, dataset, f"{flag} {value!r}")


def check_dataset(project: str, dataset: str, where: str) -> BigQueryDataset:
    """The dataset, if it may be called so; else ConfigError beginning with `where`."""
    if not PROJECT.fullmatch(project):
        raise ConfigError(
            f"{where}: {project!r} is no project id: 6 to 30 lower-case letters, digits and hyphens, "
            "a letter first, no hyphen last, such as demo-project"
        )
    if not _DATASET.fullmatch(dataset):
        raise ConfigError(f"{where}: {dataset!r} is no name of a dataset: letters, digits and _")
    return BigQueryDataset(project, dataset)


def client(project: str) -> Any:
    """A `google.cloud.bigquery.Client`, on the local stand-in where $BIGQUERY_EMULATOR_HOST names one.

    Raises:
        ConfigError: the package is not installed, or nobody is logged in.
    """
    try:
        from google.cloud import bigquery
    except ModuleNotFoundError as error:
        raise ConfigError(f"BigQuery needs `pip install 'shenava[bigquery]'` ({error})") from error
    from google.auth.credentials import AnonymousCredentials
    from google.auth.exceptions import DefaultCredentialsError

    if host := os.environ.get(EMULATOR):
        address = host if "://" in host else f"http://{host}"
        nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
        return bigquery.Client(project, nobody, client_options={"api_endpoint": address})
    try:
        return bigquery.Client(project)
    except DefaultCredentialsError as error:
        raise ConfigError(
            "BigQuery: nobody is logged in here; `gcloud auth application-default login`, or name the key file of a "
            "service account in GOOGLE_APPLICATION_CREDENTIALS"
        ) from error
