"""A dead letter without a person: its original bytes are a post that something refused, in any shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pipeline.errors import RecordError
from pipeline.logic.durations import FOREVER
from pipeline.logic.erasure import Person
from pipeline.logic.parsing import AHEAD, ParseSettings, parse
from pipeline.logic.tombstones import MASK, Tombstones
from pipeline.records import RawRecord

_ANY_TIME = FOREVER - AHEAD - timedelta(days=1)
"""A letter refused for its time is still somebody's."""


def letter_without(letter: Mapping[str, Any], person: Person, forgotten: Tombstones) -> dict[str, Any] | None:
    """A `DeadLetter` in plain values without the person and whoever else is forgotten; None when it must go.

    What an adapter can read goes when a forgotten account wrote it, and has their names masked when another one did.
    What none can read goes as soon as it names one: nobody can tell what else it says of them.
    """
    payload = bytes(letter["payload"])
    named = forgotten.names_someone(payload, bool(letter.get("header"))) or _names(payload, person)
    try:
        account = letter_author(letter)
    except RecordError:
        return None if named else dict(letter)
    if account in person.accounts or forgotten.covers(account):
        return None
    if not named:
        return dict(letter)
    # a number of JSON stays a number
    text = person.pattern.sub(
        lambda match: "0" if match[0].isdigit() else MASK, payload.decode("utf-8", "surrogateescape")
    )
    payload = forgotten.masked(text.encode("utf-8", "surrogateescape"))
    return None if _names(payload, person) else {**letter, "payload": payload}


def letter_author(letter: Mapping[str, Any]) -> str | None:
    """Account key of who wrote a `DeadLetter`, None when anonymous; RecordError when no adapter can read it."""
    raw = RawRecord(bytes(letter["payload"]), "", 1, tuple(letter.get("header") or ()))
    return parse(raw, ParseSettings(), _ANY_TIME).account_key


def _names(payload: bytes, person: Person) -> bool:
    text = payload.decode("utf-8", "replace")
    try:
        plain = json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        plain = text
    return bool(person.evidence.search(plain))
