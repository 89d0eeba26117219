"""Histories of complaints for tests. Traffic is simulated with a fixed seed; each complaint has its own author."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from pipeline.logic.spikes import History, Sighting, SpikeSettings

MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
SETTINGS = SpikeSettings()
START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday


def sighted(buckets):
    """Post key → sighting, of post key → bucket."""
    return {post: Sighting(post, SETTINGS.moment(bucket), f"by {post}") for post, bucket in buckets.items()}


def season(at):
    """The rate at a local time, 1 on average over a working day: quiet nights, a fall at the weekend."""
    day = 1 + 0.9 * np.cos((at.hour - 15) / 24 * 2 * np.pi)
    return day * (0.6 if at.weekday() >= 5 else 1)


def simulated(a_day, length, seed=0, burstiness=0.0, zone="UTC", start=START, waves=()):
    """A history of that many complaints a working day; waves are (start, length, factor)."""
    random, first = np.random.default_rng(seed), SETTINGS.index(start)
    moments = [SETTINGS.moment(first + n) for n in range(length // SETTINGS.bucket)]
    local = ZoneInfo(zone)
    rates = np.array([season(at.astimezone(local)) for at in moments]) * a_day / 96
    if burstiness:  # the same for all of an hour: a gamma factor of mean 1
        hours = random.gamma(1 / burstiness, burstiness, len(rates) // 4 + 1)
        rates = rates * np.repeat(hours, 4)[: len(rates)]
    for begin, lasting, factor in waves:
        rates[[begin <= at < begin + lasting for at in moments]] *= factor
    counts = random.poisson(rates)
    return History(sighted({f"{b}-{n}": first + b for b, count in enumerate(counts.tolist()) for n in range(count)}))
