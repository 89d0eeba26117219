"""How a step hands on what failed: beside what is good, never instead of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import apache_beam as beam

from pipeline.errors import RecordError
from pipeline.records import DeadLetter, RawRecord


class Outcome(NamedTuple):
    """What a step that can fail for one record returns."""

    ok: beam.PCollection[Any]
    """What the step is for; its docstring names the type."""
    failures: beam.PCollection[DeadLetter]
    """One dead letter a record that it refused."""


def dead_letter(raw: RawRecord, stage: str, error: RecordError) -> DeadLetter:
    """The record as it arrived, with the step that refused it and why."""
    return DeadLetter(
        payload=raw.payload,
        source=raw.source,
        position=raw.position,
        stage=stage,
        reason=error.reason,
        message=error.message,
        header=raw.header,
    )
