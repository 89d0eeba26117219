"""Complaints in real events: their waves, and what is usual among them (for `benchmarks/spikes.py`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import fastavro
import numpy as np

from pipeline.logic.baseline import hour_of_week
from pipeline.logic.spikes import History, Sighting, SpikeSettings, people, waves
from pipeline.logic.topic_words import topic_words

Counts = np.ndarray[Any, np.dtype[Any]]
Key = tuple[str, str]
"""Brand and category; the category "all" holds every complaint of the brand."""


class Complaints(NamedTuple):
    """What the events hold."""

    by_key: Mapping[Key, Mapping[str, Sighting]]
    """Key → post key → complaint."""
    first: datetime
    last: datetime
    """Times of the first and the last event, complaint or not."""

    @property
    def posts(self) -> int:
        """How many they are, of whatever key."""
        return len({post for posts in self.by_key.values() for post in posts})


def read(folder: Path) -> Complaints:
    """The complaints about a brand. Raises SystemExit when there is none."""
    found: dict[Key, dict[str, Sighting]] = defaultdict(dict)
    times = []
    for path in sorted(folder.rglob("*.avro")):
        with path.open("rb") as file:
            for event in fastavro.reader(file):
                times.append(event["post"]["created_at"])
                if event["classification"]["complaint"]["label"]:
                    sighting = _sighting(event)
                    for key in product(event["brands"], ("all", *event["classification"]["categories"]["labels"])):
                        found[key][sighting.post] = sighting
    if not found:
        raise SystemExit(f"--events {folder}: no complaint in any .avro file below it")
    return Complaints(dict(sorted(found.items())), min(times), max(times))


def _sighting(event: Any) -> Sighting:
    post = event["post"]
    account = post["author"]["account_id"]
    author = "" if account is None else f"{post['platform']}:{account}"
    key = f"{post['platform']}:{post['post_id']}"
    return Sighting(key, post["created_at"], author, excerpt=event["redacted_text"])


# --- waves


def early_settings(zone: str) -> SpikeSettings:
    """Settings that trust a habit after three days."""
    return SpikeSettings(time_zone=zone, min_history=timedelta(days=3))


def real_waves(complaints: Complaints, zone: str) -> list[dict[str, Any]]:
    """Every wave of every key; `default` tells whether default settings tell it too."""
    told = []
    for key, posts in complaints.by_key.items():
        history = History(dict(posts), since=complaints.first)
        by_default = waves(history, complaints.last, SpikeSettings(time_zone=zone))
        for wave in waves(history, complaints.last, early_settings(zone)):
            end = wave.last_seen_at
            inside = [each for each in posts.values() if wave.started_at <= each.at < end]
            others = [each.excerpt for each in posts.values() if not wave.started_at <= each.at < end]
            told.append(
                {
                    "brand": key[0],
                    "category": key[1],
                    "started_at": wave.started_at.astimezone(ZoneInfo(zone)),
                    "found_after_minutes": int((wave.detected_at - wave.started_at) / timedelta(minutes=1)),
                    "lasted_hours": (wave.last_seen_at - wave.started_at) / timedelta(hours=1),
                    "observed": wave.observed,
                    "expected": wave.expected,
                    "p_value": wave.p_value,
                    "peak": wave.peak,
                    "complaints": len(inside),
                    "authors": len({each.author or each.post for each in inside}),
                    "default": any(
                        each.started_at < end and wave.started_at < each.last_seen_at for each in by_default
                    ),
                    "words": topic_words([each.excerpt for each in inside], others),
                }
            )
    return sorted(told, key=lambda wave: (wave["started_at"], wave["brand"], wave["category"]))


# --- what is usual


def profiles(complaints: Complaints, zone: str) -> dict[Key, Counts]:
    """People who complain an hour by hour of week: the brand's, smoothed over three hours, times the key's share.

    A brand that was hardly collected on most days is left out, and so is a key of fewer than 40.
    """
    local, seen, at = ZoneInfo(zone), np.zeros(168), complaints.first
    while at < complaints.last:
        seen[hour_of_week(at, local)] += 1
        at += timedelta(hours=1)
    counts = {key: np.zeros(168) for key in complaints.by_key}
    for key, own in counts.items():
        for at in _times(complaints, key):
            own[hour_of_week(at, local)] += 1
    days = dict(_by_day_and_hour(complaints, zone))
    found = {}
    for (brand, category), own in counts.items():
        a_day = days[brand].sum(axis=1)
        if own.sum() >= 40 and np.median(a_day) > a_day.mean() / 4:
            of_brand = counts[(brand, "all")]
            smooth = sum(np.roll(of_brand, by) for by in (-1, 0, 1)) / sum(np.roll(seen, by) for by in (-1, 0, 1))
            found[(brand, category)] = smooth * own.sum() / of_brand.sum()
    return found


def burstiness(complaints: Complaints, zone: str) -> tuple[float, float]:
    """Relative variance of hours about their day, and of days: the median brand's, each by moments."""
    of_hours, of_days = [], []
    for _, counts in _by_day_and_hour(complaints, zone):
        days, hours = counts.sum(axis=1), counts.sum(axis=0)
        expected = np.outer(days, hours) / counts.sum()
        freedom = (counts.size - 30) / counts.size
        surplus = ((counts - expected) ** 2).sum() / freedom - expected.sum()
        of_hours.append(float(surplus / (expected**2).sum()))
        of_days.append(float(days.var(ddof=1) / days.mean() ** 2 - 1 / days.mean()))
    return max(float(np.median(of_hours)), 0.0), max(float(np.median(of_days)), 0.0)


def _times(complaints: Complaints, key: Key) -> Sequence[datetime]:
    """Of the complaints that count."""
    posts = complaints.by_key[key]
    return [posts[post].at for counted in people(posts.values(), SpikeSettings()).values() for post in counted]


def _by_day_and_hour(complaints: Complaints, zone: str) -> Iterator[tuple[str, Counts]]:
    """Brand, and complaints of the first seven whole local days, a row of 24 hours each."""
    local = ZoneInfo(zone)
    first = complaints.first.astimezone(local)
    start = first.date() + timedelta(days=0 if first.hour < 4 else 1)
    for brand, category in complaints.by_key:
        if category == "all":
            counts = np.zeros((7, 24))
            for at in (each.astimezone(local) for each in _times(complaints, (brand, category))):
                if 0 <= (day := (at.date() - start).days) < 7:
                    counts[day, at.hour] += 1
            yield brand, counts
