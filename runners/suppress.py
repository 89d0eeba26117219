"""`shenava suppress`: the list of those to whom no action is ever to be sent."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipeline.records import to_json
from runners.flags import add_command, add_json, add_store

if TYPE_CHECKING:
    from pipeline.store.customer_store import CustomerStore

_STORE = "sqlite:///out/profiles.db"
_ADD_EXAMPLES = f"""\
examples:
  shenava suppress add 1001 --reason 'asked on the phone' --store {_STORE}
  shenava suppress add x:@noraintehran --reason 'a journalist' --store {_STORE}

Nothing is proposed to them any more, also by a stream that runs, and they are on no list of `shenava audience`. Alerts
and cases go on: a complaint is answered. What was proposed before stays as it is.
"""
_REMOVE_EXAMPLES = f"""\
examples:
  shenava suppress remove 1001 --store {_STORE}
"""
_LIST_EXAMPLES = f"""\
examples:
  shenava suppress list --store {_STORE}
  shenava suppress list --store {_STORE} --json | jq -r .subject
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `suppress` with its sub-commands."""
    does = "say to whom no action is ever to be sent"
    suppress = commands.add_parser(
        "suppress", help=does, description=does, epilog="examples: `shenava suppress add --help`"
    )
    steps = suppress.add_subparsers(title="steps", required=True, metavar="STEP")
    add = add_command(steps, "add", "put an account or a customer on the list", _add, _ADD_EXAMPLES)
    remove = add_command(steps, "remove", "take an account or a customer off the list", _remove, _REMOVE_EXAMPLES)
    everybody = add_command(steps, "list", "show the list", _list, _LIST_EXAMPLES)
    for step in (add, remove):
        step.add_argument("subject", metavar="ACCOUNT|CUSTOMER", help="x:123, x:@handle, or an id of the CRM")
    add.add_argument("--reason", required=True, help="why, for whoever reads the list")
    for step in (add, remove, everybody):
        add_store(step)
        add_json(step, "print JSON")


def _add(given: argparse.Namespace) -> int:
    from runners.identity import opened

    with closing(opened(given.store)) as store:
        subject = _subject(given.subject, store)
        store.suppress(subject, given.reason, datetime.now(UTC))
    print(
        json.dumps({"subject": subject, "suppressed": True}) if given.json else f"{subject} is left alone from now on"
    )
    return 0


def _remove(given: argparse.Namespace) -> int:
    from runners.identity import opened

    with closing(opened(given.store)) as store:
        subject = _subject(given.subject, store)
        was = store.unsuppress(subject)
    if given.json:
        print(json.dumps({"subject": subject, "suppressed": False, "was": was}))
    else:
        print(f"{subject} is no longer on the list" if was else f"{subject} was not on the list; nothing is changed")
    return 0


def _list(given: argparse.Namespace) -> int:
    from runners.identity import opened

    with closing(opened(given.store)) as store:
        found = store.suppressed()
    for each in found:
        if given.json:
            print(json.dumps(to_json(each), ensure_ascii=False))
        else:
            print(f"{each.at:%Y-%m-%d}  {each.subject}  {each.reason}")
    if not found and not given.json:
        print("shenava: nobody is on the list", file=sys.stderr)
    return 0


def _subject(name: str, store: CustomerStore) -> str:
    """The customer of that id, else the account; raises ConfigError when it is neither."""
    from runners.identity import account_named

    return name if store.customer(name) else account_named(name, store)
