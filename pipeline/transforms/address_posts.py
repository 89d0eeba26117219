"""Say whom each post concerns: its author, or the customer whom the brand's own account answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import apache_beam as beam
from apache_beam.coders import PickleCoder
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec

from pipeline.logic.care import Known
from pipeline.logic.facts import Fact, Kind
from pipeline.metrics import counter
from pipeline.records import EnrichedPost
from pipeline.transforms.keys import pairs_of, shard

REMEMBER = timedelta(days=14)
"""How long an unbounded run keeps a post that may be answered, or a reply whose post has not come (event time)."""


class AddressPosts(beam.PTransform):
    """Key each post by the customer whom it concerns.

    Input: EnrichedPost, and what earlier runs knew: (customer, Known). Output: (customer, EnrichedPost), or for a reply
    that an earlier run kept (customer, Fact); customer as `Case.customer`.
    The author of a customer's post; of a brand's reply the account that the platform says it answers or, where
    the platform names only the post, that post's author. A reply may come before the post it answers: it waits
    for it. Where input never ends it meanwhile concerns whoever wrote that post (`nobody_known`), so that it is kept in
    the store: its message is acknowledged, and a crash would lose it with the state. Brand posts that answer nobody
    concern no customer and are left out, counted as `address.to_nobody`.
    Guarantees: the same customers in any order of arrival; where input never ends, within REMEMBER.
    """

    def __init__(self, recalled: beam.PCollection[tuple[str, Known]]) -> None:
        super().__init__()
        self._recalled = recalled

    def expand(self, posts: beam.PCollection) -> beam.PCollection:
        parts = posts | "Read off" >> beam.ParDo(_ReadOffFn()).with_outputs("look_up", main="known")
        earlier = self._recalled | "Posts of earlier runs" >> beam.FlatMapTuple(_written)
        found = (
            (parts.look_up, earlier)
            | "And those of earlier runs" >> beam.Flatten()
            | "By answered post" >> pairs_of(tuple[int, _Known | _Asked])
            | "Look up" >> beam.ParDo(_LookUpFn(None if posts.is_bounded else REMEMBER))
        )
        return (
            (parts.known, found)
            | "All pairs" >> beam.Flatten()
            | "By customer" >> pairs_of(tuple[str, EnrichedPost | Fact])
        )


@dataclass(frozen=True, slots=True)
class _Known:
    """A post that may be answered, and whose it is."""

    post: str
    customer: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Asked:
    """A reply that names only the post it answers."""

    post: str
    reply: EnrichedPost | Fact

    @property
    def at(self) -> datetime:
        return self.reply.at if isinstance(self.reply, Fact) else self.reply.post.created_at


def nobody_known(post: str) -> str:
    """The customer who wrote a post that names no account, or has not come."""
    return f"post {post}"


def _written(customer: str, known: Known) -> Iterable[tuple[int, _Known | _Asked]]:
    """What a customer wrote before this run, which may be answered yet; and replies whose post had not come."""
    for fact in known.facts:
        if fact.kind is not Kind.REPLY:
            yield shard(fact.post), _Known(fact.post, customer, fact.at)
        elif customer.startswith(nobody_known("")):
            answered = customer.removeprefix(nobody_known(""))
            yield shard(answered), _Asked(answered, fact)


class _ReadOffFn(beam.DoFn):
    def process(self, element: EnrichedPost) -> Iterable[Any]:
        post = element.post
        answered = post.in_reply_to_post_id and f"{post.platform}:{post.in_reply_to_post_id}"
        if not element.is_brand_reply:
            customer = post.account_key or nobody_known(post.key)
            yield customer, element
            yield beam.pvalue.TaggedOutput("look_up", (shard(post.key), _Known(post.key, customer, post.created_at)))
        elif post.in_reply_to_account_id:
            yield f"{post.platform}:{post.in_reply_to_account_id}", element
        elif answered:
            yield beam.pvalue.TaggedOutput("look_up", (shard(answered), _Asked(answered, element)))
        else:
            counter("address.to_nobody").inc()


class _LookUpFn(beam.DoFn):
    """One cell of state a shard: posts that may be answered, and replies that wait."""

    CELL = ReadModifyWriteStateSpec("cell", PickleCoder())

    def __init__(self, remember: timedelta | None) -> None:
        self._remember = remember

    def process(
        self, element: tuple[int, _Known | _Asked], cell: Any = beam.DoFn.StateParam(CELL)
    ) -> Iterable[tuple[str, EnrichedPost | Fact]]:
        said = element[1]
        known, waiting = cell.read() or _nothing()
        if isinstance(said, _Known):
            known[said.post] = (said.customer, said.at)
            for asked in waiting.pop(said.post, ()):
                yield said.customer, asked.reply
        elif said.post in known:
            yield known[said.post][0], said.reply
        else:
            waiting.setdefault(said.post, []).append(said)
            if self._remember:
                yield nobody_known(said.post), said.reply
        if self._remember:
            _forget(known, waiting, said.at - self._remember)
        cell.write((known, waiting))


def _nothing() -> tuple[dict[str, tuple[str, datetime]], dict[str, list[_Asked]]]:
    return {}, {}


def _forget(known: dict[str, Any], waiting: dict[str, Any], before: datetime) -> None:
    for post in [post for post, (_, at) in known.items() if at < before]:
        del known[post]
    for post in [post for post, replies in waiting.items() if replies[-1].at < before]:
        counter("address.to_nobody").inc(len(waiting.pop(post)))
