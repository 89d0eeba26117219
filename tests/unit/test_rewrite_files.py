import json
import os
from datetime import UTC, datetime, timedelta

import fastavro
import pytest

from pipeline.errors import ConfigError
from pipeline.io.rewrite_files import Rewritten, files, read, rewrite
from runners.retain import remove_old_files
from schemas import load

SCHEMA = fastavro.parse_schema(
    {
        **{"type": "record", "name": "Note"},
        "fields": [{"name": "who", "type": "string"}, {"name": "text", "type": ["null", "string"]}],
    }
)
NOTES = [{"who": "ali", "text": "one"}, {"who": "sara", "text": None}, {"who": "reza", "text": "to sara"}]


def without_sara(note):
    if note.get("who") == "sara":
        return None
    return {**note, "text": note["text"].replace("sara", "…")}


@pytest.fixture(params=["avro", "jsonl"])
def file(request, tmp_path):
    path = tmp_path / "date=2026-10-03" / f"part-00000.{request.param}"
    path.parent.mkdir()
    with path.open("wb") as opened:
        if request.param == "avro":
            fastavro.writer(opened, SCHEMA, NOTES, codec="deflate")
        else:
            opened.writelines(json.dumps(note).encode() + b"\n" for note in NOTES)
    return path


def test_records_go_or_change_and_the_rest_stays_in_order(file):
    assert rewrite(file, without_sara) == Rewritten(removed=1, changed=1)
    assert list(read(file)) == [NOTES[0], {"who": "reza", "text": "to …"}]
    assert [path.name for path in file.parent.iterdir()] == [file.name], "no temporary file is left"
    if file.suffix == ".avro":
        with file.open("rb") as opened:
            reader = fastavro.reader(opened)
            assert (reader.codec, reader.writer_schema["name"]) == ("deflate", "Note")


def test_nothing_is_written_when_nothing_changes_or_it_is_only_counted(file):
    before = (file.read_bytes(), file.stat().st_mtime_ns)
    assert not rewrite(file, dict)
    assert rewrite(file, without_sara, dry=True) == Rewritten(1, 1)
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


def test_an_avro_file_without_records_is_removed(file):
    rewrite(file, lambda _: None)
    assert not file.exists() or file.read_bytes() == b""
    assert file.exists() == (file.suffix == ".jsonl")


def test_a_broken_file_is_named_and_left_as_it_is(tmp_path):
    path = tmp_path / "part-00000.avro"
    path.write_bytes(b"Obj\x01 broken")
    with pytest.raises(ConfigError, match=r"part-00000\.avro"):
        rewrite(path, dict)
    assert path.read_bytes() == b"Obj\x01 broken"
    with pytest.raises(ConfigError, match="no such directory"):
        files(tmp_path / "nowhere")


def test_old_partitions_records_and_dead_letters_go(tmp_path):
    than = datetime(2026, 10, 5, 12, tzinfo=UTC)
    for day in (4, 5):
        for folder in ("enriched", "review", "kpis"):
            partition = tmp_path / folder / f"date=2026-10-0{day}"
            partition.mkdir(parents=True)
            (partition / "part-00000.jsonl").write_text("{}\n")
    (tmp_path / "alerts").mkdir()
    times = {
        "a": ("2026-10-05T11:59:59Z", None),
        "b": ("2026-10-05T12:00:00Z", None),
        "c": ("2026-09-01T00:00:00Z", "o"),
    }
    lines = [json.dumps({"alert_id": name, "raised_at": at, "case": case}) for name, (at, case) in times.items()]
    (tmp_path / "alerts" / "part-00000.jsonl").write_text("\n".join(lines) + "\n")
    (tmp_path / "dead_letters").mkdir()
    for name, at in (("old", than - timedelta(days=1)), ("new", than + timedelta(days=1))):
        path = tmp_path / "dead_letters" / f"{name}.avro"
        with path.open("wb") as opened:
            fastavro.writer(opened, load("dead_letter"), [])
        os.utime(path, (at.timestamp(), at.timestamp()))

    gone = {"enriched": 1, "review": 1, "alerts": 1, "dead_letters": 1}
    assert remove_old_files(tmp_path, than, frozenset({"o"}), dry=True) == gone
    assert remove_old_files(tmp_path, than, frozenset({"o"}), dry=False) == gone
    assert not remove_old_files(tmp_path, than, frozenset({"o"}), dry=False)
    assert [each["alert_id"] for each in read(tmp_path / "alerts" / "part-00000.jsonl")] == ["b", "c"]
    assert sorted(path.name for path in tmp_path.glob("*/date=*")) == [*["date=2026-10-04", *["date=2026-10-05"] * 3]]
    assert [path.name for path in (tmp_path / "dead_letters").iterdir()] == ["new.avro"]
