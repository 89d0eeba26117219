"""Cases as a table that a department reads in a terminal, in English or in Persian."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from persiantools import digits
from persiantools.jdatetime import JalaliDateTime
from rich.cells import cell_len, set_cell_size
from rich.table import Table
from rich.text import Text

from pipeline.logic.text import one_line
from pipeline.records import Case
from pipeline.store.case_list import WAITING, ListedCase
from runners.alert_block import END_OF_ISOLATE

# each cell is isolated, so that cells keep their places; its own first letter says which way it runs
ISOLATE = "\u2068"
_LONGEST, _WIDE = 26, 110
"""Characters of a cell; columns of a terminal that has room for the time of opening, too."""

_NEVER_CUT, _GAP, _LEAST = 3, 2, 6
"""The first columns; cells between two; cells of a column that is cut, at least."""

_HEADS = {
    "en": ("due", "state", "severity", "department", "about", "customer", "opened"),
    "fa": ("مهلت", "وضعیت", "شدت", "واحد", "درباره", "مشتری", "آغاز"),
}
_STATES_FA = {
    "open": "باز",
    "at_risk": "رو به پایان",
    "breached": "مهلت‌گذشته",
    "reopened": "دوباره باز",
    "answered": "پاسخ‌داده",
    "resolved": "حل‌شده",
}
_CATEGORIES_FA = {
    "delivery": "ارسال",
    "billing": "پرداخت",
    "quality": "کیفیت",
    "service": "رفتار",
    "technical": "فنی",
    "fraud": "تقلب",
    "availability": "موجودی",
    "policy": "مقررات",
    "other": "دیگر",
}
_UNITS = {
    "en": (("d", 86_400), ("h", 3_600), ("min", 60)),
    "fa": (("روز", 86_400), ("ساعت", 3_600), ("دقیقه", 60)),
}
_STYLES = {"breached": "bold red", "at_risk": "bold yellow", "reopened": "magenta", "resolved": "green"}


def table(
    cases: Sequence[ListedCase],
    zone: ZoneInfo,
    now: datetime,
    language: str,
    width: int,
    names: Mapping[str, str],
) -> Table:
    """The cases, a line each.

    Args:
        zone: of the times shown.
        now: aware; what the deadlines are held against.
        language: en, or fa: then it is read from the right, with Persian digits and Jalali dates.
        width: columns of the terminal.
        names: of brands in Persian.
    """
    persian = language == "fa"
    columns = len(_HEADS[language]) - (width < _WIDE)
    heads = _HEADS[language][:columns]
    rows = [[_clean(value) for value in _values(each, zone, now, language, names)][:columns] for each in cases]
    widths = [max(cell_len(row[number]) for row in (heads, *rows)) for number in range(columns)]
    # what must be done by when is never cut; what it is about may be
    room = width - sum(widths[:_NEVER_CUT]) - _GAP * (columns - 1)
    share = min(1.0, room / sum(widths[_NEVER_CUT:]))
    widths[_NEVER_CUT:] = [max(_LEAST, int(wide * share)) for wide in widths[_NEVER_CUT:]]
    shown = Table(box=None, pad_edge=False, header_style="bold")
    order = range(columns)[::-1] if persian else range(columns)
    for number in order:
        head = _cell(heads[number], widths[number], persian)
        shown.add_column(head, justify="right" if persian else "left", no_wrap=True, width=widths[number])
    for each, row in zip(cases, rows, strict=True):
        cells = [_cell(value, wide, persian) for value, wide in zip(row, widths, strict=True)]
        for cell in cells[:2]:
            cell.stylize(_STYLES.get(each.case.state, ""))
        shown.add_row(*(cells[number] for number in order))
    return shown


def footer(shown: int, total: int, now: datetime, zone: ZoneInfo, language: str) -> str:
    """How many these are, and as of when."""
    moment = _moment(now, zone, language, year=True)
    if language == "fa":
        return f"{ISOLATE}{_digits(f'{shown} از {total} پرونده')}، {moment}{END_OF_ISOLATE}"
    return f"{shown:,} of {total:,} cases, as of {moment} ({zone.key})"


def due(case: Case, now: datetime, language: str) -> str:
    """due in 2 h, 3 h late; or how it was answered."""
    persian = language == "fa"
    if case.state not in WAITING:
        if case.sla_met is None:
            return "پاسخ‌داده" if persian else "answered"
        if persian:
            return "به‌موقع" if case.sla_met else "با تأخیر"
        return "answered in time" if case.sla_met else "answered late"
    left = case.due_at - now
    long = _long(abs(left), language)
    if persian:
        return f"{long} مانده" if left >= timedelta(0) else f"{long} گذشته"
    return f"due in {long}" if left >= timedelta(0) else f"{long} late"


def _values(
    listed: ListedCase, zone: ZoneInfo, now: datetime, language: str, names: Mapping[str, str]
) -> Iterable[str]:
    case, persian = listed.case, language == "fa"
    yield due(case, now, language)
    yield _STATES_FA.get(case.state, case.state) if persian else case.state.replace("_", " ")
    yield _digits(str(case.severity)) if persian else str(case.severity)
    yield case.department
    about = [_CATEGORIES_FA.get(each, each) if persian else each for each in case.categories]
    yield ("، " if persian else ", ").join(
        [*about, *(names.get(each, each) if persian else each for each in case.brands)]
    )
    handle = f"@{listed.handle.removeprefix('@')}" if listed.handle else None
    yield listed.name or handle or case.customer
    yield _moment(case.opened_at, zone, language)


def _moment(at: datetime, zone: ZoneInfo, language: str, year: bool = False) -> str:
    local = at.astimezone(zone)
    if language != "fa":
        return f"{local:%a %d %b %Y %H:%M}" if year else f"{local:%a %d %b %H:%M}"
    # JalaliDateTime knows no zoneinfo: the local reading of the clock is all that is shown
    day = JalaliDateTime(local.replace(tzinfo=None))  # type: ignore[no-untyped-call]
    return str(day.strftime("%d %B %Y، %H:%M" if year else "%d %B، %H:%M", locale="fa"))


def _long(span: timedelta, language: str) -> str:
    """In the unit that tells most: 90 min, 30 h, 3 d."""
    seconds = int(span.total_seconds())
    name, size = next((unit for unit in _UNITS[language] if seconds >= 2 * unit[1]), _UNITS[language][-1])
    if language == "en":
        return f"{seconds // size:,} {name}"
    return _digits(f"{seconds // size} {name}")


def _digits(text: str) -> str:
    return digits.en_to_fa(text)


def _clean(value: str) -> str:
    """One line, without what could steer the terminal."""
    clean = one_line(value)
    return clean if len(clean) <= _LONGEST else clean[: _LONGEST - 1] + "…"


def _cell(value: str, width: int, persian: bool) -> Text:
    """Cut to that width; isolated, so that cells keep their places in a Persian table."""
    shown = value if cell_len(value) <= width else f"{set_cell_size(value, width - 1)}…"
    return Text(f"{ISOLATE}{shown}{END_OF_ISOLATE}" if persian else shown)
