"""`shenava webhooks`: alerts and actions to whoever wants them over HTTP."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError
from pipeline.logic.webhook_retries import DEAD, DELIVERED, PENDING, STATES
from runners.flags import add_command, add_json, add_store, count

if TYPE_CHECKING:
    from pipeline.logic.webhooks import Subscription
    from pipeline.store.outbox import Outbox

_DELIVER_EXAMPLES = """\
examples:
  export SHENAVA_WEBHOOK_CRM=whsec_…
  shenava webhooks deliver --store sqlite:///out/profiles.db --config my.yaml --once
  shenava webhooks deliver --store postgresql+psycopg://localhost/shenava --config my.yaml

Sends what `shenava run` put into the outbox of the store, until SIGTERM; with --once what is due now, exit code 1 when
some of it was not taken. Several senders may share a store: a receiver is called by one at a time.
"""
_LIST_EXAMPLES = """\
examples:
  shenava webhooks list --store sqlite:///out/profiles.db
  shenava webhooks list --store sqlite:///out/profiles.db --failed --json | jq -r '[.id, .webhook, .status] | @tsv'
"""
_RETRY_EXAMPLES = """\
examples:
  shenava webhooks retry 3f6c1a…-1 --store sqlite:///out/profiles.db
  shenava webhooks retry --all --webhook crm --store sqlite:///out/profiles.db

What is dead or waits for its next try is due at once; `shenava webhooks deliver` or a run sends it.
"""
_VERIFY_EXAMPLES = """\
examples:
  shenava webhooks verify
  shenava webhooks verify --language javascript
"""
_TEST_EXAMPLES = """\
examples:
  shenava webhooks test crm --config my.yaml
"""

_WITHOUT_END_S = 30 * 24 * 3600.0


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `webhooks` with its sub-commands."""
    does = "alerts and actions to whoever wants them over HTTP"
    webhooks = commands.add_parser(
        "webhooks", help=does, description=does, epilog="examples: `shenava webhooks deliver --help`"
    )
    steps = webhooks.add_subparsers(title="steps", required=True, metavar="STEP")

    deliver = add_command(steps, "deliver", "send what waits in the outbox", _deliver, _DELIVER_EXAMPLES)
    add_store(deliver)
    _config_flag(deliver)
    deliver.add_argument("--once", action="store_true", help="end when nothing is due")
    add_json(deliver, "with --once, print what was sent as JSON")

    shown = add_command(steps, "list", "show messages and how they stand", _list, _LIST_EXAMPLES)
    add_store(shown)
    which = shown.add_mutually_exclusive_group()
    which.add_argument("--failed", action="store_true", help="only what was given up")
    which.add_argument("--state", choices=STATES, help="only those")
    shown.add_argument("--webhook", metavar="NAME", help="only those of one receiver")
    shown.add_argument("--limit", type=count, default=50, metavar="N", help="the latest so many (default: 50)")
    add_json(shown, "print each message as one line of JSON, times in UTC")

    retry = add_command(steps, "retry", "send again what was given up", _retry, _RETRY_EXAMPLES)
    named = retry.add_mutually_exclusive_group(required=True)
    named.add_argument("id", nargs="?", metavar="ID", help="as `shenava webhooks list` shows it")
    named.add_argument("--all", action="store_true", help="whatever is dead or waits for its next try")
    retry.add_argument("--webhook", metavar="NAME", help="only to that receiver")
    add_store(retry)

    verify = add_command(steps, "verify", "print how a receiver checks the signature", _verify, _VERIFY_EXAMPLES)
    verify.add_argument("--language", choices=["python", "javascript"], default="python", help="default: python")

    test = add_command(steps, "test", "send a sample to a receiver", _test, _TEST_EXAMPLES)
    test.add_argument("name", metavar="NAME", help="of the webhook in the config")
    _config_flag(test)
    add_json(test, "print the outcome as JSON")


def _deliver(given: argparse.Namespace) -> int:
    from runners import deliveries, logs

    logs.configure("text", logging.WARNING if given.once else logging.INFO)
    to = deliveries.receivers(_subscriptions(given.config), os.environ)
    _outbox(given.store).close()
    if given.once:
        done = deliveries.deliver_due(given.store, to, within=_WITHOUT_END_S)
        found = {each.name: {s: n for s in (DELIVERED, PENDING, DEAD) if (n := done[each.name, s])} for each, _ in to}
        if given.json:
            print(json.dumps(found))
        for name, states in () if given.json else found.items():
            said = {DELIVERED: "delivered", PENDING: "put off", DEAD: "given up"}
            print(f"{name}: " + (", ".join(f"{n:,} {said[state]}" for state, n in states.items()) or "nothing was due"))
        return 1 if any(states.keys() - {DELIVERED} for states in found.values()) else 0
    stop = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stop.set())
    with deliveries.delivering(given.store, to):
        print(f"shenava: delivering to {', '.join(each.name for each, _ in to)}", file=sys.stderr, flush=True)
        stop.wait()
    return 0


def _list(given: argparse.Namespace) -> int:
    from pipeline.records import to_json
    from runners import webhook_list

    outbox = _outbox(given.store)
    found = outbox.deliveries(DEAD if given.failed else given.state, given.webhook, given.limit)
    if given.json:
        for each in found:
            print(json.dumps({"id": each.id} | to_json(each), ensure_ascii=False))
    else:
        webhook_list.show(found, outbox.counts(), outbox.away(), datetime.now(UTC))
    outbox.close()
    return 0


def _retry(given: argparse.Namespace) -> int:
    outbox = _outbox(given.store)
    found = outbox.retry(datetime.now(UTC), given.id, given.webhook)
    outbox.close()
    if given.id and not found:
        raise ConfigError(f"{given.id}: no message of that id is dead or waits; `shenava webhooks list` shows them")
    print(f"{found:,} {'message is' if found == 1 else 'messages are'} due now; `shenava webhooks deliver` sends them")
    return 0


def _verify(given: argparse.Namespace) -> int:
    from runners import webhook_list

    print(webhook_list.VERIFY[given.language], end="")
    return 0


def _test(given: argparse.Namespace) -> int:
    from pipeline.io.call_webhooks import post
    from pipeline.logic.webhook_retries import Verdict, verdict
    from pipeline.logic.webhooks import envelope
    from runners import deliveries

    named = {each.name: each for each in _subscriptions(given.config)}
    if given.name not in named:
        raise ConfigError(f"{given.name}: the config has no such webhook; it has {', '.join(named)}")
    ((to, keys),) = deliveries.receivers([named[given.name]], os.environ)
    now = datetime.now(UTC)
    name = f"test-{int(now.timestamp())}"
    body = envelope(name, "webhook.test", now, None, {"message": "سلام از شنوا · hello from Shenava"})
    answer = post(to.url, name, body.encode(), keys, now)
    took, well = datetime.now(UTC) - now, verdict(answer) is Verdict.DELIVERED
    if given.json:
        print(json.dumps({"id": name, "status": answer.status, "problem": answer.problem, "taken": well}))
    else:
        said = f"answered {answer.status}" if answer.status else f"did not answer: {answer.problem}"
        print(f"{to.name} {said} after {took.total_seconds():.2f} s: {'taken' if well else 'not taken'}")
    return 0 if well else 1


def _outbox(store: str) -> Outbox:
    from pipeline.store.outbox import Outbox

    outbox = Outbox(store)
    outbox.must_exist()
    outbox.create_tables()
    return outbox


def _subscriptions(config: Path) -> tuple[Subscription, ...]:
    from pipeline.config import load_config

    found = load_config(config).subscriptions()
    if not found:
        raise ConfigError(f"--config {config}: it names no webhooks; see docs/webhooks.md")
    return found


def _config_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", required=True, type=Path, metavar="FILE", help="the company's YAML")
