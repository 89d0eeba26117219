"""A row of the CRM as a customer, with what is wrong in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline.logic.contacts import hashed_email, hashed_phone
from pipeline.logic.durations import parse_moment
from pipeline.logic.text import one_line, strip_controls
from pipeline.records import ANY, Consent, Customer
from runners.crm_sources import Row

COLUMNS = ("customer", "name", "tier", "consents", "accounts", "email", "phone")
PURPOSES = ("marketing", "service")

_YES = frozenset({"yes", "y", "true", "1", "بله", "آری"})
_NO = frozenset({"no", "n", "false", "0", "خیر", "نه"})
_PARTS = re.compile(r"[;؛\n]")
_CONSENT = re.compile(r"consent_(?P<purpose>[^_]+)(?:_(?P<channel>.+))?")
_PLATFORM = re.compile(r"[a-z0-9][a-z0-9_-]*")
_LONGEST = 1000


@dataclass(frozen=True)
class Problem:
    """What is wrong in one field of a row; it never quotes the field."""

    place: str
    field: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.field}: {self.text}" if self.field else f"{self.place}: {self.text}"


@dataclass
class CrmRow:
    """A good row, or a bad one with its problems."""

    place: str
    customer: Customer
    accounts: tuple[str, ...] = ()
    """`platform:account_id`, or `platform:@handle` in lower case, which is still to be looked up."""
    problems: list[Problem] = field(default_factory=list)
    unread: frozenset[str] = frozenset()
    """Columns that mean nothing here."""


def read_row(row: Row, salt: bytes, region: str, at: datetime) -> CrmRow:
    """The customer in a row, with every problem of it.

    Args:
        at: when a consent without a date of its own was given.
    """
    return _Reading(row, salt, region, at).result()


class _Reading:
    """One row on its way to a customer: problems are gathered, the reading goes on."""

    def __init__(self, row: Row, salt: bytes, region: str, at: datetime) -> None:
        self.row, self.salt, self.region, self.at = row, salt, region, at
        self.problems: list[Problem] = []

    def result(self) -> CrmRow:
        if self.row.error:
            return CrmRow(self.row.place, Customer(""), problems=[Problem(self.row.place, "", self.row.error)])
        customer = self.line("customer")
        if not customer and "customer" not in self.row.cells:
            self.wrong("customer", f"there is no such column; the columns are {', '.join(COLUMNS)}")
        elif not customer:
            self.wrong("customer", "is empty; every row needs the customer's id")
        known = {name for name in self.row.cells if name in COLUMNS or name.startswith(("consent_", "account_"))}
        found = Customer(
            customer=customer or "",
            name=self.line("name"),
            tier=self.line("tier"),
            consents=tuple(sorted(self.consents(), key=lambda each: (each.channel, each.purpose))),
            contacts=tuple(sorted(set(self.contacts()))),
        )
        accounts = tuple(sorted(set(self.accounts())))
        return CrmRow(self.row.place, found, accounts, self.problems, frozenset(self.row.cells) - known)

    def wrong(self, name: str, text: str) -> None:
        self.problems.append(Problem(self.row.place, name, text))

    def line(self, name: str) -> str | None:
        """The cell's text on one line; None when there is none."""
        text = one_line(_text(self.row.cells.get(name)))
        if len(text) > _LONGEST or "\x00" in text:
            self.wrong(name, f"has more than {_LONGEST:,} characters")
        return text or None

    def parts(self, name: str) -> Iterator[str]:
        """The values of a cell: a list, or a text parted by semicolons."""
        cell = self.row.cells.get(name)
        several = cell if isinstance(cell, list | tuple) else _PARTS.split(_text(cell))
        yield from filter(None, (strip_controls(_text(each)).strip() for each in several))

    def contacts(self) -> Iterator[str]:
        hashed: dict[str, Callable[[str], str]] = {
            "email": lambda text: hashed_email(text, self.salt),
            "phone": lambda text: hashed_phone(text, self.salt, self.region),
        }
        for name, with_salt in hashed.items():
            for part in self.parts(name):
                try:
                    yield with_salt(part)
                except ValueError as error:
                    self.wrong(name, str(error))

    def accounts(self) -> Iterator[str]:
        for part in self.parts("accounts"):
            platform, colon, account = part.partition(":")
            yield from self.account("accounts", platform if colon else "", account)
        for name in self.row.cells:
            if name.startswith("account_"):
                for part in self.parts(name):
                    yield from self.account(name, name.removeprefix("account_"), part)

    def account(self, name: str, platform: str, account: str) -> Iterator[str]:
        platform, account = platform.strip().lower(), account.strip()
        if not _PLATFORM.fullmatch(platform) or not account.removeprefix("@"):
            self.wrong(name, "no account such as x:123 or x:@handle; several are parted by semicolons")
        else:
            yield f"{platform}:{account.casefold() if account.startswith('@') else account}"

    def consents(self) -> Iterator[Consent]:
        given: dict[tuple[str, str], Consent] = {}
        for name, purpose, channel, answer in self.answers():
            consent = self.consent(name, purpose.lower(), channel or ANY, answer)
            if consent and given.setdefault((consent.channel, consent.purpose), consent) != consent:
                self.wrong(name, f"{consent.purpose}:{consent.channel} is answered twice, and not the same")
        yield from given.values()

    def answers(self) -> Iterator[tuple[str, str, str, str]]:
        """Column, purpose, channel and answer."""
        cell = self.row.cells.get("consents")
        if isinstance(cell, Mapping):
            parts = [f"{name}={_text(answer)}" for name, answer in cell.items()]
        else:
            parts = list(self.parts("consents"))
        for part in parts:
            words, _, answer = part.partition("=")
            purpose, _, channel = words.partition(":")
            yield "consents", purpose.strip(), channel.strip(), answer
        for name, cell in self.row.cells.items():
            if (column := _CONSENT.fullmatch(name)) and _text(cell).strip():
                yield name, column["purpose"], (column["channel"] or "").strip(), _text(cell)

    def consent(self, name: str, purpose: str, channel: str, answer: str) -> Consent | None:
        word, _, said_at = answer.strip().partition("@")
        word = word.strip().casefold()
        if purpose not in PURPOSES:
            self.wrong(name, f"the purpose is {' or '.join(PURPOSES)}, as in marketing:e-mail=yes")
        elif word not in _YES | _NO:
            self.wrong(name, "an answer is yes or no, also with its day: yes@2026-09-30")
        else:
            try:
                at = parse_moment(said_at.strip()) if said_at.strip() else self.at
            except ValueError:
                self.wrong(name, "a time is written 2026-09-30 or 2026-09-30T10:00+03:30")
                return None
            return Consent(channel, purpose, word in _YES, at)
        return None


def _text(cell: Any) -> str:
    """A cell of any source as text; a whole number stays whole."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
