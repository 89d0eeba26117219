"""Laws of the text functions, on any text and on texts made of what could upset them."""

import regex
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.logic.text import excerpt, fold, hashtags, links, mentions, strip_controls

_HARD = st.text(
    alphabet="aیيكه ٔ\u064b\u0653\u0640\u200c\u200d\u200f\u202e۱１İßﬁﻻǅ\u0345\u03a3👨🏽👩🇮🇷❤️#@._/:-\n\ud800", max_size=40
)
_TEXTS = st.text() | _HARD


@given(_TEXTS)
def test_fold_is_idempotent(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(_TEXTS)
def test_fold_does_not_see_case_letters_or_spacing(text: str) -> None:
    folded = fold(text)
    assert fold(f"  {text}\t") == folded
    # Unicode makes one letter (ئ) of the Arabic yeh and a hamza above, but not of the Persian one
    assume("\u0654" not in text)
    assert fold(text.replace("ی", "ي").replace("ک", "ك")) == folded
    assert "\u200c" not in folded
    assert "  " not in folded


@given(_TEXTS, st.integers(1, 60))
def test_excerpt_fits_and_tears_nothing(text: str, limit: int) -> None:
    cut = excerpt(text, limit)
    assert len(cut) <= limit
    line = " ".join(strip_controls(text).split())
    if cut == line:
        return
    assert cut.endswith("…")
    graphemes = regex.findall(r"\X", line)
    kept = regex.findall(r"\X", cut.removesuffix("…"))
    assert graphemes[: len(kept)] == kept


@given(_TEXTS)
def test_strip_controls_can_always_be_written(text: str) -> None:
    stripped = strip_controls(text)
    assert stripped.encode("utf-8").decode("utf-8") == stripped
    assert strip_controls(stripped) == stripped


@given(_TEXTS)
def test_what_is_found_stands_in_the_text_once(text: str) -> None:
    for find in (links, mentions, hashtags):
        found = find(text)
        assert len(set(found)) == len(found)
        assert all(each and each in text for each in found)
