"""Whether a stream is well: as the pulls tell it, over HTTP, for Prometheus, in a file and in the log."""

from __future__ import annotations

import json
import logging
import math
import socket
import threading
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from google.api_core import exceptions
from prometheus_client.parser import text_string_to_metric_families

from pipeline import metrics
from pipeline.errors import ConfigError
from runners import health
from runners.health import Watch, status, watched
from runners.held_messages import HeldMessages
from runners.pubsub_engine import AHEAD_AT_MOST, DOUBT_S, SILENCE_S, PullingReader, Pulse

WITHIN_S = 10


class Clock:
    """Seconds that pass when told to."""

    def __init__(self):
        self.at = 1000.0

    def __call__(self):
        return self.at


@pytest.fixture
def pulse():
    return Pulse(Clock())


@pytest.fixture(autouse=True)
def tally():
    metrics.forget()
    yield
    metrics.forget()


def silent(pulse, seconds):
    """Ask every second for so long, and nobody answers."""
    for _ in range(seconds):
        pulse.asked()
        pulse.unanswered()
        pulse.now.at += 1
    pulse.asked()
    pulse.unanswered()


def wait_for(found):
    deadline = time.monotonic() + WITHIN_S
    while not found():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


# what the pulls tell


def test_a_stream_starts_goes_well_and_stalls_when_nobody_answers_for_a_minute(pulse):
    assert status(pulse) == "starting"
    pulse.answered()
    assert status(pulse) == "ok"
    silent(pulse, 60)
    assert status(pulse) == "ok"
    silent(pulse, 1)
    assert status(pulse) == "stalled"
    pulse.answered()
    assert status(pulse) == "ok"


def test_a_stream_that_never_got_an_answer_stalls_too(pulse):
    silent(pulse, 61)
    assert status(pulse) == "stalled"


def test_who_is_busy_with_what_was_pulled_is_well_but_not_for_ever(pulse):
    pulse.asked()
    pulse.answered()
    pulse.now.at += health.STUCK_S
    assert status(pulse) == "ok"
    pulse.now.at += 1
    assert status(pulse) == "stalled"


def test_a_drain_is_no_stall(pulse):
    silent(pulse, 100)
    pulse.stopping.set()
    assert status(pulse) == "draining"


def test_what_came_is_counted_and_a_backlog_is_seen_by_how_long_messages_waited(pulse):
    pulse.came(3, lag=50.0, newest=7.0)
    pulse.came(2, lag=20.0, newest=5.0)
    pulse.now.at += 4
    found = health.health(pulse)
    assert (found["pulled"], found["seconds_since_message"], found["backlog_free"]) == (5, 4.0, False)
    assert (pulse.lag, pulse.newest) == (20.0, 7.0)
    pulse.nothing_came()
    assert health.health(pulse)["backlog_free"]


def test_nothing_is_said_of_a_backlog_while_nobody_answers(pulse):
    pulse.came(1, lag=50.0, newest=1.0)
    silent(pulse, 1)
    pulse.nothing_came()
    assert pulse.lag == 50.0
    assert not health.health(pulse)["backlog_free"]


def test_silence_is_told_once_after_ten_seconds_and_its_end_once(pulse, caplog):
    caplog.set_level(logging.INFO, "shenava")
    pulse.answered()
    silent(pulse, int(SILENCE_S))
    assert not caplog.records
    silent(pulse, 20)
    pulse.answered()
    pulse.answered()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert caplog.records[1].fields == {"silent_s": 30.0}
    silent(pulse, 11)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO", "WARNING"]


# what the reader makes of the client's answers


class Client:
    """Answers pulls and questions as it is told; an exception is raised."""

    def __init__(self, pulled, question=None):
        self._pulled, self._question = pulled, question
        self.leased, self.questions = [], 0

    def pull(self, **_):
        if isinstance(self._pulled, Exception):
            raise self._pulled
        return SimpleNamespace(received_messages=self._pulled)

    def modify_ack_deadline(self, subscription, ack_ids, ack_deadline_seconds):
        self.leased += ack_ids

    def get_subscription(self, **_):
        self.questions += 1
        if self._question:
            raise self._question


def read(monkeypatch, pulse, client, attribute=None, under_way=0):
    reader = PullingReader.__new__(PullingReader)
    reader._sub_name, reader._applied_ptransform, reader.pulse = "s", None, pulse
    metrics.forget()
    reader.held = HeldMessages(client, "s")
    reader.held.take([str(number) for number in range(under_way)])
    monkeypatch.setattr(PullingReader, "_get_subscriber_client", lambda *_: client)
    return reader._read_from_pubsub(attribute)


def message(seconds_ago):
    from google.cloud.pubsub_v1.types import PubsubMessage

    return PubsubMessage(data=b"{}", message_id="m1", publish_time=datetime.now(UTC) - timedelta(seconds=seconds_ago))


def test_messages_are_an_answer(monkeypatch, pulse):
    client = Client([SimpleNamespace(ack_id=str(ago), message=message(ago)) for ago in (5, 30)])
    assert len(read(monkeypatch, pulse, client)) == 2
    assert client.leased == ["5", "30"]
    assert (pulse.pulled, status(pulse)) == (2, "ok")
    assert 30 <= pulse.lag < 40
    assert time.time() - 10 < pulse.newest <= time.time()


def test_no_more_is_pulled_while_much_is_under_way(monkeypatch, pulse):
    client = Client([SimpleNamespace(ack_id="1", message=message(1))])
    assert read(monkeypatch, pulse, client, under_way=AHEAD_AT_MOST) == []
    assert (pulse.pulled, pulse.held) == (0, AHEAD_AT_MOST)
    assert len(read(monkeypatch, pulse, client, under_way=AHEAD_AT_MOST - 1)) == 1


def test_a_refused_connection_is_none(monkeypatch, pulse):
    pulse.stopping.set()  # so that nobody rests
    assert read(monkeypatch, pulse, Client(exceptions.ServiceUnavailable("away"))) == []
    assert pulse.silent_since == pulse.now()


@pytest.mark.parametrize("ran_out", [exceptions.DeadlineExceeded("nothing"), exceptions.Unknown("nothing")])
def test_where_nothing_comes_a_question_is_asked_now_and_then(monkeypatch, pulse, ran_out):
    client = Client(ran_out)
    for _ in range(3):
        assert read(monkeypatch, pulse, client) == []
    assert (client.questions, pulse.answered_at, status(pulse)) == (1, pulse.now(), "ok")
    pulse.now.at += DOUBT_S
    read(monkeypatch, pulse, client)
    assert client.questions == 2


def test_who_may_not_ask_got_an_answer(monkeypatch, pulse):
    read(monkeypatch, pulse, Client(exceptions.DeadlineExceeded("nothing"), exceptions.PermissionDenied("no")))
    assert status(pulse) == "ok"


def test_who_gets_no_answer_to_the_question_is_alone(monkeypatch, pulse):
    client = Client(exceptions.DeadlineExceeded("nothing"), exceptions.DeadlineExceeded("nobody"))
    for _ in range(14):
        read(monkeypatch, pulse, client)
        pulse.now.at += DOUBT_S
    assert client.questions == 14
    assert status(pulse) == "stalled"


# counters for Prometheus


@pytest.mark.parametrize(
    ("name", "family", "label", "value"),
    [
        ("read.records", "read.records", "", ""),
        ("parse.failed", "parse.failed", "", ""),
        ("parse.failed.bad_json", "parse.failed", "reason", "bad_json"),
        ("enrich.language.fa", "enrich.language", "language", "fa"),
        ("alerts.rule.v1.0 urgent", "alerts.rule", "rule", "v1.0 urgent"),
        ("cases.open", "cases", "state", "open"),
        ("publish.my.topic", "publish", "topic", "my.topic"),
    ],
)
def test_a_counters_name_is_a_family_with_a_value(name, family, label, value):
    assert metrics.broken_down(name) == (family, label, value)


def shown(pulse):
    """(name, labels) -> value of all that /metrics shows."""
    text = health.generate_latest(health.registry(pulse)).decode()
    families = text_string_to_metric_families(text)
    return {(s.name, tuple(s.labels.items())): s.value for family in families for s in family.samples}


def test_every_counter_is_shown_and_parts_add_up_to_their_whole(pulse):
    for reason, times in {"bad_json": 2, "bad time": 1}.items():
        metrics.counter("parse.failed").inc(times)
        metrics.counter(f"parse.failed.{reason}").inc(times)
    metrics.counter('alerts.rule.«فوری» "x"\n').inc()
    metrics.counter("classify.failed").inc(4)
    found = shown(pulse)
    failed = {labels: value for (name, labels), value in found.items() if name == "shenava_parse_failed_total"}
    assert failed == {(("reason", "bad_json"),): 2.0, (("reason", "bad time"),): 1.0}
    assert found["shenava_alerts_rule_total", (("rule", '«فوری» "x"\n'),)] == 1.0
    assert found["shenava_classify_failed_total", ()] == 4.0
    # there before the first of them, so that rates begin at 0
    assert found["shenava_read_records_total", ()] == 0.0


def test_the_pulse_and_the_memory_of_the_process_are_shown(pulse):
    assert math.isnan(shown(pulse)["shenava_since_answer_seconds", ()])
    pulse.came(3, lag=2.5, newest=1_792_000_000.0)
    pulse.now.at += 7
    found = shown(pulse)
    assert found["shenava_pulled_messages_total", ()] == 3.0
    assert found["shenava_since_answer_seconds", ()] == found["shenava_since_message_seconds", ()] == 7.0
    assert found["shenava_pull_lag_seconds", ()] == 2.5
    assert found["shenava_newest_event_timestamp_seconds", ()] == 1_792_000_000.0
    assert {labels[0][1]: value for (name, labels), value in found.items() if name == "shenava_status"} == {
        **dict.fromkeys(health.STATUSES, 0.0),
        "ok": 1.0,
    }
    assert found["process_resident_memory_bytes", ()] > 1e6


# over HTTP, in a file, in the log


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def get(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=WITHIN_S) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read().decode()


def test_a_probe_is_answered_and_nobody_is_after_the_end(pulse, port, capfd):
    with watched(Watch(port), pulse):
        code, kind, body = get(port, "/healthz")
        assert (code, kind, json.loads(body)["status"]) == (200, "application/json", "starting")
        silent(pulse, 61)
        code, _, body = get(port, "/healthz?verbose")
        assert (code, json.loads(body)["status"]) == (503, "stalled")
        code, kind, body = get(port, "/metrics")
        assert (code, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
        assert 'shenava_status{status="stalled"} 1.0' in body
        assert get(port, "/")[0] == 404
        # one that hangs up before the answer
        socket.create_connection(("127.0.0.1", port)).close()
    with pytest.raises(urllib.error.URLError):
        get(port, "/healthz")
    # whether the log goes to standard error hangs on what ran before in this process
    told = [line for line in capfd.readouterr().err.splitlines() if "does not answer" not in line]
    assert told == []


def test_a_port_that_is_taken_and_a_host_that_is_not_here_stop_the_run(pulse, port):
    with watched(Watch(port), pulse), pytest.raises(ConfigError, match=f"--health-port {port}: cannot listen"):
        watched(Watch(port), pulse).__enter__()
    for watch in (Watch(port, "192.0.2.1"), Watch(70_000)):
        with pytest.raises(ConfigError, match="cannot listen"):
            watched(watch, pulse).__enter__()
    assert not [each for each in threading.enumerate() if each.name.endswith("(_tick)")]


def test_the_heartbeat_is_there_at_once_whole_and_follows(pulse, tmp_path, monkeypatch):
    monkeypatch.setattr(health, "BEAT_S", 0.05)
    monkeypatch.setattr(health, "_TICK_S", 0.01)
    file = tmp_path / "beat"
    with watched(Watch(heartbeat=file), pulse):
        assert set(json.loads(file.read_text())) == set(health.health(pulse))
        pulse.came(1, lag=0.0, newest=0.0)
        wait_for(lambda: json.loads(file.read_text())["pulled"] == 1)
        pulse.stopping.set()
    assert json.loads(file.read_text())["status"] == "draining"
    assert [path.name for path in tmp_path.iterdir()] == ["beat"]


def test_a_heartbeat_that_cannot_be_written_stops_the_run_at_the_start_and_is_told_later(
    pulse, tmp_path, monkeypatch, caplog
):
    with pytest.raises(ConfigError, match=r"--heartbeat .*cannot be written"):
        watched(Watch(heartbeat=tmp_path / "nowhere" / "beat"), pulse).__enter__()
    monkeypatch.setattr(health, "BEAT_S", 0.0)
    monkeypatch.setattr(health, "_TICK_S", 0.01)
    folder = tmp_path / "somewhere"
    folder.mkdir()
    with watched(Watch(heartbeat=folder / "beat"), pulse):
        folder.rename(tmp_path / "elsewhere")
        wait_for(lambda: caplog.records)
    assert [record.getMessage() for record in caplog.records] == ["the heartbeat cannot be written"]


def test_a_line_of_counts_comes_each_minute_and_the_drain_is_told(pulse, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "shenava")
    monkeypatch.setattr(health, "COUNTS_S", 0.05)
    monkeypatch.setattr(health, "_TICK_S", 0.01)
    for name, count in {"enriched_post.rows_avro": 5, "dead_letter.rows_avro": 2, "alerts.raised": 1}.items():
        metrics.counter(name).inc(count)
    pulse.came(9, lag=0.0, newest=0.0)
    with watched(Watch(), pulse):
        wait_for(lambda: len(caplog.records) >= 2)
        pulse.stopping.set()
    said = {"pulled": 9, "good": 5, "failed": 2, "duplicates": 0, "alerts": 1}
    assert all(record.fields == said for record in caplog.records)
    told = [record.getMessage().partition(":")[0] for record in caplog.records]
    assert told.count("drain asked") == 1
    assert set(told) == {"counts", "drain asked"}
