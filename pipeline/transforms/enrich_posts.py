"""Add to each classified post what can be read off it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import apache_beam as beam

from pipeline.errors import RecordError
from pipeline.failures import Outcome, dead_letter
from pipeline.logic.enrichment import EnrichSettings, enrich
from pipeline.metrics import counter
from pipeline.records import ClassifiedPost, EnrichedPost, to_dict
from schemas import validate


class EnrichPosts(beam.PTransform):
    """Language, brands, fine interests, links and redacted text, checked against the event's schema.

    Input: ClassifiedPost. Output: EnrichedPost, of deletions too: the warehouse needs them. Failures: DeadLetter,
    stage `enrich`, for a post that its own schema refuses; found here, it cannot fail a file or a table later.
    Guarantees: pure, so retries are harmless; never windowed.
    """

    def __init__(self, settings: EnrichSettings) -> None:
        super().__init__()
        self._settings = settings

    def expand(self, posts: beam.PCollection) -> Outcome:
        enriched = posts | "Enrich" >> beam.ParDo(_EnrichFn(self._settings)).with_outputs("failed", main="ok")
        return Outcome(enriched.ok, enriched.failed)


class _EnrichFn(beam.DoFn):
    def __init__(self, settings: EnrichSettings) -> None:
        self._settings = settings

    def process(self, element: ClassifiedPost) -> Iterable[Any]:
        try:
            enriched = enrich(element.parsed.post, element.classification, self._settings)
            validate(to_dict(enriched), "enriched_post")
        except RecordError as error:
            counter("enrich.failed").inc()
            yield beam.pvalue.TaggedOutput("failed", dead_letter(element.parsed.raw, "enrich", error))
            return
        _count(enriched)
        yield enriched


def _count(enriched: EnrichedPost) -> None:
    """The counters that the run's summary shows."""
    said = enriched.classification
    if enriched.post.deleted:
        counter("enrich.deleted").inc()
        return  # a deletion is passed on, but it is no post
    counter("enrich.posts").inc()
    counter(f"enrich.sentiment.{said.sentiment.label}").inc()
    counter(f"enrich.language.{enriched.language}").inc()
    counter("enrich.brand_replies").inc(int(enriched.is_brand_reply))
    counter("enrich.anonymous").inc(int(enriched.post.account_key is None))
    if enriched.is_brand_reply:
        return  # what the brand says of itself is neither complaint nor advocacy
    counter("enrich.advocacy").inc(int(said.advocacy.label))
    if said.complaint.label:
        counter("enrich.complaints").inc()
        counter(f"enrich.severity.{said.severity.label}").inc()
        for category in said.categories.labels:
            counter(f"enrich.category.{category}").inc()
