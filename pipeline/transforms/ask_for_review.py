"""Put aside for a person what the model is not sure of."""

from __future__ import annotations

from collections.abc import Iterable

import apache_beam as beam

from pipeline.logic.alerts import AlertSettings
from pipeline.logic.review import review
from pipeline.metrics import counter
from pipeline.records import EnrichedPost, Review


class AskForReview(beam.PTransform):
    """The posts whose complaint decision lies in the uncertain band.

    Input: EnrichedPost. Output: Review; counts `review.posts`.
    Guarantees: pure; never windowed. Such a post raises no alert and opens no case.
    """

    def __init__(self, settings: AlertSettings) -> None:
        super().__init__()
        self._settings = settings

    def expand(self, posts: beam.PCollection) -> beam.PCollection:
        return posts | "Ask" >> beam.FlatMap(_ask, self._settings).with_output_types(Review)


def _ask(enriched: EnrichedPost, settings: AlertSettings) -> Iterable[Review]:
    asked = review(enriched, settings)
    if asked:
        counter("review.posts").inc()
        yield asked
