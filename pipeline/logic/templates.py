"""What is written to a customer: a sentence of the config with a few words filled in, in the customer's language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from string import Formatter

from persiantools.jdatetime import JalaliDate

from pipeline.logic import text
from pipeline.logic.redaction import findings

PLACEHOLDERS = ("name", "brand", "interest", "date")
PERSIAN = ("fa", "fa-latn")
"""Languages whose writers are written to in Persian; all others in English."""
NAMELESS = {"fa": "دوست", "en": "friend"}
"""What {name} is where no name is known: "سلام دوست عزیز"."""
LONGEST_NAME = 40

TOPICS_FA = {
    "arts": "هنر",
    "business": "کسب‌وکار",
    "celebrity": "چهره‌ها",
    "diary": "روزمره‌نویسی",
    "family": "خانواده",
    "fashion": "مد",
    "film": "فیلم",
    "fitness": "تناسب اندام",
    "food": "غذا",
    "gaming": "بازی",
    "learning": "آموزش",
    "music": "موسیقی",
    "news": "خبر",
    "hobbies": "سرگرمی",
    "relationships": "روابط",
    "tech": "فناوری",
    "sports": "ورزش",
    "travel": "سفر",
    "youth": "جوانان",
}
"""The classifier's topics in Persian."""

_PERSIAN_LETTER = re.compile("[\u0620-\u064a\u066e-\u06d3]")


def placeholders(template: str) -> tuple[str, ...]:
    """What a template leaves open.

    Raises:
        ValueError: a brace that is not closed, or a placeholder that does not exist.
    """
    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    found = []
    for _, name, form, conversion in Formatter().parse(template):
        if name is None:
            continue
        if name not in PLACEHOLDERS or form or conversion:
            raise ValueError(f"unknown placeholder {{{name}}}; there are {known}, and {{{{ for a brace")
        found.append(name)
    return tuple(found)


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with every placeholder replaced. Braces in a value stay what they are."""
    return "".join(literal + values[name] if name else literal for literal, name, *_ in Formatter().parse(template))


def language_of(language: str) -> str:
    """The language of the text for somebody who writes in that one: fa or en."""
    return "fa" if language in PERSIAN else "en"


def name_shown(display_name: str | None, language: str) -> str:
    """The name a customer goes by, or what stands in its place.

    A display name is whatever its owner typed: what holds a link, a handle, a phone number or no letter at all is none
    that a company should repeat.
    """
    name = text.one_line(display_name or "")
    telling = text.links(name) or findings(name) or "@" in name
    if telling or len(name) > LONGEST_NAME or not any(map(str.isalpha, name)):
        return NAMELESS[language]
    return name


def date_shown(day: date, language: str) -> str:
    """۱۲ مهر ۱۴۰۵ in Persian, 4 October 2026 in English."""
    if language == "fa":
        shown = JalaliDate(day).strftime("%d %B %Y", locale="fa")  # type: ignore[no-untyped-call]
        return str(shown).lstrip("۰")
    return f"{day.day} {day:%B %Y}"


def persian_name(name: str, terms: Iterable[str]) -> str:
    """What an interest or a brand is called in Persian: by its first term in Persian letters, else as it is."""
    return next((term for term in terms if _PERSIAN_LETTER.search(term)), TOPICS_FA.get(name, name))
