"""A contract as a BigQuery table, and a record as a row of it.

| Avro                     | BigQuery                                     | in the row                  |
|--------------------------|----------------------------------------------|-----------------------------|
| string, boolean          | STRING, BOOLEAN                              | as it is                    |
| int, long; float, double | INTEGER; FLOAT                               | as it is, finite            |
| timestamp-micros         | TIMESTAMP                                    | ISO 8601 text, UTC          |
| bytes                    | BYTES                                        | base64 text                 |
| record                   | RECORD                                       | dict                        |
| array                    | REPEATED                                     | list                        |
| map                      | REPEATED RECORD of key and value             | list of {"key", "value"}    |

A column is REQUIRED exactly when its Avro field has no default and may not be null. BigQuery takes no
new REQUIRED column and wants a value in every old one; a compatible change of a contract neither adds
nor removes a field without a default. So a living table can follow the contract.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.errors import ConfigError, RecordError
from schemas.loading import load

_PRIMITIVES = {
    "string": "STRING",
    "boolean": "BOOLEAN",
    "int": "INTEGER",
    "long": "INTEGER",
    "float": "FLOAT",
    "double": "FLOAT",
    "bytes": "BYTES",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def bigquery_schema(name: str, version: int | None = None) -> dict[str, Any]:
    """The table's schema in the form that `WriteToBigQuery(schema=…)` takes: `{"fields": [...]}`.

    Args:
        name: such as `enriched_post`.
        version: None for the latest.

    Raises:
        ConfigError: no such schema, or it holds what a table cannot (a list of lists, a union of
            several types).
    """
    schema = load(name, version)
    return {"fields": _columns(schema, schema["__named_schemas"])}


def to_row(record: Mapping[str, Any], name: str, version: int | None = None) -> dict[str, Any]:
    """A record as the JSON row of its table, for the methods STREAMING_INSERTS and FILE_LOADS.

    Args:
        record: what `pipeline.records.to_dict` gave, valid by `schemas.validate`. A missing field
            is written as its default.
        name: such as `enriched_post`.
        version: None for the latest.

    Raises:
        RecordError: reason `not_finite`, a number is NaN or infinite, which JSON cannot carry.
        ConfigError: no such schema.
    """
    schema = load(name, version)
    row: dict[str, Any] = _value(record, schema, schema["__named_schemas"], "")
    return row


def _columns(record: Mapping[str, Any], named: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        _column(field["name"], field["type"], named, field.get("doc", ""), required="default" not in field)
        for field in record["fields"]
    ]


def _column(name: str, schema: Any, named: Mapping[str, Any], doc: str, *, required: bool) -> dict[str, Any]:
    kept, nullable = _resolved(schema, named)
    mode = "NULLABLE" if nullable or not required else "REQUIRED"
    column: dict[str, Any] = {"name": name, "mode": mode, "description": doc}
    kind = kept["type"]
    if kind == "array":
        items = _column(name, kept["items"], named, doc, required=True)
        if items["mode"] != "REQUIRED":
            raise ConfigError(f"column {name}: BigQuery has no lists of lists, maps or nulls")
        return items | {"mode": "REPEATED"}
    if kind == "map":
        pair = [
            _column("key", "string", named, "Key of the entry, unique within the row.", required=True),
            _column("value", kept["values"], named, "Value of the entry.", required=True),
        ]
        return column | {"type": "RECORD", "mode": "REPEATED", "fields": pair}
    if kind == "record":
        return column | {"type": "RECORD", "fields": _columns(kept, named)}
    if kept.get("logicalType") == "timestamp-micros":
        return column | {"type": "TIMESTAMP"}
    if kind not in _PRIMITIVES or "logicalType" in kept:
        raise ConfigError(f"column {name}: no BigQuery type for Avro {kept.get('logicalType', kind)}")
    return column | {"type": _PRIMITIVES[kind]}


def _resolved(schema: Any, named: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The schema with its type's definition in place of a name, and whether null is allowed."""
    if isinstance(schema, list):
        present = [branch for branch in schema if branch != "null"]
        if len(present) != 1:
            raise ConfigError("BigQuery has no column of several types; a union may only be null and one type")
        return _resolved(present[0], named)[0], "null" in schema
    if isinstance(schema, str):
        return named.get(schema, {"type": schema}), False
    return schema, False


def _value(value: Any, schema: Any, named: Mapping[str, Any], path: str) -> Any:
    if value is None:
        return None
    kept, _ = _resolved(schema, named)
    kind = kept["type"]
    if kind == "record":
        return {
            field["name"]: _value(
                value.get(field["name"], field.get("default")),
                field["type"],
                named,
                f"{path}.{field['name']}" if path else field["name"],
            )
            for field in kept["fields"]
        }
    if kind == "array":
        return [_value(item, kept["items"], named, path) for item in value]
    if kind == "map":
        return [{"key": key, "value": _value(item, kept["values"], named, path)} for key, item in value.items()]
    if kept.get("logicalType") == "timestamp-micros":
        moment = value if isinstance(value, datetime) else _EPOCH + timedelta(microseconds=value)
        # the default JSON encoder of Beam would write str(datetime); this form is the one both methods document
        return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if kind == "bytes":
        # Beam's own encoder decodes bytes as UTF-8, which loses or refuses arbitrary bytes
        return base64.b64encode(value).decode("ascii")
    if kind in ("float", "double") and not math.isfinite(value):
        raise RecordError("not_finite", f"{path}: expected a finite number")
    return value
