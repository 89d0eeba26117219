"""An hour of the week as a person reads it."""

from __future__ import annotations

from persiantools.digits import en_to_fa

from pipeline.logic.habits import WEEKDAYS


def hour_shown(hour_of_week: int, language: str = "en") -> str:
    """Tuesday 19:00, or سه‌شنبه ۱۹:۰۰ in Persian; of 0..167, Monday 00:00 first."""
    day, hour = divmod(hour_of_week, 24)
    clock = f"{hour:02}:00"
    return f"{WEEKDAYS[language][day]} {en_to_fa(clock) if language == 'fa' else clock}"
