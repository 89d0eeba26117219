"""Beam's local streaming engine, made fit for Pub/Sub.

As it comes, `BundleBasedDirectRunner` pulls 10 messages a time, waits up to 30 s for them in its only worker, takes
the wall clock for the watermark, and never ends. `PullingReader` pulls many, waits briefly, follows the posts' own
clock where the messages tell it, and stops pulling when asked: then the watermark goes to the end, what is under way
is finished, every timer fires, and the run ends by itself.

The reader it derives from is private to Beam: `check_beam` refuses another one than it was written for.
"""

from __future__ import annotations

import hashlib
import inspect
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from apache_beam.runners.direct import transform_evaluator
from apache_beam.runners.direct.util import TransformResult
from apache_beam.utils.timestamp import MAX_TIMESTAMP, Duration, Timestamp
from google.api_core import exceptions

from pipeline.errors import ConfigError

PULL = 1000
"""Messages a pull, the most that Pub/Sub gives."""
WAIT_S = 0.25
"""Seconds that a pull waits for a message; timers and drains wait as long."""
BEHIND = Duration(seconds=0)
KNOWN_READER = "eacf0a39a085fd9f"
"""Digest of the reader in Beam 2.77; `python -m runners.pubsub_engine` prints that of the one installed."""

# what Google's own client tries again for a pull, and its own time running out
_PASSING = (exceptions.Aborted, exceptions.DeadlineExceeded, exceptions.ServiceUnavailable, exceptions.Unknown)
_original = transform_evaluator._PubSubReadEvaluator


class PullingReader(_original):  # type: ignore[misc, valid-type]
    """Beam's reader with a bigger pull, a watermark that follows the posts, and an end."""

    stopping = threading.Event()
    _latest: ClassVar[dict[str, Timestamp]] = {}

    def _read_from_pubsub(self, timestamp_attribute: str | None) -> list[Any]:
        client = self._get_subscriber_client(self._applied_ptransform)
        try:
            response = client.pull(subscription=self._sub_name, max_messages=PULL, timeout=WAIT_S, retry=None)
        except _PASSING:
            return []  # nothing there yet, or nobody there: the next pull asks again
        ids = [received.ack_id for received in response.received_messages]
        if ids:
            client.acknowledge(subscription=self._sub_name, ack_ids=ids)
        return [self._stamped(received.message, timestamp_attribute) for received in response.received_messages]

    def finish_bundle(self) -> TransformResult:
        if self.stopping.is_set():
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
    try:
        return Timestamp(micros=int(text) * 1000) if text.isdecimal() else Timestamp.from_rfc3339(text)
    except (ValueError, OverflowError):
        return None


@contextmanager
def pulling() -> Iterator[threading.Event]:
    """Give the local streaming engine this reader while the block runs; the event that is yielded stops it.

    Raises:
        ConfigError: another version of Beam is installed than this was written for.
    """
    check_beam()
    PullingReader.stopping.clear()
    PullingReader._latest.clear()
    transform_evaluator._PubSubReadEvaluator = PullingReader
    try:
        yield PullingReader.stopping
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
