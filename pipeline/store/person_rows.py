"""Rows of any table seen from one person: whose they are, whom they name, what is left of them without that name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, Row, String, Table, Text, and_, cast, false, func, or_, select

from pipeline.logic.erasure import VARIED, Person, without, written_forms
from pipeline.logic.tombstones import subject_hash
from pipeline.logic.wave_alerts import RULE as WAVE
from pipeline.store import database

OWNERS = ("account", "customer", "subject")
"""Columns that say whose a row is."""
_FORMS = 50
"""Words that are looked for at once."""


def owned(table: Table, person: Person) -> ColumnElement[bool]:
    """Rows that are the person's own by their column."""
    theirs = sorted(person.subjects)
    choices = [table.c[name].in_(theirs) for name in OWNERS if name in table.c]
    if "subject" in table.c:
        choices.append(table.c.subject.in_(sorted(person.stale)))
    return or_(false(), *choices)


def is_owned(row: Row[Any], person: Person) -> bool:
    """Whether `owned` would give this row."""
    theirs = any(row._mapping.get(name) in person.subjects for name in OWNERS)
    return theirs or row._mapping.get("subject") in person.stale


def count(connection: Connection, table: Table, where: ColumnElement[bool]) -> int:
    """How many rows there are of that kind."""
    return connection.scalar(select(func.count()).select_from(table).where(where)) or 0


def drop_owned(connection: Connection, table: Table, person: Person, dry: bool) -> int:
    """Delete the person's own rows; returns how many there were."""
    where = owned(table, person)
    return count(connection, table, where) if dry else connection.execute(table.delete().where(where)).rowcount


def of_posts(connection: Connection, table: Table, person: Person) -> list[Row[Any]]:
    """Rows of a table by post that are about the person's posts."""
    posts = sorted(person.posts)
    return [
        row
        for part in database.chunks(posts)
        for row in connection.execute(select(table).where(table.c.post.in_(part)))
    ]


def uncount(connection: Connection, table: Table, person: Person, salt: bytes, dry: bool) -> int:
    """What the person's posts added to the KPIs stays counted; the key of the post becomes a hash."""
    rows = of_posts(connection, table, person)
    if rows and not dry:
        connection.execute(table.delete().where(table.c.post.in_([row.post for row in rows])))
        renamed = []
        for row in rows:
            post = f"forgotten:{subject_hash(row.post, salt)[:32]}"
            renamed.append({**row._mapping, "post": post, "document": {**row.document, "post": post}})
        database.upsert(connection, table, renamed)
    return len(rows)


def _texts(table: Table) -> list[Any]:
    return [column for column in table.c if isinstance(column.type, JSON | String)]


def naming(connection: Connection, table: Table, person: Person) -> Iterator[tuple[Row[Any], dict[str, Any] | None]]:
    """Rows that name the person, and what of each row must change; None: all of it must go."""
    for row in _mentioning(connection, table, person):
        kept = _treated(row, table, person)
        if kept is None or kept:
            yield row, kept


def showing(connection: Connection, table: Table, person: Person) -> int:
    """How many rows show the person, by the rules of erasing or, apart from them, by their bare text."""
    return sum(_shows(row, table, person) for row in _mentioning(connection, table, person))


def _mentioning(connection: Connection, table: Table, person: Person) -> Iterator[Row[Any]]:
    """Rows that may name the person: a net with small meshes, each row is looked at afterwards."""
    bare = {each.partition(":")[2].lstrip("@") for each in person.accounts | person.handles}
    # a name can be written with other letters of the same look: its longest part without any
    parts = {max(VARIED.split(name), key=len) or name for name in person.names}
    forms = sorted({form for word in (*bare, *person.customers, *parts) if word for form in written_forms(word)})
    texts, seen = _texts(table), set[tuple[Any, ...]]()
    conditions = []
    # SQLite takes no expression deeper than 1000
    for start in range(0, len(forms), _FORMS):
        part = forms[start : start + _FORMS]
        choices = [cast(column, Text).icontains(form, autoescape=True) for column in texts for form in part]
        conditions.append(or_(false(), *choices))
    if "customer" in table.c and person.posts:
        # a wave of complaints shows posts of several people, known by the key of the post
        conditions.append(table.c.customer == WAVE)
    for condition in conditions:
        for row in connection.execute(select(table).where(condition)).all():
            key = tuple(row._mapping[column.name] for column in table.primary_key.columns)
            if not key or key not in seen:
                seen.add(key)
                yield row


def _treated(row: Row[Any], table: Table, person: Person) -> dict[str, Any] | None:
    changed: dict[str, Any] = {}
    for column in _texts(table):
        value = row._mapping[column.name]
        document, is_text = value, isinstance(value, str)
        if is_text and value.startswith(("{", "[")):
            try:
                document = json.loads(value)
            except ValueError:
                document = value
        # in a box, so that one rule serves texts, lists and records
        boxed = without({column.name: document}, person)
        if boxed is None or (column.primary_key and boxed[column.name] != document):
            return None
        if boxed[column.name] != document:
            plain = boxed[column.name]
            changed[column.name] = json.dumps(plain, ensure_ascii=False) if is_text and document is not value else plain
    return changed


def replace(connection: Connection, table: Table, row: Row[Any], kept: dict[str, Any] | None) -> None:
    """Write what of a row must change; None: delete it."""
    this = and_(*(column == row._mapping[column.name] for column in table.primary_key.columns))
    statement = table.delete().where(this) if kept is None else table.update().where(this).values(kept)
    connection.execute(statement)


def _shows(row: Row[Any], table: Table, person: Person) -> bool:
    if _treated(row, table, person) != {}:
        return True
    values = {column.name: row._mapping[column.name] for column in _texts(table)}
    return bool(person.evidence.search(json.dumps(values, ensure_ascii=False, default=str)))
