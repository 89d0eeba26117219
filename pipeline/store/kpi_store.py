"""Service KPIs in the store, corrected in place whenever more is known of a post."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection, select, tuple_

from pipeline.logic.kpis import KpiFact, KpiKey, Tally
from pipeline.records import Kpi, from_json
from pipeline.store import database
from pipeline.store.base import SqlStore
from pipeline.store.kpi_tables import FACTS, KPIS


class KpiStore(SqlStore):
    """The posts that were counted, and the rows that they add up to; both change in one transaction."""

    def __init__(self, url: str, time_zone: str) -> None:
        """Raises ConfigError when the URL is not one SQLAlchemy can use here."""
        super().__init__(url)
        self._time_zone = time_zone

    def count(self, facts: Iterable[KpiFact]) -> list[Kpi]:
        """Count posts, and take away what was counted of them before; returns the rows that changed.

        Of several facts of a post the greatest counts (`KpiFact.order`), so neither order nor repetition matters.

        Raises:
            TransientError: the database is away; nothing was written.
        """
        new: dict[str, KpiFact] = {}
        for fact in facts:
            if fact.post not in new or fact.order() > new[fact.post].order():
                new[fact.post] = fact
        with database.writing(self._engine) as connection:
            database.one_writer(connection, KPIS.name)
            old = self._counted(connection, sorted(new))
            known = [fact for post, fact in new.items() if post not in old or fact.order() > old[post].order()]
            rows = self._corrected(connection, [(old.get(fact.post), fact) for fact in known])
            database.upsert(connection, FACTS, [database.row(FACTS, fact) for fact in known])
            database.upsert(connection, KPIS, [database.row(KPIS, row) for row in rows])
        return rows

    def rows(self) -> Iterator[Kpi]:
        """Every row, in order of its key."""
        with database.reading(self._engine) as connection:
            for (document,) in connection.execute(select(KPIS.c.document).order_by(*KPIS.primary_key.columns)):
                yield from_json(Kpi, document)

    def _counted(self, connection: Connection, posts: Sequence[str]) -> dict[str, KpiFact]:
        found: dict[str, KpiFact] = {}
        for part in database.chunks(posts):
            wanted = select(FACTS.c.post, FACTS.c.document).where(FACTS.c.post.in_(part))
            found |= {post: from_json(KpiFact, document) for post, document in connection.execute(wanted)}
        return found

    def _corrected(self, connection: Connection, changes: Sequence[tuple[KpiFact | None, KpiFact]]) -> list[Kpi]:
        keys = {key for pair in changes for fact in pair if fact for key in fact.keys(self._time_zone)}
        before = self._standing(connection, sorted(keys))
        tallies = {key: Tally(before.get(key)) for key in keys}
        for old, new in changes:
            for key in old.keys(self._time_zone) if old else ():
                tallies[key].count(old, -1)  # type: ignore[arg-type]
            for key in new.keys(self._time_zone):
                tallies[key].count(new)
        rows = []
        for key in sorted(keys):
            stood = before.get(key)
            if stood is None or tallies[key].row(key, stood.revision) != stood:
                rows.append(tallies[key].row(key, stood.revision + 1 if stood else 1))
        return rows

    def _standing(self, connection: Connection, keys: Sequence[KpiKey]) -> Mapping[KpiKey, Kpi]:
        found: dict[KpiKey, Kpi] = {}
        for part in database.chunks(keys):
            wanted = select(KPIS.c.document).where(tuple_(*KPIS.primary_key.columns).in_([tuple(key) for key in part]))
            rows = (from_json(Kpi, document) for (document,) in connection.execute(wanted))
            found |= {KpiKey.of(row): row for row in rows}
        return found
