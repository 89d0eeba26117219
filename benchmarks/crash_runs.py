"""Two runs over one stream: one is left alone, one is killed again and again."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from crash_stream import Posting
from google.cloud.pubsub_v1.subscriber.message import Message as Received
from jobs import StreamingJob, listening, posts_known, running, wait_until
from postings import CONFIG
from rich.console import Console
from standing import read_dead_letters, read_events

from pipeline.io.pubsub_names import PubSubName
from pipeline.logic import pacing
from runners import player, pubsub
from runners.held_messages import LEASE_S
from runners.messages import Message

EVER = datetime.min.replace(tzinfo=UTC)
LEASES_S = LEASE_S + 15.0
"""So long after a kill everything that it took with it has been delivered again."""
LIMIT_S, STALLED_S = 4 * 3600.0, 240.0
"""Seconds that a run may take, and that nothing may come of it: longer than an outage and the pauses after it."""
IN_FP32 = {"ATEN_CPU_CAPABILITY": "avx2"}
"""Else the job computes in bf16 where the processor can. There a score hangs on the batch that its post is in, by up
to 0.01: a post that comes again may be judged otherwise, and that would hide what a crash alone changes."""


@dataclass(frozen=True)
class Published:
    """A stream as the server numbered its messages."""

    keys: Mapping[int, str | None]
    """Number of a message → key of its post; None where no post can be read from it."""
    times: Mapping[int, datetime]
    """When each was sent; the server's clock is ours."""

    def since(self, moment: datetime) -> set[str]:
        """What has to come of the messages sent from then on: keys of posts, numbers of dead letters."""
        return {self.keys[number] or str(number) for number, at in self.times.items() if at >= moment}

    def replay_from(self, written: Set[str], crash: datetime, margin: timedelta) -> datetime:
        """From when on a run that crashed must be given everything again.

        Args:
            written: keys and numbers, as `since` gives them, that are in finished files.
            crash: when.
            margin: how long before the crash, or before the first message that is not written if that is earlier.
        """
        missing = (at for n, at in self.times.items() if self.keys[n] not in written and str(n) not in written)
        return max(min([crash, *missing]) - margin, min(self.times.values()))


def publish(topic: PubSubName, stream: Sequence[Posting], rate: float) -> Published:
    """Send it, so many messages a second."""
    sent: list[tuple[datetime, Any]] = []
    with pubsub.publisher() as client:

        def send(message: Message) -> player.Sent:
            sent.append((datetime.now(UTC), client.publish(topic.topic, message.data, **message.attributes)))
            return sent[-1][1]  # type: ignore[no-any-return]

        player.conduct(zip(pacing.at_rate(rate), (each.message for each in stream), strict=False), send)
    numbers = [int(future.result().removeprefix("m")) for _, future in sent]
    return Published(
        keys={number: posting.key for number, posting in zip(numbers, stream, strict=True)},
        times={number: at for number, (at, _) in zip(numbers, sent, strict=True)},
    )


@dataclass
class Run:
    """Where a run reads and writes, and what has come of it since its job last started."""

    output: Path
    posts: PubSubName
    config: Path
    seen: set[str] = field(default_factory=set)
    """Keys of enriched posts, numbers of dead letters."""
    moved_at: float = 0.0
    """When something last came, or the job began to pull; by time.monotonic()."""

    def see(self, what: str) -> None:
        """Something came."""
        self.seen.add(what)
        self.moved_at = time.monotonic()

    @property
    def alerts(self) -> PubSubName:
        """Topic and subscription of its alerts."""
        return replace(self.posts, name=f"{self.posts.name}-alerts")

    @contextmanager
    def job(self, *flags: str) -> Iterator[StreamingJob]:
        """Its job, from when it pulls; deadlines follow the posts."""
        topics = ("--alerts", str(self.alerts), "--enriched", f"{self.posts}-events", "--dead-letters")
        flags = ("--event-time", "created_at", *topics, f"{self.posts}-letters", *flags)
        self.seen.clear()
        with running(self.output, self.posts, self.config, *flags, environment=IN_FP32) as job:
            job.wait_until_it_pulls()
            self.moved_at = time.monotonic()
            yield job

    def until_known(self, job: StreamingJob, posts: int) -> None:
        """Wait until the store knows so many posts, or nothing more comes."""

        def done() -> bool:
            job.check()
            return posts_known(job.store) >= posts

        # what comes again after a crash is known already
        wait_until(done, LIMIT_S, lambda: len(self.seen), STALLED_S)

    def finish(self, job: StreamingJob, wanted: Collection[str], calm: float = 0.0) -> None:
        """Wait until all of that has come and nothing for so many seconds, or nothing more comes; stop by SIGTERM."""

        def done() -> bool:
            job.check()
            return self.seen.issuperset(wanted) and time.monotonic() - self.moved_at >= calm

        wait_until(done, LIMIT_S, lambda: len(self.seen), STALLED_S)
        job.stop()


@contextmanager
def two_runs(place: Path, topic: PubSubName) -> Iterator[tuple[Run, Run]]:
    """Two runs over two subscriptions of one topic, with all that they need."""
    place.mkdir(parents=True, exist_ok=True)
    config = place / "config.yaml"
    # the words of alerts change nothing of what is compared, and two thirds of the time would go into them
    config.write_text(yaml.safe_dump(yaml.safe_load(CONFIG.read_text("utf-8")) | {"explain_alerts": False}), "utf-8")
    with ExitStack() as open_, pubsub.publisher() as client:
        made = []
        for name in "ab":
            run = Run(place / name, replace(topic, name=f"{topic.name}-{name}"), config)
            pubsub.create(client, topic, run.posts)
            pubsub.create(client, run.alerts, run.alerts)
            # bound here, since the loop goes on
            takes = {
                "events": lambda message, run=run: run.see(message.attributes["post"]),
                "letters": lambda message, run=run: run.see(_number(message)),
            }
            for kind, take in takes.items():
                heard = replace(topic, name=f"{run.posts.name}-{kind}")
                pubsub.create(client, heard, heard)
                open_.enter_context(listening(heard, take))
            made.append(run)
        yield made[0], made[1]


def undisturbed(run: Run, topic: PubSubName, stream: Sequence[Posting], rate: float) -> Published:
    """Publish the stream while the run goes on, to its end."""
    with run.job() as job:
        published = publish(topic, stream, rate)
        run.finish(job, published.since(EVER))
    return published


def disturbed(
    run: Run,
    published: Published,
    kills: int,
    chance: random.Random,
    away: float = 0.0,
    replay: timedelta | None = None,
    linger: float = 10.0,
    log: Console | None = None,
) -> list[dict[str, Any]]:
    """Read what was published, killed so many times and started again; returns when.

    Args:
        away: seconds that the store is locked by somebody else, once, in the middle.
        replay: start again with `--replay-from`, so much earlier than need be. None: just so, when what the crash took
            with it comes again as its leases run out.
        linger: a kill comes up to so many seconds after the post that it waits for, in the midst of whatever is done.
        log: where to tell of it.
    """
    log = log or Console(quiet=True)
    posts = len({key for key in published.keys.values() if key})
    marks = sorted(chance.randint(1, max(posts - 1, 1)) for _ in range(kills))
    told: list[dict[str, Any]] = []
    wanted, flags = published.since(EVER), list[str]()
    for life in range(kills + 1):
        with run.job(*flags) as job:
            mark = marks[life] if life < kills else posts // 2
            if away and life == kills // 2:
                run.until_known(job, mark)
                log.print(f"store away for {away:g} s")
                with _locked(job.store):
                    time.sleep(away)
            if life == kills:
                run.finish(job, wanted, calm=LEASES_S if kills and replay is None else 0.0)
                break
            run.until_known(job, mark)
            time.sleep(chance.uniform(0, linger))
            job.check()
            known, crash = posts_known(job.store), datetime.now(UTC)
            job.kill()
        written = {*read_events(run.output), *read_dead_letters(run.output)}
        wanted = published.since(EVER) - written
        if replay is not None:
            again = published.replay_from(written, crash, replay)
            wanted, flags = published.since(again), ["--replay-from", again.isoformat()]
        told.append({"known": known, "written": len(written)})
        log.print(f"killed at {known:,} of {posts:,} posts, {len(written):,} messages in finished files")
    return told


@contextmanager
def _locked(store: Path) -> Iterator[None]:
    with closing(sqlite3.connect(store, timeout=60, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


def _number(letter: Received) -> str:
    """Of the message that is in a dead letter."""
    return str(json.loads(letter.data)["position"])
