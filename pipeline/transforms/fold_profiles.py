"""Fold the posts of each account into its profile."""

from __future__ import annotations

from collections.abc import Iterable

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.timestamp import MIN_TIMESTAMP
from apache_beam.utils.windowed_value import WindowedValue

from pipeline.logic.profile import Fold, ProfileSettings
from pipeline.metrics import counter
from pipeline.records import EnrichedPost, Profile


class FoldProfiles(beam.PTransform):
    """One Profile per account, of the posts of this run.

    Input: EnrichedPost. Output: Profile. The brand's own posts and anonymous posts have none.
    Where input never ends, one Profile per account and bundle: the store merges them.
    Guarantees: the fold is commutative and idempotent, so bundling, order and retries change nothing.
    """

    def __init__(self, settings: ProfileSettings) -> None:
        super().__init__()
        self._settings = settings

    def expand(self, posts: beam.PCollection) -> beam.PCollection:
        settings = self._settings
        customers = (
            posts
            | "Customers' posts" >> beam.Filter(lambda e: e.post.account_key is not None and not e.is_brand_reply)
            | "Key by account"
            >> beam.Map(lambda e: (e.post.account_key, e)).with_output_types(tuple[str, EnrichedPost])
        )
        if posts.is_bounded:
            folds = customers | "Fold" >> beam.CombinePerKey(_FoldFn(settings.keep_posts))
        else:
            folds = customers | "Fold bundles" >> beam.ParDo(_FoldBundleFn())
        return folds | "Read off profiles" >> beam.Map(
            lambda item: _profile(item[0], item[1], settings)
        ).with_output_types(Profile)


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


class _FoldBundleFn(beam.DoFn):
    def __init__(self) -> None:
        self._folds: dict[str, Fold] = {}

    def start_bundle(self) -> None:
        self._folds = {}

    def process(self, element: tuple[str, EnrichedPost]) -> None:
        self._folds.setdefault(element[0], Fold()).add(element[1])

    def finish_bundle(self) -> Iterable[WindowedValue]:
        for item in self._folds.items():
            yield WindowedValue(item, MIN_TIMESTAMP, [GlobalWindow()])


def _profile(account: str, fold: Fold, settings: ProfileSettings) -> Profile:
    counter("profiles.accounts").inc()
    return fold.profile(account, settings)
