"""What insight takes, of the config and of flags."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from pipeline.clock import system_clock
from pipeline.config import Config
from pipeline.errors import ConfigError
from pipeline.logic.durations import parse_moment
from pipeline.logic.insight import InsightSettings
from pipeline.store.insight_store import InsightStore


def settings_of(config: Config) -> InsightSettings:
    """What `insight` takes."""
    return InsightSettings(
        profiles=config.profile_settings(),
        brands=config.alert_settings().brands,
        fine=frozenset(config.interests),
        weekend=weekend(config),
    )


def weekend(config: Config) -> tuple[int, ...]:
    """The days on which the fallback department works at most half as long as on its longest one, Monday 0."""
    hours = config.alert_settings().departments[config.fallback_department].calendar.hours
    worked = [
        sum((_minutes(closes) or 24 * 60) - _minutes(opens) for opens, closes in hours.get(day, ())) for day in range(7)
    ]
    return tuple(day for day in range(7) if 2 * worked[day] <= max(worked))


def moment(text: str | None, flag: str, time_zone: str, store: InsightStore) -> datetime:
    """The moment that a flag names, in UTC; None is now, `latest` the time of the store's last post.

    Raises:
        ConfigError: it is no time, or the store holds no post.
    """
    if text is None:
        return system_clock()
    if text == "latest":
        if last := store.latest():
            return last
        raise ConfigError(f"{flag} latest: the store {store.shown_url} holds no post")
    try:
        return parse_moment(text, ZoneInfo(time_zone))
    except ValueError:
        raise ConfigError(f"{flag}: {text!r} is no time such as 2026-10-17T12:00+03:30, and not `latest`") from None


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute
