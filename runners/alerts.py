"""`shenava alerts tail`: alerts on the screen as they come."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing, suppress
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline.errors import ConfigError, RecordError
from pipeline.io.pubsub_names import is_pubsub, parse_pubsub
from pipeline.records import iso_time, to_dict
from runners.flags import DEFAULT_CONFIG, add_command, add_json, count, positive

_TAIL_EXAMPLES = """\
examples:
  shenava alerts tail --from pubsub://demo-project/alerts --time-zone Asia/Tehran
  shenava alerts tail --from out --follow
  shenava alerts tail --from pubsub://my-project/alerts --json | jq -r '[.due_at, .department, .rule] | @tsv'

A subscription is read until Ctrl-C, --limit or --seconds; a file or directory once, or with --follow for as long.
An alert that was shown is acknowledged: give every reader a subscription of its own. A message that is no alert is
said to be none on standard error, counted, and acknowledged as well.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `alerts` with its sub-command."""
    does = "look at the alerts of a topic or a file"
    alerts = commands.add_parser("alerts", help=does, description=does, epilog="examples: `shenava alerts tail --help`")
    steps = alerts.add_subparsers(title="steps", required=True, metavar="STEP")

    tail = add_command(steps, "tail", "show alerts as they come", _tail, _TAIL_EXAMPLES)
    tail.add_argument(
        *("--from",),
        dest="source",
        required=True,
        metavar="pubsub://PROJECT/SUBSCRIPTION|PATH",
        help="a subscription, OUTPUT of `shenava run`, a directory of .jsonl files, or one such file",
    )
    tail.add_argument("--follow", action="store_true", help="go on waiting at the end of a file or directory")
    tail.add_argument("--limit", type=count, metavar="N", help="stop after so many alerts")
    tail.add_argument("--seconds", type=positive, metavar="S", help="stop after so many seconds")
    tail.add_argument("--time-zone", metavar="NAME", help="of the times shown (default: the config's)")
    tail.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="the company's YAML")
    add_json(tail, "print each alert as one line of JSON, times in UTC")


def _tail(given: argparse.Namespace) -> int:
    from rich.console import Console

    from runners import alert_block, alert_feed

    zone = _zone(given.time_zone, given.config)
    if is_pubsub(given.source):
        feed = alert_feed.from_subscription(parse_pubsub(given.source, "--from"), given.seconds)
    else:
        feed = alert_feed.from_files(Path(given.source), given.follow, given.seconds)
    console = Console(highlight=False)
    shown = refused = 0
    # Ctrl-C is the usual end
    with suppress(KeyboardInterrupt), closing(feed):
        for received in feed:
            try:
                alert = alert_feed.read_alert(received.data)
            except RecordError as error:
                refused += 1
                _note(f"{received.source} is no alert: {error.message}")
            else:
                shown += 1
                if given.json:
                    print(json.dumps(to_dict(alert), ensure_ascii=False, default=iso_time), flush=True)
                else:
                    # lines are broken already, right for each direction of writing
                    console.print(alert_block.block(alert, zone, console), end="\n\n", soft_wrap=True)
            received.done()
            if shown == given.limit:
                break
    _note(
        alert_block.counted(shown, "alert")
        + (f"; no alert: {alert_block.counted(refused, 'message')}" if refused else "")
    )
    return 0


def _note(text: str) -> None:
    print(f"shenava: {text}", file=sys.stderr, flush=True)


def _zone(name: str | None, config: Path) -> ZoneInfo:
    if name is None:
        from pipeline.config import load_config

        return ZoneInfo(load_config(config).time_zone)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ConfigError(f"--time-zone: {name!r} is no IANA time zone such as Asia/Tehran") from None
