"""Let nothing through of who asked to be forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import apache_beam as beam

from pipeline.logic.tombstones import Tombstones
from pipeline.metrics import counter
from pipeline.records import DeadLetter, ParsedPost

Forgotten = Callable[[], Tombstones]
"""Where tombstones come from: those of this moment, or of little earlier. It is sent to workers."""


class DropForgotten(beam.PTransform):
    """Posts without those of forgotten accounts.

    Input: ParsedPost. Output: ParsedPost. A forgotten account's post is dropped and counted in `forgotten.posts`; in
    posts of others their name is masked, in the original bytes too, counted in `forgotten.masked`.
    Guarantees: as fresh as `Forgotten` is; nothing else changes.
    """

    def __init__(self, forgotten: Forgotten) -> None:
        super().__init__()
        self._forgotten = forgotten

    def expand(self, posts: beam.PCollection) -> beam.PCollection:
        return posts | "Look at the tombstones" >> beam.ParDo(_PostsFn(self._forgotten)).with_output_types(ParsedPost)


class DropForgottenLetters(beam.PTransform):
    """Dead letters without those that name a forgotten person.

    Input: DeadLetter. Output: DeadLetter. What does not pass is counted in `forgotten.letters`: nobody could read it,
    so nobody can tell what it says of them.
    """

    def __init__(self, forgotten: Forgotten) -> None:
        super().__init__()
        self._forgotten = forgotten

    def expand(self, letters: beam.PCollection) -> beam.PCollection:
        return letters | "Look at the tombstones" >> beam.ParDo(_LettersFn(self._forgotten)).with_output_types(
            DeadLetter
        )


class _ForgottenFn(beam.DoFn):
    def __init__(self, forgotten: Forgotten) -> None:
        self._forgotten = forgotten

    def setup(self) -> None:
        self._forgotten()


class _PostsFn(_ForgottenFn):
    def process(self, parsed: ParsedPost) -> Iterator[ParsedPost]:
        forgotten = self._forgotten()
        post = forgotten.without_forgotten(parsed.post)
        if post is None:
            counter("forgotten.posts").inc()
        elif post is parsed.post:
            yield parsed
        else:
            counter("forgotten.masked").inc()
            yield ParsedPost(post, replace(parsed.raw, payload=forgotten.masked(parsed.raw.payload)))


class _LettersFn(_ForgottenFn):
    def process(self, letter: DeadLetter) -> Iterable[DeadLetter]:
        if self._forgotten().names_someone(letter.payload, bool(letter.header)):
            counter("forgotten.letters").inc()
            return
        yield letter
