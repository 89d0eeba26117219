"""Two runs over one stream, one of them killed again and again: do they end with the same?

    python benchmarks/crash.py --posts 20000 --rate 200 --kills 10 --poison 200

Posts with cases, replies and thanks, and poison among them (crash_stream.py, poison.py), go through the local Pub/Sub
server to two subscriptions. Run A reads the first undisturbed. Run B reads the second afterwards; its process group is
killed with SIGKILL at random moments and started again, and for a while another process holds the store's write lock.
Both are stopped by SIGTERM and compared: events (the newest version of each post), profiles, cases, alerts, KPIs and
dead letters, but for the last digits of scores and the counts of corrections. Exit code 1 when anything differs or is
lost. An alert may be told twice (at least once is promised); that is counted.

Run B is started again as docs/operations.md says: just so, and what the crash took with it is delivered again as its
leases run out. With --replay SECONDS it is started with `--replay-from` instead. A seek drops what was published
earlier and not yet delivered, so it goes back to SECONDS before the crash, or before the oldest message that is in no
finished file if that is earlier, and never to before the stream began.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import crash_report
from crash_runs import disturbed, two_runs, undisturbed
from crash_stream import make
from jobs import server
from postings import default_inputs, read_texts
from rich.console import Console
from standing import compare, lost, read_standing

from pipeline.io.pubsub_names import PubSubName

POSTS = PubSubName("demo-project", "crash")


def main() -> int:
    """Returns 0 when both runs left the same and nothing was lost."""
    given = _parser().parse_args()
    log = Console(stderr=True)
    stream = make(given.posts, given.poison, read_texts(given.texts or default_inputs()), given.seed)
    with tempfile.TemporaryDirectory() as place, server(), two_runs(given.keep or Path(place), POSTS) as (a, b):
        log.print(f"run A: {len(stream):,} messages, {given.rate:g} a second")
        began = time.monotonic()
        published = undisturbed(a, POSTS, stream, given.rate)
        between = time.monotonic()
        log.print(f"run A took {between - began:,.0f} s; run B")
        killed = disturbed(
            *(b, published, given.kills, random.Random(given.seed)),
            away=given.store_away,
            replay=None if given.replay is None else timedelta(seconds=given.replay),
            log=log,
        )
        ended = time.monotonic()
        left = {"a": read_standing(a.output), "b": read_standing(b.output)}
        found = crash_report.found(
            compare(left["a"], left["b"]),
            {name: lost(published.keys, each) for name, each in left.items()},
            {
                run: crash_report.told_counts(crash_report.told(each.alerts), left[run])
                for run, each in zip("ab", (a, b), strict=True)
            },
        )
    found |= {
        "about": {name: getattr(given, name) for name in ("posts", "poison", "rate", "seed", "store_away", "replay")},
        "seconds": {"a": round(between - began, 1), "b": round(ended - between, 1)},
        "killed": killed,
    }
    print(json.dumps(found, indent=1, ensure_ascii=False) if given.json else crash_report.markdown(found))
    return 0 if found["same"] else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--rate", type=float, default=200, help="messages a second")
    parser.add_argument("--kills", type=int, default=10, help="SIGKILLs of run B")
    parser.add_argument("--store-away", type=float, default=60, help="seconds that the store is locked, 0: never")
    parser.add_argument("--poison", type=int, default=200, help="poison messages")
    parser.add_argument("--replay", type=float, metavar="SECONDS", help="start again with --replay-from, see above")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--texts", nargs="+", metavar="FILE", help="where texts come from (default: sample and streams)"
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the outputs of both runs here")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser


if __name__ == "__main__":
    sys.exit(main())
