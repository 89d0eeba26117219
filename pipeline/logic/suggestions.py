"""Which accounts and customers may be one person: a proposal with its reasons, for a person to decide.

Nothing is ever linked by a suggestion. The confidences below are **rules of thumb**, set by hand and measured against
nothing: they order the list, they are no probabilities. Several kinds of evidence for one pair add up as 1 − Π(1 − c),
as if they were independent (they are not quite); of one kind the strongest counts.

What many have in common says nothing: a handle, a name or an address of more than `MOST_SHARING` is left out.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from pipeline.logic.clues import Clues
from pipeline.logic.contacts import EMAIL
from pipeline.logic.named_accounts import handle_key
from pipeline.logic.text import fold

SAME_HANDLE = 0.6
"""The same handle on two platforms, of FEWEST_LETTERS to LONG - 1 letters."""
SAME_LONG_HANDLE = 0.75
"""Of LONG letters or more: the longer, the fewer people would think of it."""
SIMILAR_HANDLE = 0.5
"""But for dots, dashes and underscores."""
NAME_IS_HANDLE = 0.5
"""The name shown, of two words or more, is the handle on another platform: "Nora Vance" and nora.vance."""
SAME_EMAIL = 0.95
SAME_PHONE = 0.7
"""A family may share a telephone."""
NAMES_THE_OTHER = 0.8
"""What an account says of itself names the other account."""
NAMES_EACH_OTHER = 0.95
MENTION_EACH_OTHER = 0.7
"""In posts, on one platform, under one name shown."""
CERTAIN = 0.99
"""No suggestion is more certain than this."""

FEWEST_LETTERS = 5
LONG = 8
MOST_SHARING = 4
# fmt: off
COMMON_HANDLES = frozenset((
    "account", "admin", "ahmad", "alireza", "amirhossein", "anonymous", "atefeh", "channel", "contact", "customer",
    "daniel", "david", "fatemeh", "hello", "hossein", "info", "james", "jessica", "maryam", "media", "mehdi",
    "michael", "mohammad", "mohammadreza", "mohsen", "music", "narges", "news", "official", "online", "parisa",
    "photo", "photos", "private", "reyhaneh", "sajad", "samira", "sarah", "service", "setareh", "shop", "somayeh",
    "store", "style", "support", "team", "test", "unknown", "user", "zahra",
))
# fmt: on
"""Handles that many people would choose."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two that may be one person. `first` and `second` are accounts or customers, as `kind` says."""

    kind: str
    """accounts; account and customer (in this order); or customers (that may be one and the same)."""
    first: str
    second: str
    confidence: float
    """0..1, a rule of thumb."""
    reasons: tuple[str, ...]
    """Sentences a person can read, strongest first; they hold handles and no addresses."""


class _Evidence(NamedTuple):
    first: str
    second: str
    kind: str
    confidence: float
    reason: str


def suggest(
    accounts: Iterable[Clues],
    links: Mapping[str, str],
    contacts: Iterable[tuple[str, str]],
    parted: Collection[tuple[str, str]] = (),
) -> list[Suggestion]:
    """Who may be one person, surest first; pairs that are linked already, or were parted by hand, are left out.

    Args:
        links: account → customer.
        contacts: (salted hash, customer).
        parted: (account, customer) that were unlinked by hand.
    """
    known = sorted(accounts, key=lambda each: each.account)
    owners = _grouped(contacts)
    evidence = [*_handles(known), *_addresses(known, owners), *_named(known), *_mentions(known)]
    pairs: dict[tuple[tuple[bool, str], tuple[bool, str]], dict[str, _Evidence]] = defaultdict(dict)
    for each in evidence:
        # an account that is linked speaks for its customer; customers are (True, id) and sort behind accounts
        ends = sorted({_whose(each.first, links), _whose(each.second, links)})
        apart = (each.first, _customer(each.second, links)) in parted or (
            (each.second, _customer(each.first, links)) in parted
        )
        if len(ends) == 2 and not apart:
            of_kind = pairs[ends[0], ends[1]]
            of_kind[each.kind] = max(of_kind.get(each.kind, each), each, key=lambda one: (one.confidence, one.reason))
    found = [_suggestion(*ends, list(by_kind.values())) for ends, by_kind in pairs.items()]
    return sorted(found, key=lambda each: (-each.confidence, each.kind, each.first, each.second))


def _suggestion(first: tuple[bool, str], second: tuple[bool, str], evidence: Sequence[_Evidence]) -> Suggestion:
    kind = ("accounts", "account and customer", "customers")[first[0] + second[0]]
    ordered = sorted(evidence, key=lambda each: (-each.confidence, each.reason))
    confidence = min(CERTAIN, 1 - math.prod(1 - each.confidence for each in ordered))
    return Suggestion(kind, first[1], second[1], round(confidence, 2), tuple(each.reason for each in ordered))


_OWNER = "customer "
"""Before a customer's id, where evidence speaks of a customer and not of an account."""


def _customer(end: str, links: Mapping[str, str]) -> str | None:
    return end.removeprefix(_OWNER) if end.startswith(_OWNER) else links.get(end)


def _whose(end: str, links: Mapping[str, str]) -> tuple[bool, str]:
    customer = _customer(end, links)
    return (False, end) if customer is None else (True, customer)


def _handles(known: Sequence[Clues]) -> Iterator[_Evidence]:
    bearers: dict[str, list[tuple[Clues, str]]] = defaultdict(list)
    for each in known:
        handle, name = handle_key(each.handle or ""), fold(each.name or "")
        if _telling(handle):
            bearers[_letters(handle)].append((each, handle))
        if " " in name and len(_letters(name)) >= LONG and _letters(name) != _letters(handle):
            bearers[_letters(name)].append((each, ""))
    for sharing in bearers.values():
        if len(sharing) > MOST_SHARING:
            continue
        for (one, handle), (other, its) in combinations(sharing, 2):
            if one.platform == other.platform or not (handle or its):
                continue
            if handle == its:
                sure = SAME_LONG_HANDLE if len(handle) >= LONG else SAME_HANDLE
                reason = f"{one.shown} and {other.shown} have the same handle"
            elif handle and its:
                sure, reason = SIMILAR_HANDLE, f"{one.shown} and {other.shown} differ only in signs"
            else:
                named, other_one = (other, one) if handle else (one, other)
                sure, reason = NAME_IS_HANDLE, f"the name of {named.shown} is the handle of {other_one.shown}"
            yield _Evidence(one.account, other.account, "handle", sure, reason)


def _telling(handle: str) -> bool:
    letters = re.sub(r"[\W\d_]", "", handle)
    return len(letters) >= FEWEST_LETTERS and letters not in COMMON_HANDLES


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text)


def _addresses(known: Sequence[Clues], owners: Mapping[str, Sequence[str]]) -> Iterator[_Evidence]:
    declared = {each.account: each for each in known if each.contacts}
    bearers = _grouped((contact, account) for account, each in declared.items() for contact in each.contacts)
    for contact in sorted({*owners, *bearers}):
        customers, accounts = owners.get(contact, ()), bearers.get(contact, ())
        if not 2 <= len(customers) + len(accounts) <= MOST_SHARING:
            continue
        kind = contact.partition(":")[0]
        sure, what = (SAME_EMAIL, "e-mail address") if kind == EMAIL else (SAME_PHONE, "phone number")
        told = [(f"{_OWNER}{each}", f"{_OWNER}{each}") for each in customers]
        told += [(each, declared[each].shown) for each in accounts]
        for (one, first), (other, second) in combinations(told, 2):
            yield _Evidence(one, other, kind, sure, f"{first} and {second} have the same {what}")


def _named(known: Sequence[Clues]) -> Iterator[_Evidence]:
    by_handle = _by_handle(known)
    naming = {(each.account, other) for each in known for name in each.names for other in by_handle.get(name, ())}
    shown = {each.account: each.shown for each in known}
    for one, other in sorted(naming):
        mutual = (other, one) in naming
        if not mutual or one < other:
            sure = NAMES_EACH_OTHER if mutual else NAMES_THE_OTHER
            reason = (
                f"{shown[one]} and {shown[other]} name each other" if mutual else f"{shown[one]} names {shown[other]}"
            )
            yield _Evidence(one, other, "named", sure, f"{reason} in what they say of themselves")


def _mentions(known: Sequence[Clues]) -> Iterator[_Evidence]:
    by_name = _grouped((f"{each.platform}:{fold(each.name)}", each.account) for each in known if each.name)
    of = {each.account: each for each in known}
    for sharing in by_name.values():
        if len(sharing) > MOST_SHARING:
            continue
        for one, other in combinations([of[account] for account in sharing], 2):
            if _speaks_of(one, other) and _speaks_of(other, one):
                reason = f"{one.shown} and {other.shown} have the same name and mention each other"
                yield _Evidence(one.account, other.account, "mentions", MENTION_EACH_OTHER, reason)


def _speaks_of(one: Clues, other: Clues) -> bool:
    handle = f"{other.platform}:@{(other.handle or '').casefold()}"
    return other.account in one.mentions or handle in one.mentions


def _by_handle(known: Iterable[Clues]) -> dict[str, list[str]]:
    """`platform:@handle` → accounts, where one account alone has it."""
    found = _grouped((f"{each.platform}:@{handle_key(each.handle)}", each.account) for each in known if each.handle)
    return {handle: accounts for handle, accounts in found.items() if len(accounts) == 1}


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for key, value in pairs:
        found[key].add(value)
    return {key: sorted(values) for key, values in found.items()}
