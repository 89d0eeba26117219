"""May a contract change like this? Full compatibility: old readers read new data, new readers old data.

The verdicts are Apache Avro's own (`avro.compatibility`, the rules of schema resolution). Two things
it leaves out are added here: the way to the field at fault (it says "reader union lacking writer
type: RECORD" for anything wrong below an optional record), and logical types (it takes a change from
micro- to milliseconds for no change at all).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import avro.compatibility as avro_rules
from avro.schema import ArraySchema, MapSchema, NamedSchema, RecordSchema, Schema, UnionSchema, parse

from schemas.loading import Schema as Definition

OLD_READS_NEW = "old readers cannot read new data"
NEW_READS_OLD = "new readers cannot read old data"

_LOGICAL = ("logicalType", "precision", "scale")
_Seen = set[tuple[str, str]]


@dataclass(frozen=True, slots=True, order=True)
class Incompatibility:
    """One reason why a change is refused."""

    field: str
    """Dotted field; empty for the record itself. `[]` stands for the items of an array or map."""
    direction: str
    """`OLD_READS_NEW` or `NEW_READS_OLD`."""
    problem: str
    """What is wrong, in the terms of Avro's schema resolution."""

    def __str__(self) -> str:
        return f"{self.field or 'the record'}: {self.direction}: {self.problem}"


def check(old: Definition, new: Definition) -> list[Incompatibility]:
    """Why the new schema may not take the old one's place; empty when it may.

    Allowed are: adding or removing a field that has a default, new docs, defaults and order of
    fields, renaming a field to an alias when both have defaults, string to bytes and back. Refused
    are: a field without a default that comes or goes, another type (also int to long: an old reader
    cannot narrow), null allowed or no longer allowed, another logical type, a renamed record, a new
    symbol of an enum without a default.

    A shared named type is reported once, at its first field.

    Args:
        old, new: self-contained definitions, as `schemas.raw` gives them.

    Raises:
        avro.errors.SchemaParseException: a definition is not an Avro schema.
    """
    before, after = parse(json.dumps(old)), parse(json.dumps(new))
    found = [Incompatibility(field, OLD_READS_NEW, problem) for field, problem in _problems(before, after)]
    found += [Incompatibility(field, NEW_READS_OLD, problem) for field, problem in _problems(after, before)]
    return sorted(found)


def _problems(reader: Schema, writer: Schema) -> list[tuple[str, str]]:
    found = list(_walk(reader, writer, "", set()))
    if not found and (verdict := _verdict(reader, writer)):
        # the walk explains, Avro decides: what it refuses is refused even where the walk sees nothing
        return [("", verdict)]
    return found


def _walk(reader: Schema, writer: Schema, field: str, seen: _Seen) -> Iterator[tuple[str, str]]:
    if isinstance(reader, RecordSchema) and isinstance(writer, RecordSchema):
        yield from _walk_record(reader, writer, field, seen)
    elif isinstance(reader, ArraySchema) and isinstance(writer, ArraySchema):
        yield from _walk(reader.items, writer.items, f"{field}[]", seen)
    elif isinstance(reader, MapSchema) and isinstance(writer, MapSchema):
        yield from _walk(reader.values, writer.values, f"{field}[]", seen)
    elif isinstance(reader, UnionSchema) and isinstance(writer, UnionSchema):
        for branch in writer.schemas:
            same = next((one for one in reader.schemas if _kind(one) == _kind(branch)), None)
            yield from _walk(same or reader, branch, field, seen)
    elif verdict := _verdict(reader, writer):
        yield field, verdict
    elif not isinstance(reader, UnionSchema) and not isinstance(writer, UnionSchema):
        read, written = _logical(reader), _logical(writer)
        if read != written:
            yield field, f"logical_type: the reader takes it for {_words(read)}, the writer means {_words(written)}"


def _walk_record(reader: RecordSchema, writer: RecordSchema, field: str, seen: _Seen) -> Iterator[tuple[str, str]]:
    pair = (reader.fullname, writer.fullname)
    if pair in seen:
        return
    seen.add(pair)
    if not avro_rules.schema_name_equals(reader, writer):
        yield field, f"name_mismatch: the reader knows {reader.fullname}, the writer wrote {writer.fullname}"
        return
    for wanted in reader.fields:
        inner = f"{field}.{wanted.name}" if field else wanted.name
        written = avro_rules.lookup_writer_field(writer, wanted)
        if written is not None:
            yield from _walk(wanted.type, written.type, inner, seen)
        elif not wanted.has_default:
            yield inner, "reader_field_missing_default_value: the writer lacks it and the reader has no default for it"


def _verdict(reader: Schema, writer: Schema) -> str | None:
    checker = avro_rules.ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]
    result = checker.get_compatibility(reader, writer)
    if result.compatibility is avro_rules.SchemaCompatibilityType.compatible:
        return None
    kinds = ", ".join(sorted({kind.value for kind in result.incompatibilities}))
    return f"{kinds}: {'; '.join(sorted(result.messages))}"


def _kind(schema: Schema) -> tuple[str, str]:
    """What tells the branches of a union apart: the type, and the name where it has one."""
    return str(schema.type), str(schema.name) if isinstance(schema, NamedSchema) else ""


def _logical(schema: Schema) -> tuple[Any, ...]:
    return tuple(schema.props.get(key) for key in _LOGICAL)


def _words(logical: tuple[Any, ...]) -> str:
    return " ".join(str(part) for part in logical if part is not None) or "a plain value"
