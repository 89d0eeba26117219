"""Insights in the store, and what they are made of, read in parts so that no part needs all of it in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from pipeline.logic.behaviour_counts import Population
from pipeline.logic.insight import Insight
from pipeline.records import Profile, from_json
from pipeline.store import database
from pipeline.store.base import SqlStore
from pipeline.store.care_tables import CASES, UNSETTLED
from pipeline.store.customer_tables import LINKS
from pipeline.store.insight_tables import INSIGHTS, INTERESTS, POPULATIONS
from pipeline.store.profile_tables import PROFILES

_NO_POSTS = 0
_EVERYBODY = "everybody"


class InsightStore(SqlStore):
    """Reads profiles, links and open cases; writes the tables of insights."""

    def size(self) -> int:
        """Number of profiles that hold a post."""
        with database.reading(self._engine) as connection:
            wanted = select(func.count()).select_from(PROFILES).where(PROFILES.c.posts > _NO_POSTS)
            return connection.scalar(wanted) or 0

    def latest(self) -> datetime | None:
        """When the last post of the store was written."""
        with database.reading(self._engine) as connection:
            last: datetime | None = connection.scalar(
                select(func.max(PROFILES.c.last_seen)).where(PROFILES.c.posts > _NO_POSTS)
            )
        return last and database.utc(last)

    def links(self) -> dict[str, str]:
        """Account → customer."""
        with database.reading(self._engine) as connection:
            rows = connection.execute(select(LINKS.c.account, LINKS.c.customer))
            return {row.account: row.customer for row in rows}

    def open_cases(self, now: datetime) -> frozenset[str]:
        """Accounts with a case that was opened up to now and is not resolved."""
        with database.reading(self._engine) as connection:
            wanted = select(CASES.c.customer).where(UNSETTLED, CASES.c.opened_at <= now).distinct()
            return frozenset(connection.scalars(wanted))

    def documents(self) -> Iterator[Mapping[str, Any]]:
        """Every profile that holds a post, in order of account, as plain JSON: quicker to read than records."""
        for part in self._parts():
            yield from part

    def unlinked(self, links: Collection[str]) -> Iterator[list[Profile]]:
        """Profiles with a post of accounts that are no customer's, some hundred at a time."""
        for part in self._parts():
            yield [from_json(Profile, document) for document in part if document["account"] not in links]

    def linked(self, accounts: Mapping[str, Sequence[str]]) -> Iterator[dict[str, list[Profile]]]:
        """Customer → profiles of their accounts that hold a post, some hundred customers at a time.

        Args:
            accounts: of every customer.
        """
        for customers in database.chunks(sorted(accounts)):
            of = {account: customer for customer in customers for account in accounts[customer]}
            found: dict[str, list[Profile]] = defaultdict(list)
            for part in database.chunks(sorted(of)):
                for profile in self.profiles(part):
                    found[of[profile.account]].append(profile)
            yield dict(sorted(found.items()))

    def profiles(self, accounts: Collection[str]) -> list[Profile]:
        """Those of the accounts that hold a post, in order of account; at most `database.CHUNK` accounts."""
        with database.reading(self._engine) as connection:
            wanted = _with_posts().where(PROFILES.c.account.in_(accounts))
            return [from_json(Profile, document) for document in connection.scalars(wanted)]

    def put(self, insights: Iterable[Insight]) -> None:
        """Write insights and their interests over what was there, in one transaction; at most some hundred.

        Raises:
            TransientError: the database is away; nothing was written.
        """
        rows = sorted((_row(each) for each in insights), key=lambda row: str(row["subject"]))
        subjects = [row["subject"] for row in rows]
        interests = [each for row in rows for each in row.pop("interests")]
        with database.writing(self._engine) as connection:
            database.upsert(connection, INSIGHTS, rows)
            for part in database.chunks(subjects):
                connection.execute(INTERESTS.delete().where(INTERESTS.c.subject.in_(part)))
            for some in database.chunks(interests):
                connection.execute(INTERESTS.insert(), list(some))

    def keep_only(self, subjects: Collection[str]) -> int:
        """Remove what is there of any other subject; returns how many insights went. Raises TransientError."""
        removed = 0
        for table in (INSIGHTS, INTERESTS):
            with database.reading(self._engine) as connection:
                there = connection.scalars(select(table.c.subject).distinct()).all()
            gone = sorted(set(there).difference(subjects))
            with database.writing(self._engine) as connection:
                for part in database.chunks(gone):
                    connection.execute(table.delete().where(table.c.subject.in_(part)))
            removed = max(removed, len(gone))
        return removed

    def read(self, subject: str) -> Insight | None:
        """The insight as it was last written, or None."""
        with database.reading(self._engine) as connection:
            document = connection.scalar(select(INSIGHTS.c.document).where(INSIGHTS.c.subject == subject))
        return None if document is None else from_json(Insight, document)

    def with_influence(self, of: Insight) -> Insight:
        """The insight with the influence of the last refresh, which needs everybody's posts."""
        last = self.read(of.subject)
        return replace(of, influence=last.influence, mentioned_by=last.mentioned_by) if last else of

    def put_population(self, population: Population, as_of: datetime) -> None:
        """Keep how people in general write on. Raises TransientError."""
        row = {"name": _EVERYBODY, "as_of": as_of, "document": population.to_json()}
        with database.writing(self._engine) as connection:
            database.upsert(connection, POPULATIONS, [row])

    def population(self) -> Population | None:
        """How people in general write on, as of the last refresh; None before the first."""
        with database.reading(self._engine) as connection:
            document = connection.scalar(select(POPULATIONS.c.document).where(POPULATIONS.c.name == _EVERYBODY))
        return None if document is None else Population.from_json(document)

    def _parts(self) -> Iterator[list[Mapping[str, Any]]]:
        """Documents of profiles, a part a transaction: a cursor over all of them would hold them all in PostgreSQL's
        client, and keep SQLite's log from shrinking while insights are written."""
        after = ""
        while True:
            with database.reading(self._engine) as connection:
                wanted = _with_posts().where(PROFILES.c.account > after).limit(database.CHUNK)
                part = connection.scalars(wanted).all()
            if not part:
                return
            yield list(part)
            after = part[-1]["account"]


def _with_posts() -> Select[tuple[Any]]:
    return select(PROFILES.c.document).where(PROFILES.c.posts > _NO_POSTS).order_by(PROFILES.c.account)


def _row(insight: Insight) -> dict[str, Any]:
    given = {
        "advocacy": insight.advocacy.score,
        "mood": insight.mood.now,
        "mood_trend": insight.mood.trend,
        "best_hour": insight.best_hours[0].hour_of_week,
        "influence": insight.influence or 0.0,
    }
    interests = [
        {
            "subject": insight.subject,
            "interest": each.name,
            "kind": each.kind,
            "weight": each.weight,
            "evidence": list(each.evidence),
            "as_of": insight.as_of,
        }
        for each in insight.interests
    ]
    return database.row(INSIGHTS, insight, **given) | {"interests": interests}
