import gzip
import io
from pathlib import Path

import apache_beam as beam
import fastavro
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from pipeline.errors import ConfigError
from pipeline.io.read_posts import ReadPosts, expand_input
from pipeline.metrics import counters
from pipeline.records import RawRecord


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    avro = io.BytesIO()
    fastavro.writer(avro, {"type": "record", "name": "R", "fields": [{"name": "id", "type": "int"}]}, [{"id": 1}])
    for name, content in {
        "a.jsonl": b'{"id":1}\n\n{"id":3}\n',
        "deep/b.ndjson.gz": gzip.compress(b"one\ntwo"),
        "deep/er/c.csv": b'id,text\n1,"x\ny"\n2,\xff\n',
        "deep/er/d.AVRO": avro.getvalue(),
        "e.json.gz": b"a browser unpacked it\n",
        "f.jsonl.gz": gzip.compress(b"whole\nhalf")[:-8],
        "g.avro": b"no avro",
        "notes.txt": b"not a post\n",
        "README.md": b"nor this\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path


def read(path: str | Path, expected: list[RawRecord]) -> None:
    pipeline = TestPipeline(runner=FnApiRunner())
    with pipeline as p:
        found = p | ReadPosts(str(path))
        assert_that(found, equal_to(expected))
        # a coder must bring them back as they were
        types = found | beam.Map(lambda record: f"{type(record)} {type(record.header)}") | beam.Distinct()
        assert_that(types, equal_to([f"{RawRecord} {tuple}"] if expected else []), label="types")
    assert counters(pipeline.result) == ({"read.records": len(expected)} if expected else {})


def test_a_directory_with_everything_below_it(posts: Path) -> None:
    header = ("id", "text")
    read(
        posts,
        [
            RawRecord(b'{"id":1}', f"{posts}/a.jsonl", 1),
            RawRecord(b'{"id":3}', f"{posts}/a.jsonl", 3),
            RawRecord(b"one", f"{posts}/deep/b.ndjson.gz", 1),
            RawRecord(b"two", f"{posts}/deep/b.ndjson.gz", 2),
            RawRecord(b'1,"x\ny"\n', f"{posts}/deep/er/c.csv", 2, header),
            RawRecord(b"2,\xff\n", f"{posts}/deep/er/c.csv", 4, header),
            RawRecord(b'{"id": 1}', f"{posts}/deep/er/d.AVRO", 1),
            RawRecord(b"a browser unpacked it", f"{posts}/e.json.gz", 1),
            RawRecord(b"whole", f"{posts}/f.jsonl.gz", 1),
            RawRecord(b"half", f"{posts}/f.jsonl.gz", 2, error="the gzip file is damaged from here on (EOFError)"),
            RawRecord(b"no avro", f"{posts}/g.avro", 1, error="no Avro file, or damaged from record 1 on (ValueError)"),
        ],
    )


def test_a_glob(posts: Path) -> None:
    read(
        posts / "deep" / "*.gz",
        [RawRecord(line, f"{posts}/deep/b.ndjson.gz", n + 1) for n, line in enumerate([b"one", b"two"])],
    )


def test_a_file_of_unknown_extension_that_is_named(posts: Path) -> None:
    read(posts / "notes.txt", [RawRecord(b"not a post", f"{posts}/notes.txt", 1)])


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    read(tmp_path, [])


def test_expand_input(posts: Path) -> None:
    assert expand_input(f"{posts}/") == expand_input(str(posts))
    assert [Path(name).name for name in expand_input(str(posts))] == [
        "a.jsonl",
        "b.ndjson.gz",
        "c.csv",
        "d.AVRO",
        "e.json.gz",
        "f.jsonl.gz",
        "g.avro",
    ]
    assert expand_input(f"{posts}/**.csv") == [f"{posts}/deep/er/c.csv"]
    assert expand_input(f"{posts}/a.jsonl") == [f"{posts}/a.jsonl"]


def test_a_name_with_brackets_is_a_name(tmp_path: Path) -> None:
    (tmp_path / "day[1]").mkdir()
    file = tmp_path / "day[1]" / "posts[a].jsonl"
    file.write_bytes(b"{}\n")
    assert expand_input(str(file)) == [str(file)]
    assert expand_input(str(file.parent)) == [str(file)]
    read(file, [RawRecord(b"{}", str(file), 1)])


def test_relative_paths(posts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(posts)
    assert expand_input("deep") == ["deep/b.ndjson.gz", "deep/er/c.csv", "deep/er/d.AVRO"]
    assert expand_input("*.avro") == ["g.avro"]
    assert expand_input("a.jsonl") == ["a.jsonl"]
    assert expand_input("d*/b*") == ["deep/b.ndjson.gz"]
    assert len(expand_input(".")) == len(expand_input("./")) == 7


def test_an_empty_path_is_not_the_whole_disk() -> None:
    with pytest.raises(ConfigError, match="input: the path is empty"):
        expand_input(" ")


@pytest.mark.parametrize("path", ["nothing", "nothing/*.jsonl", "nothing.jsonl"])
def test_nothing_there(tmp_path: Path, path: str) -> None:
    with pytest.raises(ConfigError) as failure:
        expand_input(f"{tmp_path}/{path}")
    assert str(failure.value) == f"input '{tmp_path}/{path}': no file"


@pytest.mark.parametrize("name", [None, "notes.txt"])
def test_a_directory_without_anything_to_read(tmp_path: Path, name: str | None) -> None:
    if name:
        (tmp_path / name).touch()
    with pytest.raises(ConfigError) as failure:
        expand_input(str(tmp_path))
    assert str(failure.value) == (
        f"input '{tmp_path}': no file in this directory with .jsonl, .ndjson, .json, .csv, .avro (or each with .gz)"
    )


def test_a_filesystem_that_is_not_installed() -> None:
    with pytest.raises(ConfigError, match="input 'nowhere://bucket/x'"):
        expand_input("nowhere://bucket/x")
