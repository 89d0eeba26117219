"""The parts of the data that are reported on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.evaluation.metrics import Places
from models.training.data import Row

ALL = "all"
WRITTEN = "written"
MIXED = "Finglish and mixed"
_MIXED_LANGUAGES = ("fa-latn", "fa-en")
_NAMES = {"fa": "Persian", "en": "English"}
"""First in this order; another language goes under its code, after them."""


def cut(rows: Sequence[Row]) -> dict[str, Places]:
    """Sorted positions of the rows of each slice that has any.

    `all` and the languages are real posts; posts written for rare labels are reported apart, and Finglish
    and code-mixed posts, real or written, once more by themselves. A row of unknown language (`und`) is in no
    language's slice.
    """
    real = [row.source != "written" for row in rows]
    languages = {row.lang for row, is_real in zip(rows, real, strict=True) if is_real} - {*_MIXED_LANGUAGES, "und"}
    ordered = [*(code for code in _NAMES if code in languages), *sorted(languages - _NAMES.keys())]
    members = {ALL: real}
    members |= {
        _NAMES.get(code, code): [is_real and row.lang == code for row, is_real in zip(rows, real, strict=True)]
        for code in ordered
    }
    members[WRITTEN] = [not is_real for is_real in real]
    members[MIXED] = [row.lang in _MIXED_LANGUAGES for row in rows]
    return {name: np.flatnonzero(chosen) for name, chosen in members.items() if any(chosen)}
