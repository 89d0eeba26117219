"""Alerts as they come, from a subscription or from JSON Lines files."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from google.cloud.pubsub_v1.subscriber.message import Message
from google.cloud.pubsub_v1.types import FlowControl

from pipeline.errors import ConfigError, RecordError
from pipeline.io.pubsub_names import PubSubName
from pipeline.records import Alert, CustomerBrief, from_dict
from runners import pubsub
from schemas import validate

POLL = 0.25
"""Seconds between two looks: at the files that are followed, and at whether the time is up."""
_HELD = 100
_TIMES = ("created_at", "due_at", "raised_at", "first_seen")
_ALERT = frozenset(each.name for each in fields(Alert))
_BRIEF = frozenset(each.name for each in fields(CustomerBrief))


@dataclass(frozen=True, slots=True)
class Received:
    """Something that should be an alert, and where it came from."""

    data: bytes
    source: str
    """Message id, or file and line."""
    done: Callable[[], object] = lambda: None
    """To be called once it has been shown; until then a subscription would deliver it again."""


def read_alert(data: bytes) -> Alert:
    """The alert in a message or line; fields that this version does not know are passed over.

    Raises:
        RecordError: it is no alert; the message names what is wrong and quotes no value.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise RecordError("bad_json", "is no JSON") from None
    if not isinstance(value, dict):
        raise RecordError("not_an_object", "is JSON but no object")
    record = _known(value, _ALERT)
    if isinstance(record.get("customer"), dict):
        record["customer"] = _known(record["customer"], _BRIEF)
    validate(record, "alert")
    return from_dict(Alert, record)


def from_subscription(name: PubSubName, seconds: float | None) -> Generator[Received, None, None]:
    """What a subscription delivers, by streaming pull, for so many seconds or until the generator is closed.

    What was delivered and not shown goes back at once, for others.

    Raises:
        ConfigError: there is no such subscription.
        TransientError: nobody answers.
    """
    inbox = _Inbox()
    until = _deadline(seconds)
    with pubsub.plain_errors(f"--from {name}", "`shenava publish --create` makes one"), pubsub.subscriber() as client:
        # asked first, since the stream would try an absent server again and again without a word
        client.get_subscription(subscription=name.subscription, retry=None, timeout=pubsub.ANSWER_WITHIN)
        stream = client.subscribe(name.subscription, inbox.put, flow_control=FlowControl(max_messages=_HELD))
        try:
            # it ends by itself only with an error, which the last line below raises
            while time.monotonic() < until and not stream.done():
                if message := inbox.take():
                    yield Received(message.data, f"message {message.message_id}", message.ack)
        finally:
            inbox.close()
            stream.cancel()
            # waits until the acknowledgements are sent
            stream.result(timeout=pubsub.ANSWER_WITHIN)


def from_files(path: Path, follow: bool, seconds: float | None) -> Generator[Received, None, None]:
    """The lines of a file, or of every .jsonl file below a directory; of the output of a run, those of its alerts.

    With `follow`, also what is added to them later, for so many seconds or without end. Then a line
    counts once its line break is there.

    Raises:
        ConfigError: there is nothing to read, and nothing to wait for.
    """
    if not path.exists() or not (follow or _files(path)):
        raise ConfigError(f"--from {path}: no .jsonl file there; or name pubsub://PROJECT/SUBSCRIPTION")
    # a directory is looked through anew each time: a streaming job adds files
    read: dict[Path, tuple[int, int]] = {}
    until = _deadline(seconds)
    while True:
        for file in _files(path):
            offset, number = read.get(file, (0, 0))
            if file.stat().st_size < offset:
                # written anew
                offset, number = 0, 0
            with file.open("rb") as opened:
                opened.seek(offset)
                for line in opened:
                    if follow and not line.endswith(b"\n"):
                        break
                    offset, number = offset + len(line), number + 1
                    if line.strip():
                        yield Received(line, f"{file}:{number}")
            read[file] = offset, number
        if not follow or time.monotonic() >= until:
            return
        time.sleep(POLL)


class _Inbox:
    """Messages between the client's threads and the one that shows them; nothing stays in it once it is closed."""

    def __init__(self) -> None:
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False

    def put(self, message: Message) -> None:
        """What the client calls with each message."""
        with self._lock:
            if self._closed:
                message.nack()
            else:
                self._messages.put(message)

    def take(self) -> Message | None:
        """The next message, or None when none came for a while."""
        with suppress(queue.Empty):
            return self._messages.get(timeout=POLL)
        return None

    def close(self) -> None:
        """Hand back what was not taken, and what may still come."""
        with self._lock:
            self._closed = True
            while not self._messages.empty():
                self._messages.get().nack()


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    alerts = path / "alerts"
    return sorted((alerts if alerts.is_dir() else path).rglob("*.jsonl"))


def _deadline(seconds: float | None) -> float:
    return float("inf") if seconds is None else time.monotonic() + seconds


def _known(value: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: _time(item) if name in _TIMES else item for name, item in value.items() if name in names}


def _time(value: Any) -> Any:
    """A time from its text; anything else stays, for the schema to refuse."""
    with suppress(ValueError, TypeError):
        return datetime.fromisoformat(value)
    return value
