"""`shenava publish`: files into a Pub/Sub topic, at a steady rate or in the posts' own time."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError
from pipeline.io.pubsub_names import PubSubName, check_name, parse_pubsub
from runners.flags import DEFAULT_CONFIG, add_command, add_json, count, positive

if TYPE_CHECKING:
    from runners.player import Outcome
    from runners.playlist import Play

_NOTED_DELAY = 0.1
_EXAMPLES = """\
examples:
  shenava publish examples/parsi/posts --to pubsub://demo-project/posts --create
  shenava publish 'posts/2026-10-*.jsonl.gz' --to pubsub://my-project/posts --rate 200
  shenava publish posts.csv --to pubsub://my-project/posts --config my.yaml --speed 3600
  shenava publish posts.jsonl --to pubsub://demo-project/posts --rate 50 --loop

without a cloud account:
  scripts/pubsub-server &
  export PUBSUB_EMULATOR_HOST=127.0.0.1:8085

A message is a record as it stands in its file; a CSV row becomes a JSON object of its header, an Avro record one of
its fields. What no post can be read from is published too, for the pipeline to dead-letter. Attributes: `source`
(file:line) and `created_at` (time of the post). --speed 3600 plays an hour of posts in a second; it reads everything
first, and plays a record without a time behind the record before it. --loop sends the same posts again, which the
pipeline drops as duplicates: it is for watching and for load.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `publish`."""
    parser = add_command(commands, "publish", "play files of posts into a Pub/Sub topic", _publish, _EXAMPLES)
    parser.add_argument("input", metavar="FILE", help="file, glob or directory: .jsonl, .csv, .avro, .gz")
    parser.add_argument("--to", required=True, metavar="pubsub://PROJECT/TOPIC", help="where the messages go")
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument("--rate", type=positive, metavar="N", help="messages a second (default: as fast as it can)")
    pace.add_argument("--speed", type=positive, metavar="X", help="in post time, X times as fast as it went by")
    parser.add_argument("--limit", type=count, metavar="N", help="at most so many messages")
    parser.add_argument("--loop", action="store_true", help="play again and again, until --limit or Ctrl-C")
    parser.add_argument("--create", action="store_true", help="make the topic, and a subscription, if missing")
    parser.add_argument(
        "--subscription", metavar="NAME", help="name of the subscription that --create makes (default: the topic's)"
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=DEFAULT_CONFIG,
        metavar="FILE",
        help="the company's YAML, for the shape of the records",
    )
    parser.add_argument("--format", metavar="NAME", help="shape of the records, as `shenava run` takes it")
    add_json(parser, "print the outcome as JSON")


def _publish(given: argparse.Namespace) -> int:
    from pipeline.config import load_config
    from runners import player, playlist

    topic = parse_pubsub(given.to, "--to")
    play = playlist.Play(
        input=given.input,
        topic=topic,
        settings=load_config(given.config).with_format(given.format).parse_settings(),
        rate=given.rate,
        speed=given.speed,
        limit=given.limit,
        loop=given.loop,
    )
    outcome = player.run(play, _subscription(topic, given.create, given.subscription))
    if given.json:
        print(json.dumps(_summary(outcome, play), ensure_ascii=False))
    else:
        _show(outcome, play)
    if outcome.failures:
        return 1
    # a loop has no other end
    return 130 if outcome.stopped and not play.loop else 0


def _subscription(topic: PubSubName, create: bool, name: str | None) -> PubSubName | None:
    if name is not None and not create:
        raise ConfigError("--subscription: it names what --create makes; say --create too")
    return replace(topic, name=check_name(name or topic.name, "--subscription")) if create else None


def _summary(outcome: Outcome, play: Play) -> dict[str, object]:
    seconds = outcome.seconds
    return {
        "to": str(play.topic),
        "published": outcome.published,
        "failed": outcome.failures.total(),
        "failures": outcome.failures,
        "unreadable": outcome.unreadable,
        "seconds": round(seconds, 3),
        "per_second": round(outcome.published / seconds, 1) if seconds else None,
        "behind_seconds": round(outcome.behind, 3) if play.rate or play.speed else None,
        "stopped": outcome.stopped,
    }


def _show(outcome: Outcome, play: Play) -> None:
    seconds = outcome.seconds
    rate = f", {outcome.published / seconds:,.1f} a second" if seconds else ""
    print(f"{play.topic}: {outcome.published:,} messages in {seconds:,.1f} s{rate}")
    if outcome.unreadable:
        print(f"  no post could be read from {outcome.unreadable:,} of them: they went as they are")
    if (play.rate or play.speed) and outcome.behind > _NOTED_DELAY:
        print(f"  this machine could not keep up: the latest left {outcome.behind:,.1f} s after its time")
    if outcome.stopped:
        print("  stopped before the end")
    for failure, times in outcome.failures.most_common():
        print(f"shenava: {times:,} messages were not taken: {failure}", file=sys.stderr)
