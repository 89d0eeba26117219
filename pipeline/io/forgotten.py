"""Who is forgotten, as a worker knows it: read from the store, and again while a run goes on."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from pipeline.logic.tombstones import Tombstones
from pipeline.store import database
from pipeline.store.tombstone_store import TombstoneStore

EVERY_S = 60.0
"""Seconds after which a tombstone that was set meanwhile is honoured."""


@dataclass(frozen=True)
class _Read:
    run: str
    state: tuple[int, datetime | None]
    tombstones: Tombstones
    due: float


# one a process: Beam's local streaming engine sets its workers up anew for every bundle
_last: dict[str, _Read] = {}


class Forgotten:
    """Gives the tombstones of a store to one run. Its first call reads them; it can be sent to workers."""

    def __init__(self, url: str, every_s: float = EVERY_S, now: Callable[[], float] = time.monotonic) -> None:
        """
        Args:
            every_s: seconds between two looks at the store.
            now: a clock in seconds.
        """
        self._url, self._every_s, self._now = url, every_s, now
        # what an earlier run of this process read may be out of date
        self._run = uuid.uuid4().hex

    def __call__(self) -> Tombstones:
        """The tombstones, at most `every_s` old.

        Raises:
            TransientError: the database is away, after it was waited for.
            ConfigError: the salt is not the store's.
        """
        last = _last.get(self._url)
        if last is None or last.run != self._run:
            last = None
        elif self._now() < last.due:
            return last.tombstones
        _last[self._url] = found = database.patiently(lambda: self._look(last))
        return found.tombstones

    def _look(self, last: _Read | None) -> _Read:
        with closing(TombstoneStore(self._url)) as store:
            # a small question first: the list may be long, and seldom changes
            state = store.state()
            known = last.tombstones if last and last.state == state else store.read()
        return _Read(self._run, state, known, self._now() + self._every_s)
