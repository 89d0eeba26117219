"""`make stream`: a Pub/Sub server, the job on it, a publisher that plays the sample, and its alerts as they come.

Two weeks of posts pass in about two minutes. Everything runs on this machine, and ends with the last post or with
Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pipeline.io.pubsub_names import PubSubName
from runners import pubsub

SERVER = Path(__file__).parents[1] / "scripts" / "pubsub-server"
POSTS, ALERTS = PubSubName("demo-project", "posts"), PubSubName("demo-project", "alerts")
LOADING_S = 60.0
"""Most seconds that the job may take to load its model."""


def main() -> int:
    """Play it; returns the exit code of the job."""
    given = _parser().parse_args()
    config = ["--config", str(given.config)]
    with ExitStack() as running:
        os.environ[pubsub.EMULATOR] = running.enter_context(_server())
        with pubsub.publisher() as client:
            for topic in (POSTS, ALERTS):
                pubsub.create(client, topic, topic)
        job = _shenava(
            *("run", "--input", str(POSTS), "--output", str(given.output), "--alerts", str(ALERTS)),
            *("--event-time", "created_at", *config),
        )
        running.callback(_stop, job)
        tail = running.enter_context(_shenava("alerts", "tail", "--from", str(ALERTS), *config))
        running.callback(tail.send_signal, signal.SIGINT)
        _wait_for_model(given.output / "profiles.db", job)
        speed = ("--speed", str(given.speed))
        _shenava("publish", str(given.posts), "--to", str(POSTS), *speed, *config).wait()
        time.sleep(given.linger)
        _stop(job)
        tail.send_signal(signal.SIGINT)
        tail.wait()
    return job.returncode


@contextmanager
def _server() -> Iterator[str]:
    """HOST:PORT of a server: the one that PUBSUB_EMULATOR_HOST names, or one of our own."""
    server = subprocess.Popen([SERVER, "--port", "0"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        yield server.stdout.readline().strip().partition("=")[2]
    finally:
        server.kill()
        server.wait()


def _shenava(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "runners", *arguments])


def _wait_for_model(store: Path, job: subprocess.Popen[bytes]) -> None:
    """The job makes its store right before it begins to pull."""
    deadline = time.monotonic() + LOADING_S
    while not store.exists() and job.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)


def _stop(job: subprocess.Popen[bytes]) -> None:
    if job.poll() is None:
        job.send_signal(signal.SIGTERM)
        job.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m runners.demo", description=__doc__)
    parser.add_argument("--posts", type=Path, default=Path("examples/parsi/posts"), help="what to play")
    parser.add_argument("--config", type=Path, default=Path("runners/config/reference.yaml"), help="the company's YAML")
    parser.add_argument("--output", type=Path, default=Path("out-stream"), help="files and store of the job")
    parser.add_argument("--speed", type=float, default=10_000, help="how many times faster than life (default: 10,000)")
    parser.add_argument("--linger", type=float, default=10, help="seconds to wait after the last post (default: 10)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
