"""A Pub/Sub server, and `shenava run` on it, each as a process of its own that can be watched, stopped and killed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from google.cloud.pubsub_v1.subscriber.message import Message

from pipeline.io.pubsub_names import PubSubName
from runners import pubsub
from runners.demo import SERVER

POLL_S = 0.5
LOADING_S = 180.0
"""Most seconds from the start of a job until it pulls."""
READING = "shenava.stream: reading"
"""What a job logs right before it begins to pull."""
STOP_WITHIN_S = 3600.0
"""Seconds to finish what was pulled after SIGTERM: the engine may have pulled thousands of posts ahead."""


class JobEndedError(RuntimeError):
    """The job ended although nobody asked it to, or ended badly."""


@contextmanager
def server() -> Iterator[None]:
    """A server of our own, named to every client of this process and of those it starts while the block runs."""
    # one that somebody already runs here may hold anything
    environment = {name: value for name, value in os.environ.items() if name != pubsub.EMULATOR}
    before = os.environ.get(pubsub.EMULATOR)
    process = subprocess.Popen([SERVER, "--port", "0"], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout
        host = process.stdout.readline().strip().partition("=")[2]
        if not host:
            raise SystemExit("the Pub/Sub server did not start; its reason stands above")
        os.environ[pubsub.EMULATOR] = host
        yield
    finally:
        process.kill()
        process.wait()
        os.environ.pop(pubsub.EMULATOR, None)
        if before is not None:
            os.environ[pubsub.EMULATOR] = before


@dataclass(frozen=True)
class StreamingJob:
    """A job that runs; of an earlier one on the same output it takes over the store and the files."""

    process: subprocess.Popen[bytes]
    output: Path
    log: Path
    log_begins: int
    """Bytes that were in it before."""

    @property
    def store(self) -> Path:
        """Its SQLite file."""
        return self.output / "profiles.db"

    def check(self) -> None:
        """Raise JobEndedError, with the end of what it printed, when it no longer runs."""
        if self.process.poll() is not None:
            raise JobEndedError(f"the job ended with {self.process.returncode}: {self._printed()[-3000:]}")

    def wait_until_it_pulls(self) -> None:
        """Its model is loaded then. Raises JobEndedError when it does not come to that."""

        def pulls() -> bool:
            self.check()
            return READING in self._printed()

        if not wait_until(pulls, LOADING_S):
            raise JobEndedError(f"the job did not begin to pull in {LOADING_S:g} s: {self._printed()[-3000:]}")

    def memory_mb(self) -> float:
        """Resident memory, in units of 1,048,576 bytes."""
        # man 5 proc_pid_status; a process that has just ended has no such line
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)

    def kill(self) -> None:
        """SIGKILL to its whole process group, and wait until it is gone."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> dict[str, Any]:
        """SIGTERM; returns its summary once it has finished what it pulled. Raises JobEndedError when it ends badly."""
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(STOP_WITHIN_S):
            raise JobEndedError(f"the job stopped with {self.process.returncode}: {self._printed()[-3000:]}")
        summary: dict[str, Any] = json.loads(self.log.with_suffix(".json").read_text("utf-8"))
        return summary

    def _printed(self) -> str:
        """On standard error; what jobs before it on the same output printed stands above that in the file."""
        return self.log.read_bytes()[self.log_begins :].decode("utf-8", "replace")


@contextmanager
def running(
    output: Path, posts: PubSubName, config: Path, *flags: str, environment: Mapping[str, str] = MappingProxyType({})
) -> Iterator[StreamingJob]:
    """`shenava run` on that subscription; killed at the end of the block unless it was stopped before.

    Args:
        flags: further ones.
        environment: variables beside those of this process.
    """
    log = output.with_name(f"{output.name}.log")
    begins = log.stat().st_size if log.exists() else 0
    command = [sys.executable, "-m", "runners", "run", "--input", str(posts), "--output", str(output), "--json"]
    with log.open("ab") as errors, log.with_suffix(".json").open("wb") as summary:
        # a group of its own, so that a kill reaches whatever it may have started
        process = subprocess.Popen(
            [*command, "--config", str(config), *flags],
            stdout=summary,
            stderr=errors,
            start_new_session=True,
            env={**os.environ, **environment},
        )
    job = StreamingJob(process, output, log, begins)
    try:
        yield job
    finally:
        job.kill()


def posts_known(store: Path) -> int:
    """How many posts the store holds a fact of; 0 before it is made."""
    if not store.exists():
        return 0
    # past CareStore, which takes the one write lock even to read
    with closing(sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
        try:
            found: int = connection.execute("SELECT COUNT(DISTINCT post) FROM facts").fetchone()[0]
        except sqlite3.OperationalError:
            return 0  # the table is not made yet
        return found


@contextmanager
def listening(subscription: PubSubName, take: Callable[[Message], object]) -> Iterator[None]:
    """Call `take`, in threads of the client, with each message of a subscription while the block runs."""

    def taken(message: Message) -> None:
        take(message)
        message.ack()

    with pubsub.subscriber() as client:
        stream = client.subscribe(subscription.subscription, taken)
        try:
            yield
        finally:
            stream.cancel()
            stream.result(timeout=pubsub.ANSWER_WITHIN)


def wait_until(
    done: Callable[[], bool],
    within: float,
    sign: Callable[[], Hashable] = lambda: None,
    stalled: float = float("inf"),
) -> bool:
    """Whether it was done in time.

    Args:
        done: asked every POLL_S seconds; may raise to end the waiting.
        within: seconds to wait at most.
        sign: of progress: anything that changes while work goes on.
        stalled: seconds without such a change after which to give up.
    """
    started = changed = time.monotonic()
    last = sign()
    while not done():
        now, found = time.monotonic(), sign()
        if found != last:
            last, changed = found, now
        if now - started > within or now - changed > stalled:
            return False
        time.sleep(POLL_S)
    return True
