"""A person in the store: found, taken out of every table, looked for again, and handed what is theirs.

Tables and columns are read from the database itself, so that one which came later is erased and searched too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Row, Table, or_, select

from pipeline.logic.erasure import Person, written_forms
from pipeline.logic.tombstones import Tombstones
from pipeline.logic.wave_alerts import RULE as WAVE
from pipeline.store import database, person_rows
from pipeline.store.base import SqlStore
from pipeline.store.person_rows import OWNERS

_APART = frozenset({"forgotten", "secrets", "alembic_version"})
"""Tables that hold no person: hashes, the salt, the state of the migrations."""
_COUNTED = "kpi_facts"
Told = Callable[[str], object]
"""Called with the name of each table before it is worked on."""


class PrivacyStore(SqlStore):
    """Every method reads or writes all tables; erasing twice changes nothing."""

    def find(self, subject: str) -> Person:
        """Whom a text names: a customer with all linked accounts, else an account alone, known or not."""
        tables = self._tables()
        links, customers = tables["links"], tables["customers"]
        with database.reading(self._engine) as connection:
            linked = set(connection.scalars(select(links.c.account).where(links.c.customer == subject)))
            known = connection.execute(select(customers.c.name).where(customers.c.customer == subject)).first()
            if linked or known:
                names = {known.name} if known and known.name else set()
                person = Person(frozenset(linked), frozenset({subject}), names=frozenset(names))
            else:
                of = set(connection.scalars(select(links.c.customer).where(links.c.account == subject)))
                # who stays a customer keeps their name there
                named = connection.scalars(select(customers.c.name).where(customers.c.customer.in_(sorted(of))))
                person = Person(frozenset({subject}), stale=frozenset(of)).but_not(each for each in named if each)
            return person.joined(self._known(connection, tables, person))

    def forgotten(self, tombstones: Tombstones) -> Person:
        """Everybody in this store on whom a tombstone lies."""
        tables = self._tables()
        with database.reading(self._engine) as connection:
            subjects = {
                subject
                for table in tables.values()
                for name in OWNERS
                if name in table.c
                for subject in connection.scalars(select(table.c[name]).distinct())
                if tombstones.covers(subject)
            }
            customers = set(connection.scalars(select(tables["customers"].c.customer)))
            person = Person(frozenset(subjects - customers), frozenset(subjects & customers))
            return person.joined(self._known(connection, tables, person))

    def erase(self, person: Person, salt: bytes, told: Told = lambda _: None, dry: bool = False) -> Counter[str]:
        """Take the person out of all tables in one transaction; returns table -> rows that went or were changed.

        Args:
            salt: of the hashes that stand for their posts where what was counted of them stays.
            dry: only count.

        Raises:
            TransientError: the database is away or locked; nothing was written.
        """
        done: Counter[str] = Counter()
        opened = database.reading if dry else database.writing
        tables = self._tables()
        with opened(self._engine) as connection:
            for name, table in tables.items():
                told(name)
                if name == _COUNTED:
                    done[name] += person_rows.uncount(connection, table, person, salt, dry)
                    continue
                done[name] += person_rows.drop_owned(connection, table, person, dry)
                for row, kept in person_rows.naming(connection, table, person):
                    if not dry:
                        person_rows.replace(connection, table, row, kept)
                    # while they are only counted, their own rows are still there
                    done[name] += not (dry and person_rows.is_owned(row, person))
        return +done

    def search(self, person: Person, told: Told = lambda _: None) -> Counter[str]:
        """Where the person is still found: table -> rows. Looks at every text and JSON column of every table."""
        found: Counter[str] = Counter()
        tables = self._tables()
        with database.reading(self._engine) as connection:
            for name, table in tables.items():
                told(name)
                found[name] += person_rows.count(connection, table, person_rows.owned(table, person))
                found[name] += person_rows.showing(connection, table, person)
        return +found

    def records(self, person: Person) -> Iterator[tuple[str, dict[str, Any]]]:
        """(table, row as plain values) of everything that is the person's own."""
        tables = self._tables()
        with database.reading(self._engine) as connection:
            for name, table in tables.items():
                rows: Iterable[Row[Any]] = connection.execute(select(table).where(person_rows.owned(table, person)))
                if name == _COUNTED:
                    rows = person_rows.of_posts(connection, table, person)
                for row in rows:
                    yield name, dict(row._mapping)

    def samples(self, person: Person) -> Iterator[dict[str, Any]]:
        """What waves of complaints show of the person's posts, without the other people of the wave."""
        alerts = self._tables()["alerts"]
        with database.reading(self._engine) as connection:
            for (wave,) in connection.execute(select(alerts.c.document).where(alerts.c.customer == WAVE)):
                about = {name: wave[name] for name in ("alert_id", "rule", "raised_at", "brands", "category")}
                shown = f"{wave['platform']}:{wave['post_id']}" in person.posts
                own = [each for each in wave["samples"] if each["post"] in person.posts]
                if shown or own:
                    yield {**about, "excerpt": wave["excerpt"] if shown else None, "samples": own}

    def compact(self) -> str | None:
        """Overwrite what deleted rows left in SQLite's file; why not, when it cannot be done now.

        With PostgreSQL nothing is done: its own vacuum, its log and backups are its operator's.
        """
        if self._engine.dialect.name != "sqlite":
            return None
        raw = self._engine.raw_connection()
        try:
            raw.driver_connection.execute("VACUUM")  # type: ignore[union-attr]
            busy = raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]  # type: ignore[union-attr]
        except Exception as error:
            if "locked" not in str(error) and "SQL statements in progress" not in str(error):
                raise
            return "the store is in use, so its file was not compacted; say it again when no run writes to it"
        finally:
            raw.close()
        return "another process reads the store, so its log was not emptied; say it again later" if busy else None

    def leftovers(self, person: Person) -> Counter[str]:
        """File of the SQLite store -> how often its bytes still hold one of the person's words; none elsewhere."""
        if self._engine.dialect.name != "sqlite" or not self._engine.url.database:
            return Counter()
        file = Path(self._engine.url.database)
        paths = (file, *(file.with_name(file.name + end) for end in ("-wal", "-journal")))
        return +Counter({str(path): bytes_naming(path, person) for path in paths if path.is_file()})

    def _tables(self) -> dict[str, Table]:
        metadata = MetaData()
        with database.reading(self._engine) as connection:
            metadata.reflect(connection)
        return {table.name: table for table in metadata.sorted_tables if table.name not in _APART}

    def _known(self, connection: Connection, tables: Mapping[str, Table], person: Person) -> Person:
        """Handles, names and posts of the person's accounts, and who else bears the same."""
        handles, names, posts = set(), set(person.names), set()
        profiles, facts = tables["profiles"], tables["facts"]
        for account in sorted(person.accounts):
            platform = account.partition(":")[0]
            for (document,) in connection.execute(select(profiles.c.document).where(profiles.c.account == account)):
                looks = [document, *document.get("looks", ())]
                handles |= {f"{platform}:@{each['handle'].lower()}" for each in looks if each.get("handle")}
                names |= {each["display_name"] for each in looks if each.get("display_name")}
                posts |= {each["post"] for each in (*document["contributions"], *document.get("deletions", ()))}
            mine = facts.c.customer == account
            for post, document in connection.execute(select(facts.c.post, facts.c.document).where(mine)):
                if document.get("kind") != "reply":
                    posts.add(post)
                author = ((document.get("enriched") or {}).get("post") or {}).get("author") or {}
                handles |= {f"{platform}:@{author['handle'].lower()}"} if author.get("handle") else set()
                names |= {author["display_name"]} if author.get("display_name") else set()
        bare = {each.partition(":")[2] for each in person.accounts}
        called = {each.partition("@")[2] for each in handles}
        same = or_(
            profiles.c.handle.in_([*bare, *called]),
            *(profiles.c.handle.icontains(each, autoescape=True) for each in called),
            profiles.c.display_name.in_([*names, *called]),
            *(profiles.c.account.endswith(f":{each}", autoescape=True) for each in bare | called),
        )
        wanted = select(profiles.c.account, profiles.c.handle, profiles.c.display_name).where(same)
        others = [row for row in connection.execute(wanted) if row.account not in person.accounts]
        shared = {part for row in others for part in (row.account.partition(":")[2], row.handle, row.display_name)}
        found = Person(handles=frozenset(handles), names=frozenset(names), posts=frozenset(posts))
        return found.but_not(each for each in shared if each)


def bytes_naming(file: Path, person: Person) -> int:
    """How often the bytes of a file hold one of the person's words, as text or with JSON's escapes."""
    forms = [form.encode() for word in person.words for form in written_forms(word)]
    if not forms:
        return 0
    ends = rb"(?![A-Za-z0-9_])"
    pattern = re.compile(rb"(?<![A-Za-z0-9_])(?:" + b"|".join(map(re.escape, forms)) + rb")" + ends, re.IGNORECASE)
    return len(pattern.findall(file.read_bytes()))
