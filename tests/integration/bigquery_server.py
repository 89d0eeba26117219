"""Starts bqemulator with one fault mended: it does not quote the fields of a RECORD, so `at`, a keyword, is refused."""

import sys
from importlib.metadata import version

from bqemulator import cli
from bqemulator.api.routes import tables
from bqemulator.storage import type_map

if version("bqemulator") != "1.4.0":
    sys.exit("tests/integration/bigquery_server.py: look whether bqemulator still needs its patch")

# the function calls itself through this name for the fields of a RECORD; the routes have the original already
original = tables.bq_schema_to_duckdb_columns
type_map.bq_schema_to_duckdb_columns = lambda fields: [(f'"{name}"', kind) for name, kind in original(fields)]
cli.main()
