"""Whose an account is, and what is known of a customer who has several.

Profiles are kept per account and never written together: a customer's profile is merged when it is read. So taking a
wrong link away gives back exactly what was before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce

from pipeline.logic.profile import ProfileSettings, merge
from pipeline.records import Link, Profile

CRM = "crm"
HAND = "hand"
"""Sources of a link."""


@dataclass(frozen=True, slots=True)
class CustomerProfile:
    """What is known of a customer from the posts of all their accounts."""

    customer: str
    accounts: tuple[str, ...]
    """Every linked account in order, also those that have not posted."""
    profile: Profile | None
    """Of all accounts together, named `customer_key(customer)`; None when none of them has posted. Its handle, name and
    verified mark are those of the account that posted last. Its reach is the sum over the accounts: who follows two is
    counted twice."""


def customer_key(customer: str) -> str:
    """What stands in the place of an account in the merged profile; no platform is called so."""
    return f"customer:{customer}"


def customer_profile(
    customer: str, accounts: Iterable[str], profiles: Iterable[Profile], settings: ProfileSettings
) -> CustomerProfile:
    """The merge of the accounts' profiles, in whatever order they come; the profiles themselves stay as they are."""
    known = sorted(profiles, key=lambda each: each.account)
    together = None
    if known:
        merged = reduce(lambda left, right: merge(left, right, settings), known)
        reach = sum({each.account: each.reach for each in known}.values())
        together = replace(merged, account=customer_key(customer), reach=reach)
    return CustomerProfile(customer, tuple(sorted(set(accounts))), together)


@dataclass(frozen=True, slots=True)
class LinkChanges:
    """What an import does to the links."""

    put: tuple[Link, ...] = ()
    remove: tuple[str, ...] = ()
    """Accounts that the CRM no longer lists."""
    added: int = 0
    """Of `put`, those whose account had another customer or none."""
    kept_by_hand: tuple[str, ...] = ()
    """Accounts that stay another customer's, for somebody linked them by hand."""
    kept_apart: tuple[str, ...] = ()
    """Accounts that stay without this customer, for somebody took their link away by hand."""
    newer: tuple[str, ...] = ()
    """Accounts that stay with what a later import said."""


def import_links(
    wanted: Mapping[str, str],
    customers: Collection[str],
    existing: Iterable[Link],
    parted: Collection[tuple[str, str]],
    at: datetime,
) -> LinkChanges:
    """What to change so that the CRM's links hold, and no word said by hand is lost.

    Args:
        wanted: account → customer, as the CRM has it.
        customers: who is imported, with accounts or without.
        existing: the links of these accounts, and of these customers.
        parted: (account, customer) that were unlinked by hand.
        at: as of when the CRM says so.
    """
    known = {link.account: link for link in existing}
    put, by_hand, apart, newer, added = [], [], [], [], 0
    for account, customer in sorted(wanted.items()):
        link = known.get(account)
        if link and link.source == HAND:
            if link.customer != customer:
                by_hand.append(account)
        elif (account, customer) in parted:
            apart.append(account)
        elif link and link.at > at:
            newer.append(account)
        else:
            put.append(Link(account, customer, CRM, 1.0, at))
            added += link is None or link.customer != customer
    placed = {link.account for link in put}
    remove = [
        link.account
        for link in known.values()
        if link.source == CRM and link.customer in customers and link.at <= at and link.account not in placed
    ]
    return LinkChanges(tuple(put), tuple(sorted(remove)), added, tuple(by_hand), tuple(apart), tuple(newer))
