"""Webhooks to a real HTTP server that fails in every way before it works."""

from __future__ import annotations

import json
import logging
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import apache_beam as beam
import pytest
import yaml
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipeline.clock import system_clock
from pipeline.io import call_webhooks
from pipeline.io.call_webhooks import WebhookCaller, post
from pipeline.io.in_turn import WriteInTurn
from pipeline.io.keep_care import CareSink
from pipeline.io.queue_webhooks import OutboxSink
from pipeline.logic.webhook_retries import DEAD, DELIVERED, PENDING, Answer
from pipeline.logic.webhooks import ALERTS, Subscription, keys_of
from pipeline.store.base import SqlStore
from pipeline.store.care_store import CareStore
from pipeline.store.dispatch import Dispatch
from pipeline.store.outbox import Outbox
from runners import deliveries
from runners.cli import main
from runners.webhook_list import VERIFY
from tests.unit.test_outbox import alert
from tests.unit.test_webhooks import MINIMAL, SECRET

pytest_plugins = ["tests.stores", "tests.integration.pubsub"]
KEYS = keys_of(SECRET)
HANG, DROP = -1, -2
WITHIN_S = 30
START_WITHIN_S = 180


@dataclass
class Receiver:
    """A server that answers as its script says, then 200; and what it was told."""

    url: str = ""
    script: deque = field(default_factory=deque)
    """Of statuses, HANG and DROP, or (status, headers)."""
    told: list = field(default_factory=list)
    """(headers, body) of each request."""
    slow_s: float = 0.0
    at_once: int = 0
    most_at_once: int = 0
    released: threading.Event = field(default_factory=threading.Event)

    def subscription(self, name="crm", **more):
        return Subscription(name, self.url, name.upper(), frozenset({ALERTS}), **more)

    def ids(self):
        return [headers["webhook-id"] for headers, _ in self.told]


@contextmanager
def receiving(wrap=lambda socket: socket):
    receiver, lock = Receiver(), threading.Lock()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self):
            with lock:
                receiver.at_once += 1
                receiver.most_at_once = max(receiver.most_at_once, receiver.at_once)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.told.append(({name.lower(): value for name, value in self.headers.items()}, body))
                answer = receiver.script.popleft() if receiver.script else 200
            time.sleep(receiver.slow_s)
            status, headers = answer if isinstance(answer, tuple) else (answer, {})
            with lock:
                receiver.at_once -= 1
            if status == HANG:
                receiver.released.wait(WITHIN_S)
            if status < 0:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in ({"Content-Length": "0"} | headers).items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    server.socket = wrap(server.socket)
    receiver.url = f"http://127.0.0.1:{server.server_port}/shenava"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def receiver(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(call_webhooks, "_ANSWER_WITHIN_S", 0.5)
    with receiving() as found:
        yield found


@pytest.fixture
def store(tmp_path):
    url = f"sqlite:///{tmp_path}/store.db"
    store = SqlStore(url)
    store.create_tables()
    store.close()
    return url


def queue(store, records, *to):
    outbox = Outbox(store)
    outbox.put(records, to, datetime.now(UTC))
    outbox.close()


def standing(store, webhook="crm"):
    outbox = Outbox(store)
    found = {each.id: each for each in outbox.deliveries(webhook=webhook)}
    outbox.close()
    return found


class Clock:
    """Moved by hand: nobody waits for hours."""

    def __init__(self):
        # what a test queues is due by then
        self.now = datetime.now(UTC) + timedelta(minutes=1)

    def __call__(self):
        return self.now


@pytest.fixture
def caller(store, receiver):
    dispatch = Dispatch(store)
    clock = Clock()
    caller = WebhookCaller(dispatch, receiver.subscription(), KEYS, clock, lambda: 0.5)
    caller.clock = clock
    yield caller
    dispatch.close()


def test_a_receiver_fails_in_every_way_and_then_works(caller, receiver, store, caplog):
    caplog.set_level(logging.DEBUG)
    redirect = (302, {"Location": receiver.url + "/elsewhere"})
    receiver.script += [500, HANG, (429, {"Retry-After": "300"}), DROP, 503, redirect]
    queue(store, [alert()], receiver.subscription())
    state = PENDING
    for _ in range(7):
        assert state == PENDING
        state = caller.call_next()
        caller.clock.now += timedelta(hours=1)
    assert state == DELIVERED
    assert len(receiver.told) == 7
    found = standing(store)["a-1"]
    assert (found.attempts, found.status, found.problem) == (7, 200, None)
    assert {headers["webhook-id"] for headers, _ in receiver.told} == {"a-1"}
    assert len({body for _, body in receiver.told}) == 1
    stamps = [int(headers["webhook-timestamp"]) for headers, _ in receiver.told]
    assert stamps == sorted(set(stamps)), "each try is signed anew"
    text = " ".join(f"{each.getMessage()} {getattr(each, 'fields', '')}" for each in caplog.records)
    assert "a-1" in text
    assert "پول" not in text
    assert receiver.url not in text


def test_waits_follow_the_schedule_and_what_the_receiver_asks_for(caller, receiver, store):
    receiver.script += [500, HANG, (429, {"Retry-After": "300"}), DROP, (503, {"Retry-After": "soon"}), 404]
    queue(store, [alert()], receiver.subscription())
    waited = []
    for _ in range(6):
        assert caller.call_next() == PENDING
        due = Dispatch(store).next_due("crm")
        waited.append((due - caller.clock.now).total_seconds())
        caller.clock.now = due - timedelta(seconds=1)
        assert caller.call_next() is None
        caller.clock.now = due
    assert waited == [10, 30, 300, 600, 1800, 10]
    assert caller.call_next() == DELIVERED


def test_gone_is_given_up_at_once_and_the_next_message_goes_out(caller, receiver, store):
    receiver.script += [410]
    queue(store, [alert("a", 0), alert("b", 1)], receiver.subscription())
    assert [caller.call_next(), caller.call_next(), caller.call_next()] == [DEAD, DELIVERED, None]
    assert (standing(store)["a-1"].state, standing(store)["a-1"].status) == (DEAD, 410)


def test_nobody_there_is_no_error(receiver):
    assert post("http://127.0.0.1:1/x", "a-1", b"{}", KEYS, datetime.now(UTC)) == Answer(None, "connection")
    receiver.script += [HANG]
    assert post(receiver.url, "a-1", b"{}", KEYS, datetime.now(UTC)) == Answer(None, "timeout")


def test_a_server_that_cannot_prove_its_name_is_told_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, *names]
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with receiving(lambda socket: context.wrap_socket(socket, server_side=True)) as receiver:
        url = receiver.url.replace("http", "https")
        assert post(url, "a-1", b"{}", KEYS, datetime.now(UTC)) == Answer(None, "tls")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        assert post(url, "a-2", b"{}", KEYS, datetime.now(UTC)).status == 200
        assert receiver.ids() == ["a-2"]


def test_a_slow_receiver_keeps_no_other_waiting(receiver, store):
    receiver.script += [HANG]
    with receiving() as other:
        crm, desk = receiver.subscription(), other.subscription("desk")
        queue(store, [alert(str(number), number) for number in range(20)], crm, desk)
        done = deliveries.deliver_due(store, [(crm, KEYS), (desk, KEYS)], within=WITHIN_S)
    assert done == {("crm", PENDING): 1, ("desk", DELIVERED): 20}
    assert other.ids() == [f"{number}-1" for number in range(20)]


def test_a_run_does_not_wait_for_ever_at_its_end(receiver, store):
    receiver.slow_s = 0.2
    queue(store, [alert(str(number), number) for number in range(50)], receiver.subscription())
    started = time.monotonic()
    deliveries.deliver_due(store, [(receiver.subscription(), KEYS)], within=1.0)
    assert time.monotonic() - started < 3
    assert 1 <= len(receiver.told) < 20


def test_several_senders_send_each_message_once_one_at_a_time_and_in_order(receiver, store_url):
    receiver.slow_s = 0.005
    to = receiver.subscription()
    queue(store_url, [alert(f"{number:02}", number) for number in range(40)], to)

    def send():
        dispatch = Dispatch(store_url)
        caller = WebhookCaller(dispatch, to, KEYS, system_clock)
        until = time.monotonic() + WITHIN_S
        while dispatch.next_due("crm") and time.monotonic() < until:
            # each hands over after a few
            for _ in range(5):
                caller.call_next()
            caller.release()
        dispatch.close()

    senders = [threading.Thread(target=send) for _ in range(4)]
    for each in senders:
        each.start()
    for each in senders:
        each.join()
    assert receiver.ids() == [f"{number:02}-1" for number in range(40)]
    assert receiver.most_at_once == 1


def test_the_pipeline_queues_each_once_and_keeps_what_is_queued(store):
    to = Subscription("crm", "https://crm.example.com", "CRM", frozenset({ALERTS}), levels=frozenset({"critical"}))
    records = [alert("a"), alert("b", level="info")]
    for _ in range(2):
        with beam.Pipeline(FnApiRunner()) as pipeline:
            sinks = OutboxSink(store, [to], system_clock), CareSink(store, "put_alerts")
            pipeline | beam.Create(records) | WriteInTurn(*sinks)
    assert list(standing(store)) == ["a-1"]
    kept = CareStore(store)
    assert [each.alert_id for each in kept.alerts()] == ["a", "b"]
    kept.close()


def test_a_stream_delivers_while_it_runs_and_what_came_last_at_its_end(receiver, store, monkeypatch):
    monkeypatch.setattr(deliveries, "POLL_S", 0.05)
    to = receiver.subscription()
    with deliveries.delivering(store, [(to, KEYS)]):
        queue(store, [alert("a", 0)], to)
        until = time.monotonic() + WITHIN_S
        while not receiver.told and time.monotonic() < until:
            time.sleep(0.02)
        assert receiver.ids() == ["a-1"]
        queue(store, [alert("b", 1)], to)
    assert receiver.ids() == ["a-1", "b-1"]


# the commands


@pytest.fixture
def config(tmp_path, receiver, monkeypatch):
    monkeypatch.setenv("CRM", SECRET)
    given = yaml.safe_load(MINIMAL.read_text("utf-8"))
    given["webhooks"] = {"crm": {"url": receiver.url, "secret_env": "CRM", "send": ["alerts"]}}
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(given), "utf-8")
    return str(path)


def test_what_was_given_up_is_listed_retried_and_delivered(config, store, receiver, capsys):
    receiver.script += [410, 500]
    queue(store, [alert("a", 0), alert("b", 1), alert("c", 2)], receiver.subscription())
    deliver = ["webhooks", "deliver", "--store", store, "--config", config, "--once"]
    assert main([*deliver, "--json"]) == 1
    assert json.loads(capsys.readouterr().out) == {"crm": {DELIVERED: 1, PENDING: 1, DEAD: 1}}
    assert main(["webhooks", "list", "--store", store, "--failed", "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert {"id": "a-1", "webhook": "crm", "state": DEAD, "status": 410, "attempts": 1}.items() <= json.loads(
        line
    ).items()
    assert main(["webhooks", "list", "--store", store]) == 0
    shown = capsys.readouterr().out
    assert "crm: 1 dead, 1 delivered, 1 pending" in shown
    assert "b-1" in shown
    assert main(["webhooks", "retry", "nothing-1", "--store", store]) == 2
    assert main(["webhooks", "retry", "--all", "--store", store]) == 0
    assert "2 messages are due now" in capsys.readouterr().out
    assert main(deliver) == 0
    assert "crm: 2 delivered" in capsys.readouterr().out
    assert main(deliver) == 0
    assert "crm: nothing was due" in capsys.readouterr().out
    assert receiver.ids() == ["a-1", "b-1", "c-1", "a-1", "b-1"]


def test_a_sample_arrives_and_verifies_with_the_lines_that_are_printed(config, receiver, capsys):
    assert main(["webhooks", "verify"]) == 0
    scope = {}
    exec(capsys.readouterr().out, scope)
    assert main(["webhooks", "test", "crm", "--config", config]) == 0
    assert "crm answered 200" in capsys.readouterr().out
    ((headers, body),) = receiver.told
    assert scope["verified"](headers, body, SECRET).startswith("test-")
    assert json.loads(body)["type"] == "webhook.test"
    assert headers["content-type"] == "application/json"
    receiver.script += [401]
    assert main(["webhooks", "test", "crm", "--config", config]) == 1
    assert main(["webhooks", "test", "nobody", "--config", config]) == 2
    assert "it has crm" in capsys.readouterr().err
    assert VERIFY["python"].count("\n") < 20


def test_a_run_tells_its_receivers(config, receiver, tmp_path, capsys):
    posts = tmp_path / "posts.jsonl"
    said = "سه هفته است پولم را گرفته‌اید و کالا نرسیده، شمارهٔ من ۰۹۱۲۱۲۳۴۵۶۷؛ شکایت می‌کنم، کلاهبردارها!"
    post = {"post_id": "1", "platform": "x", "text": said, "created_at": "2026-10-06T08:00:00Z"}
    posts.write_text(json.dumps(post | {"author": {"account_id": "77"}}) + "\n", "utf-8")
    out = tmp_path / "out"
    run = ["run", "--input", str(posts), "--output", str(out), "--config", config, "--json"]
    assert main([*run, "--webhooks", "queue"]) == 0
    queued = json.loads(capsys.readouterr().out)["webhooks"]["crm"]
    assert receiver.told == []
    assert queued[PENDING] >= 1
    assert main([*run, "--overwrite"]) == 0
    assert json.loads(capsys.readouterr().out)["webhooks"] == {"crm": {DELIVERED: queued[PENDING]}}
    bodies = [json.loads(body) for _, body in receiver.told]
    kept = [json.loads(line) for line in (out / "alerts" / "part-00000.jsonl").read_text("utf-8").splitlines()]
    assert sorted(each["data"]["alert_id"] for each in bodies) == sorted(each["alert_id"] for each in kept)
    assert all("0912" not in body.decode() and "۰۹۱۲" not in body.decode() for _, body in receiver.told)
    assert any("[phone]" in each["data"]["excerpt"] for each in bodies)


def test_a_run_without_the_secret_stops_before_it_begins(config, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("CRM")
    assert main(["run", "--input", "examples/parsi/posts", "--output", str(tmp_path / "out"), "--config", config]) == 2
    assert "webhooks.crm.secret_env: CRM is not in the environment" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_stream_tells_its_receivers_while_it_runs(config, receiver, tmp_path, pubsub):
    posts = pubsub.made()
    said = "سه هفته است پولم را گرفته‌اید و کالا نرسیده؛ شکایت می‌کنم، کلاهبردارها!"
    post = {"post_id": "1", "platform": "x", "text": said, "created_at": datetime.now(UTC).isoformat()}
    pubsub.publish(posts, json.dumps(post | {"author": {"account_id": "77"}}).encode())
    command = [sys.executable, "-m", "runners", "run", "--input", str(posts), "--config", config, "--json"]
    with subprocess.Popen([*command, "--output", tmp_path / "out"], stdout=subprocess.PIPE, text=True) as job:
        try:
            until = time.monotonic() + START_WITHIN_S
            while not receiver.told and time.monotonic() < until and job.poll() is None:
                time.sleep(0.2)
            assert job.poll() is None, "it is still running"
            assert receiver.told, "nothing came"
        finally:
            job.send_signal(signal.SIGTERM)
            out, _ = job.communicate(timeout=START_WITHIN_S)
    assert job.returncode == 0
    assert json.loads(out)["webhooks"] == {"crm": {DELIVERED: len(receiver.told)}}
