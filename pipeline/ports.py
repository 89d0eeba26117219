"""What the graph needs from outside and does not make itself: input, model, outputs.

A runner fills these in. The graph never learns whether posts come from files or from Pub/Sub,
which model reads them, or where the results lie.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import apache_beam as beam
from apache_beam.ml.inference.base import ModelHandler

from pipeline.logic.alerts import Explain
from pipeline.transforms.drop_forgotten import Forgotten

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Ports:
    """Each output takes one kind of record and writes it idempotently."""

    read_posts: beam.PTransform
    """Nothing → RawRecord."""
    classifier: ModelHandler[Any, Any, Any]
    """ParsedPost → Classification, or RecordError for the one post it cannot take."""
    explain: Explain
    """Redacted text of an alert, and its decision → the words that carried it. Never asked for other posts."""
    forgotten: Forgotten
    """Who asked to be forgotten: the tombstones of the store."""
    write_enriched: beam.PTransform
    """EnrichedPost → warehouse."""
    write_reviews: beam.PTransform
    """Review → the people who judge what the model is unsure of."""
    upsert_profiles: beam.PTransform
    """Profile → store, merged with what the store has."""
    recall_care: beam.PTransform
    """Nothing → (customer, Known), what earlier runs knew of customers who may still be owed something."""
    recall_waves: beam.PTransform
    """Nothing → (key, KnownWaves), how complaints about each brand and category have gone."""
    write_cases: beam.PTransform
    """Case → store."""
    write_alerts: beam.PTransform
    """Alert → the departments, and the store once they have it."""
    permit_actions: beam.PTransform
    """Action → Action: those that may be carried out as of now."""
    write_actions: beam.PTransform
    """Action → whoever carries it out, and the store once they have it."""
    keep_facts: beam.PTransform
    """(customer, Fact) → store, for the next run to recall."""
    keep_courses: beam.PTransform
    """(key, Course) → store, for the next run to recall."""
    count_service: beam.PTransform
    """KpiFact → store; gives the Kpi rows that changed."""
    write_kpis: beam.PTransform
    """Kpi → warehouse."""
    write_dead_letters: beam.PTransform
    """DeadLetter → where it can be looked at and replayed from."""
    clock: Clock
    """The present moment."""
