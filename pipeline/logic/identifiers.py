"""Where a text holds an e-mail address, an IBAN, a card, a phone or an Iranian national number.

Each function takes text in the form `redaction.plain` makes (Latin digits, Persian letters, nothing
invisible) and yields spans. A wrong mask costs a word of an excerpt, a missed one gives a person away;
so where a word before the number says what it is ("کارت", "phone") its check digits need not be right.
Without such a word they must be, or order numbers would vanish from the alerts that are about them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers
from stdnum import iban, luhn
from stdnum.iso7064 import mod_97_10

Span = tuple[int, int]

# What may stand inside a written number. No line break, no comma: commas are for prices.
_SEP = r"[ \t\xa0\u2009\u202f./\-‐‑‒–—_]"
_GAP = rf"{_SEP}{{0,3}}"
_LATIN = r"(?<![A-Za-z])"
# after a comma or a decimal point digits belong to a price
_ALONE_BEFORE = r"(?<![A-Za-z0-9#_-])(?<!\d[,.٫٬/])"
_ALONE_AFTER = r"(?![A-Za-z0-9_-]|[,.٫٬/]\d)"

_PROVIDER = r"(?:gmail|yahoo|hotmail|outlook|icloud|live|proton(?:mail)?|chmail)"
_EMAIL = re.compile(
    r"(?<![\w.%+@-])[\w%+-](?:[\w.%+-]*[\w%+-])?"
    rf"(?:@|\s?[(\[]at[)\]]\s?|\s@\s(?={_PROVIDER}\.))"
    r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.|\s?[(\[]dot[)\]]\s?))+[a-z]{2,24}",
    re.ASCII | re.IGNORECASE,
)
_IBAN = re.compile(rf"(?<![a-z0-9])(?=([a-z]{{2}}{_SEP}?\d\d(?:{_SEP}?[a-z0-9]){{11,30}}))", re.ASCII | re.IGNORECASE)
_SHEBA = re.compile(
    rf"(?:شبا|(?<![A-Za-z\[])(?:sheba|shaba|iban))[^\d\n]{{0,15}}?(?P<n>(?:ir{_GAP})?\d(?:{_GAP}\d){{23}})(?!\d)",
    re.IGNORECASE,
)
_CARD = re.compile(
    rf"(?P<label>(?:کارت|(?<![A-Za-z\[])card)[^\d\n]{{0,15}}?)?(?<!\d)"
    rf"(?P<n>\d{{4}}(?:{_GAP}\d{{4}}){{3}}|3[47]\d\d{_GAP}\d{{6}}{_GAP}\d{{5}})(?!\d)",
    re.IGNORECASE,
)
# Numbering plan of Iran: 0 + operator 9xx or city code + 7 or 8 digits, https://en.wikipedia.org/wiki/Telephone_numbers_in_Iran
_IRAN = rf"\(?(?:\+|00){_GAP}98\)?{_GAP}(?:\(0\)|0)?{_GAP}"
_MOBILE = re.compile(
    rf"(?<!\d)(?:{_IRAN}|98{_GAP}|\(?0{_SEP}?)\(?9\d{{2}}\)?(?:{_GAP}\d){{7}}(?!\d)"
    r"|(?<![\d$€£])9[0-39]\d[ -]\d{3}[ -]\d{2}[ -]?\d{2}(?![\d-])"
)
_CITY = r"(?:1[137]|2[13-68]|3[1458]|4[145]|5[1468]|6[16]|7[1467]|8[13467])"
_LANDLINE = re.compile(
    rf"(?<!\d)(?:{_IRAN}|\(?0)\(?{_CITY}\)?{_GAP}[2-9](?:{_SEP}?\d){{7}}(?!\d)"
    rf"|(?<!\d)[2-9](?:{_SEP}?\d){{7}} ?[-–—/(] ?0{_CITY}\)?(?!\d)"
)
_INTERNATIONAL = re.compile(rf"(?<![\d+])(?:\+|00){_GAP}\(?[1-9](?:(?:{_SEP}|[()]){{0,4}}\d){{6,14}}(?!\d)")
_AMERICAN = re.compile(
    rf"(?<![$€£]){_ALONE_BEFORE}(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{{4}}{_ALONE_AFTER}"
)
_LABELLED_PHONE = re.compile(
    r"(?:تلفن|تماس|موبایل|همراه|واتس ?اپ|فکس|(?<![A-Za-z])(?:phone|telephone|tel|mobile|cell|whatsapp|fax|call))"
    r"(?:مون|شون|م|ش)?(?: ?(?:من|ما|بنده|شماره|هست|است|ثابت|me|us|at|on|is|number|no)(?![A-Za-z]))*[ .:：=-]{0,4}"
    rf"(?P<n>\(?\d{{1,5}}\)?(?:{_SEP}?\d){{5,13}})(?!\d)",
    re.IGNORECASE,
)
_NATIONAL = re.compile(rf"{_ALONE_BEFORE}(?:\d{{10}}|\d{{3}}[ -]\d{{6}}[ -]\d){_ALONE_AFTER}")
_LABELLED_NATIONAL = re.compile(
    rf"(?:(?:کد|شمارهی?|شناسه)\s?ملی|{_LATIN}national (?:id|code|number))[^\d\n]{{0,15}}?"
    r"(?P<n>\d{8,10}|\d{3}[ -]\d{6}[ -]\d)(?!\d)",
    re.IGNORECASE,
)
# A number that says it is something else stays, whatever its digits happen to add up to.
_OTHER_NUMBER = re.compile(
    r"(?:سفارش|رهگیری|پیگیری|مرسوله|فاکتور|بارکد|پرواز|بلیط|بلیت|قبض|قرارداد|اشتراک|سریال|تراکنش|ارجاع|کالا|محصول|تیکت"
    r"|(?<![A-Za-z])(?:order|tracking|invoice|booking|reference|ref|ticket|flight|serial|barcode|receipt|case|sku|id))"
    r"(?:مون|م|ام)?(?: ?(?:من|ما|شماره|کد|با|به|number|no|nr|code|id|is|was)(?![A-Za-z]))*[ .:：=#(-]{0,4}$",
    re.IGNORECASE,
)
_MONEY = re.compile(r" ?(?:هزار|میلیون)? ?(?:تومن|تومان|ریال|toman|rial|irr|usd|eur|€|\$|£)", re.IGNORECASE)
_DATE = re.compile(r"\d{2,4}[/.-]\d{1,2}[/.-]\d{1,4}")


def emails(text: str) -> Iterator[Span]:
    """E-mail addresses, also with Persian text stuck to them, `ali(at)site.com`, `ali @ gmail.com`."""
    yield from (found.span() for found in _EMAIL.finditer(text))


def ibans(text: str) -> Iterator[Span]:
    """Account numbers with right check digits (ISO 13616, mod 97), and any 24 digits after "شبا"."""
    yield from (found.span("n") for found in _SHEBA.finditer(text))
    for found in _IBAN.finditer(text):
        start, end = found.span(1)
        # the words that follow look like more of the number
        for stop in range(end, start + 14, -1):
            if not text[stop : stop + 1].isalnum() and is_iban(re.sub(_SEP, "", text[start:stop])):
                yield start, stop
                break


def cards(text: str) -> Iterator[Span]:
    """Payment cards of 16 or (American Express) 15 digits by Luhn's formula, or any such number after "کارت"."""
    for found in _CARD.finditer(text):
        digits = _digits(found["n"])
        if found["label"] or (
            digits[0] in "234569" and luhn.is_valid(digits) and not _is_something_else(text, found.start("n"))
        ):
            yield found.span("n")


def mobiles(text: str) -> Iterator[Span]:
    """Iranian mobile numbers: 09…, +98 9…, 0098 9…, 98 9…"""
    yield from (found.span() for found in _MOBILE.finditer(text))


def phones(text: str) -> Iterator[Span]:
    """Iranian numbers with their city code, international ones, North American ones, and what a word calls a phone."""
    for found in _LANDLINE.finditer(text):
        if not _is_something_else(text, found.start()):
            yield found.span()
    for found in _INTERNATIONAL.finditer(text):
        yield from _longest_valid(text, *found.span())
    for found in _AMERICAN.finditer(text):
        valid = phonenumbers.is_valid_number(phonenumbers.parse(found[0], "US"))
        if valid and not _is_something_else(text, found.start()):
            yield found.span()
    for found in _LABELLED_PHONE.finditer(text):
        number = found["n"]
        is_price = _MONEY.match(text, found.end()) or _digits(number).endswith("0000")
        if len(_digits(number)) >= 7 and not is_price and not _DATE.fullmatch(number):
            yield found.span("n")


def national_ids(text: str) -> Iterator[Span]:
    """Iranian national numbers whose check digit is right, or 8 to 10 digits after "کد ملی" (zeros get lost)."""
    yield from (found.span("n") for found in _LABELLED_NATIONAL.finditer(text))
    for found in _NATIONAL.finditer(text):
        is_price = _MONEY.match(text, found.end())
        if is_national_id(_digits(found[0])) and not is_price and not _is_something_else(text, found.start()):
            yield found.span()


def is_iban(number: str) -> bool:
    """Whether a number without spaces has the form and check digits of its country's IBAN (ISO 13616)."""
    number = number.upper()
    # Iran's Sheba is no part of the registry that stdnum reads
    if number.startswith("IR"):
        return len(number) == 26 and number[2:].isdecimal() and mod_97_10.is_valid(number[4:] + number[:4])
    return iban.is_valid(number)


def is_national_id(digits: str) -> bool:
    """Whether ten digits can be an Iranian national number.

    The tenth digit checks the others: with r = (Σ digit_i · (11 − i), i = 1..9) mod 11 it is r when
    r < 2, else 11 − r (National Organization for Civil Registration). No place of issue is 000.
    """
    if len(digits) != 10 or digits.startswith("000") or len(set(digits)) == 1:
        return False
    rest = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)) % 11
    return int(digits[9]) == (rest if rest < 2 else 11 - rest)


def _longest_valid(text: str, start: int, end: int) -> Iterator[Span]:
    """The span cut back, group by group, to a number that exists: "+49 30 1234567 2 days" ends before the 2."""
    for stop in range(end, start + 7, -1):
        if text[stop : stop + 1].isdigit() or not text[stop - 1].isdigit():
            continue
        digits = _digits(text[start:stop])
        number = phonenumbers.PhoneNumber()
        try:
            number = phonenumbers.parse("+" + (digits if text[start] == "+" else digits[2:]))
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            yield start, stop
            return


def _is_something_else(text: str, start: int) -> bool:
    return bool(_OTHER_NUMBER.search(text, max(0, start - 40), start))


def _digits(text: str) -> str:
    return "".join(filter(str.isdecimal, text))
