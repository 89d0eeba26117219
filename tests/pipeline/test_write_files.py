import json

import apache_beam as beam
import fastavro
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline

from pipeline.io.write_files import WriteFiles
from pipeline.metrics import counters
from pipeline.records import DeadLetter, EnrichedPost, from_dict
from tests.builders import a_post, an_enriched_post

POSTS = [an_enriched_post(a_post(str(i), hours=i * 9, text=f"پست {i}")) for i in range(8)]


def write(records, **settings):
    pipeline = TestPipeline(runner=FnApiRunner())
    pipeline | beam.Create(records) | WriteFiles(**settings)
    result = pipeline.run()
    result.wait_until_finish()
    return counters(result)


def posts_into(directory, records=POSTS, **more):
    settings = {"schema": "enriched_post", "order": lambda e: (e.post.created_at, e.post.key)} | more
    return write(records, directory=str(directory), **settings)


def read(path):
    with path.open("rb") as file:
        return [from_dict(EnrichedPost, row) for row in fastavro.reader(file)]


def test_posts_are_partitioned_sorted_and_read_back_unchanged(tmp_path):
    counted = posts_into(tmp_path, partition=lambda e: f"date={e.post.created_at:%Y-%m-%d}")
    files = sorted(tmp_path.rglob("*"))
    assert [str(f.relative_to(tmp_path)) for f in files if f.is_file()] == [
        f"date=2026-10-0{day}/part-00000.avro" for day in (3, 4, 5)
    ]
    assert [each for path in sorted(tmp_path.rglob("*.avro")) for each in read(path)] == POSTS
    assert counted["enriched_post.rows_avro"] == 8


def test_writing_again_in_another_order_gives_the_same_lines(tmp_path):
    posts_into(tmp_path, file_format="jsonl")
    before = (tmp_path / "part-00000.jsonl").read_bytes()
    posts_into(tmp_path, POSTS[::-1], file_format="jsonl")
    assert (tmp_path / "part-00000.jsonl").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["part-00000.jsonl"]
    first = json.loads(before.splitlines()[0])
    assert first["post"]["created_at"] == "2026-10-03T08:00:00Z"
    assert "پست 0" in before.decode()


def test_shards_hold_every_record_once(tmp_path):
    posts_into(tmp_path, shards=3)
    files = sorted(tmp_path.glob("*.avro"))
    assert len(files) > 1
    assert sorted((e for f in files for e in read(f)), key=lambda e: e.post.created_at) == POSTS


def test_bytes_are_kept_whole(tmp_path):
    letter = DeadLetter(b"\xff\x00{", "x.jsonl", 3, "parse", "bad_encoding", "not UTF-8")
    write([letter], directory=str(tmp_path), schema="dead_letter", order=lambda each: each.position)
    with (tmp_path / "part-00000.avro").open("rb") as file:
        assert next(fastavro.reader(file))["payload"] == b"\xff\x00{"


def test_a_failed_write_fails_the_run(tmp_path):
    (tmp_path / "taken").write_text("a file where a directory should be")
    with pytest.raises(Exception, match="taken"):
        posts_into(tmp_path / "taken")
