"""A list of people as rows for programs, and as a table and a summary that a person reads, in English or in Persian."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from pipeline.logic.audience import Candidate, Reason
from pipeline.logic.hour_shown import hour_shown
from pipeline.logic.text import one_line
from runners.alert_block import END_OF_ISOLATE
from runners.case_table import ISOLATE
from runners.profile_words import day_shown, digits, number, word

COLUMNS = (
    *("subject", "kind", "customer", "name", "accounts", "tier", "segment", "interest", "weight", "evidence"),
    *("best_hour", "language", "reach", "advocacy", "last_seen"),
)
_SHOWN = (
    "customer",
    "name",
    "segment",
    "interest",
    "weight",
    "best_hour",
    "language",
    "reach",
    "advocacy",
    "last_seen",
)
_NARROW, _WIDE = 8, 120
"""Columns of the table in a terminal narrower than that; the rest is in the other formats."""
_LONGEST = 24
_HEADS_FA = {
    "customer": "مشتری",
    "name": "نام",
    "segment": "گروه",
    "interest": "علاقه",
    "weight": "وزن",
    "best_hour": "ساعت مناسب",
    "language": "زبان",
    "reach": "دنبال‌کننده",
    "advocacy": "هواداری",
    "last_seen": "آخرین نوشته",
}
_WHY: Mapping[Reason, tuple[str, str]] = {
    Reason.STALE: ("insight out of date: run `shenava insight refresh`", "بینش کهنه است: shenava insight refresh"),
    Reason.SUPPRESSED: ("on the suppression list", "در فهرست مستثناها"),
    Reason.OPEN_CASE: ("open case", "پروندهٔ باز دارد"),
    Reason.NO_CONSENT: ("no consent", "رضایت نداده است"),
    Reason.WRITTEN_TO: ("written to lately", "به‌تازگی پیامی گرفته است"),
}


def row(of: Candidate, language: str) -> dict[str, Any]:
    """One of the list, by column."""
    values = {name: getattr(of, name) for name in COLUMNS}
    values["best_hour"] = hour_shown(of.best_hour, language)
    return values | {"accounts": list(of.accounts), "evidence": list(of.evidence)}


def table(people: Sequence[Candidate], zone: ZoneInfo, language: str, width: int, names: Mapping[str, str]) -> Table:
    """The list, a line each.

    Args:
        zone: of the days shown.
        language: en, or fa: then it is read from the right, with Persian digits and Jalali dates.
        width: columns of the terminal.
        names: of interests in Persian.
    """
    persian = language == "fa"
    columns = _SHOWN[: len(_SHOWN) if width >= _WIDE else _NARROW]
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in reversed(columns) if persian else columns:
        head = _HEADS_FA[name] if persian else name.replace("_", " ")
        shown.add_column(_cell(head, persian), justify="right" if persian else "left", no_wrap=True)
    for each in people:
        cells = [_cell(_value(each, name, zone, language, names), persian) for name in columns]
        shown.add_row(*(reversed(cells) if persian else cells))
    return shown


def summary(listed: int, found: int, beyond: int, out: Mapping[Reason, int], language: str) -> list[str]:
    """How many are on the list, and how many are not and why (beyond: the limit); a line each."""
    persian = language == "fa"
    if persian:
        lines = [f"{digits(str(listed), language)} نفر در فهرست، از {digits(str(found), language)} نفر"]
    else:
        lines = [f"{listed:,} listed, of {found:,} who are meant"]
    for reason, count in out.items():
        if count:
            left = f"{digits(str(count), language)} نفر کنار گذاشته شد" if persian else f"{count:,} left out"
            lines.append(f"  {left}: {_WHY[reason][persian]}")
    if beyond:
        more = digits(f"{beyond:,}", language)
        lines.append(f"  {more} نفر بیش از --limit" if persian else f"  {more} beyond --limit")
    return lines


def _value(of: Candidate, column: str, zone: ZoneInfo, language: str, names: Mapping[str, str]) -> str:
    if column == "customer":
        return of.subject
    if column == "best_hour":
        return hour_shown(of.best_hour, language)
    if column == "last_seen":
        return day_shown(of.last_seen, zone, language)
    if column == "weight":
        return number(of.weight, language, 1) if of.interest else ""
    if column == "advocacy":
        return number(of.advocacy, language, plus=True)
    if column == "reach":
        return number(of.reach, language)
    value = getattr(of, column) or ""
    if column == "interest":
        return names.get(value, value) if language == "fa" else str(value)
    return word(value, language) if column in ("segment", "language") else str(value)


def _cell(value: str, persian: bool) -> Text:
    """One line, without what could steer the terminal; isolated, so that cells keep their places in a Persian table."""
    clean = one_line(value)
    clean = clean if len(clean) <= _LONGEST else clean[: _LONGEST - 1] + "…"
    return Text(f"{ISOLATE}{clean}{END_OF_ISOLATE}" if persian else clean)
