"""Acknowledgements that wait until what they stand for is written.

Beam's local engine acknowledges what it pulls before it processes it, so a crash would lose what is under way. Here a
message stays the subscription's until its post has passed the graph and the files have had time to close; a thread
renews the lease meanwhile. After a crash the leases run out and everything unwritten is delivered again by itself.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from google.api_core import exceptions

from pipeline import metrics
from pipeline.io.write_files import EVERY
from runners import logs

LEASE_S = 60
"""Until when Pub/Sub waits before it delivers a message again; also what a restart waits for at most."""
RENEW_S = 15.0
SETTLE_S = EVERY.total_seconds() + 30.0
"""Files close so long after their first record; the other sinks write at once."""
TURNS = 10
"""Pulls that must follow as well: while a bundle hangs (a store that is away) time alone proves nothing."""
CHUNK = 1000
"""Ids a request: 512 kB is the most that Pub/Sub takes."""

_log = logging.getLogger(f"{logs.OWN}.pubsub")
# each post leaves the graph's common part by one of these
_REACHED = (
    "parse.failed",
    "forgotten.posts",
    "deduplicate.duplicates",
    "classify.failed",
    "enrich.failed",
    "enrich.posts",
    "enrich.deleted",
)


class Subscriber(Protocol):
    """What is asked of Google's client."""

    def acknowledge(self, *, subscription: str, ack_ids: Sequence[str]) -> None:
        """These will not be delivered again."""

    def modify_ack_deadline(self, *, subscription: str, ack_ids: Sequence[str], ack_deadline_seconds: int) -> None:
        """Wait so long for their acknowledgement from now on."""


@dataclass
class _Pull:
    ids: Sequence[str]
    total: int
    """Messages pulled up to and with it."""
    reached_at: float | None = None
    """When as many had left the graph's common part."""
    turns: int = 0
    """Pulls since then."""


@dataclass
class HeldMessages:
    """The messages of one subscription that are pulled and not acknowledged."""

    client: Subscriber
    subscription: str
    now: Callable[[], float] = time.monotonic
    _pulls: deque[_Pull] = field(default_factory=deque)
    taken: int = 0
    """Messages so far."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        with self._lock:
            return sum(len(pull.ids) for pull in self._pulls)

    def take(self, ids: Sequence[str]) -> None:
        """Hold what was pulled."""
        with self._lock:
            self.taken += len(ids)
            self._pulls.append(_Pull(ids, self.taken))
        self._renew(ids)

    def release(self, reached: int) -> None:
        """At each pull: acknowledge what must be written by now.

        Args:
            reached: how many records have left the graph's common part, of all that were pulled.
        """
        settled = []
        with self._lock:
            for pull in self._pulls:
                if pull.reached_at is not None:
                    pull.turns += 1
                elif pull.total <= reached:
                    pull.reached_at = self.now()
            while self._pulls and self._is_settled(self._pulls[0]):
                settled.append(self._pulls.popleft())
        for pull in settled:
            self._acknowledge(pull)

    def finish(self) -> None:
        """Acknowledge all: the run is over and everything is written."""
        with self._lock:
            pulls, self._pulls = list(self._pulls), deque()
        for pull in pulls:
            self._acknowledge(pull)

    def renew(self) -> None:
        """Keep what is held ours for another LEASE_S."""
        with self._lock:
            ids = [each for pull in self._pulls for each in pull.ids]
        self._renew(ids)

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """Renew in the background while the block runs."""
        ended = threading.Event()

        def renew() -> None:
            while not ended.wait(RENEW_S):
                self.renew()

        thread = threading.Thread(target=renew, name="leases", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _is_settled(self, pull: _Pull) -> bool:
        return pull.reached_at is not None and pull.turns >= TURNS and self.now() - pull.reached_at >= SETTLE_S

    def _renew(self, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), CHUNK):
            try:
                self.client.modify_ack_deadline(
                    subscription=self.subscription, ack_ids=ids[start : start + CHUNK], ack_deadline_seconds=LEASE_S
                )
            except exceptions.GoogleAPICallError as error:
                # then it is delivered again, and dropped as a duplicate
                _log.warning("a lease was not renewed", extra=logs.fields(error=type(error).__name__))

    def _acknowledge(self, pull: _Pull) -> None:
        try:
            self.client.acknowledge(subscription=self.subscription, ack_ids=pull.ids)
        except exceptions.GoogleAPICallError as error:
            _log.warning("messages were not acknowledged", extra=logs.fields(error=type(error).__name__))


def reached() -> int:
    """How many records of this process have left the graph's common part."""
    counted = metrics.tally()
    return sum(counted.get(name, 0) for name in _REACHED)
