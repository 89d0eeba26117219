"""Whatever a record holds, its contract carries it: Avro and back, and into a BigQuery row."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from pipeline.records import Alert, Case, DeadLetter, EnrichedPost, Kpi, Profile, SocialPost, from_dict, to_dict

RECORDS: dict[str, type] = {
    "social_post": SocialPost,
    "enriched_post": EnrichedPost,
    "profile": Profile,
    "alert": Alert,
    "dead_letter": DeadLetter,
    "case": Case,
    "kpi": Kpi,
}
# surrogates are not Unicode text: JSON input cannot hold them once decoded as UTF-8
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    bytes: st.binary(max_size=12),
    datetime: st.datetimes(timezones=st.just(UTC)),
}


@cache
def records(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of an annotation that `pipeline.records` uses."""
    if kind in LEAVES:
        return LEAVES[kind]
    if dataclasses.is_dataclass(kind):
        assert isinstance(kind, type)
        hints = get_type_hints(kind)
        return st.builds(kind, **{field.name: records(hints[field.name]) for field in dataclasses.fields(kind)})
    origin, parts = get_origin(kind), get_args(kind)
    if origin is tuple:
        return st.lists(records(parts[0]), max_size=3).map(tuple)
    if origin is Mapping:
        return st.dictionaries(TEXT, records(parts[1]), max_size=3)
    return st.none() | records(parts[0])


@pytest.mark.parametrize("name", RECORDS)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_avro_carries_every_record_unchanged(name: str, data: st.DataObject) -> None:
    record = data.draw(records(RECORDS[name]))
    plain = to_dict(record)
    schemas.validate(plain, name)
    schema = schemas.load(name)
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, schema, plain, strict=True)
    buffer.seek(0)
    assert from_dict(RECORDS[name], fastavro.schemaless_reader(buffer, schema, None)) == record


@pytest.mark.parametrize("name", RECORDS)
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_every_record_is_a_row_of_its_table(name: str, data: st.DataObject) -> None:
    row = schemas.to_row(to_dict(data.draw(records(RECORDS[name]))), name)
    json.dumps(row, allow_nan=False)
    assert_fits(row, schemas.bigquery_schema(name)["fields"])


def assert_fits(row: dict[str, Any], columns: list[dict[str, Any]]) -> None:
    """The row has exactly the table's columns, each in its mode and JSON type."""
    kinds = {"STRING": str, "TIMESTAMP": str, "BYTES": str, "INTEGER": int, "FLOAT": (int, float), "BOOLEAN": bool}
    assert list(row) == [column["name"] for column in columns]
    for column in columns:
        value = row[column["name"]]
        assert isinstance(value, list) == (column["mode"] == "REPEATED")
        assert value is not None or column["mode"] == "NULLABLE"
        for item in value if isinstance(value, list) else [value]:
            if column["type"] == "RECORD":
                if item is not None:
                    assert_fits(item, column["fields"])
            else:
                assert item is None or isinstance(item, kinds[column["type"]])


@settings(max_examples=50, deadline=None)
@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)), st.integers(-14 * 60, 14 * 60))
def test_a_time_in_a_row_is_the_same_moment_to_the_microsecond(moment: datetime, offset: int) -> None:
    moment = moment.astimezone(timezone(timedelta(minutes=offset)))
    letter = {"posts": 1, "complaints": 0, "advocacy": 0, "first_seen": moment, "followers": None, "interests": []}
    row = schemas.to_row(
        {"customer": letter, "created_at": moment, "due_at": moment, "brands": [], "reasons": []}, "alert"
    )
    assert datetime.fromisoformat(row["created_at"]) - moment == timedelta(0)
    assert row["created_at"] == row["due_at"] == row["customer"]["first_seen"]
