"""All that the store knows of one person, for a card or a page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Any, TypeVar

from sqlalchemy import Table, func, or_, select

from pipeline.logic.cases import RESOLVED
from pipeline.records import Action, Alert, Case, Customer, Profile, from_json
from pipeline.store import database
from pipeline.store.base import SqlStore
from pipeline.store.care_tables import ACTIONS, ALERTS, CASES
from pipeline.store.customer_import import consent
from pipeline.store.customer_tables import CONSENTS, CUSTOMERS, LINKS
from pipeline.store.profile_tables import PROFILES

T = TypeVar("T")
LATEST = 5
"""Alerts and actions shown of a person."""
_SUGGESTED = 5
_LOOKED_AT = 1000


@dataclass(frozen=True, slots=True)
class Person:
    """A customer with all linked accounts, or one account."""

    subject: str
    """As it was asked for: customer id, or `platform:account_id`."""
    is_customer: bool
    customer: Customer | None
    """What the CRM says of the customer whose accounts these are, and what they agreed to."""
    accounts: tuple[str, ...]
    """All of the customer's, also those that never posted; or the one."""
    profiles: tuple[Profile, ...]
    """Of the accounts that hold a post."""
    cases: tuple[Case, ...]
    """Unsettled ones, the first deadline first."""
    alerts: tuple[Alert, ...]
    """The latest that stand, latest first."""
    actions: tuple[Action, ...]
    """The same."""


class PersonStore(SqlStore):
    """Reads only."""

    def person(self, subject: str, now: datetime) -> Person | None:
        """Everything of a customer, or of an account, up to now; None when the store knows neither."""
        with database.reading(self._engine) as connection:
            accounts = connection.scalars(select(LINKS.c.account).where(LINKS.c.customer == subject)).all()
            of = connection.scalar(select(LINKS.c.customer).where(LINKS.c.account == subject))
        customer = self._customer(of or subject)
        is_customer = of is None and (bool(accounts) or customer is not None)
        named = sorted(accounts) if is_customer else [subject]
        profiles = self._read(Profile, PROFILES, named, PROFILES.c.account, PROFILES.c.account)
        if not profiles and not is_customer:
            return None
        cases = self._read(Case, CASES, named, CASES.c.customer, CASES.c.due_at)
        alerts = self._read(Alert, ALERTS, named, ALERTS.c.customer, ALERTS.c.raised_at.desc())
        actions = self._read(Action, ACTIONS, named, ACTIONS.c.customer, ACTIONS.c.at.desc())
        return Person(
            subject=subject,
            is_customer=is_customer,
            customer=customer,
            accounts=tuple(named),
            profiles=tuple(each for each in profiles if each.posts),
            cases=tuple(each for each in cases if _is_open(each, now)),
            alerts=tuple([each for each in alerts if _stands(each, each.raised_at, now)][:LATEST]),
            actions=tuple([each for each in actions if _stands(each, each.at, now)][:LATEST]),
        )

    def similar(self, asked: str) -> list[tuple[str, str]]:
        """Account and handle of those whose handle, name or id is like what was asked for, most like it first."""
        word = asked.rpartition(":")[2].lstrip("@").casefold()
        if not word:
            return []
        columns = (PROFILES.c.handle, PROFILES.c.display_name, PROFILES.c.account)
        start = word[:3]
        with database.reading(self._engine) as connection:
            found: dict[str, str] = {}
            for part in (word, start):
                like = or_(*(func.lower(column).contains(part, autoescape=True) for column in columns))
                wanted = select(PROFILES.c.account, PROFILES.c.handle).where(like).order_by(PROFILES.c.account)
                rows = connection.execute(wanted.limit(_LOOKED_AT)).all()
                found |= {row.account: row.handle or "" for row in rows if row.account not in found}
                if len(found) >= _SUGGESTED:
                    break
        # the likest by what people write; ids are alike by chance only
        by_handle: dict[str, str] = {}
        for account, handle in found.items():
            by_handle.setdefault(handle.casefold() or account.partition(":")[2], account)
        close = get_close_matches(word, by_handle, _SUGGESTED, cutoff=0.5)
        rest = [handle for handle in by_handle if handle not in close and word in handle]
        return [(by_handle[handle], found[by_handle[handle]]) for handle in [*close, *rest][:_SUGGESTED]]

    def _customer(self, customer: str) -> Customer | None:
        with database.reading(self._engine) as connection:
            document = connection.scalar(select(CUSTOMERS.c.document).where(CUSTOMERS.c.customer == customer))
            wanted = select(CONSENTS).where(CONSENTS.c.customer == customer)
            rows = connection.execute(wanted.order_by(CONSENTS.c.purpose, CONSENTS.c.channel)).all()
        if document is None:
            return None
        consents = tuple(consent(row) for row in rows)
        return replace(from_json(Customer, document), consents=consents)

    def _read(self, kind: type[T], table: Table, accounts: Collection[str], of: Any, order: Any) -> Sequence[T]:
        with database.reading(self._engine) as connection:
            wanted = select(table.c.document).where(of.in_(accounts)).order_by(order)
            return [from_json(kind, document) for document in connection.scalars(wanted)]


def _is_open(case: Case, now: datetime) -> bool:
    return case.state != RESOLVED and not case.void and case.opened_at <= now


def _stands(told: Alert | Action, at: datetime | None, now: datetime) -> bool:
    return not told.withdrawn and (at is None or at <= now)
