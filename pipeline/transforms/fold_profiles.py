"""Fold the posts of each account into its profile."""

from __future__ import annotations

from collections.abc import Iterable

import apache_beam as beam

from pipeline.logic.profile import Fold, ProfileSettings
from pipeline.metrics import counter
from pipeline.records import EnrichedPost, Profile


class FoldProfiles(beam.PTransform):
    """One Profile per account, of the posts of this run.

    Input: EnrichedPost. Output: Profile. The brand's own posts and anonymous posts have none.
    Guarantees: the fold is commutative and idempotent, so bundling, order and retries change nothing;
    bounded input only.
    """

    def __init__(self, settings: ProfileSettings) -> None:
        super().__init__()
        self._settings = settings

    def expand(self, posts: beam.PCollection) -> beam.PCollection:
        settings = self._settings
        return (
            posts
            | "Customers' posts" >> beam.Filter(lambda e: e.post.account_key is not None and not e.is_brand_reply)
            | "Key by account"
            >> beam.Map(lambda e: (e.post.account_key, e)).with_output_types(tuple[str, EnrichedPost])
            | "Fold" >> beam.CombinePerKey(_FoldFn(settings.keep_posts)).with_output_types(tuple[str, Fold])
            | "Read off profiles"
            >> beam.Map(lambda item: _profile(item[0], item[1], settings)).with_output_types(Profile)
        )


class _FoldFn(beam.CombineFn):
    def __init__(self, keep: int) -> None:
        self._keep = keep

    def create_accumulator(self) -> Fold:
        return Fold()

    def add_input(self, accumulator: Fold, element: EnrichedPost) -> Fold:
        accumulator.add(element)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Fold]) -> Fold:
        merged = Fold()
        for each in accumulators:
            merged.merge(each, self._keep)
        return merged

    def extract_output(self, accumulator: Fold) -> Fold:
        return accumulator


def _profile(account: str, fold: Fold, settings: ProfileSettings) -> Profile:
    counter("profiles.accounts").inc()
    return fold.profile(account, settings)
