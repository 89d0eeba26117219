"""Of several deliveries of one post, let one through."""

from __future__ import annotations

from collections.abc import Iterable

import apache_beam as beam

from pipeline.metrics import counter
from pipeline.records import ParsedPost


class DropDuplicates(beam.PTransform):
    """One post per platform and post id.

    Input: ParsedPost. Output: ParsedPost, each `SocialPost.key` once.
    Guarantees: which delivery passes depends on the deliveries alone, not on their order: the one with
    the most engagement (it was captured last), then the one with the smallest bytes. The others are
    counted in `deduplicate.duplicates`. Bounded input only; windowing is left as it is.
    """

    def expand(self, posts: beam.PCollection) -> beam.PCollection:
        return (
            posts
            | "Key by post"
            >> beam.Map(lambda parsed: (parsed.post.key, parsed)).with_output_types(tuple[str, ParsedPost])
            | "Gather deliveries" >> beam.GroupByKey()
            | "Choose one" >> beam.ParDo(_ChooseFn()).with_output_types(ParsedPost)
        )


class _ChooseFn(beam.DoFn):
    def process(self, element: tuple[str, Iterable[ParsedPost]]) -> Iterable[ParsedPost]:
        deliveries = sorted(element[1], key=_preference)
        counter("deduplicate.duplicates").inc(len(deliveries) - 1)
        yield deliveries[0]


def _preference(parsed: ParsedPost) -> tuple[int, bytes, str, int]:
    seen = parsed.post.engagement
    engagement = sum(count or 0 for count in (seen.likes, seen.shares, seen.replies, seen.views))
    return (-engagement, parsed.raw.payload, parsed.raw.source, parsed.raw.position)
