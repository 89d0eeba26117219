"""What is played: the messages of files, each with the moment when it is due."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice, repeat

from pipeline.clock import system_clock
from pipeline.io.pubsub_names import PubSubName
from pipeline.logic import pacing
from pipeline.logic.parsing import ParseSettings
from runners.messages import Message, read_messages


@dataclass(frozen=True)
class Play:
    """What `shenava publish` was asked for."""

    input: str
    topic: PubSubName
    settings: ParseSettings
    rate: float | None = None
    speed: float | None = None
    limit: int | None = None
    loop: bool = False


def timed(play: Play, files: Sequence[str]) -> Iterator[tuple[float, Message]]:
    """The messages of a play, each with the seconds after the start when it is due."""
    if play.speed is not None:
        messages = _in_post_time(play, files, play.speed)
    else:
        due = pacing.at_rate(play.rate) if play.rate is not None else repeat(0.0)
        messages = zip(due, _in_file_order(play, files), strict=False)
    return islice(messages, play.limit)


def _in_file_order(play: Play, files: Sequence[str]) -> Iterator[Message]:
    again = True
    while again:
        # files without a record would be read for ever
        again = False
        for file in files:
            for message in read_messages(file, play.settings, system_clock()):
                again = play.loop
                yield message


def _in_post_time(play: Play, files: Sequence[str], speed: float) -> Iterator[tuple[float, Message]]:
    """In order of post time; every message is held in memory for that."""
    messages, times = [], []
    for file in files:
        of_file = list(read_messages(file, play.settings, system_clock()))
        messages += of_file
        times += pacing.filled([message.at for message in of_file])
    order = pacing.in_post_time(times, speed)
    for number in count() if play.loop and order else range(1):
        yield from ((number * pacing.round_length(order) + due, messages[index]) for due, index in order)
