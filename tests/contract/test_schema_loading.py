"""Schemas are found by name, also inside an installed archive, and stand on their own."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import fastavro
import pytest

import schemas
from pipeline import errors
from pipeline.errors import ConfigError
from schemas import pubsub

NAMES = (
    "action",
    "alert",
    "case",
    "customer",
    "dead_letter",
    "enriched_post",
    "kpi",
    "profile",
    "review",
    "social_post",
)


def test_names_and_versions() -> None:
    assert schemas.names() == NAMES
    assert all(1 in schemas.versions(name) for name in NAMES)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="no schema is called 'post'; there are: action, alert, case, customer"):
        schemas.load("post")
    with pytest.raises(ConfigError, match="no version 99; there are: 1"):
        schemas.load("alert", 99)


def test_a_schema_is_read_once() -> None:
    assert schemas.load("alert") is schemas.load("alert")


def test_the_latest_version_is_the_default(tmp_path: Path) -> None:
    for version in (1, 2, 10):
        definition = {"type": "record", "name": "Thing", "namespace": "n", "doc": f"v{version}", "fields": []}
        (tmp_path / f"thing.v{version}.avsc").write_text(json.dumps(definition))
    assert schemas.versions("thing", tmp_path) == (1, 2, 10)
    assert schemas.raw("thing", directory=tmp_path)["doc"] == "v10"
    assert schemas.raw("thing", 2, tmp_path)["doc"] == "v2"


def test_a_type_of_another_file_is_written_out_once_where_it_is_first_named(tmp_path: Path) -> None:
    city = {"type": "record", "name": "City", "namespace": "n", "fields": [{"name": "name", "type": "string"}]}
    trip = {
        "type": "record",
        "name": "Trip",
        "namespace": "n",
        "uses": ["city.v1"],
        "doc": "n.City",
        "fields": [
            {"name": "way", "type": {"type": "array", "items": ["null", "n.City"]}, "doc": "n.City"},
            {"name": "home", "type": "n.City"},
        ],
    }
    (tmp_path / "city.v1.avsc").write_text(json.dumps(city))
    (tmp_path / "trip.v1.avsc").write_text(json.dumps(trip))
    found = schemas.raw("trip", directory=tmp_path)
    assert found["fields"][0] == {"name": "way", "type": {"type": "array", "items": ["null", city]}, "doc": "n.City"}
    assert found["fields"][1] == {"name": "home", "type": "n.City"}
    assert found["doc"] == "n.City", "a text that reads like a type's name stays a text"
    assert "uses" not in found


@pytest.mark.parametrize("name", NAMES)
def test_the_definition_for_pubsub_stands_on_its_own(name: str) -> None:
    definition = schemas.pubsub_schema(name)
    assert len(definition.encode()) <= 300 * 1024
    parsed = json.loads(definition)
    assert parsed["type"] == "record", "one top-level type"
    assert fastavro.schema.fingerprint(
        fastavro.schema.to_parsing_canonical_form(parsed), "CRC-64-AVRO"
    ) == fastavro.schema.fingerprint(fastavro.schema.to_parsing_canonical_form(schemas.raw(name)), "CRC-64-AVRO")
    fastavro.parse_schema(parsed)


def test_a_definition_that_pubsub_would_refuse_is_refused_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pubsub, "LARGEST_DEFINITION_BYTES", 500)
    with pytest.raises(ConfigError, match="takes at most 500"):
        schemas.pubsub_schema("alert")


def test_schemas_are_found_inside_an_archive(tmp_path: Path) -> None:
    archive = tmp_path / "installed.zip"
    package = Path(schemas.__file__).parent
    with zipfile.ZipFile(archive, "w") as out:
        for path in (*package.glob("*.py"), *package.glob("*.avsc")):
            out.write(path, f"schemas/{path.name}")
        out.writestr("pipeline/__init__.py", "")
        out.write(Path(errors.__file__), "pipeline/errors.py")
    code = f"import sys; sys.path[:0] = [{str(archive)!r}]; import schemas; print(schemas.__file__, *schemas.names())"
    result = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, env={}, capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == [f"{archive}/schemas/__init__.py", *NAMES]
