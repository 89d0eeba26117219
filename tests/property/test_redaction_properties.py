"""Laws of redaction, on texts made of the pieces that could upset it."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.logic.redaction import findings, redact

_HARD = """
09123456789 +98912 3456789 0084575948 6219861034529007 IR062960000000100324200001 ali@x.ir 021-88776655 شبا کارت کد ملی
تلفن phone card order سفارش تومان [phone] [card] 415-555-2671 +4930 123456 wa.me/ https://x.ir/ @me (at) # , . - / ( )
۰۹۱۲ ۳۴۵ ۶۷۸۹ o912 kart * با زنگ gmail dot at ات دات جیمیل کام @gmail %40 ＠ علی@ IR 820540102680020817909002 9️⃣
"""
_PIECES = st.sampled_from([*_HARD.split(), "\u200f", "\u200c", "\u202a", "\n"])
_TEXTS = st.lists(_PIECES | st.text(alphabet="0123456789۰۱۲۳٤٥ -.@/+()aئی", max_size=12), max_size=12).flatmap(
    lambda parts: st.sampled_from(["", " "]).map(lambda glue: glue.join(parts))
)


@given(st.text() | _TEXTS)
def test_redaction_is_idempotent(text: str) -> None:
    once = redact(text)
    assert redact(once) == once
    assert findings(once) == []


@given(st.text() | _TEXTS)
def test_findings_are_in_order_and_apart(text: str) -> None:
    found = findings(text)
    assert all(0 <= each.start < each.end <= len(text) for each in found)
    assert all(first.end <= second.start for first, second in pairwise(found))


@given(st.from_regex(r"\A09[0-39][0-9]{8}\Z"), st.text(alphabet="سلام خوبی. ", max_size=8), st.booleans())
def test_every_iranian_mobile_goes(number: str, around: str, persian: bool) -> None:
    written = number.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")) if persian else number
    assert redact(f"{around}{written}{around}") == f"{around}[phone]{around}"


@given(st.text(alphabet="ابپتجچحخدرزسشصطعغفقکگلمنوهی \n!؟،", max_size=200))
def test_text_without_digits_or_addresses_stays(text: str) -> None:
    assert redact(text) == text
