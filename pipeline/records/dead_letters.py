"""What is kept of a record that could not be used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that could not be used, whole enough to be replayed (`schemas/dead_letter.v1.avsc`)."""

    payload: bytes
    source: str
    position: int
    stage: str
    """The step that refused it: parse, classify, enrich, warehouse."""
    reason: str
    """A stable machine word, for counting: bad_json, missing_field, bad_time …"""
    message: str
    """What a person should know to mend it; never quotes the text of a post."""
    header: tuple[str, ...] = ()
    """Column names, when the payload is a row of a CSV file."""
