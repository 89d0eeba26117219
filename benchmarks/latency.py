"""How long an alert takes, and how many posts a second the job does, at given rates of posts."""

from __future__ import annotations

import json
import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice, repeat
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from google.cloud.pubsub_v1.subscriber.message import Message as Received
from jobs import JobEndedError, StreamingJob, listening, posts_known, running, wait_until
from postings import CONFIG, OWN_ACCOUNT, canonical, endless, severe
from rich.progress import Progress

from pipeline.config import load_config
from pipeline.io.pubsub_names import PubSubName
from pipeline.logic import pacing
from pipeline.records import iso_time
from runners import player, pubsub
from runners.messages import Message

ACCOUNTS = 5_000
"""Customers who write the posts that are no severe complaints; each of those has an account of its own."""
UNDER_WAY_S = 5.0
"""A rate is sustained when no more than the posts of so many seconds are under way as the last one is sent."""
DRAIN_S, STALLED_S = 1800.0, 120.0
"""Seconds to wait for what is under way, and that nothing may come of it."""
TAIL_S = 60.0
"""Seconds to wait for the next alert once all posts are known: those of a bundle come together."""
UNANSWERED = 2
"""Severe complaints that wait for an answer, where they are answered."""
WARM_UP = 20
"""Posts before the first that is measured, and again as many until the first alert comes."""


class Post(NamedTuple):
    """A post to publish: its id, itself in Shenava's own form, and when it was written."""

    name: str
    data: bytes
    at: datetime


@dataclass
class Bench:
    """A job that runs, what is published to it, and what comes back. Moments are those of `time.monotonic`."""

    job: StreamingJob
    publish: Any
    """Client."""
    topic: PubSubName
    posts: Iterator[Post]
    sent: dict[str, float] = field(default_factory=dict)
    """Post → when it was handed to the client."""
    told: dict[str, float] = field(default_factory=dict)
    """Post → when the alert that escalates it came."""

    def play(self, rate: float | None, number: int, progress: Progress, what: str) -> player.Outcome:
        """Publish so many posts a second, None: as fast as they go; returns when the server has all."""

        def send(message: Message) -> player.Sent:
            self.sent[message.attributes["source"]] = time.monotonic()
            future: player.Sent = self.publish.publish(self.topic.topic, message.data, **message.attributes)
            return future

        made = (
            Message(post.data, {"source": post.name, "created_at": iso_time(post.at)}, post.at)
            for post in islice(self.posts, number)
        )
        task = progress.add_task(what, total=number)
        due = pacing.at_rate(rate) if rate else repeat(0.0)
        return player.conduct(zip(due, made, strict=False), send, lambda: progress.advance(task))

    def known(self) -> int:
        """Posts that the job has done; raises JobEndedError when it no longer runs."""
        self.job.check()
        return posts_known(self.job.store)

    def drain(self) -> float | None:
        """When everything that was published had come to be known and every alert had come; None when it did not."""
        whole = wait_until(lambda: self.known() >= len(self.sent), DRAIN_S, self.known, STALLED_S)
        ended = time.monotonic()
        # a post is known before its alert is told: that waits for its words
        loud = {post for post in self.sent if is_severe(post)}
        wait_until(lambda: self.told.keys() >= loud, DRAIN_S, lambda: len(self.told), TAIL_S)
        return max([ended, *self.told.values()]) if whole else None


@contextmanager
def warm(
    place: Path,
    name: str,
    texts: Sequence[str],
    share: float,
    model: str | None,
    seed: int,
    clock: Callable[[], datetime] | None = None,
) -> Iterator[Bench]:
    """A job with topics of its own, from when it has told its first alert.

    Args:
        share: of severe complaints among the posts.
        clock: when posts are written, which deadlines then follow, and the severe ones are answered soon. None: now.
    """
    topic, alerts = PubSubName("demo-project", name), PubSubName("demo-project", f"{name}-alerts")
    flags = ["--alerts", str(alerts), *(["--model", model] if model else [])]
    flags += ["--event-time", "created_at"] if clock else []
    rules = {rule.name for rule in load_config(CONFIG).alerts}
    chance = random.Random(seed)
    with ExitStack() as open_:
        client = open_.enter_context(pubsub.publisher())
        for each in (topic, alerts):
            pubsub.create(client, each, each)
        job = open_.enter_context(running(place / name, topic, CONFIG, *flags))
        bench = Bench(job, client, topic, _posts(name, texts, share, chance, clock))

        def take(message: Received) -> None:
            now = time.monotonic()
            # steps of cases are told by deadlines, which have nothing to do with how fast a post is done
            if message.attributes["rule"] in rules:
                bench.told.setdefault(json.loads(message.data)["post_id"], now)

        open_.enter_context(listening(alerts, take))
        job.wait_until_it_pulls()
        with Progress(disable=True) as quiet:
            while not bench.told:
                bench.play(None, WARM_UP, quiet, "warming up")
                if bench.drain() is None:
                    raise JobEndedError("no alert came of posts that should raise some")
        yield bench
        job.stop()


def at_rate(bench: Bench, rate: float, seconds: float, progress: Progress) -> dict[str, Any]:
    """What came of so many posts a second for so many seconds."""
    before, known = set(bench.sent), bench.known()
    began = time.monotonic()
    outcome = bench.play(rate, round(rate * seconds), progress, f"{rate:g} posts/s")
    ended, done = time.monotonic(), bench.known()
    under_way = len(bench.sent) - done
    drained = bench.drain()
    posts = bench.sent.keys() - before
    latencies = sorted(bench.told[post] - bench.sent[post] for post in posts & bench.told.keys())
    return {
        "rate": rate,
        "posts": len(posts),
        "late_s": round(outcome.behind, 2),
        "alerts": len(latencies),
        "severe": sum(is_severe(post) for post in posts),
        "latency_s": percentiles(latencies),
        "processed_per_s": round((done - known) / (ended - began), 1),
        "under_way": under_way,
        "drained_s": None if drained is None else round(drained - ended, 1),
        "sustained": drained is not None and under_way <= UNDER_WAY_S * rate,
    }


def capacity(bench: Bench, posts: int, progress: Progress) -> dict[str, Any]:
    """Posts a second when they are always there, from the first bundle that is known to the last alert.

    Of too few posts for two bundles it is from the beginning, the engine's waiting included.
    """
    start, began = bench.known(), time.monotonic()
    bench.play(None, posts, progress, "as fast as it can")
    task = progress.add_task("done", total=posts)
    # the job counts a bundle at a time, so what it did is known at its ends only
    ends: list[tuple[float, int]] = []

    def done() -> bool:
        known = bench.known() - start
        progress.update(task, completed=known)
        if known and (not ends or known > ends[-1][1]):
            ends.append((time.monotonic(), known))
        return known >= posts

    wait_until(done, DRAIN_S, lambda: len(ends), STALLED_S)
    last = bench.drain()
    if last is None:
        return {"posts": posts, "per_s": None}
    first, some = ends[0] if len(ends) > 1 else (began, 0)
    return {"posts": posts, "per_s": round((ends[-1][1] - some) / (last - first), 1)}


def percentiles(latencies: Sequence[float]) -> dict[str, float] | None:
    """p50, p95, p99 and max in seconds; None without any."""
    if not latencies:
        return None
    names = ("p50", "p95", "p99", "max")
    return {
        name: round(float(np.percentile(latencies, at)), 2) for name, at in zip(names, (50, 95, 99, 100), strict=True)
    }


def is_severe(post_id: str) -> bool:
    """Whether the post is one of the complaints that raise an alert."""
    return post_id.endswith("!")


def fast_clock(span: timedelta, seconds: float) -> Callable[[], datetime]:
    """A clock that goes through the `span` before now within so many seconds, and then stands still."""
    ended, began = datetime.now(UTC), time.monotonic()
    return lambda: ended - span * max(0.0, 1 - (time.monotonic() - began) / seconds)


def _posts(
    name: str, texts: Sequence[str], share: float, chance: random.Random, clock: Callable[[], datetime] | None
) -> Iterator[Post]:
    """Posts without end, no text twice."""
    waiting: deque[str] = deque()
    for number, text in enumerate(endless(texts, chance)):
        at = clock() if clock else datetime.now(UTC)
        if len(waiting) > UNANSWERED:
            post_id, more = f"{name}-{number}-reply", {"in_reply_to_post_id": waiting.popleft()}
            yield Post(post_id, canonical(post_id, OWN_ACCOUNT, text, at, **more), at)
            continue
        loud = chance.random() < share
        post_id = f"{name}-{number}{'!' * loud}"
        account = post_id if loud else f"{name}-account-{chance.randrange(ACCOUNTS)}"
        if loud and clock:
            waiting.append(post_id)
        yield Post(post_id, canonical(post_id, account, severe(number) if loud else text, at), at)
