"""The table of changes: which ones a contract may make, and exactly what is said of the others.

Every row is also tried for real: what `check` allows, fastavro reads in both directions.
"""

from __future__ import annotations

import copy
import io
from typing import Any

import fastavro
import pytest

from schemas.compatibility import NEW_READS_OLD, OLD_READS_NEW, Incompatibility, check
from schemas.loading import names, raw

BASE: dict[str, Any] = {
    "type": "record",
    "name": "Post",
    "namespace": "io.shenava",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "count", "type": "long"},
        {"name": "note", "type": ["null", "string"], "default": None},
        {"name": "tags", "type": {"type": "array", "items": "string"}, "default": []},
        {"name": "weights", "type": {"type": "map", "values": "double"}, "default": {}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "mood", "type": {"type": "enum", "name": "Mood", "symbols": ["good", "bad"], "default": "bad"}},
        {"name": "shape", "type": {"type": "enum", "name": "Shape", "symbols": ["round"]}},
        {
            "name": "author",
            "type": {
                "type": "record",
                "name": "Author",
                "fields": [{"name": "handle", "type": "string"}, {"name": "age", "type": "int", "default": 0}],
            },
        },
        {
            "name": "brief",
            "type": [
                "null",
                {"type": "record", "name": "Brief", "fields": [{"name": "posts", "type": "long"}]},
            ],
            "default": None,
        },
        {"name": "editor", "type": ["null", "Author"], "default": None},
    ],
}
RECORD = {
    "id": "1",
    "count": 2,
    "note": "n",
    "tags": ["t"],
    "weights": {"w": 0.5},
    "at": 0,
    "mood": "good",
    "shape": "round",
    "author": {"handle": "h", "age": 3},
    "brief": {"posts": 1},
    "editor": None,
}

Edit = tuple[str, Any]
"""(dotted field, what to put there): None removes the field, a dict updates it, `+` in front adds one."""

MISSING = "reader_field_missing_default_value: the writer lacks it and the reader has no default for it"


def changed(edit: Edit) -> dict[str, Any]:
    where, change = edit
    schema = copy.deepcopy(BASE)
    record: Any = schema
    *parents, name = where.lstrip("+").split(".")
    for parent in parents:
        record = next(field for field in record["fields"] if field["name"] == parent)["type"]
        record = record[1] if isinstance(record, list) else record
    if where.startswith("+"):
        record["fields"].insert(1, {"name": name, **change})
        return schema
    if name == "":
        record.update(change)
        return schema
    field = next(field for field in record["fields"] if field["name"] == name)
    if change is None:
        record["fields"].remove(field)
    else:
        field.update(change)
    return schema


ALLOWED: dict[str, Edit] = {
    "nothing": ("id", {}),
    "a doc": ("id", {"doc": "The id."}),
    "a field with a default comes": ("+lang", {"type": "string", "default": "und"}),
    "an optional field comes": ("+lang", {"type": ["null", "string"], "default": None}),
    "an optional record comes": (
        "+place",
        {
            "type": ["null", {"type": "record", "name": "Place", "fields": [{"name": "city", "type": "string"}]}],
            "default": None,
        },
    ),
    "a field with a default goes": ("tags", None),
    "an optional field goes": ("note", None),
    "a nested field with a default comes": ("+author.lang", {"type": "string", "default": "und"}),
    "a nested field with a default goes": ("author.age", None),
    "a field below an optional record comes with a default": ("+brief.lang", {"type": "string", "default": "und"}),
    "another default": ("author.age", {"default": 18}),
    "a default comes": ("id", {"default": ""}),
    "a field with a default is renamed to an alias": ("note", {"name": "remark", "aliases": ["note"]}),
    "string to bytes": ("id", {"type": "bytes"}),
    "a symbol in an enum with a default": (
        "mood",
        {"type": {"type": "enum", "name": "Mood", "symbols": ["good", "bad", "mixed"], "default": "bad"}},
    ),
    "the branches of a union in another order": ("brief", {"type": [BASE["fields"][9]["type"][1], "null"]}),
    "the namespace": ("", {"namespace": "io.other"}),
}

REFUSED: dict[str, tuple[Edit, list[tuple[str, str, str]]]] = {
    "a field without a default comes": (
        ("+lang", {"type": "string"}),
        [("lang", NEW_READS_OLD, MISSING)],
    ),
    "a field without a default goes": (("count", None), [("count", OLD_READS_NEW, MISSING)]),
    "a nested field without a default goes": (
        ("author.handle", None),
        [("author.handle", OLD_READS_NEW, MISSING)],
    ),
    "a field below an optional record goes": (("brief.posts", None), [("brief.posts", OLD_READS_NEW, MISSING)]),
    "a field without a default is renamed, with an alias": (
        ("count", {"name": "number", "aliases": ["count"]}),
        [("count", OLD_READS_NEW, MISSING)],
    ),
    "int to long: the old reader cannot narrow": (
        ("author.age", {"type": "long"}),
        [("author.age", OLD_READS_NEW, "type_mismatch: reader type: int not compatible with writer type: long")],
    ),
    "long to double": (
        ("count", {"type": "double"}),
        [("count", OLD_READS_NEW, "type_mismatch: reader type: long not compatible with writer type: double")],
    ),
    "string to long": (
        ("id", {"type": "long"}),
        [
            ("id", NEW_READS_OLD, "type_mismatch: reader type: long not compatible with writer type: string"),
            ("id", OLD_READS_NEW, "type_mismatch: reader type: string not compatible with writer type: long"),
        ],
    ),
    "a field may now be null": (
        ("count", {"type": ["null", "long"], "default": None}),
        [("count", OLD_READS_NEW, "type_mismatch: reader type: long not compatible with writer type: null")],
    ),
    "a field may no longer be null": (
        ("note", {"type": "string", "default": ""}),
        [("note", NEW_READS_OLD, "type_mismatch: reader type: string not compatible with writer type: null")],
    ),
    "another branch of a union": (
        ("note", {"type": ["null", "string", "long"]}),
        [("note", OLD_READS_NEW, "missing_union_branch: reader union lacking writer type long")],
    ),
    "items of an array": (
        ("tags", {"type": {"type": "array", "items": "boolean"}}),
        [
            ("tags[]", NEW_READS_OLD, "type_mismatch: reader type: boolean not compatible with writer type: string"),
            ("tags[]", OLD_READS_NEW, "type_mismatch: reader type: string not compatible with writer type: boolean"),
        ],
    ),
    "values of a map": (
        ("weights", {"type": {"type": "map", "values": "long"}}),
        [("weights[]", NEW_READS_OLD, "type_mismatch: reader type: long not compatible with writer type: double")],
    ),
    "micro- to milliseconds": (
        ("at", {"type": {"type": "long", "logicalType": "timestamp-millis"}}),
        [
            (
                "at",
                NEW_READS_OLD,
                "logical_type: the reader takes it for timestamp-millis, the writer means timestamp-micros",
            ),
            (
                "at",
                OLD_READS_NEW,
                "logical_type: the reader takes it for timestamp-micros, the writer means timestamp-millis",
            ),
        ],
    ),
    "a time becomes a plain number": (
        ("at", {"type": "long"}),
        [
            (
                "at",
                NEW_READS_OLD,
                "logical_type: the reader takes it for a plain value, the writer means timestamp-micros",
            ),
            (
                "at",
                OLD_READS_NEW,
                "logical_type: the reader takes it for timestamp-micros, the writer means a plain value",
            ),
        ],
    ),
    "a symbol in an enum without a default": (
        ("shape", {"type": {"type": "enum", "name": "Shape", "symbols": ["round", "flat"]}}),
        [("shape", OLD_READS_NEW, "missing_enum_symbols: {'flat'}")],
    ),
    "the record is renamed": (
        ("", {"name": "Message"}),
        [
            ("", NEW_READS_OLD, "name_mismatch: the reader knows io.shenava.Message, the writer wrote io.shenava.Post"),
            ("", OLD_READS_NEW, "name_mismatch: the reader knows io.shenava.Post, the writer wrote io.shenava.Message"),
        ],
    ),
    "a record becomes a string": (
        ("brief", {"type": ["null", "string"]}),
        [
            ("brief", NEW_READS_OLD, "missing_union_branch: reader union lacking writer type record"),
            ("brief", OLD_READS_NEW, "missing_union_branch: reader union lacking writer type string"),
        ],
    ),
}


@pytest.mark.parametrize("change", ALLOWED)
def test_allowed(change: str) -> None:
    new = changed(ALLOWED[change])
    assert check(BASE, new) == []
    assert read(RECORD, writer=BASE, reader=new)["count"] == 2
    written = read(RECORD, writer=BASE, reader=new)
    assert read(written, writer=new, reader=BASE)["count"] == 2


@pytest.mark.parametrize("change", REFUSED)
def test_refused(change: str) -> None:
    edit, expected = REFUSED[change]
    assert check(BASE, changed(edit)) == sorted(Incompatibility(*problem) for problem in expected)


@pytest.mark.parametrize("change", REFUSED)
def test_a_refused_change_is_refused_backwards_too(change: str) -> None:
    edit, expected = REFUSED[change]
    other = {OLD_READS_NEW: NEW_READS_OLD, NEW_READS_OLD: OLD_READS_NEW}
    backwards = [Incompatibility(field, other[direction], problem) for field, direction, problem in expected]
    assert check(changed(edit), BASE) == sorted(backwards)


def test_several_problems_are_all_named_each_with_its_own_field() -> None:
    new = copy.deepcopy(BASE)
    new["fields"][0]["type"] = "long"
    new["fields"][8]["type"]["fields"][0]["type"] = "boolean"
    del new["fields"][5]
    assert {problem.field for problem in check(BASE, new)} == {"id", "author.handle", "at"}


def test_a_shared_type_is_reported_once_at_its_first_field() -> None:
    found = check(BASE, changed(("author.handle", None)))
    assert [problem.field for problem in found] == ["author.handle"], "not again at editor.handle"


def test_a_problem_reads_as_a_sentence() -> None:
    assert str(Incompatibility("a.b", OLD_READS_NEW, "x: y")) == "a.b: old readers cannot read new data: x: y"
    assert str(Incompatibility("", NEW_READS_OLD, "x")).startswith("the record: new readers")


@pytest.mark.parametrize("name", names())
def test_each_contract_may_take_its_own_place(name: str) -> None:
    assert check(raw(name), raw(name)) == []


def read(record: Any, *, writer: Any, reader: Any) -> Any:
    """What a fastavro reader with one schema makes of a record written with another."""
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(copy.deepcopy(writer)), record)
    buffer.seek(0)
    return fastavro.schemaless_reader(buffer, copy.deepcopy(writer), copy.deepcopy(reader))
