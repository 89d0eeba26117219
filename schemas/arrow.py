"""A contract as an Arrow schema: how records get into DuckDB with every type kept, empty columns too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]

from pipeline.errors import ConfigError
from schemas.loading import load

_PRIMITIVES = {
    "string": pa.string(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "bytes": pa.binary(),
}


def arrow_schema(name: str, version: int | None = None) -> pa.Schema:
    """The schema of a table of such records: a record is a struct, a map a map, a time UTC microseconds.

    Args:
        name: such as `enriched_post`.
        version: None for the latest.

    Raises:
        ConfigError: no such schema, or it holds a union of several types.
    """
    schema = load(name, version)
    return pa.schema(_fields(schema, schema["__named_schemas"]))


def _fields(record: Mapping[str, Any], named: Mapping[str, Any]) -> list[pa.Field]:
    return [pa.field(field["name"], _type(field["type"], named)) for field in record["fields"]]


def _type(schema: Any, named: Mapping[str, Any]) -> pa.DataType:
    if isinstance(schema, list):
        present = [branch for branch in schema if branch != "null"]
        if len(present) != 1:
            raise ConfigError("Arrow has no column of several types; a union may only be null and one type")
        return _type(present[0], named)
    if isinstance(schema, str):
        return _type(named[schema], named) if schema in named else _PRIMITIVES[schema]
    kind = schema["type"]
    if kind == "record":
        return pa.struct(_fields(schema, named))
    if kind == "array":
        return pa.list_(_type(schema["items"], named))
    if kind == "map":
        return pa.map_(pa.string(), _type(schema["values"], named))
    if schema.get("logicalType") == "timestamp-micros":
        return pa.timestamp("us", tz="UTC")
    return _type(kind, named)
