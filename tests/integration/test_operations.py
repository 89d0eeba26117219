"""A stream as those see it who run it: its probes, its log, and what it refuses at the start."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

from pipeline import metrics
from pipeline.io.pubsub_names import PubSubName
from pipeline.transforms import enrich_posts
from runners import logs, pubsub_engine
from runners.cli import main
from runners.demo import SERVER
from runners.pubsub import EMULATOR

pytest_plugins = ["tests.integration.pubsub"]
WITHIN_S = 60
MARKER = "راز-zq81-secret"


def wait_for(found):
    deadline = time.monotonic() + WITHIN_S
    while not found():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)


# probes


@pytest.fixture
def own_server(pubsub, monkeypatch):
    """A server that a test may stop for a while, and its process."""
    environment = {name: value for name, value in os.environ.items() if name != EMULATOR}
    server = subprocess.Popen([SERVER, "--port", "0"], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert server.stdout
        host = server.stdout.readline().strip().partition("=")[2]
        monkeypatch.setenv(EMULATOR, host)
        yield type(pubsub)(host), server
    finally:
        server.kill()
        server.wait()


def test_probes_and_log_follow_a_stream_whose_pubsub_goes_away_and_comes_back(own_server, tmp_path):
    pubsub, server = own_server
    posts = pubsub.made()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    pubsub.publish(posts, b"no post", {})
    heartbeat, log = tmp_path / "beat", tmp_path / "log"
    flags = ["--health-port", port, "--heartbeat", heartbeat, "--log-format", "json", "--json"]
    command = [sys.executable, "-m", "runners", "run", "--input", posts, "--output", tmp_path / "out", *flags]

    def health():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return json.load(answer)

    def said():
        return [json.loads(line) for line in log.read_text().splitlines()]

    def told(what):
        return lambda: any(what in line["message"] for line in said())

    with log.open("w") as errors:
        job = subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            wait_for(heartbeat.exists)
            assert health()["status"] == "starting"
            wait_for(lambda: health()["pulled"] == 1)
            assert health()["status"] == "ok"
            wait_for(lambda: metric(port, 'shenava_parse_failed_total{reason="bad_json"}') == 1.0)
            assert metric(port, "shenava_newest_event_timestamp_seconds") > time.time() - 600
            server.send_signal(signal.SIGSTOP)
            wait_for(told("Pub/Sub does not answer"))
            assert not health()["backlog_free"]
            server.send_signal(signal.SIGCONT)
            wait_for(told("Pub/Sub answers again"))
            wait_for(lambda: json.loads(heartbeat.read_text())["pulled"] == 1)
            job.send_signal(signal.SIGTERM)
            out, _ = job.communicate(timeout=WITHIN_S)
        finally:
            job.kill()
            job.wait()
    assert job.returncode == 0
    assert json.loads(out)["records"]["in"] == 1
    assert [line["message"].partition(":")[0] for line in said()] == [
        *(
            "start",
            "the store's tables are brought up to date",
            "reading",
            "Pub/Sub does not answer; trying on",
            "Pub/Sub answers again",
            "drain asked",
            "drained",
        )
    ]
    assert said()[0]["versions"]["apache-beam"]
    assert (said()[-1]["pulled"], said()[-1]["failed"]) == (1, 1)
    assert json.loads(heartbeat.read_text())["status"] == "draining"


def metric(port, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        shown = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if line[0] != "#")
    return float(shown.get(name, "nan"))


# what a post says stands in no log


@pytest.fixture
def everything_logged(monkeypatch):
    """All that can be logged is, for one test."""
    root, shenava, configure = logging.getLogger(), logging.getLogger("shenava"), logs.configure
    before = root.handlers[:], root.level, shenava.level

    def at_debug(form):
        configure(form, logging.DEBUG)
        root.setLevel(logging.DEBUG)

    monkeypatch.setattr(logs, "configure", at_debug)
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    shenava.setLevel(before[2])


MARKED = [
    json.dumps(
        {
            **{"post_id": f"post-{MARKER}", "platform": "x", "account_id": MARKER, "handle": MARKER},
            **{"text": f"{MARKER} سه روزه اینترنت قطعه و جواب نمیدین!", "created_at": "2026-10-16T12:00:00Z"},
        }
    ).encode(),
    f'{{"text": "{MARKER}"'.encode(),
    json.dumps({"post_id": "2", "platform": MARKER, "text": MARKER, "created_at": MARKER}).encode(),
]


def stream(pubsub, tmp_path):
    posts = pubsub.made()
    for data in MARKED:
        pubsub.publish(posts, data, {"source": MARKER, "created_at": MARKER})
    metrics.forget()
    flags = ["--event-time", "created_at", "--log-format", "json", "--json"]
    return main(["run", "--input", str(posts), "--output", str(tmp_path / "out"), *flags])


@pytest.mark.usefixtures("everything_logged")
def test_no_post_is_in_the_log_when_all_goes_well(pubsub, tmp_path, capfd):
    done = {"enrich.posts": 1, "parse.failed": 2}

    def stop_when_done():
        wait_for(lambda: done.items() <= metrics.tally().items())
        pubsub_engine.PullingReader.pulse.stopping.set()

    watcher = threading.Thread(target=stop_when_done)
    watcher.start()
    assert stream(pubsub, tmp_path) == 0
    watcher.join()
    out, err = capfd.readouterr()
    assert json.loads(out)["records"] == {"in": 3, "good": 1, "failed": 2, "duplicates": 0, "forgotten": 0}
    assert MARKER not in err
    assert [json.loads(line)["message"] for line in err.splitlines()][-1] == "drained"


@pytest.mark.usefixtures("everything_logged")
def test_no_post_is_in_the_log_when_a_step_fails_on_it(pubsub, tmp_path, capfd, monkeypatch):
    def quote(post, *_):
        raise ValueError(f"cannot enrich {post}")

    monkeypatch.setattr(enrich_posts, "enrich", quote)
    assert stream(pubsub, tmp_path) == 1
    err = capfd.readouterr().err
    assert MARKER not in err
    last = [json.loads(line) for line in err.splitlines()][-1]
    assert (last["level"], last["error"]) == ("CRITICAL", "ValueError")
    assert any(frame.endswith(" quote") for frame in last["frames"])


@pytest.mark.usefixtures("everything_logged")
def test_a_run_over_files_logs_when_asked(tmp_path, capfd):
    posts = tmp_path / "posts.jsonl"
    posts.write_bytes(MARKED[0])
    command = ["run", "--input", str(posts), "--output", str(tmp_path / "out"), "--json"]
    assert main([*command, "--log-format", "json", "--store", "nonesuch://me:hidden@localhost/x"]) == 2
    assert main([*command, "--log-format", "json"]) == 0
    err = capfd.readouterr().err
    assert MARKER not in err
    assert "hidden" not in err
    wrong, start, upgraded = [json.loads(line) for line in err.splitlines()]
    assert (wrong["level"], wrong["error"]) == ("ERROR", "ConfigError")
    assert (start["message"], start["input"]) == ("start", str(posts))
    assert upgraded["message"] == "the store's tables are brought up to date"


# what is refused at the start


def test_a_subscription_that_is_not_there_stops_the_run(pubsub, tmp_path, capsys):
    posts = pubsub.unused()
    assert main(["run", "--input", str(posts), "--output", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert f"--input {posts}" in said
    assert f"gcloud pubsub subscriptions create {posts.name} --project=demo-project" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("flag", ["--enriched", "--alerts", "--dead-letters"])
def test_a_topic_that_is_not_there_stops_the_run_before_anything_is_read(flag, pubsub, tmp_path, capsys):
    posts, topic = pubsub.made(), pubsub.unused("answers")
    pubsub.publish(posts, b"still here")
    assert main(["run", "--input", str(posts), "--output", str(tmp_path / "out"), flag, str(topic)]) == 2
    said = capsys.readouterr().err
    assert f"{flag} {topic}" in said
    assert f"gcloud pubsub topics create {topic.name}" in said
    assert len(pubsub.pull(posts)) == 1


def test_a_server_that_is_not_there_is_no_wrong_flag(monkeypatch, tmp_path, capsys):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv(EMULATOR, f"127.0.0.1:{free.getsockname()[1]}")
    posts = PubSubName("demo-project", "posts")
    assert main(["run", "--input", str(posts), "--output", str(tmp_path / "out")]) == 1
    assert "Pub/Sub does not answer" in capsys.readouterr().err
