"""Beam's local streaming engine, made fit for Pub/Sub.

As it comes, `BundleBasedDirectRunner` pulls 10 messages a time, acknowledges them before it processes them, waits up to
30 s for them in its only worker, takes the wall clock for the watermark, and never ends. `PullingReader` pulls many,
waits briefly, follows the posts' own clock where the messages tell it, leaves it to `HeldMessages` to acknowledge what
is written, and stops pulling when asked: then the watermark goes to the end, what is under way is finished, every timer
fires, and the run ends by itself.

The reader it derives from is private to Beam: `check_beam` refuses another one than it was written for.
"""

from __future__ import annotations

import hashlib
import inspect
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from apache_beam.runners.direct import transform_evaluator
from apache_beam.runners.direct.util import TransformResult
from apache_beam.utils.timestamp import MAX_TIMESTAMP, Duration, Timestamp
from google.api_core import exceptions

from pipeline.adapters.times import EARLIEST
from pipeline.errors import ConfigError
from pipeline.logic.parsing import AHEAD
from runners import logs
from runners.held_messages import HeldMessages, reached

PULL = 1000
"""Messages a pull, the most that Pub/Sub gives."""
AHEAD_AT_MOST = 1000
"""Messages that may be under way before more are pulled: the engine itself would pull a whole backlog into memory."""
WAIT_S = 0.25
"""Seconds that a pull waits for a message; timers and drains wait as long."""
BEHIND = Duration(seconds=0)
DOUBT_S = 5.0
"""Seconds without a message after which a question tells an empty subscription from one that nobody answers for."""
QUESTION_S = 2.0
"""Seconds that the answer to this question may take."""
SILENCE_S = 10.0
"""Seconds without any answer after which it is logged."""
KNOWN_READER = "eacf0a39a085fd9f"
"""Digest of the reader in Beam 2.77; `python -m runners.pubsub_engine` prints that of the one installed."""

# what Google's own client tries again for a pull
_PASSING = (exceptions.Aborted, exceptions.DeadlineExceeded, exceptions.ServiceUnavailable, exceptions.Unknown)
_EARLIEST = Timestamp.from_utc_datetime(EARLIEST)
_AHEAD = Duration(AHEAD.total_seconds())
_log = logging.getLogger(f"{logs.OWN}.pubsub")
_original = transform_evaluator._PubSubReadEvaluator


class Pulse:
    """What the pulls of a run met: when the subscription answered, and what came.

    Written by the engine's one worker, read by any thread. Moments are those of `now`, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self.stopping = threading.Event()
        """Set by whoever wants the run to end."""
        self.pulled = 0
        """Messages."""
        self.held = 0
        """Of these, not acknowledged yet."""
        self.lag = 0.0
        """Seconds that the oldest message of the last pull had waited; 0 when nothing came."""
        self.newest: float | None = None
        """Event time of the newest message in seconds since 1970; the time of publication without --event-time."""
        self.asked_at: float | None = None
        self.answered_at: float | None = None
        self.message_at: float | None = None
        self.silent_since: float | None = None
        """First question that got no answer since the last one that did."""
        self._questioned_at: float | None = None
        self._told = False

    def asked(self) -> None:
        """A pull begins."""
        self.asked_at = self.now()

    def answered(self) -> None:
        """The subscription is there, whatever it said."""
        self.answered_at = self.now()
        if self._told and self.silent_since is not None:
            _log.info("Pub/Sub answers again", extra=logs.fields(silent_s=round(self.now() - self.silent_since, 1)))
        self.silent_since, self._told = None, False

    def came(self, count: int, lag: float, newest: float) -> None:
        """So many messages, the oldest published `lag` seconds ago."""
        self.answered()
        self.message_at = self.answered_at
        self.pulled += count
        self.lag = max(lag, 0.0)
        self.newest = max(newest, self.newest if self.newest is not None else newest)

    def unanswered(self) -> None:
        """Nobody was there to answer."""
        if self.silent_since is None:
            self.silent_since = self.now() if self.asked_at is None else self.asked_at
        silent = self.now() - self.silent_since
        if silent > SILENCE_S and not self._told:
            self._told = True
            _log.warning("Pub/Sub does not answer; trying on", extra=logs.fields(silent_s=round(silent, 1)))

    def nothing_came(self) -> bool:
        """A pull ran out of time; returns whether it is time to ask if anybody is there."""
        if self.silent_since is None:
            self.lag = 0.0
        since = max((at for at in (self.answered_at, self._questioned_at) if at is not None), default=None)
        due = since is None or self.now() - since >= DOUBT_S
        if due:
            self._questioned_at = self.now()
        return due


class PullingReader(_original):  # type: ignore[misc, valid-type]
    """Beam's reader with a bigger pull, a watermark that follows the posts, and an end."""

    pulse: Pulse
    held: HeldMessages
    _latest: ClassVar[dict[str, Timestamp]] = {}

    def _read_from_pubsub(self, timestamp_attribute: str | None) -> list[Any]:
        client = self._get_subscriber_client(self._applied_ptransform)
        done = reached()
        self.held.release(done)
        self.pulse.held = len(self.held)
        if self.held.taken - done >= AHEAD_AT_MOST:
            return []
        self.pulse.asked()
        try:
            response = client.pull(subscription=self._sub_name, max_messages=PULL, timeout=WAIT_S, retry=None)
        except exceptions.ServiceUnavailable:
            self.pulse.unanswered()
            # a refused connection fails at once; a moment's rest, unless the run shall end
            self.pulse.stopping.wait(WAIT_S)
            return []
        except _PASSING:
            # nothing there yet, or nobody there: the pull does not tell, and the next one asks again
            if self.pulse.nothing_came():
                self._ask_who_is_there(client)
            return []
        messages = [received.message for received in response.received_messages]
        if not messages:
            self.pulse.answered()
            self.pulse.nothing_came()
            return []
        self.held.take([received.ack_id for received in response.received_messages])
        read = [self._stamped(message, timestamp_attribute) for message in messages]
        waited = time.time() - min(message.publish_time for message in messages).timestamp()
        self.pulse.came(len(read), waited, max(at for at, _ in read).micros / 1e6)
        return read

    def _ask_who_is_there(self, client: Any) -> None:
        try:
            client.get_subscription(subscription=self._sub_name, timeout=QUESTION_S, retry=None)
        except _PASSING:
            self.pulse.unanswered()
        except exceptions.GoogleAPICallError:
            self.pulse.answered()  # who may only pull is told so; if anything else is wrong the next pull raises it
        else:
            self.pulse.answered()

    def finish_bundle(self) -> TransformResult:
        if self.pulse.stopping.is_set():
            # no bundle to go on with, no hold on the watermark: the source is at its end
            return TransformResult(self, [], [], None, {None: MAX_TIMESTAMP})
        result = super().finish_bundle()
        if self.source.timestamp_attribute:
            latest = self._latest.get(self._sub_name)
            result.keyed_watermark_holds = {None: latest - BEHIND if latest else Timestamp(0)}
        return result

    def _stamped(self, message: Any, attribute: str | None) -> tuple[Timestamp, Any]:
        """The message with its time; one that does not tell it has that of the message before it."""
        from apache_beam.io.gcp.pubsub import PubsubMessage

        parsed = PubsubMessage._from_message(message)
        at = Timestamp.from_utc_datetime(message.publish_time)
        if attribute:
            told = _time(parsed.attributes.get(attribute, ""))
            at = told or self._latest.get(self._sub_name, at)
            self._latest[self._sub_name] = max(at, self._latest.get(self._sub_name, at))
        return at, parsed


def _time(text: str) -> Timestamp | None:
    """The time that an attribute tells; None for one that no post can have, which would run the watermark away."""
    try:
        told = Timestamp(micros=int(text) * 1000) if text.isdecimal() else Timestamp.from_rfc3339(text)
    except (ValueError, OverflowError):
        return None
    return told if _EARLIEST <= told <= Timestamp.now() + _AHEAD else None


@contextmanager
def pulling(pulse: Pulse, held: HeldMessages) -> Iterator[None]:
    """Give the local streaming engine this reader while the block runs; it ends when `pulse.stopping` is set.

    What was pulled is `held`, and acknowledged when it must be written; what is left is the caller's to finish.

    Raises:
        ConfigError: another version of Beam is installed than this was written for.
    """
    check_beam()
    PullingReader.pulse, PullingReader.held = pulse, held
    PullingReader._latest.clear()
    transform_evaluator._PubSubReadEvaluator = PullingReader
    try:
        with held.renewed():
            yield
    finally:
        transform_evaluator._PubSubReadEvaluator = _original


def check_beam() -> None:
    """Raise ConfigError when Beam's reader is not the one that this module changes."""
    found = reader_digest()
    if found != KNOWN_READER:
        raise ConfigError(
            f"the installed Apache Beam reads Pub/Sub in another way ({found}) than runners/pubsub_engine.py knows; "
            "install the version that constraints.txt pins, or bring that file up to date"
        )


def reader_digest() -> str:
    """Identifies the code of Beam's local Pub/Sub reader."""
    return hashlib.sha256(inspect.getsource(_original).encode()).hexdigest()[:16]


if __name__ == "__main__":
    print(reader_digest())
