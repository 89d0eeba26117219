"""`shenava identity`: whose an account is, said by hand; who may be one person; what is known of a customer."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError
from pipeline.logic.contacts import DEFAULT_REGION, REGIONS
from pipeline.records import to_json
from runners.flags import DEFAULT_CONFIG, add_command, add_json, add_store, count

if TYPE_CHECKING:
    from pipeline.store.customer_store import CustomerStore

_STORE = "sqlite:///out/profiles.db"
_LINK_EXAMPLES = f"""\
examples:
  shenava identity link x:4050198216 1001 --store {_STORE}
  shenava identity link instagram:@sara.dizin 1001 --store {_STORE}
  shenava identity link x:@kaveh_codes walk-in-7 --new --store {_STORE}

ACCOUNT is PLATFORM:ID, or PLATFORM:@HANDLE of an account that has posted. An account has one customer at most: it is
taken from another. No import of the CRM undoes a link made by hand.
"""
_UNLINK_EXAMPLES = f"""\
examples:
  shenava identity unlink instagram:@sara.dizin --store {_STORE}

Profiles are merged when they are read: what was known of the customer before the link is there again. No import makes
the same link again, and none is suggested; `shenava identity link` does.
"""
_SHOW_EXAMPLES = f"""\
examples:
  shenava identity show 1001 --store {_STORE} --config my.yaml
  shenava identity show x:@sara_powder --store {_STORE} --json | jq .profile.interests
"""
_SUGGEST_EXAMPLES = f"""\
examples:
  shenava identity suggest --store {_STORE}
  shenava identity suggest --store {_STORE} --min-confidence 0.8 --json | jq -r '.reasons[0]'

Evidence: the same handle on two platforms, an e-mail address or phone number in what an account says of itself that a
customer of the CRM has too (hashes are compared), accounts that name or mention each other. The confidence is a rule of
thumb (pipeline/logic/suggestions.py), no probability. Nothing is linked until you say so.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `identity` with its sub-commands."""
    does = "say whose an account is, and see who may be one person"
    identity = commands.add_parser(
        "identity", help=does, description=does, epilog="examples: `shenava identity link --help` and the others'"
    )
    steps = identity.add_subparsers(title="steps", required=True, metavar="STEP")

    link = add_command(steps, "link", "say that an account is a customer's", _link, _LINK_EXAMPLES)
    link.add_argument("account", metavar="ACCOUNT")
    link.add_argument("customer", metavar="CUSTOMER", help="id in the CRM")
    link.add_argument("--new", action="store_true", help="make the customer if the store has none of that id")
    unlink = add_command(steps, "unlink", "say that an account is not its customer's", _unlink, _UNLINK_EXAMPLES)
    unlink.add_argument("account", metavar="ACCOUNT")
    show = add_command(steps, "show", "what is known of a customer from all their accounts", _show, _SHOW_EXAMPLES)
    show.add_argument("who", metavar="ACCOUNT|CUSTOMER")
    show.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="the company's YAML")
    suggest = add_command(steps, "suggest", "who may be one person, and why", _suggest, _SUGGEST_EXAMPLES)
    suggest.add_argument("--min-confidence", type=_share, default=0.5, metavar="C", help="from 0 to 1 (default: 0.5)")
    suggest.add_argument("--limit", type=count, metavar="N", help="at most so many")
    suggest.add_argument(
        "--region", default=DEFAULT_REGION, metavar="CODE", help=f"as `shenava crm import` (default: {DEFAULT_REGION})"
    )
    for step in (link, unlink, show, suggest):
        add_store(step)
        add_json(step, "print JSON, a line each" if step is suggest else "print it as JSON")


def _link(given: argparse.Namespace) -> int:
    with closing(opened(given.store)) as store:
        account = account_named(given.account, store)
        _not_forgotten(given.store, account, given.customer)
        before = store.link(account, given.customer, datetime.now(UTC), new=given.new)
    was = before.customer if before else None
    if given.json:
        print(json.dumps({"account": account, "customer": given.customer, "was": was}, ensure_ascii=False))
    else:
        print(
            f"{account} is {given.customer}'s"
            + (f", and no longer {was}'s" if was not in (None, given.customer) else "")
        )
    return 0


def _unlink(given: argparse.Namespace) -> int:
    with closing(opened(given.store)) as store:
        account = account_named(given.account, store)
        before = store.unlink(account, datetime.now(UTC))
    was = before.customer if before else None
    if given.json:
        print(json.dumps({"account": account, "customer": None, "was": was}, ensure_ascii=False))
    else:
        print(f"{account} is no longer {was}'s" if was else f"{account} was nobody's; nothing is changed")
    return 0


def _show(given: argparse.Namespace) -> int:
    from pipeline.config import load_config
    from runners import identity_view

    config = load_config(given.config)
    with closing(opened(given.store)) as store:
        customer = _customer_of(given.who, store)
        if customer is not None:
            seen = identity_view.of_customer(customer, store, config.profile_settings())
        else:
            seen = identity_view.of_account(account_named(given.who, store), store)
    if given.json:
        print(json.dumps(identity_view.as_json(seen), ensure_ascii=False))
    else:
        identity_view.show(seen, config.time_zone)
    return 0


def _suggest(given: argparse.Namespace) -> int:
    from pipeline.logic.clues import clues
    from pipeline.logic.suggestions import suggest
    from pipeline.store.profile_store import ProfileStore

    region = given.region.upper()
    if region not in REGIONS:
        raise ConfigError(f"--region: {given.region!r} is no country such as IR (ISO 3166)")
    with closing(opened(given.store)) as store, closing(ProfileStore(given.store)) as profiles:
        salt = store.salt()
        shown = (clues(profile, salt, region) for profile in profiles.read_all())
        found = suggest(shown, store.links(), store.contacts(), store.parted())
    found = [each for each in found if each.confidence >= given.min_confidence][: given.limit]
    for each in found:
        if given.json:
            print(json.dumps(to_json(each), ensure_ascii=False))
        else:
            print(f"{each.confidence:.2f}  {each.kind}: {each.first} and {each.second}")
            print("".join(f"      {reason}\n" for reason in each.reasons), end="")
            if each.kind == "account and customer":
                print(f"      shenava identity link {each.first} {each.second} --store {store.shown_url}")
    if not found and not given.json:
        print("shenava: nothing to suggest", file=sys.stderr)
    return 0


def opened(url: str) -> CustomerStore:
    from pipeline.store.customer_store import CustomerStore

    store = CustomerStore(url)
    store.must_exist()
    store.create_tables()
    return store


def account_named(name: str, store: CustomerStore) -> str:
    """The account's key; a handle is looked up. Raises ConfigError when it is none, or not one account's."""
    platform, colon, account = name.partition(":")
    if not (platform and colon and account.removeprefix("@")):
        raise ConfigError(f"{name!r} is no account; write PLATFORM:ID or PLATFORM:@HANDLE, such as x:@sara_powder")
    if not account.startswith("@"):
        return name
    key = f"{platform.lower()}:{account.casefold()}"
    found = store.accounts_by_handle([key])[key]
    if len(found) != 1:
        seen = f"{len(found)} accounts have" if found else "no account of the store has"
        raise ConfigError(f"{name}: {seen} this handle; write PLATFORM:ID" + "".join(f"\n  {each}" for each in found))
    return found[0]


def _customer_of(who: str, store: CustomerStore) -> str | None:
    """The customer of that id, or whose account it is; None for an account that is nobody's."""
    if store.customer(who):
        return who
    if ":" not in who:
        raise ConfigError(f"{who!r}: the store has no such customer; an account is written PLATFORM:ID")
    link = store.of_account(account_named(who, store))
    return link.customer if link else None


def _not_forgotten(url: str, *subjects: str) -> None:
    from pipeline.store.tombstone_store import TombstoneStore

    with closing(TombstoneStore(url)) as tombstones:
        forgotten = tombstones.read()
    if any(map(forgotten.covers, subjects)):
        raise ConfigError(f"{' or '.join(subjects)}: asked to be forgotten; nothing is linked")


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 to 1")
    return share
