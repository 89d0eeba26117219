"""Text as it is compared (`fold`), what stands in it (links, mentions, hashtags), and how it is shown (`excerpt`)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import regex

ZWNJ = "\u200c"
"""The Persian half-space: part of a word, so it is kept wherever text is shown."""

_DIGITS = {chr(first + n): str(n) for first in (0x0660, 0x06F0) for n in range(10)}
# one letter, several code points: Arabic keyboards, old fonts, Urdu and Kurdish layouts
_LETTERS = {
    "ي": "ی",
    "ى": "ی",
    "ك": "ک",
    "ە": "ه",
    "ہ": "ه",
    "ھ": "ه",
    "ۀ": "ه",
    "ۂ": "ه",
    "ة": "ه",
    "أ": "ا",
    "إ": "ا",
}
_LETTERS |= {"ٱ": "ا", "ؤ": "و"}
_MARKS = ["\u0640", "\u0670", *map(chr, range(0x0610, 0x061B)), *map(chr, range(0x064B, 0x0660))]
_MARKS += [c for c in map(chr, range(0x06D6, 0x06EE)) if unicodedata.category(c) in ("Mn", "Cf")]

OVERRIDES = "\u202a-\u202e\u2066-\u2069"
"""Regex range of the bidi embeddings, overrides and isolates: left open, they turn round what comes after them."""
INVISIBLE = "\u00ad\u061c\u200b\u200d-\u200f\u2060-\u2064\u206a-\u206f\ufe00-\ufe0f\ufeff" + OVERRIDES
"""Regex range of what has no width and no meaning of its own (the ZWNJ has one)."""

_DROPPED = re.compile(f"[{INVISIBLE}{''.join(_MARKS)}]+")
_MAPPED = str.maketrans(_DIGITS | _LETTERS | {ZWNJ: " "})
_CONTROLS = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff{OVERRIDES}]+")

# Bare hosts count only with an ending that is no word of its own: in "late.so angry" .so is no domain.
_HOST = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+"
_LINK = re.compile(
    rf"(?:https?://|www\.)[^\s<>\"«»،؛؟]+"
    rf"|(?<![@\w.-]){_HOST}(?:com|ir|org|net|app|shop|io|dev|info|co\.uk)(?![\w@-])(?:[/?#][^\s<>\"«»،؛؟]*)?"
    rf"|(?<![@\w.-])(?:t\.me|wa\.me|bit\.ly|goo\.gl|youtu\.be|fb\.me|t\.co|is\.gd|aparat\.com)/[^\s<>\"«»،؛؟]+",
    re.IGNORECASE | re.ASCII,
)
# most posts hold neither, and looking for a host at every word is the dear part
_MAYBE_LINK = re.compile(r"://|\.[A-Za-z]")
_MAYBE_MENTION = re.compile("[@＠]")
_MENTION = re.compile(
    r"(?<![A-Za-z0-9_@＠/])[@＠]([A-Za-z0-9_](?:[\w.-]*\w)?(?:@(?:[a-z0-9-]+\.)+[a-z]{2,})?)", re.ASCII
)
_TAG = rf"[#＃]((?:[\w\u0610-\u061a\u064b-\u065f\u0670]|{ZWNJ}(?=\w))+)"
_TAGS = re.compile(rf"(?<![&/\w])(?:{_TAG})+")
_TAG_RE = re.compile(_TAG)


def fold(text: str) -> str:
    """The form in which words are compared; never shown to anyone.

    NFKC; Arabic letter forms to Persian ones; digits to Latin; vowel marks, tatweel and controls
    dropped; half-space to space; case folded; white space collapsed. `fold(fold(t)) == fold(t)`.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    text = unicodedata.normalize("NFKC", text)
    text = _DROPPED.sub("", text).translate(_MAPPED).casefold()
    # casefold may undo the composition, and a dropped mark may have kept two characters apart
    text = _DROPPED.sub("", unicodedata.normalize("NFKC", text)).translate(_MAPPED)
    return " ".join(text.split())


def links(text: str) -> tuple[str, ...]:
    """Links as they are written, each once, in order. A bare host counts when its ending is a usual one."""
    return _unique(text[start:end] for start, end in link_spans(text))


def link_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Start and end of every link, in order."""
    if not _MAYBE_LINK.search(text):
        return ()
    return tuple((found.start(), found.start() + len(_trim_link(found[0]))) for found in _LINK.finditer(text))


def without_links(text: str) -> str:
    """The text with every link replaced by a space."""
    return _LINK.sub(" ", text) if _MAYBE_LINK.search(text) else text


def mentions(text: str) -> tuple[str, ...]:
    """Handles without the @, each once, in order; `user@host` for the fediverse. An e-mail address is none."""
    return _unique(found[1] for found in _MENTION.finditer(without_links(text)))


def without_mentions(text: str) -> str:
    """The text with every @handle replaced by a space."""
    return _MENTION.sub(" ", text) if _MAYBE_MENTION.search(text) else text


def hashtags(text: str) -> tuple[str, ...]:
    """Tags without the #, each once, in order; they may hold Persian letters, half-spaces and underscores.

    A number alone ("#1") is no tag.
    """
    runs = (found[0] for found in _TAGS.finditer(without_links(text)))
    tags = (tag for run in runs for tag in _TAG_RE.findall(run))
    return _unique(tag for tag in tags if not tag.replace("_", "").isdecimal())


def strip_controls(text: str) -> str:
    """The text without control characters (line breaks and tabs stay), bidi overrides and lone surrogates.

    ZWNJ and ZWJ stay: Persian words and emoji are made with them.
    """
    return _CONTROLS.sub("", text)


def one_line(text: str) -> str:
    """The text on one line, without what could steer a terminal or turn the direction of what comes after it."""
    return " ".join(strip_controls(text).split())


def excerpt(text: str, limit: int) -> str:
    """At most `limit` characters (code points) of the text on one line, cut at a word border with "…".

    A single word longer than the limit is cut between graphemes, so that no emoji or letter with its
    marks is torn (Unicode UAX #29, `\\X`). Raises ValueError when `limit` is below 1.
    """
    if limit < 1:
        raise ValueError(f"limit must be at least 1, not {limit}")
    line = one_line(text)
    if len(line) <= limit:
        return line
    end = 0
    for grapheme in regex.finditer(r"\X", line):
        if grapheme.end() > limit - 1:
            break
        end = grapheme.end()
    cut = line[:end]
    border = cut.rfind(" ")
    # a border in the first half would throw away most of what may be shown
    if line[end] != " " and border >= end // 2:
        cut = cut[:border]
    return cut.rstrip(" ،,;؛:.…-") + "…"


def _trim_link(link: str) -> str:
    link = link.rstrip(".,;:!?'*_~…")
    while link and link[-1] in ")]}" and link.count(link[-1]) > link.count({")": "(", "]": "[", "}": "{"}[link[-1]]):
        link = link[:-1].rstrip(".,;:!?'")
    return link


def _unique(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))
