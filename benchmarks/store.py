"""How the store of profiles bears a million posts of two hundred thousand accounts.

    python benchmarks/store.py --posts 1000000 --accounts 200000
    python benchmarks/store.py --store postgresql+psycopg://user:secret@host/bench --json

Posts come in the order of time and a bundle at a time, as a stream brings them: each bundle is folded by account and
merged into the store, which reads what it has, merges, and writes. Who writes is drawn by Zipf's law: a few write
often, most once or twice. The classifier is not part of it: what it says of each post is drawn.

It prints posts and rows for each second of processor time, a tenth of the posts at a time, while accounts and profiles
grow (with PostgreSQL the server's own time is not in it); memory; the size of the database; and how long reading one
account takes by the clock, and one customer of two accounts, at that size.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress
from streaming import machine

from models.evaluation.tables import table
from pipeline.logic.profile import Fold, ProfileSettings, merge
from pipeline.records import Contribution, Look, Profile
from pipeline.store.profile_store import ProfileStore
from runners.local import spare_collector

START = datetime(2026, 1, 1, tzinfo=UTC)
SPAN = timedelta(days=365)
TOPICS = ("food", "sports", "travel", "technology", "fashion", "music", "finance", "health")
SETTINGS = ProfileSettings()


def bundles(posts: int, accounts: int, size: int, skew: float, seed: int) -> Iterator[list[Profile]]:
    """The posts in order of time, folded by account, so many posts a bundle."""
    chance = np.random.default_rng(seed)
    weights = 1.0 / np.arange(1, accounts + 1) ** skew
    # every account writes once, so that there are as many as were asked for; the rest by Zipf's law
    writers = np.concatenate(
        [np.arange(accounts), chance.choice(accounts, posts - accounts, p=weights / weights.sum())]
    )
    chance.shuffle(writers)
    for start in range(0, posts, size):
        folds: dict[str, Fold] = {}
        for number in range(start, min(start + size, posts)):
            account = f"x:{writers[number]}"
            fold, post = folds.setdefault(account, Fold()), _contribution(number, posts, chance)
            fold.contributions[post.post] = post
            fold.looks[post.post] = Look(post.post, handle=f"person{writers[number]}", followers=int(number % 5000))
        yield [fold.profile(account, SETTINGS) for account, fold in folds.items()]


def _contribution(number: int, posts: int, chance: np.random.Generator) -> Contribution:
    mood, kind = chance.random(2)
    topic = TOPICS[int(chance.integers(len(TOPICS)))]
    return Contribution(
        post=f"x:{number}",
        at=START + SPAN * (number / posts),
        sentiment=round(2 * float(mood) - 1, 4),
        complaint=bool(kind < 0.15),
        severity=2 if kind < 0.15 else 0,
        categories=("delivery",) if kind < 0.15 else (),
        advocacy=bool(kind > 0.9),
        intents=("question",) if 0.4 < kind < 0.5 else (),
        stage="none",
        interests={topic: 0.8},
        language="fa",
        brands=("Parsi",) if kind < 0.3 else (),
        version="1",
    )


def fill(store: ProfileStore, given: argparse.Namespace, progress: Progress) -> list[dict[str, Any]]:
    """Fold and upsert all of it; what each tenth took."""
    task = progress.add_task("fold and upsert", total=given.posts)
    tenths: list[dict[str, Any]] = []
    done = rows = 0
    folding = merging = 0.0
    began = time.process_time()
    for profiles in bundles(given.posts, given.accounts, given.bundle, given.skew, given.seed):
        folded = time.process_time()
        store.merge(profiles, SETTINGS)
        ended = time.process_time()
        folding, merging = folding + folded - began, merging + ended - folded
        done, rows = min(done + given.bundle, given.posts), rows + len(profiles)
        progress.update(task, completed=done)
        if done * 10 // given.posts > len(tenths):
            tenths.append(
                {
                    "posts": done,
                    "posts_per_s": round(given.posts / 10 / (folding + merging), 1),
                    "rows_per_s": round(rows / merging, 1),
                    "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
                }
            )
            rows, folding, merging = 0, 0.0, 0.0
        began = time.process_time()
    return tenths


def reads(store: ProfileStore, accounts: int, tries: int, seed: int) -> dict[str, dict[str, float]]:
    """Milliseconds to read one account at random, the one with most posts, and a customer of two accounts."""
    chance = np.random.default_rng(seed + 1)

    def timed(read: Any) -> dict[str, float]:
        took = []
        for _ in range(tries):
            began = time.perf_counter()
            read()
            took.append(1000 * (time.perf_counter() - began))
        return {f"p{share}": round(float(np.percentile(took, share)), 3) for share in (50, 95, 99)}

    def one() -> Profile:
        found = store.read(f"x:{chance.integers(accounts)}")
        assert found
        return found

    return {
        "an account": timed(one),
        "a customer of two": timed(lambda: merge(one(), one(), SETTINGS)),
        "the most talkative account": timed(lambda: store.read("x:0")),
    }


def main() -> int:
    """Measure and print; returns 0."""
    given = _parser().parse_args()
    with tempfile.TemporaryDirectory() as place, Progress(console=Console(stderr=True), transient=True) as progress:
        store = ProfileStore(given.store or f"sqlite:///{place}/store.db")
        store.create_tables()
        spare_collector()  # as a run does
        tenths = fill(store, given, progress)
        found = {
            "about": {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), "store": store.shown_url}
            | {name: getattr(given, name) for name in ("posts", "accounts", "bundle", "skew", "seed")},
            "tenths": tenths,
            "growth": round(tenths[0]["posts_per_s"] / tenths[-1]["posts_per_s"], 2),
            "database_mb": _size(Path(place)),
            "reads_ms": reads(store, given.accounts, given.reads, given.seed),
        }
        store.close()
    print(json.dumps(found, indent=1) if given.json else _markdown(found))
    return 0


def _size(place: Path) -> int | None:
    files = [each.stat().st_size for each in place.iterdir()]
    return round(sum(files) / 1e6) if files else None


def _markdown(found: dict[str, Any]) -> str:
    of = found["about"]
    head = f"{of['date']}, {of['machine']}: {of['posts']:,} posts of {of['accounts']:,} accounts"
    rows = [
        (f"{t['posts']:,}", f"{t['posts_per_s']:,}", f"{t['rows_per_s']:,}", f"{t['memory_mb']:,}")
        for t in found["tenths"]
    ]
    read = [(name, *(f"{ms:g}" for ms in each.values())) for name, each in found["reads_ms"].items()]
    size = "" if found["database_mb"] is None else f", the database {found['database_mb']:,} MB"
    return "\n\n".join(
        [
            f"{head}, bundles of {of['bundle']:,}",
            table(("posts so far", "posts/s", "rows merged/s", "peak memory (MB)"), rows),
            f"the last tenth took {found['growth']:g} times as long as the first{size}",
            table(("reading (ms)", "p50", "p95", "p99"), read),
        ]
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=1_000_000)
    parser.add_argument("--accounts", type=int, default=200_000)
    parser.add_argument("--bundle", type=int, default=5_000, help="posts folded and merged at a time")
    parser.add_argument("--skew", type=float, default=0.8, help="of Zipf's law")
    parser.add_argument("--reads", type=int, default=2_000, help="tries of each read")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--store", metavar="URL", help="an empty database (default: a SQLite file of its own)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser


if __name__ == "__main__":
    sys.exit(main())
