"""Spelling variants of training texts, so that a decision does not hang on how something was typed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from pipeline.logic.text import ZWNJ

Variation = Callable[[str, random.Random], str]

_TRAILERS = ("http://t.co/x", "@user", "🙏", "...", "#fyp", "https://b.ly/1 @user")


def vary(texts: Sequence[str], share: float, seed: int) -> list[str]:
    """The texts, about `share` of them varied in one way; the same seed gives the same variants."""
    chance = random.Random(seed)
    return [chance.choice(_VARIATIONS)(text, chance) if chance.random() < share else text for text in texts]


def _half_spaces(text: str, chance: random.Random) -> str:
    """«نمی‌شه» is also typed «نمی شه» and «نمیشه»."""
    return text.replace(ZWNJ, chance.choice((" ", "")))


def _join_prefix(text: str, _: random.Random) -> str:
    """A separate «می» gets its half-space."""
    return text.replace(" می ", f" می{ZWNJ}").replace(" نمی ", f" نمی{ZWNJ}")


def _casing(text: str, chance: random.Random) -> str:
    return text.upper() if chance.random() < 0.3 else text.lower()


def _trailer(text: str, chance: random.Random) -> str:
    """A link or a handle at the end says nothing of what the author feels."""
    return f"{text} {chance.choice(_TRAILERS)}"


def _dropped_marks(text: str, _: random.Random) -> str:
    return "".join(c for c in text if c not in ".,!؟?،:;«»\"'")


_VARIATIONS: tuple[Variation, ...] = (_half_spaces, _join_prefix, _casing, _trailer, _dropped_marks)
