"""Code and contract say the same: every field of a dataclass is in its schema and the other way round."""

from __future__ import annotations

import dataclasses
import io
import re
import types
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Union, get_args, get_origin, get_type_hints

import fastavro
import pytest

import schemas
from models.labels import HEADS
from pipeline.records import (
    Action,
    Alert,
    Case,
    CustomerRow,
    DeadLetter,
    EnrichedPost,
    Kpi,
    Profile,
    Review,
    SocialPost,
    from_dict,
    to_dict,
)

RECORDS: dict[str, type] = {
    "social_post": SocialPost,
    "enriched_post": EnrichedPost,
    "profile": Profile,
    "alert": Alert,
    "dead_letter": DeadLetter,
    "case": Case,
    "kpi": Kpi,
    "review": Review,
    "action": Action,
    "customer": CustomerRow,
}
PRIMITIVES = {
    str: "string",
    int: "long",
    float: "double",
    bool: "boolean",
    bytes: "bytes",
    datetime: "timestamp-micros",
}
VALUES: dict[type, Any] = {
    str: "متن and text 🎿",
    int: 7,
    float: 0.1,
    bool: True,
    bytes: b"\x00\xff{",
    datetime: datetime(2025, 3, 20, 9, 1, 30, 123456, tzinfo=UTC),
}


def type_in_code(kind: Any) -> tuple[str, type | None]:
    """An annotation in Avro's words, and the dataclass inside it, if any."""
    if kind in PRIMITIVES:
        return PRIMITIVES[kind], None
    if dataclasses.is_dataclass(kind):
        assert isinstance(kind, type)
        return f"record {kind.__name__}", kind
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        assert parts[1] is type(None)
        words, inner = type_in_code(parts[0])
        return f"null or {words}", inner
    if origin is tuple:
        assert parts[1] is ...
        words, inner = type_in_code(parts[0])
        return f"array of {words}", inner
    assert origin is Mapping
    assert parts[0] is str
    words, inner = type_in_code(parts[1])
    return f"map of {words}", inner


def fields_in_code(kind: type, prefix: str = "") -> Iterator[tuple[str, str]]:
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        words, inner = type_in_code(hints[field.name])
        yield prefix + field.name, words
        if inner is not None:
            yield from fields_in_code(inner, f"{prefix}{field.name}.")


def type_in_contract(schema: Any, named: Mapping[str, Any]) -> tuple[str, Any]:
    if isinstance(schema, list):
        assert schema[0] == "null"
        assert len(schema) == 2
        words, inner = type_in_contract(schema[1], named)
        return f"null or {words}", inner
    if isinstance(schema, str):
        return type_in_contract(named[schema], named) if schema in named else (schema, None)
    if schema["type"] == "record":
        return f"record {schema['name'].removeprefix('io.shenava.')}", schema
    for kind, key in (("array", "items"), ("map", "values")):
        if schema["type"] == kind:
            words, inner = type_in_contract(schema[key], named)
            return f"{kind} of {words}", inner
    assert schema["type"] == "long"
    return schema["logicalType"], None


def fields_in_contract(record: Any, named: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for field in record["fields"]:
        words, inner = type_in_contract(field["type"], named)
        yield prefix + field["name"], words
        if inner is not None:
            yield from fields_in_contract(inner, named, f"{prefix}{field['name']}.")


def full(kind: Any) -> Any:
    """A record with every optional field given and nothing empty."""
    if kind in VALUES:
        return VALUES[kind]
    if dataclasses.is_dataclass(kind):
        assert isinstance(kind, type)
        hints = get_type_hints(kind)
        return kind(**{field.name: full(hints[field.name]) for field in dataclasses.fields(kind)})
    origin, parts = get_origin(kind), get_args(kind)
    if origin is tuple:
        return (full(parts[0]), full(parts[0]))
    return {"کلید": full(parts[1]), "key": full(parts[1])} if origin is Mapping else full(parts[0])


def sparse(kind: Any) -> Any:
    """A record with no optional field given and everything empty that may be."""
    if kind in VALUES:
        return type(VALUES[kind])() if kind is not datetime else VALUES[kind]
    if dataclasses.is_dataclass(kind):
        assert isinstance(kind, type)
        hints = get_type_hints(kind)
        return kind(**{field.name: sparse(hints[field.name]) for field in dataclasses.fields(kind)})
    return {tuple: (), Mapping: {}}.get(get_origin(kind))


def written_and_read(record: Any, name: str) -> Any:
    schema = schemas.load(name)
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, schema, to_dict(record), strict=True)
    buffer.seek(0)
    return from_dict(type(record), fastavro.schemaless_reader(buffer, schema, None))


def records_of(name: str) -> dict[str, Any]:
    """The record types of a contract by their full name."""
    named: dict[str, Any] = schemas.load(name)["__named_schemas"]
    return named


def test_every_contract_has_its_record() -> None:
    assert set(schemas.names()) == set(RECORDS)
    for name, kind in RECORDS.items():
        assert schemas.load(name)["name"] == f"io.shenava.{kind.__name__}"


@pytest.mark.parametrize("name", RECORDS)
def test_fields_and_types_are_the_same_in_code_and_contract(name: str) -> None:
    in_contract = dict(fields_in_contract(schemas.load(name), records_of(name)))
    assert in_contract == dict(fields_in_code(RECORDS[name]))
    assert list(in_contract) == [field for field, _ in fields_in_code(RECORDS[name])], "same order too"


@pytest.mark.parametrize("name", RECORDS)
def test_defaults_are_the_same_in_code_and_contract(name: str) -> None:
    def walk(kind: type, record: Any) -> None:
        hints = get_type_hints(kind)
        in_contract = {field["name"]: field for field in record["fields"]}
        for field in dataclasses.fields(kind):
            words, inner = type_in_code(hints[field.name])
            expected: list[Any] = []
            if field.default is not dataclasses.MISSING:
                made: Any = field.default
                expected = [to_dict(made) if dataclasses.is_dataclass(made) else made]
            elif field.default_factory is not dataclasses.MISSING:
                expected = [field.default_factory()]
            elif words.startswith("null or"):
                expected = [None]
            found = in_contract[field.name]
            got = [found["default"]] if "default" in found else []
            assert got == [list(value) if isinstance(value, tuple) else value for value in expected], field.name
            if inner is not None:
                walk(inner, records_of(name)[f"io.shenava.{inner.__name__}"])

    walk(RECORDS[name], schemas.load(name))


@pytest.mark.parametrize("name", RECORDS)
def test_every_field_and_record_is_explained(name: str) -> None:
    for full_name, record in records_of(name).items():
        assert full_name.startswith("io.shenava.")
        for explained in (record, *record["fields"]):
            assert len(explained.get("doc", "")) >= 10, f"{full_name}: {explained['name']}"
            assert explained["doc"].endswith(".")
        for field in record["fields"]:
            if type_in_contract(field["type"], records_of(name))[0] == "timestamp-micros":
                assert "microseconds since 1970-01-01 UTC" in field["doc"], f"{full_name}: {field['name']}"


def test_the_contract_lists_every_label_of_the_classifier() -> None:
    docs = {field["name"]: field["doc"] for field in records_of("enriched_post")["io.shenava.Classification"]["fields"]}
    for head in HEADS:
        if head.labels != ("0", "1"):
            allowed = docs[head.name].rstrip(".").partition("Allowed labels: ")[2]
            # severity has a label more than the model has logits: 0 is "no complaint"
            labels = {"0", *head.labels} if head.name == "severity" else set(head.labels)
            assert set(re.sub(r" \(.*?\)", "", allowed).split(", ")) == labels, head.name


@pytest.mark.parametrize("make", [full, sparse])
@pytest.mark.parametrize("name", RECORDS)
def test_a_record_survives_avro_unchanged(name: str, make: Any) -> None:
    record = make(RECORDS[name])
    schemas.validate(to_dict(record), name)
    assert written_and_read(record, name) == record
