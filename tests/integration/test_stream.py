"""`shenava run` on a subscription of a real Pub/Sub server, as one would run it, stopped and started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.config import load_config
from pipeline.errors import ConfigError
from pipeline.io.read_posts import expand_input
from pipeline.store.care_store import CareStore
from runners import pubsub_engine
from runners.cli import main
from runners.messages import read_messages
from runners.show import records

pytest_plugins = ["tests.integration.pubsub"]

CONFIG = Path("runners/config/reference.yaml")
SAMPLE = "examples/parsi/posts/mastodon.jsonl"
WITHIN_S = 180
PULLS_S = 4
"""Enough for a few more pulls, should the messages have come in several."""
CALM = json.dumps(
    {"post_id": "calm", "platform": "x", "account_id": "me", "text": "سلام", "created_at": "2026-10-16T12:00:00Z"}
).encode()
POISON = (
    b"\xff\xfe\x00 no text at all",
    b"{" * 5000,
    b'{"post_id": "9", "platform": "x", "text": "\\u0000", "created_at": "9999-01-01T00:00:00Z"}',
    json.dumps({"data": {"id": "1", "text": "a" * 1_000_000, "created_at": "soon"}}).encode(),
    b"",
)

TIMES = ("9" * 30, "9999-01-01T00:00:00Z", "-1", "yesterday")
"""Attributes that would run the watermark away, and every deadline with it."""


def sample():
    settings = load_config(CONFIG).parse_settings()
    return [each for file in expand_input(SAMPLE) for each in read_messages(file, settings, datetime.now(UTC))]


@contextmanager
def streaming(output, posts, *more) -> Iterator[SimpleNamespace]:
    """The job in a process of its own; SIGTERM at the end, and it must end well."""
    command = [sys.executable, "-m", "runners", "run", "--input", str(posts), "--output", str(output), "--json"]
    command += ["--config", str(CONFIG), "--event-time", "created_at", *map(str, more)]
    job = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    ended = SimpleNamespace(summary=None)
    try:
        yield ended
        job.send_signal(signal.SIGTERM)
        out, err = job.communicate(timeout=WITHIN_S)
        assert job.returncode == 0, err[-3000:]
        ended.summary = json.loads(out)
    finally:
        job.kill()
        job.wait()


def wait_for(found):
    deadline = time.monotonic() + WITHIN_S
    while not found():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.3)


def facts(store):
    """How many posts the store has seen; 0 before it is made."""
    if not Path(store).exists():
        return 0
    care = CareStore(f"sqlite:///{store}")
    try:
        # the job may be about to make them
        care.create_tables()
        return sum(len(known.facts) for _, known in care.recall(load_config(CONFIG).cases.reopen_within))
    finally:
        care.close()


def test_posts_come_in_alerts_go_out_and_a_stop_loses_nothing(pubsub, tmp_path):
    posts, alerts, letters = pubsub.made("posts"), pubsub.made("alerts"), pubsub.made("letters")
    out, sent = tmp_path / "out", sample()
    before = datetime.now(UTC)
    good = {each.data for each in sent if "created_at" in each.attributes}
    ids = {json.loads(data)["id"] for data in good}
    with streaming(out, posts, "--alerts", alerts, "--dead-letters", letters) as first:
        for message in sent:
            pubsub.publish(posts, message.data, message.attributes)
        for number, (data, at) in enumerate(zip(POISON, TIMES, strict=False)):
            pubsub.publish(posts, data, {"source": f"poison:{number}", "created_at": at})
        pubsub.publish(posts, sent[0].data, sent[0].attributes)
        wait_for(lambda: facts(out / "profiles.db") >= len(ids))
        time.sleep(PULLS_S)
    counted = first.summary["records"]
    assert counted["in"] == len(sent) + 5
    # a post that comes in two versions passes twice, or once if the newer one comes first
    assert len(ids) <= counted["good"] <= len(good)
    assert counted["failed"] == 4 + len(sent) - len([each for each in sent if "created_at" in each.attributes])
    assert counted["good"] + counted["failed"] + counted["duplicates"] == counted["in"]

    told = [json.loads(message.data) for message in pubsub.pull(alerts)]
    assert told
    assert len({(alert["alert_id"], alert["revision"]) for alert in told}) == len(told)
    assert len(pubsub.pull(letters)) == counted["failed"]
    written = {row["post"]["post_id"] for row in records(str(out / "enriched"))}
    assert written == ids

    # started again and everything delivered again, as after a crash: the same stands, and nothing is told twice
    standing = (list_of(out, "cases"), list_of(out, "alerts"))
    seen = facts(out / "profiles.db")
    pubsub.publish(posts, CALM, {"created_at": "2026-10-16T12:00:00Z"})
    with streaming(out, posts, "--alerts", alerts, "--replay-from", before.isoformat()) as second:
        wait_for(lambda: facts(out / "profiles.db") > seen)
        time.sleep(PULLS_S)
    assert second.summary["records"]["in"] == counted["in"] + 1
    assert (list_of(out, "cases"), list_of(out, "alerts")) == standing
    again = [json.loads(message.data) for message in pubsub.pull(alerts)]
    assert not {alert["alert_id"] for alert in again} & {alert["alert_id"] for alert in told if alert["revision"] == 1}
    assert {row["post"]["post_id"] for row in records(str(out / "enriched"))} == {*ids, "calm"}


def list_of(out, what):
    care = CareStore(f"sqlite:///{out / 'profiles.db'}")
    try:
        return sorted(getattr(care, what)(), key=repr)
    finally:
        care.close()


def test_beams_own_reader_is_the_one_that_is_changed(monkeypatch):
    pubsub_engine.check_beam()
    monkeypatch.setattr(pubsub_engine, "KNOWN_READER", "another")
    with pytest.raises(ConfigError, match="reads Pub/Sub in another way"):
        pubsub_engine.check_beam()


def test_a_subscription_that_is_not_there_is_named(pubsub, tmp_path, capsys):
    given = ["run", "--input", str(pubsub.unused()), "--output", str(tmp_path), "--replay-from", "2026-11-22T00:00Z"]
    assert main(given) == 2
    assert "--replay-from" in capsys.readouterr().err
