"""The tokenizer that ships: the base's own, with spelling variants folded first.

The folding lives in tokenizer.json itself, so stock `transformers` reads a post exactly as Shenava does.
"""

from __future__ import annotations

from tokenizers import Regex, Tokenizer
from tokenizers import normalizers as norm

_LETTERS = {"ي": "ی", "ى": "ی", "ك": "ک", "ۀ": "ه", "ـ": ""}
_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'"}
_DIGITS = {chr(zero + i): str(i) for zero in (0x06F0, 0x0660) for i in range(10)}


def fold_spelling(tokenizer: Tokenizer) -> Tokenizer:
    """Prepend to the tokenizer's normalizer (in place, and returned) what must not change a decision.

    Links become `http` and handles `@user` (neither says what the author feels), Arabic letters and
    both eastern digit sets become the Persian and Latin ones, diacritics and invisible marks go, and a
    character repeated three times or more is cut to two ("soooo" and "خییییلی" keep their emphasis).
    """
    replacements: list[norm.Normalizer] = [norm.Replace(old, new) for old, new in _ENTITIES.items()]
    replacements += [
        norm.Replace(Regex(r"https?://\S+|www\.\S+"), "http"),
        norm.Replace(Regex(r"(?<![\w.])@[\w.]*\w"), "@user"),
        norm.Replace(Regex("[\u064b-\u065f\u0670\u200b\u200d-\u200f\u202a-\u202e\u2066-\u2069\ufeff]"), ""),
    ]
    replacements += [norm.Replace(old, new) for old, new in {**_LETTERS, **_DIGITS}.items()]
    # \K keeps what stands before it; digits are left alone: 1000 is not 100
    replacements.append(norm.Replace(Regex(r"([^\d\s])\1\K\1+"), ""))
    if tokenizer.normalizer is not None:
        replacements.append(tokenizer.normalizer)
    tokenizer.normalizer = norm.Sequence(replacements)
    return tokenizer
