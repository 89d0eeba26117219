"""Whether a stream is well: over HTTP (`/healthz`, and `/metrics` for Prometheus), in a file, and a line a minute."""

from __future__ import annotations

import json
import logging
import math
import re
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pipeline import metrics
from pipeline.errors import ConfigError
from runners import logs
from runners.pubsub_engine import Pulse

STATUSES = ("starting", "ok", "stalled", "draining")
STALLED_S = 60.0
"""Seconds without an answer from the subscription after which a stream counts as stalled."""
STUCK_S = 600.0
"""Seconds without a pull after which it does, too: what was pulled takes too long, or for ever."""
BACKLOG_S = 10.0
"""Seconds that a message waits where there is no backlog."""
BEAT_S = 10.0
COUNTS_S = 60.0
_TICK_S = 0.5
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
# there from the start, so that a rate is 0 and not unknown until the first of them
_ALWAYS = (
    *("read.records", "parse.posts", "classify.posts", "enrich.posts", "deduplicate.duplicates"),
    *("enriched_post.rows_avro", "dead_letter.rows_avro", "alerts.raised"),
)
_log = logging.getLogger(f"{logs.OWN}.stream")


@dataclass(frozen=True)
class Watch:
    """How a stream is watched."""

    port: int = 0
    """Where it answers HTTP; 0 for nowhere."""
    host: str = "127.0.0.1"
    heartbeat: Path | None = None
    """A file that is written every BEAT_S with what /healthz says."""


@contextmanager
def watched(watch: Watch, pulse: Pulse) -> Iterator[None]:
    """Answer, write and log while the block runs.

    Raises:
        ConfigError: the port cannot be had or the file cannot be written.
    """
    ended = threading.Event()
    with ExitStack() as running:
        if watch.heartbeat:
            try:
                beat(watch.heartbeat, pulse)
            except OSError as error:
                raise ConfigError(f"--heartbeat {watch.heartbeat}: cannot be written: {error.strerror}") from error
        if watch.port:
            server = _listening(watch, pulse)
            running.callback(server.server_close)
            threading.Thread(target=server.serve_forever, args=(_TICK_S,), daemon=True).start()
            running.callback(server.shutdown)
        ticking = threading.Thread(target=_tick, args=(watch.heartbeat, pulse, ended), daemon=True)
        ticking.start()
        running.callback(ticking.join)
        running.callback(ended.set)
        yield


def health(pulse: Pulse) -> dict[str, Any]:
    """The answer of /healthz; ages in seconds, null before the first."""
    return {
        "status": status(pulse),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds_since_answer": _age(pulse, pulse.answered_at),
        "seconds_since_message": _age(pulse, pulse.message_at),
        "pulled": pulse.pulled,
        "backlog_free": pulse.answered_at is not None and pulse.silent_since is None and pulse.lag < BACKLOG_S,
    }


def status(pulse: Pulse) -> str:
    """One of STATUSES. A worker that is busy with what it pulled is well, for STUCK_S."""
    if pulse.stopping.is_set():
        return "draining"
    # read once each: the worker goes on meanwhile
    now, silent_since, asked_at = pulse.now(), pulse.silent_since, pulse.asked_at
    silent = silent_since is not None and now - silent_since > STALLED_S
    stuck = asked_at is not None and now - asked_at > STUCK_S
    if silent or stuck:
        return "stalled"
    return "starting" if pulse.answered_at is None else "ok"


def counts(pulse: Pulse) -> dict[str, int]:
    """The run so far: messages pulled, and records as the summary counts them."""
    counted = metrics.tally()
    return {
        "pulled": pulse.pulled,
        "good": counted.get("enriched_post.rows_avro", 0),
        "failed": counted.get("dead_letter.rows_avro", 0),
        "duplicates": counted.get("deduplicate.duplicates", 0),
        "alerts": counted.get("alerts.raised", 0),
    }


def beat(file: Path, pulse: Pulse) -> None:
    """Write what /healthz says, whole or not at all. Raises OSError."""
    written = file.with_name(f".{file.name}.tmp")
    written.write_text(json.dumps(health(pulse)) + "\n", "utf-8")
    written.replace(file)


def registry(pulse: Pulse) -> CollectorRegistry:
    """What /metrics shows: the tally, the pulse, and memory, processor time and files of the process."""
    found = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=found)
    found.register(_Metrics(pulse))
    return found


class _Metrics(Collector):
    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse

    def collect(self) -> Iterator[Metric]:
        yield from _counters(metrics.tally())
        pulse = self._pulse
        yield CounterMetricFamily("shenava_pulled_messages", "Messages pulled.", value=pulse.pulled)
        yield GaugeMetricFamily("shenava_held_messages", "Pulled, not yet acknowledged.", value=pulse.held)
        now = status(pulse)
        states = GaugeMetricFamily("shenava_status", "1 for the status that the stream is in.", labels=["status"])
        for each in STATUSES:
            states.add_metric([each], float(each == now))
        yield states
        for name, help_text, value in (
            ("since_answer_seconds", "Since the subscription last answered.", _age(pulse, pulse.answered_at)),
            ("since_message_seconds", "Since the last message came.", _age(pulse, pulse.message_at)),
            ("pull_lag_seconds", "Wait of the oldest message of the last pull; 0 when none came.", pulse.lag),
            ("newest_event_timestamp_seconds", "Event time of the newest message, since 1970.", pulse.newest),
        ):
            yield GaugeMetricFamily(f"shenava_{name}", help_text, value=math.nan if value is None else value)


def _counters(tally: Mapping[str, int]) -> Iterator[Metric]:
    families: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for name, count in (dict.fromkeys(_ALWAYS, 0) | dict(tally)).items():
        family, label, value = metrics.broken_down(name)
        families[family][label, value] = count
    for family, found in sorted(families.items()):
        # the sum of the parts stands beside them in the tally; Prometheus adds them up itself
        parts = {key: count for key, count in found.items() if key[0]} or found
        labels = sorted({_plain(label) for label, _ in parts if label})
        exposed = CounterMetricFamily(f"shenava_{_plain(family)}", f"Counter {family} of the run.", labels=labels)
        for (label, value), count in sorted(parts.items()):
            exposed.add_metric([value] if label else [], count)
        yield exposed


def _plain(name: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_]", "_", name)


def _age(pulse: Pulse, at: float | None) -> float | None:
    return None if at is None else round(pulse.now() - at, 1)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        del request, client_address
        # whoever hangs up before the answer is no news
        if not isinstance(sys.exc_info()[1], OSError):
            _log.error("a question over HTTP failed", exc_info=True)


def _listening(watch: Watch, pulse: Pulse) -> ThreadingHTTPServer:
    shown = registry(pulse)

    class Answer(BaseHTTPRequestHandler):
        timeout = 10
        server_version, sys_version = "shenava", ""

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == "/healthz":
                found = health(pulse)
                self._say(503 if found["status"] == "stalled" else 200, json.dumps(found).encode(), "application/json")
            elif path == "/metrics":
                self._say(200, generate_latest(shown), _PROMETHEUS)
            else:
                self._say(404, b"/healthz or /metrics\n", "text/plain")

        def _say(self, code: int, body: bytes, kind: str) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """A probe every few seconds is no news."""

    try:
        return _Server((watch.host, watch.port), Answer)
    except (OSError, OverflowError) as error:
        where = f"--health-host {watch.host} --health-port {watch.port}"
        raise ConfigError(f"{where}: cannot listen there: {error}") from error


def _tick(heartbeat: Path | None, pulse: Pulse, ended: threading.Event) -> None:
    next_beat, next_counts = time.monotonic(), time.monotonic() + COUNTS_S
    drain_told = beat_failed = over = False
    while not over:
        over = ended.wait(_TICK_S)
        now = time.monotonic()
        if pulse.stopping.is_set() and not drain_told:
            drain_told, next_beat = True, now
            _log.info("drain asked: pulling stops, what was pulled is finished", extra=logs.fields(**counts(pulse)))
        if heartbeat and now >= next_beat:
            next_beat = now + BEAT_S
            try:
                beat(heartbeat, pulse)
                beat_failed = False
            except OSError as error:
                if not beat_failed:
                    _log.warning("the heartbeat cannot be written", extra=logs.fields(reason=error.strerror))
                beat_failed = True
        if now >= next_counts:
            next_counts += COUNTS_S
            _log.info("counts", extra=logs.fields(**counts(pulse)))
