"""The tokenizer that ships: the base's own, with spelling variants folded first.

The folding lives in tokenizer.json itself, so stock `transformers` reads a post exactly as Shenava does.
"""

from __future__ import annotations

from tokenizers import Regex, Tokenizer
from tokenizers import normalizers as norm

_LETTERS = {"ي": "ی", "ى": "ی", "ك": "ک", "ۀ": "ه", "ـ": ""}
_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'"}
LINK, HANDLE = r"https?://\S+|www\.\S+", r"(?<![\w.])@[\w.]*\w"
_DIGITS = {chr(zero + i): str(i) for zero in (0x06F0, 0x0660) for i in range(10)}


def fold_spelling(tokenizer: Tokenizer) -> Tokenizer:
    """Prepend to the tokenizer's normalizer (in place, and returned) what must not change a decision.

    Links become `http` and handles `@user`, and at the end of a post they go (neither says what the
    author feels); Arabic letters and both eastern digit sets become the Persian and Latin ones, capitals
    small, diacritics and invisible marks go. A character repeated three times or more is cut to two, to one where
    its language hardly doubles it ("خییییلی" is "خیلی", "sooo" and "goooood" keep two).
    """
    replacements: list[norm.Normalizer] = [norm.Replace(old, new) for old, new in _ENTITIES.items()]
    replacements += [
        norm.Lowercase(),
        norm.Replace(Regex(rf"(?<=\S)(?:\s+(?:{LINK}|{HANDLE}))+\s*$"), ""),
        norm.Replace(Regex(LINK), "http"),
        norm.Replace(Regex(HANDLE), "@user"),
        norm.Replace(Regex("[\u064b-\u065f\u0670\u200b\u200d-\u200f\u202a-\u202e\u2066-\u2069\ufeff]"), ""),
    ]
    replacements += [norm.Replace(old, new) for old, new in {**_LETTERS, **_DIGITS}.items()]
    replacements.append(norm.Replace(Regex(r"([\u0620-\u06d3aiuy])\K\1{2,}"), ""))
    # \K keeps what stands before it; digits are left alone: 1000 is not 100
    replacements.append(norm.Replace(Regex(r"([^\d\s])\1\K\1+"), ""))
    if tokenizer.normalizer is not None:
        replacements.append(tokenizer.normalizer)
    tokenizer.normalizer = norm.Sequence(replacements)
    return tokenizer
