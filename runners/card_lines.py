"""The lines of a card: a name on the left, a value on the right, bars and sparklines in blocks.

In Persian the name and the value are isolates of their own: a terminal that knows both directions of writing sets each
from right to left, and in all others the columns stay where they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.cells import cell_len
from rich.text import Text

from pipeline.logic.insight import Insight
from pipeline.logic.moods import Month
from pipeline.logic.next_behaviour import Forecast
from pipeline.records import Profile
from pipeline.store.person_store import Person
from runners.alert_block import END_OF_ISOLATE, ISOLATE
from runners.profile_words import word

_MARGIN = "  "
_BAR = 12
_BLOCKS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Card:
    """What a card shows, and for whom."""

    person: Person
    profile: Profile | None
    """Of the account, or of all accounts of the customer; None when none has posted yet."""
    insight: Insight | None
    """As of `now`; None when there is no post up to then."""
    now: datetime
    zone: ZoneInfo
    language: str
    """fa or en."""
    persian: Mapping[str, str]
    """Interest or brand → its name in Persian."""
    forecast: Forecast | None = None
    """None before the first `shenava insight refresh`."""


def indent(of: Card) -> int:
    """Cells before a value."""
    return 18 if of.language == "fa" else 16


def line(of: Card, name: str, shown: str = "") -> Text:
    """A line with the word for its name; an empty name goes on with the line before."""
    named = value(of, word(name, of.language)) if name else ""
    space = " " * (indent(of) - len(_MARGIN) - cell_len(named))
    return Text.assemble(_MARGIN, (named, "dim"), space, value(of, shown) if shown else "")


def value(of: Card, text: str) -> str:
    """Something in the language of the card."""
    return isolated(text) if of.language == "fa" else text


def isolated(text: str) -> str:
    """A text that holds Persian letters or digits, so that it does not turn what stands beside it."""
    persian = any("\u0600" <= sign <= "\u06ff" for sign in text)
    return f"{ISOLATE}{text}{END_OF_ISOLATE}" if persian else text


def sparkline(months: Sequence[Month]) -> str:
    """A block a month: the lowest is −1, the highest +1."""
    top = len(_BLOCKS) - 1
    return "".join(_BLOCKS[round((max(-1.0, min(1.0, each.mood)) + 1) / 2 * top)] for each in months)


def bar(share: float) -> str:
    """A bar of that share of its full length, on eighths of a cell."""
    eighths = round(max(0.0, min(1.0, share)) * _BAR * 8)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + (" ▏▎▍▌▋▊▉"[rest] if rest else "")).ljust(_BAR)
