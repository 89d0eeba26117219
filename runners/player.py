"""Plays messages into a topic: waits until each is due, sends it, and learns what became of it."""

from __future__ import annotations

import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from google.api_core.exceptions import GoogleAPICallError
from google.cloud.pubsub_v1.publisher.exceptions import MessageTooLargeError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pipeline.io.pubsub_names import PubSubName
from pipeline.io.read_posts import expand_input
from runners import pubsub
from runners.messages import Message
from runners.playlist import Play, timed


class Sent(Protocol):
    """What the client hands back for a message: done once Pub/Sub has it, or has refused it."""

    def done(self) -> bool:
        """Whether the outcome is known."""

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Waits for the outcome; None when it was taken."""


@dataclass
class Outcome:
    """What became of a play. Futures are settled as they end, so that a long one holds few."""

    published: int = 0
    unreadable: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    behind: float = 0.0
    """The most seconds that a message left after it was due."""
    stopped: bool = False
    """By Ctrl-C, before its end."""
    _open: deque[Sent] = field(default_factory=deque)

    def add(self, message: Message, sent: Sent, late: float) -> None:
        """Take note of a message that is on its way."""
        self.unreadable += message.at is None
        self.behind = max(self.behind, late)
        self._open.append(sent)
        while self._open and self._open[0].done():
            self._settle(self._open.popleft())

    def settle(self) -> None:
        """Wait for every message that is still on its way."""
        while self._open:
            self._settle(self._open.popleft())

    def _settle(self, sent: Sent) -> None:
        try:
            # the client gives up by itself before that
            error = sent.exception(timeout=2 * pubsub.KEEP_TRYING)
        except futures.TimeoutError as late:
            error = late
        if error is None:
            self.published += 1
            return
        text = error.message if isinstance(error, GoogleAPICallError) else str(error)
        self.failures[f"{type(error).__name__}: {text}".rstrip(": ")] += 1


def run(play: Play, create: PubSubName | None = None) -> Outcome:
    """Play to the end, or until Ctrl-C.

    Args:
        play: what to publish where, and how fast.
        create: the subscription to make, with the topic, where they are missing.

    Raises:
        ConfigError: before anything is sent, when it cannot be done as asked.
        TransientError: nobody answers.
    """
    files = expand_input(play.input)
    client = pubsub.publisher()
    if create:
        pubsub.create(client, play.topic, create)
    pubsub.check_topic(client, play.topic)

    def send(message: Message) -> Sent:
        try:
            return client.publish(play.topic.topic, message.data, **message.attributes)  # type: ignore[no-any-return]
        except MessageTooLargeError as error:
            # known before it is sent; all other refusals come through the future
            refused = futures.Future[str]()
            refused.set_exception(error)
            return refused

    with _bar(play.limit) as tick:
        return conduct(timed(play, files), send, tick)


def conduct(
    messages: Iterable[tuple[float, Message]],
    send: Callable[[Message], Sent],
    tick: Callable[[], object] = lambda: None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> Outcome:
    """Send each message when it is due, then wait until all have arrived.

    Args:
        messages: (seconds after the start, message), in that order. The first one starts the clock, so that
            a slow beginning (reading and sorting) is not caught up with.
        send: hands a message to the client.
        tick: called a message.
        clock: seconds.
        sleep: waits so many seconds.
    """
    outcome, started = Outcome(), None
    try:
        for due, message in messages:
            started = clock() - due if started is None else started
            late = clock() - started - due
            if late < 0:
                sleep(-late)
                late = 0.0
            outcome.add(message, send(message), late)
            tick()
    except KeyboardInterrupt:
        outcome.stopped = True
    outcome.settle()
    outcome.seconds = 0.0 if started is None else clock() - started
    return outcome


@contextmanager
def _bar(total: int | None) -> Iterator[Callable[[], Any]]:
    """A bar with the rate on standard error while the block runs, on a terminal only; gives what a message calls."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    columns = (
        *(TextColumn("publishing"), BarColumn(), MofNCompleteColumn()),
        *(TextColumn("{task.fields[rate]}"), TimeElapsedColumn()),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total, rate="")

        def tick() -> None:
            speed = progress.tasks[0].speed
            progress.update(task, advance=1, rate=f"{speed:,.0f} messages/s" if speed else "")

        yield tick
