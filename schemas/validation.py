"""Does a record keep its contract, and if not, which field breaks it.

fastavro's own verdict names the innermost record type ("io.shenava.Author.followers") and prints the
value. A dead letter needs the way from the top ("post.author.followers") and must not carry a
person's text, so the walk is here and fastavro judges the leaves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fastavro.validation import validate as fits

from pipeline.errors import RecordError
from schemas.loading import load

# keys of maps come from outside: one is quoted only when it looks like a name in code, not like a person's words
_NAME = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}|\d")


def validate(record: Mapping[str, Any], schema_name: str, version: int | None = None) -> None:
    """Refuse a record that its schema would not carry unchanged.

    Stricter than Avro in two points where Avro would lose or shift data without a word: a field that
    the schema does not have, and a time without a time zone.

    Args:
        record: what `pipeline.records.to_dict` gave. A missing field counts as its default.
        schema_name: such as `social_post`.
        version: None for the latest.

    Raises:
        RecordError: reason `missing_field`, `unknown_field` or `wrong_type`. The message names the
            dotted field and what was expected, and never quotes a value.
        ConfigError: no such schema.
    """
    schema = load(schema_name, version)
    _check(record, schema, schema["__named_schemas"], "")


def _check(value: Any, schema: Any, named: Mapping[str, Any], path: str) -> None:
    kind = schema["type"] if isinstance(schema, dict) else schema
    if isinstance(schema, list):
        _check_union(value, schema, named, path)
    elif kind in named:
        _check(value, named[kind], named, path)
    elif kind == "record":
        _check_record(value, schema, named, path)
    elif kind == "array":
        if isinstance(value, str | bytes) or not isinstance(value, Sequence):
            raise _wrong(value, schema, path)
        for index, item in enumerate(value):
            _check(item, schema["items"], named, f"{path}[{index}]")
    elif kind == "map":
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise _wrong(value, schema, path)
        for key, item in value.items():
            _check(item, schema["values"], named, f"{path}[{_quotable(key)}]")
    elif not fits(value, schema, raise_errors=False) or (isinstance(value, datetime) and value.tzinfo is None):
        raise _wrong(value, schema, path)


def _check_union(value: Any, branches: Sequence[Any], named: Mapping[str, Any], path: str) -> None:
    if value is None and "null" in branches:
        return
    present = [branch for branch in branches if branch != "null"]
    if value is not None and len(present) == 1 and (isinstance(present[0], dict) or present[0] in named):
        # an optional record: say which of its fields is wrong, not that the whole is
        _check(value, present[0], named, path)
    elif not fits(value, branches, raise_errors=False):
        raise _wrong(value, branches, path)


def _check_record(value: Any, schema: Mapping[str, Any], named: Mapping[str, Any], path: str) -> None:
    if not isinstance(value, Mapping):
        raise _wrong(value, schema, path)
    for field in schema["fields"]:
        inner = f"{path}.{field['name']}" if path else field["name"]
        if field["name"] in value:
            _check(value[field["name"]], field["type"], named, inner)
        elif "default" not in field:
            raise RecordError("missing_field", f"{inner}: expected {_describe(field['type'])}, the field is missing")
    declared = {field["name"] for field in schema["fields"]}
    for key in value:
        if key not in declared:
            owner = path or "the record"
            raise RecordError("unknown_field", f"{owner}: the schema has no field {_quotable(str(key))}")


def _wrong(value: Any, schema: Any, path: str) -> RecordError:
    got = "null" if value is None else type(value).__name__
    if isinstance(value, datetime) and value.tzinfo is None:
        got = "datetime without a time zone"
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        got = "int of more than 64 bits"
    return RecordError("wrong_type", f"{path or 'the record'}: expected {_describe(schema)}, got {got}")


def _describe(schema: Any) -> str:
    """A schema in the words of a message: `null or long`, `array of string`, `record io.shenava.Author`."""
    if isinstance(schema, list):
        return " or ".join(_describe(branch) for branch in schema)
    if isinstance(schema, str):
        return schema
    if schema["type"] == "array":
        return f"array of {_describe(schema['items'])}"
    if schema["type"] == "map":
        return f"map of {_describe(schema['values'])}"
    if schema["type"] == "record":
        return f"record {schema['name']}"
    return str(schema.get("logicalType", schema["type"]))


def _quotable(key: str) -> str:
    return key if _NAME.fullmatch(key) else "…"
