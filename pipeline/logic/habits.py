"""When somebody writes: the hours in which they are best reached, and their habits in words.

Both count *occasions*: the posts of one local hour of one day are one, so a thread of ten says no more of the hour
than one post does.

Best hours, shrunk twice. With n occasions, n(h) in hour of the week h and m(k) in hour of the day k:

    day(k)  = (m(k) + A/24) / (n + A)                  A = 8: towards "any hour is like any other"
    p(h)    = (n(h) + B·day(h mod 24)/7) / (n + B)     B = 24: towards "every day is like any other"

the posterior means of a Dirichlet prior whose own mean has a Dirichlet prior (MacKay and Peto 1995, "A hierarchical
Dirichlet language model", Natural Language Engineering 1:289). One post makes its hour of the day likelier on every
weekday; only repetition singles out a weekday. The p of a week add up to 1.

A habit is told of 8 occasions or more, when it holds for most of them and can hardly be chance: with exact binomial
tails, times the number of places looked at (Bonferroni), below CHANCE.

    hours     the narrowest 1 to 4 hours of the day with ≥ 60 % of the occasions; against equally likely hours
    weekend   ≥ 60 % of them on weekend days; against equally likely days
    workdays  ≤ 10 % of them on weekend days; the same
    daily     occasions (within those hours, if there are such) on ≥ 80 % of the days from the first to the last, and on
              7 days at least; on ≥ 50 %: most days
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import exp, lgamma, log
from zoneinfo import ZoneInfo

from persiantools.digits import en_to_fa

from pipeline.logic.profile import HOURS_OF_WEEK

HOUR_PRIOR = 8.0
"""A: occasions that "any hour of the day" counts for."""
WEEKDAY_PRIOR = 24.0
"""B: occasions that "any weekday" counts for."""
FEWEST = 8
"""Occasions of which a habit is told."""
CHANCE = 0.01
MOSTLY = 0.6
HARDLY = 0.1
DAILY = 0.8
MOST_DAYS = 0.5
SHORTEST = 7
"""Days with an occasion before something is called daily."""
WIDEST = 4

WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "fa": ("دوشنبه", "سه‌شنبه", "چهارشنبه", "پنج‌شنبه", "جمعه", "شنبه", "یکشنبه"),
}


@dataclass(frozen=True, slots=True)
class Occasion:
    """A local hour of a day in which somebody wrote."""

    day: date
    hour: int


@dataclass(frozen=True, slots=True)
class BestHour:
    """An hour of the week in which somebody is likely to be there."""

    hour_of_week: int
    """0..167, local, Monday 00:00 first."""
    probability: float
    """That the next occasion falls into this hour; of all 168 they add up to 1."""


@dataclass(frozen=True, slots=True)
class Habit:
    """Something somebody does again and again."""

    kind: str
    """hours, weekend, workdays or daily."""
    share: float
    """Of the occasions that keep to it; of `daily`, of the days."""
    occasions: int
    """Out of so many."""
    en: str
    fa: str


def occasions(times: Iterable[datetime], zone: ZoneInfo) -> list[Occasion]:
    """The local hours in which something was written, in order of time."""
    local = (at.astimezone(zone) for at in times)
    found = {(at.date(), at.hour) for at in local}
    return [Occasion(*each) for each in sorted(found)]


def hour_probabilities(seen: Sequence[Occasion]) -> list[float]:
    """p(h) of the 168 hours of the week; the formula is at the head of this file."""
    week = Counter(each.day.weekday() * 24 + each.hour for each in seen)
    day = Counter(each.hour for each in seen)
    total = len(seen)
    shrunk = [(day[k] + HOUR_PRIOR / 24) / (total + HOUR_PRIOR) for k in range(24)]
    return [(week[h] + WEEKDAY_PRIOR * shrunk[h % 24] / 7) / (total + WEEKDAY_PRIOR) for h in range(HOURS_OF_WEEK)]


def best_hours(seen: Sequence[Occasion], count: int = 3) -> list[BestHour]:
    """The likeliest hours of the week, likeliest first; of equal ones the first of the week."""
    p = hour_probabilities(seen)
    best = sorted(range(HOURS_OF_WEEK), key=lambda h: (-p[h], h))[:count]
    return [BestHour(h, round(p[h], 4)) for h in best]


def habits(seen: Sequence[Occasion], weekend: Collection[int]) -> list[Habit]:
    """What somebody does again and again; nothing when there is too little to tell.

    Args:
        seen: as `occasions` gives them.
        weekend: weekdays of the weekend, Monday 0.
    """
    return [*_hours(seen), *_weekend(seen, weekend)] if len(seen) >= FEWEST else []


def tail(hits: int, tries: int, chance: float) -> float:
    """P(X ≥ hits) of a binomial X; 1 for no hits."""
    if hits <= 0:
        return 1.0
    if not 0 < chance < 1:
        return float(chance >= 1)
    whole = lgamma(tries + 1)
    each = (
        exp(whole - lgamma(k + 1) - lgamma(tries - k + 1) + k * log(chance) + (tries - k) * log(1 - chance))
        for k in range(hits, tries + 1)
    )
    return min(1.0, sum(each))


def _hours(seen: Sequence[Occasion]) -> Iterator[Habit]:
    by_hour = Counter(each.hour for each in seen)
    for width in range(1, WIDEST + 1):
        # over midnight too
        hits, start = max((sum(by_hour[(k + w) % 24] for w in range(width)), -k) for k in range(24))
        share = hits / len(seen)
        if share >= MOSTLY and 24 * WIDEST * tail(hits, len(seen), width / 24) < CHANCE:
            start = -start
            within = {(start + w) % 24 for w in range(width)}
            if len({each.day for each in seen}) < SHORTEST:
                # a busy day or two are no habit
                return
            often = _share_of_days([each for each in seen if each.hour in within], seen)
            yield Habit("hours", round(share, 4), len(seen), *_hours_in_words(start, (start + width) % 24, often))
            return
    often = _share_of_days(seen, seen)
    if often >= MOST_DAYS:
        frequency = (
            ("posts daily", "هر روز می‌نویسد") if often >= DAILY else ("posts on most days", "بیشتر روزها می‌نویسد")
        )
        yield Habit("daily", round(often, 4), len(seen), *frequency)


def _share_of_days(those: Sequence[Occasion], seen: Sequence[Occasion]) -> float:
    """Of the days from the first occasion to the last, how many have one of those; 0 when these are too few."""
    active = len({each.day for each in those})
    return active / ((seen[-1].day - seen[0].day).days + 1) if active >= SHORTEST else 0.0


def _weekend(seen: Sequence[Occasion], weekend: Collection[int]) -> Iterator[Habit]:
    total, usual = len(seen), len(set(weekend)) / 7
    hits = sum(each.day.weekday() in weekend for each in seen)
    share = hits / total
    names = {language: _days_in_words(sorted(set(weekend)), language) for language in WEEKDAYS}
    if share >= MOSTLY and 2 * tail(hits, total, usual) < CHANCE:
        words = f"mostly at weekends ({names['en']})", f"بیشتر آخر هفته‌ها می‌نویسد ({names['fa']})"
        yield Habit("weekend", round(share, 4), total, *words)
    elif weekend and share <= HARDLY and 2 * tail(total - hits, total, 1 - usual) < CHANCE:
        words = f"hardly ever at weekends ({names['en']})", f"آخر هفته‌ها ({names['fa']}) کمتر می‌نویسد"
        yield Habit("workdays", round(1 - share, 4), total, *words)


def _hours_in_words(start: int, end: int, often: float) -> tuple[str, str]:
    english, persian = "mostly", "بیشتر"
    if often >= DAILY:
        english, persian = "daily", "هر روز"
    elif often >= MOST_DAYS:
        english, persian = "on most days", "بیشتر روزها"
    # a window that ends at midnight ends at 24
    end = end or 24
    hours = en_to_fa(str(start)), en_to_fa(str(end))
    return f"posts {english} between {start} and {end}", f"{persian} بین ساعت {hours[0]} و {hours[1]} می‌نویسد"


def _days_in_words(days: Sequence[int], language: str) -> str:
    names = [WEEKDAYS[language][day] for day in days]
    if language == "fa":
        return " و ".join(names)
    return "–".join((names[0], names[-1])) if len(names) > 1 and days[-1] - days[0] < len(days) else ", ".join(names)
