"""Of several deliveries of one post, let the newest version through."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import apache_beam as beam
from apache_beam.coders import PickleCoder
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec

from pipeline.logic.versions import resolved
from pipeline.metrics import counter
from pipeline.records import Author, ParsedPost, SocialPost
from pipeline.transforms.keys import shard

REMEMBER = timedelta(days=7)
"""How long an unbounded run knows a post again, in event time; a topic keeps no message longer."""


class DropDuplicates(beam.PTransform):
    """One post per platform and post id.

    Input: ParsedPost. Output: ParsedPost. Bounded input: each `SocialPost.key` once, its newest version by
    `SocialPost.version` (a deletion, the last edit, the most engagement), of equal ones the one with the
    smallest bytes. Unbounded: each delivery that is newer than those before it, so that the last to pass is
    the same; what follows keeps the newest version of a post.
    A deletion that names nobody takes its author from the others. What does not pass is counted in
    `deduplicate.duplicates`.
    Guarantees: what stands in the end depends on the deliveries alone, not on their order; where input never
    ends, within REMEMBER.
    """

    def expand(self, posts: beam.PCollection) -> beam.PCollection:
        if posts.is_bounded:
            return (
                posts
                | "Key by post"
                >> beam.Map(lambda parsed: (parsed.post.key, parsed)).with_output_types(tuple[str, ParsedPost])
                | "Gather deliveries" >> beam.GroupByKey()
                | "Choose one" >> beam.ParDo(_ChooseFn()).with_output_types(ParsedPost)
            )
        return (
            posts
            | "Key by shard"
            >> beam.Map(lambda parsed: (shard(parsed.post.key), parsed)).with_output_types(tuple[int, ParsedPost])
            | "Let newer ones pass" >> beam.ParDo(_PassNewerFn()).with_output_types(ParsedPost)
        )


class _ChooseFn(beam.DoFn):
    def process(self, element: tuple[str, Iterable[ParsedPost]]) -> Iterable[ParsedPost]:
        deliveries = sorted(element[1], key=lambda each: (each.raw.payload, each.raw.source, each.raw.position))
        # of equal versions max takes the first
        newest = max(deliveries, key=lambda each: each.post.version)
        counter("deduplicate.duplicates").inc(len(deliveries) - 1)
        if newest.post.deleted:
            newest = replace(newest, post=resolved(newest.post, (each.post for each in deliveries)))
        yield newest


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is remembered of a post."""

    newest: SocialPost
    """Its newest version, without what a version is not told by."""
    version: str


class _PassNewerFn(beam.DoFn):
    SEEN = ReadModifyWriteStateSpec("seen", PickleCoder())

    def process(
        self,
        element: tuple[int, ParsedPost],
        seen: Any = beam.DoFn.StateParam(SEEN),
    ) -> Iterable[ParsedPost]:
        parsed, known = element[1], seen.read() or {}
        passing, kept = _judge(parsed.post, known.get(parsed.post.key))
        known[parsed.post.key] = kept
        _forget(known, parsed.post.created_at - REMEMBER)
        seen.write(known)
        if passing is None:
            counter("deduplicate.duplicates").inc()
        return [replace(parsed, post=passing)] if passing else []


def _judge(post: SocialPost, before: _Seen | None) -> tuple[SocialPost | None, _Seen]:
    """What of a delivery passes, and what is remembered from then on."""
    if before is None:
        return post, _seen(post, post.version)
    if post.version <= before.version:
        if not before.newest.deleted or before.newest.author.account_id or not post.author.account_id:
            return None, before
        # the notice came before the post it is about: now it is known whose that was
        notice = resolved(before.newest, [post])
        return notice, _seen(notice, before.version)
    if post.deleted:
        post, version = resolved(post, [before.newest]), post.version
        return post, _seen(post, version)
    return post, _seen(post, post.version)


def _seen(post: SocialPost, version: str) -> _Seen:
    """Little enough to keep for every post of a week."""
    author = Author(post.author.account_id, post.author.handle)
    bare = SocialPost(post.post_id, post.platform, author, "", post.created_at, deleted=post.deleted)
    return _Seen(bare, version)


def _forget(known: dict[str, _Seen], before: datetime) -> None:
    for key in [key for key, each in known.items() if each.newest.created_at < before]:
        del known[key]
