"""Personal numbers and addresses in a text, found (`findings`) and masked (`redact`)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.logic import identifiers
from pipeline.logic.identifiers import Span
from pipeline.logic.text import INVISIBLE, ZWNJ, link_spans


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something personal at `text[start:end]`; kind is phone, email, card, iban or national-id."""

    start: int
    end: int
    kind: str


_Rule = Callable[[str], Iterator[Span]]
# Where two readings meet the first one holds: the stricter tests come first.
_RULES: tuple[tuple[str, _Rule], ...] = (
    ("email", identifiers.emails),
    ("iban", identifiers.ibans),
    ("card", identifiers.cards),
    ("phone", identifiers.mobiles),
    ("phone", identifiers.phones),
    ("national-id", identifiers.national_ids),
)
# wa.me/98912… is a person's number; the other digits of a link are ids of pages
_IN_LINKS = frozenset({identifiers.emails, identifiers.mobiles})

_ADDRESS = re.compile(r"[@＠﹫]|%40|[(\[](?:at|ات)[)\]]|\s(?:dot|دات)\s", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_FEWEST_DIGITS = 7
"""Of any number that is masked; most posts have fewer and are spared the rules."""
_KEYCAP = "\ufe0f\u20e3"
"""Makes a key of the digit before it."""
_HIDDEN = re.compile(f"[{INVISIBLE}{ZWNJ}{_KEYCAP}]")
_FOREIGN_DIGIT = re.compile(r"[^\x00-\x7f\D]")
_LETTERS = str.maketrans("يك＠﹫", "یک@@")


def redact(text: str) -> str:
    """The text with [phone], [email], [card], [iban] and [national-id] in place of what gives a person away.

    `redact(redact(t)) == redact(t)`, and `findings(redact(t))` is empty.
    """
    # a mask may bring a word like "phone" next to another number; each round takes digits or an @ away, so it ends
    while found := findings(text):
        parts, end = [], 0
        for finding in found:
            parts += [text[end : finding.start], f"[{finding.kind}]"]
            end = finding.end
        text = "".join(parts) + text[end:]
    return text


def findings(text: str) -> list[Finding]:
    """What is personal in the text, in order and without overlaps.

    Digits may be Latin, Persian or Arabic, with spaces, dashes and invisible marks between them.
    """
    rules = [(kind, rule) for kind, rule in _RULES if _may_find(rule, text)]
    if not rules:
        return []
    readable, places = plain(text)
    # only emails? then where the links are does not matter
    links = link_spans(readable) if len(rules) > 1 else ()
    taken: list[Finding] = []
    for kind, rule in rules:
        for start, end in rule(readable):
            if rule not in _IN_LINKS and any(first <= start < last for first, last in links):
                continue
            if not any(start < other.end and other.start < end for other in taken):
                taken.append(Finding(_after_open_paren(readable, start, end), end, kind))
    return [Finding(places[each.start], _end(text, places[each.end - 1]), each.kind) for each in sorted(taken)]


def plain(text: str) -> tuple[str, Sequence[int]]:
    """The text with Latin digits and Persian yeh and kaf, without invisible marks, and each character's old place."""
    if text.isascii():
        return text, range(len(text))
    places: Sequence[int] = range(len(text))
    if _HIDDEN.search(text):
        places = [place for place, character in enumerate(text) if not _HIDDEN.match(character)]
        text = _HIDDEN.sub("", text)
    return _FOREIGN_DIGIT.sub(_latin_digit, text).translate(_LETTERS), places


def _may_find(rule: _Rule, text: str) -> bool:
    if rule is identifiers.emails:
        return bool(_ADDRESS.search(text))
    return len(_DIGIT.findall(text)) >= _FEWEST_DIGITS


def _end(text: str, last: int) -> int:
    """Behind the last character and its keycap, if it stands in one."""
    end = last + 1
    return end + len(_KEYCAP) if text.startswith(_KEYCAP, end) else end


def _latin_digit(found: re.Match[str]) -> str:
    return str(unicodedata.decimal(found[0]))


def _after_open_paren(text: str, start: int, end: int) -> int:
    return start + 1 if text[start] == "(" and ")" not in text[start:end] else start
