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
# mobiles, cards and accounts are long enough to be told over the end of a line, or with stars between
_WIDE_GAP = rf"(?:{_GAP}|[\n*])"
_AFTER_LABEL = r"[^\d\n]{0,15}?\n?"
_LATIN = r"(?<![A-Za-z])"
# after a comma or a decimal point digits belong to a price
_ALONE_BEFORE = r"(?<![A-Za-z0-9#_-])(?<!\d[,.٫٬/])"
_ALONE_AFTER = r"(?![A-Za-z0-9_-]|[,.٫٬/]\d)"

# blanks round the @, and @ and dot as words, count only next to one of these: "look at yahoo.com" is no address
_PROVIDER = r"(?:gmail|yahoo|hotmail|outlook|icloud|live|proton(?:mail)?|chmail|جیمیل|یاهو)"
_AT = (
    r"(?:@|%40|\s?[(\[](?:at|ات)[)\]]\s?"
    rf"|\s?@\s?(?={_PROVIDER}\s?\.)|\s(?:at|ات)\s(?={_PROVIDER}\s(?:dot|دات)\s))"
)
_DOT = r"(?:\.|\s?[(\[](?:dot|دات|\.)[)\]]\s?|\s(?:dot|دات)\s)"
_EMAIL = re.compile(
    r"(?<![\w.%+@-])[\w%+-](?:[\w.%+-]*[\w%+-])?"
    rf"(?:{_AT}(?:{_PROVIDER}(?:{_DOT}|\s\.\s)|[a-z0-9](?:[a-z0-9-]*[a-z0-9])?{_DOT})+(?:[a-z]{{2,24}}|کام)"
    # "sara@gmail", but not the handle of "thanks @yahoo"
    r"|@(?:gmail|yahoo|hotmail|chmail)(?![\w.]))",
    re.ASCII | re.IGNORECASE,
)
# RFC 6531: letters of any script, where Persian text stuck to a Latin address has not been told apart before
_FOREIGN_EMAIL = re.compile(r"(?<![\w.%+@-])\w[\w.%+-]*@(?:\w[\w-]*\.)+[^\W\d_]{2,24}")
_IBAN = re.compile(rf"(?<![a-z0-9])(?=([a-z]{{2}}{_SEP}?\d\d(?:{_SEP}?[a-z0-9]){{11,30}}))", re.ASCII | re.IGNORECASE)
_SHEBA = re.compile(
    rf"(?P<label>(?:شبا|(?<![A-Za-z\[])(?:sheba|shaba|iban)){_AFTER_LABEL})?(?<!\d)"
    rf"(?P<n>(?:ir{_GAP})?\d(?:{_WIDE_GAP}\d){{23}}(?:{_GAP}ir(?![a-z]))?)(?!\d)",
    re.IGNORECASE,
)
_CARD = re.compile(
    rf"(?P<label>(?:کارت|(?<![A-Za-z\[])(?:card|kart)){_AFTER_LABEL})?(?<!\d)"
    rf"(?P<n>\d{{4}}(?:{_WIDE_GAP}\d{{4}}){{3}}|3[47]\d\d{_GAP}\d{{6}}{_GAP}\d{{5}})(?!\d)",
    re.IGNORECASE,
)
# Numbering plan of Iran: 0 + operator 9xx or city code + 7 or 8 digits, https://en.wikipedia.org/wiki/Telephone_numbers_in_Iran
_IRAN = rf"\(?(?:\+|00){_GAP}98\)?{_GAP}(?:\(0\)|0)?{_GAP}"
_MOBILE = re.compile(
    # "o912" for 0912; no dot behind the zero: that is a decimal point
    rf"(?<!\d)(?:{_IRAN}|98{_GAP}|\(?(?:0|{_LATIN}o)[ \xa0-]?)\(?9\d{{2}}\)?(?:{_WIDE_GAP}\d){{7}}(?!\d)"
    r"|(?<!\d)0 ?9(?: ?\d){9}(?!\d)"
    r"|(?<![\d$€£])9[0-39]\d[ -]\d{3}[ -]\d{2}[ -]?\d{2}(?![\d-])",
    re.IGNORECASE,
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
# 07700 900123, 020 7946 0958, 0161 496 0123
_BRITISH = re.compile(
    rf"{_ALONE_BEFORE}(?:0\d{{4}} \d{{6}}|0\d\d \d{{4}} \d{{4}}|0\d{{3}} \d{{3}} \d{{4}}){_ALONE_AFTER}"
)
_WITHOUT_COUNTRY = (("US", _AMERICAN), ("GB", _BRITISH))
_CALLED_PHONE = re.compile(rf"(?:با|به) (?P<n>[2-9](?:{_SEP}?\d){{7}}) (?:تماس|زنگ)")
_LABELLED_PHONE = re.compile(
    r"(?:تلفن|تماس|موبایل|همراه|واتس ?اپ|فکس"
    r"|(?<![A-Za-z])(?:phone|telephone|tel|mobile|cell|whatsapp|fax|call|ring|my number|telefone?|tamas))"
    r"(?:مون|شون|م|ش)?(?: ?(?:من|ما|بنده|شماره|هست|است|ثابت|منزل|خانه|خونه|دفتر"
    rf"|(?:me|us|at|on|is|number|no|khune|man)(?![A-Za-z])))*[ .:：=-]{{0,4}}"
    rf"(?P<n>\+?\(?\d{{1,5}}\)?(?:{_SEP}?\d){{5,13}})(?!\d)",
    re.IGNORECASE,
)
_NATIONAL = re.compile(rf"{_ALONE_BEFORE}(?:\d{{10}}|\d{{3}}[ -]\d{{6}}[ -]\d){_ALONE_AFTER}")
_LABELLED_NATIONAL = re.compile(
    r"(?:(?:کد|شمارهی?|شناسه)\s?ملی"
    rf"|{_LATIN}(?:national (?:id|code|number)|(?:code|kod|shomare) ?mell?i)){_AFTER_LABEL}"
    r"(?P<n>\d{8,10}|\d(?:[ -]?\d){9})(?!\d)",
    re.IGNORECASE,
)
# A number that says it is something else stays, whatever its digits happen to add up to.
_OTHER_NUMBER = re.compile(
    r"(?:سفارش|رهگیری|پیگیری|مرسوله|فاکتور|بارکد|پرواز|بلیط|بلیت|قبض|قرارداد|اشتراک|سریال|تراکنش|ارجاع|کالا|محصول|تیکت"
    r"|رزرو|شابک|پرونده|شکایت|مرجع|سند|آیدی|شناسه|دانشجویی|پرسنلی|مشترک"
    r"|(?<![A-Za-z])(?:order|tracking|invoice|booking|reference|ref|ticket|flight|serial|barcode|receipt|case|sku|id"
    r"|reservation|confirmation|claim|waybill|policy|isbn|imei|sefaresh|rahgiri|peygiri|reserv))"
    r"(?:مون|م|ام)?(?: ?(?:من|ما|شماره|کد|با|به|number|no|nr|code|id|is|was)(?![A-Za-z]))*[ .:：=#(-]{0,4}$",
    re.IGNORECASE,
)
_MONEY = re.compile(r" ?(?:هزار|میلیون)? ?(?:تومن|تومان|ریال|toman|rial|irr|usd|eur|€|\$|£)", re.IGNORECASE)
_DATE = re.compile(r"\d{2,4}[/.-]\d{1,2}[/.-]\d{1,4}")


def emails(text: str) -> Iterator[Span]:
    """E-mail addresses, also with Persian text stuck to them, `ali(at)site.com`, `ali at gmail dot com`."""
    for pattern in (_EMAIL, _FOREIGN_EMAIL):
        yield from (found.span() for found in pattern.finditer(text))


def ibans(text: str) -> Iterator[Span]:
    """Account numbers with right check digits (ISO 13616, mod 97; IR may lack), and any 24 digits after "شبا"."""
    for found in _SHEBA.finditer(text):
        valid = is_iban("IR" + _digits(found["n"]))
        if found["label"] or (valid and not _is_something_else(text, found.start("n"))):
            yield found.span("n")
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
    """Iranian numbers with their city code, international, American and British ones, and what a word calls a phone."""
    for found in _LANDLINE.finditer(text):
        if not _is_something_else(text, found.start()):
            yield found.span()
    for found in _INTERNATIONAL.finditer(text):
        yield from _longest_valid(text, *found.span())
    for region, pattern in _WITHOUT_COUNTRY:
        for found in pattern.finditer(text):
            valid = phonenumbers.is_valid_number(phonenumbers.parse(found[0], region))
            if valid and not _is_something_else(text, found.start()):
                yield found.span()
    yield from (found.span("n") for found in _CALLED_PHONE.finditer(text))
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
