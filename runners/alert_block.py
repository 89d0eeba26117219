"""One alert as a block of lines that a person reads in a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from persiantools.jdatetime import JalaliDate
from rich.console import Console
from rich.text import Text

from pipeline.logic.text import strip_controls
from pipeline.records import Alert, CustomerBrief

RIGHT_TO_LEFT = ("fa", "ar")
PERSIAN = ("fa", "fa-latn")
"""Languages whose readers live by the Jalali calendar."""
# Without an isolate the brackets and numbers of a right-to-left text change places with what stands beside it.
# https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates
ISOLATE, END_OF_ISOLATE = "\u2067", "\u2069"

_STYLES = {"critical": "bold white on red", "high": "bold black on yellow", "info": "bold black on cyan"}
_INDENT = 12
_MOST_WIDTH = 110


def block(alert: Alert, zone: ZoneInfo, console: Console) -> Text:
    """The alert, ready to print.

    Args:
        alert: its texts come from outside; control characters in them do not reach the terminal.
        zone: of the times shown.
        console: its width is what lines are broken to.
    """
    lines = [_headline(alert), _line("due", due(alert, zone))]
    if alert.customer or alert.account:
        lines.append(_line("customer", " · ".join(_customer(alert.account, alert.customer, zone))))
    what = (*alert.brands, *((alert.category,) if alert.category else ()), alert.platform)
    lines.append(_line("about", f"{', '.join(what)}, written {alert.created_at.astimezone(zone):%a %d %b %Y %H:%M}"))
    if alert.reasons:
        lines.append(_line("why", " · ".join(alert.reasons)))
    if alert.permalink:
        lines.append(_line("post", alert.permalink))
    if alert.samples and alert.words:
        lines.append(_line("words", _isolated(alert, ", ".join(alert.words))))
    return Text("\n").join([*lines, *_excerpt(alert, console), *_samples(alert, console)])


def due(alert: Alert, zone: ZoneInfo) -> str:
    """Until when to answer, in local time; with the Jalali date for alerts about Persian posts."""
    local = alert.due_at.astimezone(zone)
    shown = f"{local:%a %d %b %Y %H:%M} ({zone.key})"
    if alert.language not in PERSIAN:
        return shown
    return f"{shown} · {ISOLATE}{jalali(local)}{END_OF_ISOLATE}"


def jalali(moment: datetime) -> str:
    """The day in the Jalali calendar, in Persian: سه‌شنبه ۱۴ مهر ۱۴۰۵."""
    day = JalaliDate(moment.date())  # type: ignore[no-untyped-call]
    return str(day.strftime("%A %d %B %Y", locale="fa"))


def counted(number: int, noun: str) -> str:
    """1 alert, 2 alerts."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _headline(alert: Alert) -> Text:
    line = Text.assemble(
        (f" {_clean(alert.level).upper()} ", _STYLES.get(alert.level, "bold reverse")),
        " ",
        (_clean(alert.rule), "bold"),
        f" → {_clean(alert.department)}",
        (f", severity {alert.severity} of 4" if alert.severity else "", "dim"),
    )
    if alert.withdrawn:
        line.append("  withdrawn: a post that came late shows that it never happened", "bold magenta")
    elif alert.revision > 1:
        line.append(f"  revision {alert.revision}", "magenta")
    return line


def _customer(account: str | None, brief: CustomerBrief | None, zone: ZoneInfo) -> Iterable[str]:
    yield account or "anonymous"
    if brief is None:
        return
    yield counted(brief.posts, "earlier post") if brief.posts else "first post"
    if brief.complaints:
        yield counted(brief.complaints, "complaint")
    if brief.advocacy:
        yield counted(brief.advocacy, "recommendation")
    if brief.posts:
        yield f"since {brief.first_seen.astimezone(zone):%d %b %Y}"
    if brief.followers is not None:
        yield counted(brief.followers, "follower")
    if brief.interests:
        yield f"likes {', '.join(brief.interests)}"


def _excerpt(alert: Alert, console: Console) -> Iterable[Text]:
    text = Text(_clean(alert.excerpt))
    for word in alert.words:
        text.highlight_regex(rf"(?<!\w){re.escape(_clean(word))}(?!\w)", "bold")
    around = (ISOLATE, END_OF_ISOLATE) if alert.language in RIGHT_TO_LEFT else ("", "")
    # an isolate ends with its line, so each line has its own
    for number, line in enumerate(text.wrap(console, max(20, min(console.width, _MOST_WIDTH) - _INDENT))):
        line.rstrip()
        yield Text.assemble((f"  {'' if number else 'said':{_INDENT - 2}}", "dim"), around[0], line, around[1])


def _samples(alert: Alert, console: Console) -> Iterable[Text]:
    """Of a wave, what others said, a line each."""
    width = max(20, min(console.width, _MOST_WIDTH) - _INDENT)
    for sample in alert.samples:
        said = _clean(sample.excerpt)
        if sample.post != f"{alert.platform}:{alert.post_id}":
            shortened = said if len(said) <= width else said[: width - 1] + "…"
            yield Text.assemble((f"  {'also':{_INDENT - 2}}", "dim"), _isolated(alert, shortened))


def _isolated(alert: Alert, text: str) -> str:
    return f"{ISOLATE}{text}{END_OF_ISOLATE}" if alert.language in RIGHT_TO_LEFT else text


def _line(name: str, value: str) -> Text:
    return Text.assemble((f"  {name:{_INDENT - 2}}", "dim"), _clean(value, kept=ISOLATE + END_OF_ISOLATE))


def _clean(text: str, kept: str = "") -> str:
    """On one line, without what could steer the terminal or turn the direction of what comes after it."""
    return " ".join("".join(sign if sign in kept else strip_controls(sign) for sign in text).split())
