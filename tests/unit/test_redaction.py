"""What is masked and what must stay; every number here is made up or a published example."""

import pytest

from pipeline.logic.identifiers import is_iban, is_national_id
from pipeline.logic.redaction import Finding, findings, redact

MASKED = [
    # Iranian mobiles
    ("با ۰۹۱۲۳۴۵۶۷۸۹ تماس بگیرید", "با [phone] تماس بگیرید"),
    ("شماره من 09123456789", "شماره من [phone]"),
    ("٠٩٣٥١٢٣٤٥٦٧ واتساپ", "[phone] واتساپ"),
    ("0912 345 67 89 زنگ بزنید", "[phone] زنگ بزنید"),
    ("0912-345-6789", "[phone]"),
    ("۰۹۱۲ - ۳۴۵ - ۶۷۸۹", "[phone]"),
    ("0912.345.6789", "[phone]"),
    ("(0912) 345 6789 please", "[phone] please"),
    ("(09123456789)", "([phone])"),
    ("+989123456789", "[phone]"),
    ("+98 912 345 6789", "[phone]"),
    ("+۹۸ ۹۱۲ ۳۴۵ ۶۷۸۹", "[phone]"),
    ("+98 (0) 912 345 6789", "[phone]"),
    ("(+98) 9123456789", "[phone]"),
    ("00989123456789", "[phone]"),
    ("0098 912 3456789", "[phone]"),
    ("989123456789", "[phone]"),
    ("۹۱۲ ۳۴۵ ۶۷۸۹ بهم زنگ بزن", "[phone] بهم زنگ بزن"),
    ("شماره‌م۰۹۱۲۳۴۵۶۷۸۹هست", "شماره‌م[phone]هست"),
    ("09123456789,09351234567", "[phone],[phone]"),
    ("09123456789 09351234567", "[phone] [phone]"),
    ("۰۹۱۲۳۴۵۶۷۸۹/۰۹۳۵۱۲۳۴۵۶۷", "[phone]/[phone]"),
    ("\u202a+98 912 345 6789\u202c", "\u202a[phone]\u202c"),
    ("09\u200b12\u200c345\u200f6789", "[phone]"),
    ("https://wa.me/989123456789 پیام بدید", "https://wa.me/[phone] پیام بدید"),
    ("۰۹۱2۳۴۵6789", "[phone]"),
    ("09 12 34 56 78 9 manam", "[phone] manam"),
    ("0912*345*6789", "[phone]"),
    ("شماره 0912345\n6789", "شماره [phone]"),
    ("shomaram o912 345 67 89", "shomaram [phone]"),
    ("0️⃣9️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣9️⃣ زنگ بزن", "[phone] زنگ بزن"),
    # Iranian landlines
    ("دفتر: ۰۲۱۸۸۷۷۶۶۵۵", "دفتر: [phone]"),
    ("021-88776655", "[phone]"),
    ("021 8877 6655", "[phone]"),
    ("(021) 88776655", "[phone]"),
    ("۸۸۷۷۶۶۵۵-۰۲۱", "[phone]"),
    ("+98 21 8877 6655", "[phone]"),
    ("0098-51-38765432", "[phone]"),
    ("تلفن: ۸۸۷۷۶۶۵۵", "تلفن: [phone]"),
    ("شماره تماس من 9123456789", "شماره تماس من [phone]"),
    ("تلفن منزل ما ۴۴۵۵۱۱۲۲", "تلفن منزل ما [phone]"),
    ("با ۸۸۷۷ ۶۶۵۵ تماس بگیرید", "با [phone] تماس بگیرید"),
    ("به 66554433 زنگ بزنید", "به [phone] زنگ بزنید"),
    # elsewhere
    ("call me at +44 20 7946 0018", "call me at [phone]"),
    ("+1 (415) 555-2671", "[phone]"),
    ("+90 532 123 45 67 2 kere aradım", "[phone] 2 kere aradım"),
    ("0049 170 1234567", "[phone]"),
    ("+90 532 123 45 67", "[phone]"),
    ("my cell is 415-555-2671", "my cell is [phone]"),
    ("(415) 555-2671 is me", "[phone] is me"),
    ("1-415-555-2671", "[phone]"),
    ("whatsapp 07911 123456", "whatsapp [phone]"),
    ("phone: 4155552671", "phone: [phone]"),
    ("my number is 4155552671", "my number is [phone]"),
    ("mobile +44 7700 900456", "mobile [phone]"),  # kept free for films, so no valid number
    ("020 7946 0018 is my office", "[phone] is my office"),
    # e-mail
    ("write to ali.rezaei@example.com.", "write to [email]."),
    ("ایمیلم ali_rezaei92@gmail.com هست", "ایمیلم [email] هست"),
    ("ایمیلali@gmail.comبرای پیگیری", "ایمیل[email]برای پیگیری"),
    ("A.B+shop@mail.example.co.uk", "[email]"),
    ("ali [at] example.com", "[email]"),
    ("ali(at)example(dot)com", "[email]"),
    ("ali @ gmail.com", "[email]"),
    ("mailto:sara@example.ir", "mailto:[email]"),
    ("ali @gmail.com", "[email]"),
    ("ali@\ngmail.com", "[email]"),
    ("ali @ gmail . com", "[email]"),
    ("ali.reza at yahoo dot com", "[email]"),
    ("ایمیلم reza ات جیمیل دات کام", "ایمیلم [email]"),
    ("ali@gmail(.)com", "[email]"),
    ("ایمیل من ali@gmail", "ایمیل من [email]"),
    ("ali＠example.com", "[email]"),
    ("https://x.ir/?u=ali%40example.com", "https://x.ir/?u=[email]"),
    ("علی.رضایی@example.com", "[email]"),
    ("به پشتیبان@نمونه.ایران نوشتم", "به [email] نوشتم"),
    ("info@münchen.de", "[email]"),
    # cards
    ("کارت ۶۲۱۹-۸۶۱۰-۳۴۵۲-۹۰۰۷", "کارت [card]"),
    ("6219861034529007", "[card]"),
    ("6219 8610 3452 9007 به نام علی", "[card] به نام علی"),
    ("۵۰۲۲۲۹۱۰۷۰۸۷۳۴۶۶", "[card]"),
    ("٥٠٢٢ ٢٩١٠ ٧٠٨٧ ٣٤٦٦", "[card]"),
    ("4111-1111-1111-1111", "[card]"),
    ("amex 3782 822463 10005", "amex [card]"),
    ("شماره کارت: 6037991234567890", "شماره کارت: [card]"),
    ("shomare kart 6037991234567890", "shomare kart [card]"),
    ("کارت:\n6219\n8610\n3452\n9007", "کارت:\n[card]"),
    ("6219*8610*3452*9007", "[card]"),
    # IBAN
    ("IR062960000000100324200001", "[iban]"),
    ("IR82 0540 1026 8002 0817 9090 02", "[iban]"),
    ("ir۰۶۲۹۶۰۰۰۰۰۰۰۱۰۰۳۲۴۲۰۰۰۰۱", "[iban]"),
    ("شبا: ۰۶۲۹۶۰۰۰۰۰۰۰۱۰۰۳۲۴۲۰۰۰۰۱", "شبا: [iban]"),
    ("شماره شبا IR06 2960 0000 0010 0324 2000 01", "شماره شبا [iban]"),
    ("شبا 820540102680020817909003", "شبا [iban]"),
    ("820540102680020817909002", "[iban]"),
    ("8205 4010 2680 0208 1790 9002 بزنید", "[iban] بزنید"),
    ("شبا 820540102680020817909002IR", "شبا [iban]"),
    ("شبا:\nIR820540102680\n020817909002", "شبا:\n[iban]"),
    ("DE89 3704 0044 0532 0130 00 danke", "[iban] danke"),
    ("GB29NWBK60161331926819", "[iban]"),
    # national numbers
    ("کد ملی ۰۰۸۴۵۷۵۹۴۸", "کد ملی [national-id]"),
    ("کدملی: 0084575948", "کدملی: [national-id]"),
    ("0013542419", "[national-id]"),
    ("٠٤٩٩٣٧٠٨٩٩", "[national-id]"),
    ("008-457594-8", "[national-id]"),
    ("کد ملیم 1234567890 هست", "کد ملیم [national-id] هست"),
    ("شماره ملي 84575948", "شماره ملي [national-id]"),
    ("my national id: 0084575948", "my national id: [national-id]"),
    ("code melli 1234567890", "code melli [national-id]"),
    ("کد ملی 008 457 5948", "کد ملی [national-id]"),
    # together
    (
        "علی، ۰۹۱۲۳۴۵۶۷۸۹، ali@x.ir، ۶۲۱۹۸۶۱۰۳۴۵۲۹۰۰۷، کد ملی ۰۰۸۴۵۷۵۹۴۸",
        "علی، [phone]، [email]، [card]، کد ملی [national-id]",
    ),
]

KEPT = [
    "",
    "سلام، سفارشم نرسید",
    "سفارش ۱۲۳۴۵۶۷۸۹۰ سه هفته است نیامده",
    "order 1234567890 never came",
    "order number: 0084575948",
    "شماره سفارش من: ۰۰۸۴۵۷۵۹۴۸",
    "کد رهگیری 0013542419",
    "#0013542419",
    "DKC-0013542419",
    "کد پیگیری ۶۲۱۹۸۶۱۰۳۴۵۲۹۰۰۷",
    "tracking 4111111111111111",
    "کد مرسوله 820540102680020817909002",
    "820540102680020817909003",
    "sefaresh 0013542419 koja mundeh",
    "کد رزرو 0013542419",
    "یوزر آیدی 0013542419",
    "Training Guide (ISBN 0013542419)",
    "6219861034529008",
    "بارکد پستی ۱۲۳۴۵۶۷۸۹۰۱۲۳۴۵۶۷۸۹۰۱۲۳۴",
    "۱۲۵۰۰۰۰ تومان",
    "1,250,000,000 ریال",
    "۱٬۲۵۰٬۰۰۰ تومن",
    "0013542419 تومان",
    "$1,299.99",
    "موبایل ۳۵۰۰۰۰۰۰ خریدم",
    "2025-11-24 10:20:30",
    "1403/02/15",
    "۱۴۰۳/۰۲/۱۵ ساعت ۱۸:۳۰",
    "تماس ۱۴۰۳/۰۲/۱۵ بی‌جواب ماند",
    "09-12-2024 12345",
    "24.11.2025",
    "پرواز EP3345 ساعت ۱۴",
    "flight UA 1234 to IST, gate 22",
    "iphone 15 pro 256 512",
    "+1000000 followers",
    "100% off, 50-60 people",
    "تماس گرفتم ۲۰ بار جواب ندادن",
    "شماره پشتیبانی 1880",
    "@ParsiShops جواب بدید",
    "@me@mastodon.social",
    "look at yahoo.com",
    "thanks @yahoo",
    "stuck at gate dot 3 hours",
    "rate 0.9123456789",
    "0912***6789",
    "سفارش 88776655 زنگ زدم",
    "love @parsi.shop so much",
    "https://x.com/a/status/1234567890123456789",
    "https://shop.ir/p/0013542419",
    "https://shop.ir/p/4111111111111111",
    "epoch 1700000000",
    "[phone] [email] [card] [iban] [national-id]",
]


@pytest.mark.parametrize(("text", "expected"), MASKED)
def test_masks(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize("text", KEPT)
def test_keeps(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("text", [text for text, _ in MASKED] + KEPT)
def test_is_idempotent(text: str) -> None:
    once = redact(text)
    assert redact(once) == once
    assert findings(once) == []


def test_findings_point_into_the_original_text() -> None:
    text = "\u200fکارت ۶۲۱۹-۸۶۱۰-۳۴۵۲-۹۰۰۷ و ali@x.ir"
    found = findings(text)
    assert [(each.kind, text[each.start : each.end]) for each in found] == [
        ("card", "۶۲۱۹-۸۶۱۰-۳۴۵۲-۹۰۰۷"),
        ("email", "ali@x.ir"),
    ]
    assert found == sorted(found)


def test_finding_of_nothing() -> None:
    assert findings("no digits here") == []
    assert findings("09123456789") == [Finding(0, 11, "phone")]


@pytest.mark.parametrize("digits", ["0084575948", "0013542419", "0499370899"])
def test_national_id_with_right_check_digit(digits: str) -> None:
    assert is_national_id(digits)


@pytest.mark.parametrize("digits", ["1111111111", "0000000000", "0084575949", "008457594", "00084575948"])
def test_national_id_that_cannot_be(digits: str) -> None:
    assert not is_national_id(digits)


@pytest.mark.parametrize(
    "number", ["IR062960000000100324200001", "ir820540102680020817909002", "DE89370400440532013000"]
)
def test_iban_with_right_check_digits(number: str) -> None:
    assert is_iban(number)


@pytest.mark.parametrize(
    "number", ["IR062960000000100324200002", "IR06296000000010032420000", "DE89370400440532013001"]
)
def test_iban_that_cannot_be(number: str) -> None:
    assert not is_iban(number)
