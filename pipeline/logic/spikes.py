"""Waves of complaints: when a key (brand × category) gets far more of them than it is used to.

People are counted, not posts: whoever complains again and again makes no wave alone. Buckets are walked in order
of time (`logic/course.py`) and held against the key's own habit (`logic/baseline.py`), so waves are a function of the
set of sightings and of "now" alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline.logic.baseline import Reading, SpikeSettings
from pipeline.logic.course import Course, Wave

__all__ = ["History", "Sighting", "SpikeSettings", "Wave", "next_check", "wave_cell", "waves"]

REMEMBER = timedelta(days=7)
"""Waves that ended longer ago are dropped when a history is sealed."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One version of a complaint, as one key sees it."""

    post: str
    """`SocialPost.key`."""
    at: datetime
    """When the post was written; no version may be dated before an older one."""
    author: str
    """`SocialPost.account_key`; empty for an anonymous post, which counts by itself."""
    version: str = ""
    """`SocialPost.version`: of the sightings of one post the greatest holds."""
    stands: bool = True
    """False retracts the post: it was deleted, or edited so that it is no complaint of this key any more."""
    severity: int = 0
    excerpt: str = ""
    """Redacted; empty when retracted."""
    permalink: str | None = None
    language: str = "und"
    platform: str = ""
    model: str = ""


@dataclass
class History:
    """Complaints of one key as a streaming job keeps them: posts that are still open to change, and their course.

    Taking in a sighting or a state again, or in another order, changes nothing. The size is bounded: `seal` walks
    what is older than the de-duplication horizon for good; what comes later than that is late.
    """

    posts: dict[str, Sighting] = field(default_factory=dict)
    """By post key, retracted ones too: an older version that comes late must not bring them back."""
    since: datetime | None = None
    """Since when the source is watched, where known: then the silence before the first complaint counts too."""
    course: Course | None = None
    """Up to the last seal."""

    def is_late(self, at: datetime, settings: SpikeSettings) -> bool:
        """Whether a complaint of that time can no longer be taken in."""
        return self.course is not None and settings.index(at) < self.course.upto

    def add(self, sighting: Sighting, settings: SpikeSettings) -> None:
        """Take in a sighting; one that is late changes nothing."""
        if not self.is_late(sighting.at, settings):
            self._keep(sighting)

    def merge(self, other: History, settings: SpikeSettings) -> None:
        """Take in another state of the same key; of two courses the one that saw more stays."""
        for sighting in other.posts.values():
            self._keep(sighting)
        self.since = min((each for each in (self.since, other.since) if each), default=None)
        courses = [course for course in (self.course, other.course) if course]
        self.course = max(courses, key=_knowledge, default=None)
        if self.course:
            self._prune(self.course.upto, settings)

    def seal(self, before: datetime, settings: SpikeSettings) -> None:
        """Walk the buckets before that moment for good."""
        upto, sealed = settings.index(before), self.course.upto if self.course else None
        course, _ = self.walked(before, settings)
        if course is None:
            self._prune(upto, settings)
        elif course.upto == upto and (sealed is None or upto > sealed):
            course.waves = [w for w in course.waves if w.ended_at is None or before - w.ended_at < REMEMBER]
            self.course = course
            self._prune(upto, settings)

    def walked(self, until: datetime, settings: SpikeSettings) -> tuple[Course | None, list[Reading]]:
        """The course as of a moment, and the windows read since the seal; None without any complaint."""
        counted = people(self.posts.values(), settings)
        if self.course:
            course = self.course.copy()
        elif counted:
            first = min(counted)
            course = Course(min(first, settings.index(self.since)) if self.since else first)
        else:
            return None, []
        return course, course.walk(counted, settings.index(until), settings)

    def _keep(self, sighting: Sighting) -> None:
        old = self.posts.get(sighting.post)
        if old is None or _rank(sighting) > _rank(old):
            self.posts[sighting.post] = sighting

    def _prune(self, upto: int, settings: SpikeSettings) -> None:
        """Drop what no window can ask for that ends in bucket `upto` or later.

        Such a window begins up to a window before; and whether a complaint in it counts hangs on its author's
        complaints of one more window.
        """
        kept = settings.moment(upto - 2 * settings.width)
        self.posts = {post: sighting for post, sighting in self.posts.items() if sighting.at >= kept}


def people(sightings: Iterable[Sighting], settings: SpikeSettings) -> dict[int, list[str]]:
    """Bucket → keys of the posts that count, the first ones first.

    A complaint counts when no window can hold it together with an earlier one of its author. That earlier one need
    not count itself: who complains without end counts once.
    """
    found: dict[int, list[str]] = {}
    latest: dict[str, int] = {}
    for sighting in sorted((each for each in sightings if each.stands), key=lambda each: (each.at, each.post)):
        bucket, before = settings.index(sighting.at), latest.get(sighting.author)
        if before is None or bucket - before >= settings.width:
            found.setdefault(bucket, []).append(sighting.post)
        if sighting.author:
            latest[sighting.author] = bucket
    return found


def waves(history: History, now: datetime, settings: SpikeSettings) -> tuple[Wave, ...]:
    """The waves that show by `now`, in order of time; the last may still last.

    Only buckets that are over count. What is found stays: later only the last wave goes on and new ones follow.
    """
    course, _ = history.walked(now, settings)
    return tuple(course.waves) if course else ()


def next_check(history: History, found: Sequence[Wave], now: datetime, settings: SpikeSettings) -> datetime | None:
    """When to look again if no complaint comes (a bucket's end); None when nothing changes by itself.

    `found` are the waves as of `now`. A complaint whose bucket is over when it comes is to be looked at at once.
    """
    counted, current = people(history.posts.values(), settings), settings.index(now)
    for bucket in sorted({current, *(each for each in counted if each > current)}):
        # a window with too few can only be filled by a new complaint
        if sum(len(counted.get(bucket - back, ())) for back in range(settings.width)) >= settings.minimum:
            return settings.moment(bucket + 1)
    if found and found[-1].ended_at is None:
        return max(found[-1].last_seen_at + settings.cool_down, settings.moment(current + 1))
    return None


def wave_cell(wave: Wave, settings: SpikeSettings) -> int:
    """A number that names the wave among those of its key, also when a late complaint moves its start a little.

    Two waves never share one: between their starts lie more than `cool_down` − `window`, the length of a cell. For
    a wave is over after a cool-down, and the window that shows the next begins at most a window before that.
    """
    length = max(1, (settings.cool_down - settings.window) // settings.bucket)
    return settings.index(wave.started_at) // length


def _rank(sighting: Sighting) -> tuple[object, ...]:
    """A total order: of equal versions the retraction holds."""
    said = (sighting.excerpt, sighting.permalink or "", sighting.language, sighting.platform, sighting.model)
    alike = (sighting.author, sighting.severity, *said, sighting.permalink is None)
    return (sighting.version, not sighting.stands, sighting.at, *alike)


def _knowledge(course: Course) -> tuple[object, ...]:
    """A total order."""
    return (course.upto, course.habit.seen, sum(course.habit.counts), repr(course))
