"""What `shenava identity show` shows: a customer, their accounts, and what is known of all of them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.errors import ConfigError
from pipeline.logic.profile import ProfileSettings
from pipeline.records import ANY, Consent, Customer, Link, Profile, to_json
from pipeline.store.customer_store import CustomerStore

_LEFT_OUT = ("contributions", "looks", "deletions")
_INTERESTS = 5


@dataclass(frozen=True)
class Seen:
    """A customer, or an account that is nobody's."""

    customer: Customer | None
    links: tuple[Link, ...]
    profiles: Mapping[str, Profile]
    """Of each account that has posted."""
    together: Profile | None
    """Of all accounts; None when none has posted."""


def of_customer(customer: str, store: CustomerStore, settings: ProfileSettings) -> Seen:
    """A customer of the store."""
    links, found = store.accounts(customer), store.profile(customer, settings)
    profiles = {each.account: each for each in store.profiles([link.account for link in links])}
    return Seen(store.customer(customer), tuple(links), profiles, found.profile if found else None)


def of_account(account: str, store: CustomerStore) -> Seen:
    """An account that is nobody's; raises ConfigError when it has not posted."""
    for profile in store.profiles([account]):
        return Seen(None, (), {account: profile}, profile)
    raise ConfigError(f"{account}: nobody's, and the store has no post of it")


def as_json(seen: Seen) -> dict[str, Any]:
    """For machines; of the merged profile all but its posts."""
    linked = {
        link.account: {name: to_json(link)[name] for name in ("source", "confidence", "at")} for link in seen.links
    }
    together = to_json(seen.together) if seen.together else None
    return {
        "customer": to_json(seen.customer) if seen.customer else None,
        "accounts": [
            {"account": account, **_of(seen.profiles.get(account)), **linked.get(account, {})}
            for account in sorted({*linked, *seen.profiles})
        ],
        "profile": {k: v for k, v in together.items() if k not in _LEFT_OUT} if together else None,
    }


def show(seen: Seen, time_zone: str, console: Console | None = None) -> None:
    """Print it for people, times in that zone."""
    console, zone = console or Console(highlight=False), ZoneInfo(time_zone)
    table = Table.grid(padding=(0, 2))
    if customer := seen.customer:
        table.add_row(Text("customer", "bold"), Text(" · ".join(filter(None, (customer.customer, customer.name)))))
        table.add_row("tier", Text(customer.tier or "–"))
        table.add_row("consents", Text(_consents(customer.consents, zone)))
        kinds = Counter(address.partition(":")[0] for address in customer.contacts)
        table.add_row("addresses", " · ".join(f"{number} {kind}" for kind, number in kinds.items()) or "none known")
    else:
        table.add_row(Text("customer", "bold"), "nobody's account")
    console.print(table)
    console.print(_accounts(seen, zone))
    console.print(_together(seen.together, zone))


def _accounts(seen: Seen, zone: ZoneInfo) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("account", "handle", "name", "posts", "linked by", "since"):
        table.add_column(name, header_style="dim")
    links = {link.account: link for link in seen.links}
    for account in sorted({*links, *seen.profiles}):
        profile, link = seen.profiles.get(account), links.get(account)
        table.add_row(
            *(Text(account), Text(profile.handle or "" if profile else ""), Text(_name(profile))),
            str(profile.posts) if profile else "none yet",
            link.source if link else "",
            _day(link.at, zone) if link else "",
        )
    return table


def _together(profile: Profile | None, zone: ZoneInfo) -> Table:
    table = Table.grid(padding=(0, 2))
    if profile is None:
        table.add_row(Text("together", "bold"), "no post yet")
        return table
    table.add_row(
        Text("together", "bold"),
        f"{profile.posts:,} posts · {profile.complaints:,} complaints · {profile.advocacy:,} recommendations"
        f" · mood {profile.mood:+.2f} · heard by {profile.reach:,}",
    )
    strongest = [f"{name} {weight:.1f}" for name, weight in list(profile.interests.items())[:_INTERESTS]]
    table.add_row("interests", ", ".join(strongest) or "none")
    table.add_row("seen", f"{_day(profile.first_seen, zone)} to {_day(profile.last_seen, zone)}")
    return table


def _consents(consents: Sequence[Consent], zone: ZoneInfo) -> str:
    said = (
        f"{each.purpose} {'on every channel' if each.channel == ANY else 'by ' + each.channel}: "
        f"{'yes' if each.given else 'no'} since {_day(each.at, zone)}"
        for each in consents
    )
    return "; ".join(said) or "none known: not given"


def _of(profile: Profile | None) -> dict[str, Any]:
    seen = {"handle": None, "display_name": None, "posts": 0}
    return {name: getattr(profile, name) for name in seen} if profile else seen


def _name(profile: Profile | None) -> str:
    return profile.display_name or "" if profile else ""


def _day(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d}"
