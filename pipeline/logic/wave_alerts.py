"""From complaints to waves, and from waves to alerts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pipeline.logic import text
from pipeline.logic.alerts import EXCERPT_CHARACTERS, AlertSettings, alert_id
from pipeline.logic.course import Course, Wave
from pipeline.logic.durations import LONG_AGO
from pipeline.logic.facts import Fact, Kind, latest
from pipeline.logic.revisions import revised
from pipeline.logic.spikes import History, Sighting, SpikeSettings, wave_cell
from pipeline.logic.topic_words import topic_words
from pipeline.records import Alert, Sample

RULE = "complaint-wave"
BACKGROUND = timedelta(days=3)
"""What was said so long before a wave is what its words stand out from."""
HORIZON = timedelta(days=7)
"""Complaints that come later than that tell of no wave and change none; duplicates are known for as long."""
KEPT = HORIZON + BACKGROUND
"""So long complaints stay open to change: the words of a wave that may still change are set against what was before."""
SAMPLE_CHARACTERS = 140
MOST_COMPARED = 500
"""Texts that are looked at for a wave's words, and as many from before it."""
NO_CATEGORY = "other"


@dataclass(frozen=True)
class WaveSettings:
    """What makes a wave, and who hears of it."""

    alerts: AlertSettings
    spikes: SpikeSettings = field(default_factory=SpikeSettings)
    level: str = "high"


@dataclass(frozen=True)
class KnownWaves:
    """What earlier runs knew of a key: how its complaints went, and the waves that were told."""

    course: Course | None
    alerts: tuple[Alert, ...] = ()


def key_of(brand: str, category: str) -> str:
    """What waves are looked for in."""
    return f"{category} {brand}"


def sightings(
    customer: str, before: Iterable[Fact], fresh: Iterable[Fact], brands: frozenset[str] | None
) -> Iterator[tuple[str, Sighting]]:
    """Key and sighting for each complaint among fresh facts, and a retraction where one no longer is what it was.

    Args:
        before: the customer's facts so far.
        fresh: what has come since.
        brands: those that are ours; None when the config names none.
    """
    known = {fact.post: fact for fact in latest(before)}
    for fact in latest(fresh):
        old = known.get(fact.post)
        if old and fact.version <= old.version:
            continue
        now = dict(_seen(customer, fact, brands))
        yield from now.items()
        for key, was in _seen(customer, old, brands) if old else ():
            if key not in now:
                yield key, replace(was, version=fact.version, stands=False, excerpt="", permalink=None)


def _seen(customer: str, fact: Fact, brands: frozenset[str] | None) -> Iterator[tuple[str, Sighting]]:
    if fact.kind is not Kind.COMPLAINT or fact.enriched is None:
        return
    said, post = fact.enriched.classification, fact.enriched.post
    sighting = Sighting(
        post=fact.post,
        at=fact.at,
        author=customer,
        version=fact.version,
        severity=int(said.severity.label),
        excerpt=text.excerpt(fact.enriched.redacted_text, EXCERPT_CHARACTERS),
        permalink=post.permalink,
        language=fact.enriched.language,
        platform=post.platform,
        model=said.model,
    )
    for brand in (fact.brands or ("",)) if brands is None else brands.intersection(fact.brands):
        for category in said.categories.labels or (NO_CATEGORY,):
            yield key_of(brand, category), sighting


def revisable_from(history: History, settings: SpikeSettings) -> datetime:
    """Waves found later than that may still change; what is older was told for good.

    A history that is sealed KEPT ago leaves a HORIZON.
    """
    if history.course is None:
        return LONG_AGO
    return settings.moment(history.course.upto) + BACKGROUND


def wave_alerts(key: str, history: History, found: Iterable[Wave], settings: WaveSettings) -> dict[str, Alert]:
    """The alerts, by id, of those of the key's waves that may still change."""
    cut = revisable_from(history, settings.spikes)
    alerts = (_alert(key, wave, history, settings) for wave in found if wave.detected_at > cut)
    return {alert.alert_id: alert for alert in alerts}


def wave_news(before: Mapping[str, Alert], after: Mapping[str, Alert], cut: datetime) -> list[Alert]:
    """What has to be said: the new, the changed with the next revision, and as withdrawn what is no wave after all.

    Args:
        cut: `revisable_from`; alerts raised by then stay as they are.
    """
    open_ = {name: old for name, old in before.items() if name in after or (old.raised_at and old.raised_at > cut)}
    return list(revised(open_, after, _emptied).values())


def _emptied(alert: Alert) -> Alert:
    return replace(alert, excerpt="", permalink=None, words=(), samples=())


def _alert(key: str, wave: Wave, history: History, settings: WaveSettings) -> Alert:
    category, _, brand = key.partition(" ")
    samples = [history.posts[post] for post in wave.posts]
    gravest = max(samples, key=lambda each: each.severity)  # of equal ones the first
    department = settings.alerts.department([category])
    return Alert(
        alert_id=alert_id(RULE, f"{key}\n{wave_cell(wave, settings.spikes)}"),
        rule=RULE,
        level=settings.level,
        department=department.name,
        account=None,
        platform=gravest.platform,
        post_id=gravest.post.removeprefix(f"{gravest.platform}:"),
        brands=(brand,) if brand else (),
        category=category,
        severity=gravest.severity,
        created_at=gravest.at,
        due_at=department.calendar.due_at(wave.detected_at, department.allowed(gravest.severity)),
        customer=None,
        excerpt=gravest.excerpt,
        language=gravest.language,
        permalink=gravest.permalink,
        reasons=_reasons(wave, settings.spikes),
        model=gravest.model,
        words=_words(wave, history),
        raised_at=wave.detected_at,
        samples=tuple(Sample(s.post, text.excerpt(s.excerpt, SAMPLE_CHARACTERS), s.permalink) for s in samples),
    )


def _reasons(wave: Wave, settings: SpikeSettings) -> tuple[str, ...]:
    minutes = settings.window // timedelta(minutes=1)
    usual = f"{wave.expected:.1f}" if wave.expected >= 0.1 else "hardly any"
    return (
        f"{wave.observed} people complained within {minutes} minutes, where {usual} are usual",
        f"since {wave.started_at:%Y-%m-%d %H:%M} UTC",
    )


def _words(wave: Wave, history: History) -> tuple[str, ...]:
    in_wave = _said_by_each(history, wave.started_at, wave.detected_at)[:MOST_COMPARED]
    return topic_words(in_wave, _said_by_each(history, wave.started_at - BACKGROUND, wave.started_at)[-MOST_COMPARED:])


def _said_by_each(history: History, start: datetime, end: datetime) -> list[str]:
    """One text a person, in order of time: who writes often must not set the words."""
    standing = [each for each in history.posts.values() if each.stands and start <= each.at < end]
    return list({s.author or s.post: s.excerpt for s in sorted(standing, key=lambda s: (s.at, s.post))}.values())


def settled_by(history: History, settings: SpikeSettings) -> datetime | None:
    """By when nothing changes any more if no further complaint comes; None without any."""
    latest_at = max((each.at for each in history.posts.values()), default=None)
    return latest_at and latest_at + settings.cool_down + settings.window + 2 * settings.bucket
