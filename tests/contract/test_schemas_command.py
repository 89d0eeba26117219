"""`python -m schemas`: what it prints, what it writes, how it exits."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from schemas.__main__ import main
from schemas.releases import HERE


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of the working files with nothing released yet."""
    for path in HERE.glob("*.avsc"):
        shutil.copy(path, tmp_path)
    return tmp_path


def edit(path: Path, change: Any) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    change(schema)
    path.write_text(json.dumps(schema), encoding="utf-8")


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    code = main(argv)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_working_files_honour_what_was_released(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "check")
    assert code == 0, out


def test_release_freezes_once(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "new     alert.v1: never released" in run(capsys, "check", "--directory", str(directory))[1]
    code, out, _ = run(capsys, "release", "--directory", str(directory))
    assert code == 0
    assert "released alert.v1.r1.avsc" in out.splitlines()
    assert run(capsys, "release", "--directory", str(directory))[1] == "nothing changed since the last release\n"
    assert "ok      alert.v1: released as r1" in run(capsys, "check", "--directory", str(directory))[1]
    frozen = json.loads((directory / "released" / "enriched_post.v1.r1.avsc").read_text(encoding="utf-8"))
    assert frozen["fields"][0]["type"]["name"] == "SocialPost", "a released file stands on its own"


def test_a_compatible_change_becomes_the_next_revision(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "release", "--directory", str(directory))
    field = {"name": "note", "type": ["null", "string"], "default": None, "doc": "A note."}
    edit(directory / "alert.v1.avsc", lambda schema: schema["fields"].append(field))
    code, out, _ = run(capsys, "check", "--directory", str(directory))
    assert code == 0
    assert "changed alert.v1: compatible with every revision up to r1, not yet released" in out
    assert run(capsys, "release", "--directory", str(directory))[1] == "released alert.v1.r2.avsc\n"


def test_a_change_is_compared_with_every_revision(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("--directory", str(directory))
    text = {"name": "note", "type": ["null", "string"], "default": None, "doc": "A note."}
    run(capsys, "release", *where)
    edit(directory / "alert.v1.avsc", lambda schema: schema["fields"].append(text))
    run(capsys, "release", *where)
    edit(directory / "alert.v1.avsc", lambda schema: schema["fields"].pop())
    run(capsys, "release", *where)
    edit(directory / "alert.v1.avsc", lambda schema: schema["fields"].append(text | {"type": ["null", "long"]}))
    code, out, _ = run(capsys, "check", *where)
    assert code == 1, "r3 has no note, but files of r2 have one of another type"
    assert "against r2: note:" in out
    assert "against r3" not in out


def test_a_breaking_change_is_refused_and_nothing_is_released(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "release", "--directory", str(directory))
    edit(directory / "social_post.v1.avsc", lambda schema: schema["fields"][0].update(type="long"))
    code, out, _ = run(capsys, "check", "--directory", str(directory))
    assert code == 1
    assert "BROKEN  social_post.v1: make it a new version, or undo:" in out
    assert "against r1: post_id: old readers cannot read new data: type_mismatch" in out
    assert "against r1: post.post_id: old readers cannot read new data" in out, "the posts inside enriched posts too"
    code, _, err = run(capsys, "release", "--directory", str(directory))
    assert code == 2
    assert "not released: enriched_post.v1, social_post.v1" in err
    assert not list((directory / "released").glob("*.r2.avsc"))


def test_a_contract_that_vanished_is_broken(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "release", "--directory", str(directory))
    (directory / "alert.v1.avsc").unlink()
    code, out, _ = run(capsys, "check", "--directory", str(directory))
    assert code == 1
    assert "BROKEN  alert.v1: released as r1, but its working file is gone" in out


def test_a_stray_file_among_the_released_is_named(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (directory / "released").mkdir()
    (directory / "released" / "alert.avsc").write_text("{}")
    code, _, err = run(capsys, "check", "--directory", str(directory))
    assert code == 2
    assert "alert.avsc: a released schema is called like" in err


def test_show_prints_every_field_with_its_type_and_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "show", "enriched_post")
    lines = {line.split()[0]: line for line in out.splitlines() if line}
    assert code == 0
    assert "SocialPost" in lines["post"]
    assert "timestamp-micros" in lines["post.created_at"]
    assert "string?" in lines["post.author.handle"]
    assert "map of double" in lines["classification.sentiment.scores"]
    assert "Allowed labels: neg, neu, pos." in lines["classification.sentiment"]


def test_bigquery_prints_what_bq_takes(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "bigquery", "dead_letter")
    assert code == 0
    assert [(column["name"], column["type"]) for column in json.loads(out)][:2] == [
        ("payload", "BYTES"),
        ("source", "STRING"),
    ]


def test_pubsub_prints_the_definition(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(run(capsys, "pubsub", "alert", "--version", "1")[1])["name"] == "Alert"


def test_an_unknown_name_exits_2_and_lists_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "show", "posts")
    assert (code, out) == (2, "")
    assert "no schema is called 'posts'; there are: action, alert," in err


def test_help_has_examples() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "schemas", "--help"], cwd=HERE.parent, capture_output=True, text=True
    )
    assert result.returncode == 0
    assert "python -m schemas check" in result.stdout
    assert "compare the working files" in result.stdout
