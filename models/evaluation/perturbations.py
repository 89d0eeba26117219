"""Other ways of typing the same post; none of them may change what is decided of it.

Each function is pure and returns the text itself where it has nothing to change. Links and handles keep
their form wherever a rewrite would make another link or another account of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from models.training.tokenizer import HANDLE, LINK
from pipeline.logic.text import ZWNJ

_LINK_OR_HANDLE = re.compile(f"{LINK}|{HANDLE}")
_WORD = re.compile(r"(?<![\w#])[^\W\d_]+")
_LATER_VOWEL = re.compile(r"(?<=\w)[aeiouاویي](?=[^aeiouاویي]*$)", re.IGNORECASE)
_JOINED = re.compile(r"(?<=[بپتثجچحخسشصضطظعغفقکگلمنهی])(?=[آ-ی])")

_PERSIAN_ZERO, _ARABIC_ZERO = 0x06F0, 0x0660
_ARABIC_LETTERS = str.maketrans("یک", "يك")
_PERSIAN_DIGITS = {ord("0") + i: chr(_PERSIAN_ZERO + i) for i in range(10)}
_LATIN_DIGITS = {zero + i: str(i) for zero in (_PERSIAN_ZERO, _ARABIC_ZERO) for i in range(10)}


def arabic_letters(text: str) -> str:
    """«کیف» as an Arabic keyboard types it."""
    return text.translate(_ARABIC_LETTERS)


def half_space_to_space(text: str) -> str:
    """«نمی‌شه» as «نمی شه»."""
    return text.replace(ZWNJ, " ")


def half_space_dropped(text: str) -> str:
    """«نمی‌شه» as «نمیشه»."""
    return text.replace(ZWNJ, "")


def persian_digits(text: str) -> str:
    """`3 روز` as `۳ روز`."""
    return _outside_links(text, lambda part: part.translate(_PERSIAN_DIGITS))


def latin_digits(text: str) -> str:
    """`۳ روز` as `3 روز`; Arabic digits, too."""
    return text.translate(_LATIN_DIGITS)


def elongation(text: str) -> str:
    """The last vowel letter of the longest word, five times: the word that carries most is broken most."""
    words = [word for word in _words(text) if _LATER_VOWEL.search(word.group())]
    if not words:
        return text
    word = max(words, key=lambda each: len(each.group()))
    vowel = _LATER_VOWEL.search(word.group())
    assert vowel is not None
    at = word.start() + vowel.start()
    return text[:at] + 5 * text[at] + text[at + 1 :]


def kashida(text: str) -> str:
    """«خیلی» as «خـــیلی», in the longest word that has a joined letter."""
    words = [word for word in _words(text) if _JOINED.search(word.group())]
    if not words:
        return text
    word = max(words, key=lambda each: len(each.group()))
    return text[: word.start()] + _JOINED.sub("ـــ", word.group(), count=1) + text[word.end() :]


def upper_case(text: str) -> str:
    """All capitals."""
    return _outside_links(text, str.upper)


def lower_case(text: str) -> str:
    """No capitals."""
    return _outside_links(text, str.lower)


def trailing_link(text: str) -> str:
    """A shortened link after the post, as sharing adds it."""
    return f"{text} https://t.co/3kQ9aZx7Lm"


def trailing_handle(text: str) -> str:
    """Somebody mentioned after the post."""
    return f"{text} @mina_rad"


PERTURBATIONS: Mapping[str, Callable[[str], str]] = {
    perturb.__name__: perturb
    for perturb in (
        *(arabic_letters, half_space_to_space, half_space_dropped, persian_digits, latin_digits),
        *(elongation, kashida, upper_case, lower_case, trailing_link, trailing_handle),
    )
}


def variants(text: str) -> dict[str, str]:
    """By name of the perturbation, the text as it changes it; those that change nothing are left out."""
    changed = {name: perturb(text) for name, perturb in PERTURBATIONS.items()}
    return {name: variant for name, variant in changed.items() if variant != text}


def _outside_links(text: str, change: Callable[[str], str]) -> str:
    """The text with everything but its links and handles changed."""
    parts, end = [], 0
    for kept in _LINK_OR_HANDLE.finditer(text):
        parts += [change(text[end : kept.start()]), kept.group()]
        end = kept.end()
    return "".join([*parts, change(text[end:])])


def _words(text: str) -> list[re.Match[str]]:
    """Runs of letters outside links, handles and hashtags."""
    return list(_WORD.finditer(_LINK_OR_HANDLE.sub(lambda kept: " " * len(kept.group()), text)))
