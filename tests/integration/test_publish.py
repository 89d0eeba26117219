"""`shenava publish` as a user types it, against a real Pub/Sub server."""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.clock import system_clock
from pipeline.config import load_config
from pipeline.errors import ConfigError, RecordError, TransientError
from pipeline.io import read_posts
from pipeline.io.read_posts import expand_input
from pipeline.logic.cutting import cut_avro, cut_lines, cut_rows
from pipeline.logic.parsing import parse
from pipeline.records import RawRecord, iso_time
from runners import messages, player, publish

pytest_plugins = ["tests.integration.pubsub"]
SAMPLE, REFERENCE = Path("examples/parsi/posts"), Path("runners/config/reference.yaml")
START = datetime(2026, 10, 3, 8, tzinfo=UTC)


def shenava(*arguments):
    """The command alone, with its errors as they are raised."""
    parser = argparse.ArgumentParser()
    publish.add_parser(parser.add_subparsers())
    given = parser.parse_args(["publish", *map(str, arguments)])
    return given.command(given)


def a_line(number, minutes=0.0):
    post = {"post_id": str(number), "platform": "x", "account_id": "a", "text": "متن"}
    return json.dumps(post | {"created_at": iso_time(START + timedelta(minutes=minutes))}, ensure_ascii=False).encode()


def a_file(place, *lines):
    place.write_bytes(b"\n".join(lines))
    return place


def test_three_hundred_records_arrive_with_every_byte_and_their_attributes(pubsub, tmp_path):
    lines = [a_line(n, n) for n in range(297)] + [b'{"broken', b'{"text": "\xff"}', b"[]"]
    (tmp_path / "posts.jsonl.gz").write_bytes(gzip.compress(b"\r\n".join(lines)))
    name = pubsub.unused()
    assert shenava(tmp_path, "--to", name, "--create") == 0

    found = pubsub.pull(name)
    assert len(found) == 300
    expected = {}
    for n, line in enumerate(lines):
        time = {"created_at": iso_time(START + timedelta(minutes=n))} if n < 297 else {}
        expected[line] = {"source": f"posts.jsonl.gz:{n + 1}"} | time
    assert {message.data: dict(message.attributes) for message in found} == expected

    # what recovery rests on
    pubsub.seek(name, min(message.publish_time for message in found))
    assert pubsub.pull(name) == found


def test_the_topic_holds_the_posts_of_the_files(pubsub):
    """Of each record of the sample the pipeline reads the same post, or refuses it for the same reason."""
    settings, now = load_config(REFERENCE).parse_settings(), system_clock()

    def read(raw):
        try:
            return parse(raw, settings, now)
        except RecordError as error:
            return error.reason

    cut = {".csv": cut_rows, ".jsonl": cut_lines}
    in_files = {}
    for file in map(Path, expand_input(str(SAMPLE))):
        with file.open("rb") as opened:
            for raw in cut[file.suffix](opened, str(file)):
                in_files[f"{file.name}:{raw.position}"] = read(raw)
    name = pubsub.unused()
    assert shenava(SAMPLE, "--to", name, "--create", "--config", REFERENCE) == 0
    found = pubsub.pull(name)
    in_topic = {message.attributes["source"]: read(RawRecord(message.data, "topic", 1)) for message in found}
    assert len(found) == len(in_files) > 700
    rows = {source for source in in_files if source.startswith("reviews.csv")}
    assert {s: v for s, v in in_topic.items() if s not in rows} == {s: v for s, v in in_files.items() if s not in rows}
    # a row that is no CSV is no JSON either
    assert {s: v for s, v in in_topic.items() if s in rows} == {
        source: "bad_json" if in_files[source] == "bad_row" else in_files[source] for source in rows
    }


def test_every_file_is_cut_as_the_file_job_cuts_it():
    assert messages.cut is read_posts.cut
    assert read_posts._CUTTERS[".avro"] is cut_avro


def test_a_rate_is_kept(pubsub, tmp_path):
    name = pubsub.made()
    assert shenava(a_file(tmp_path / "posts.jsonl", *map(a_line, range(40))), "--to", name, "--rate", 100) == 0
    times = [message.publish_time for message in pubsub.pull(name)]
    assert len(times) == 40
    # 39 gaps of 10 ms, less the 10 ms that the client may gather the last ones
    assert max(times) - min(times) >= timedelta(seconds=0.37)


def test_in_post_time_the_oldest_post_goes_first(pubsub, tmp_path, capsys):
    lines = [a_line(0, 60), b"nothing", a_line(1, 0), a_line(2, 30)]
    name = pubsub.made()
    # an hour in 0.4 s: far enough apart for each to be a batch of its own
    arguments = ["--to", name, "--speed", 9000, "--json"]
    assert shenava(a_file(tmp_path / "posts.jsonl", *lines), *arguments) == 0
    sources = [message.attributes["source"] for message in pubsub.pull(name)]
    assert sources == [f"posts.jsonl:{line}" for line in (3, 4, 1, 2)]
    outcome = json.loads(capsys.readouterr().out)
    assert (outcome["published"], outcome["failed"], outcome["unreadable"]) == (4, 0, 1)
    assert outcome["seconds"] >= 0.4


def test_a_loop_plays_again_until_the_limit(pubsub, tmp_path):
    name = pubsub.made()
    file = a_file(tmp_path / "posts.jsonl", a_line(0), a_line(1))
    assert shenava(file, "--to", name, "--loop", "--limit", 5) == 0
    assert Counter(m.attributes["source"] for m in pubsub.pull(name)) == {"posts.jsonl:1": 3, "posts.jsonl:2": 2}


def test_create_twice_changes_nothing_and_may_name_the_subscription(pubsub, tmp_path):
    file, name, second = a_file(tmp_path / "p.jsonl", a_line(0)), pubsub.unused(), pubsub.unused("second")
    for _ in range(2):
        assert shenava(file, "--to", name, "--create") == 0
    assert shenava(file, "--to", name, "--create", "--subscription", second.name) == 0
    assert [len(pubsub.pull(each)) for each in (name, second)] == [3, 1]
    kept = pubsub.subscriber.get_subscription(subscription=name.subscription)
    assert (kept.retain_acked_messages, kept.message_retention_duration) == (True, timedelta(days=7))


def test_what_is_not_taken_is_counted_and_fails_the_command(monkeypatch, capsys):
    outcome = player.Outcome(published=3, failures=Counter({"NotFound: topic is gone": 2}), seconds=1.5)
    monkeypatch.setattr(player, "run", lambda *_: outcome)
    assert shenava("posts.jsonl", "--to", "pubsub://demo-project/posts") == 1
    printed = capsys.readouterr()
    assert "3 messages in 1.5 s, 2.0 a second" in printed.out
    assert "2 messages were not taken: NotFound: topic is gone" in printed.err


def test_what_cannot_be_done_is_said_before_anything_is_sent(pubsub, tmp_path, monkeypatch):
    file = a_file(tmp_path / "posts.jsonl", a_line(0))
    with pytest.raises(ConfigError, match="--create to make it"):
        shenava(file, "--to", pubsub.unused())
    with pytest.raises(ConfigError, match=r"--subscription: .* say --create too"):
        shenava(file, "--to", pubsub.made(), "--subscription", "other")
    with pytest.raises(ConfigError, match="no file"):
        shenava(tmp_path / "none.jsonl", "--to", pubsub.made())
    with pytest.raises(SystemExit):
        shenava(file, "--to", pubsub.made(), "--rate", 1, "--speed", 1)
    # port 9 discards, and nothing listens there
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:9")
    with pytest.raises(TransientError, match=r"PUBSUB_EMULATOR_HOST says 127\.0\.0\.1:9"):
        shenava(file, "--to", "pubsub://demo-project/posts")
