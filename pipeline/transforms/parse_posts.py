"""Parses raw records into posts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import apache_beam as beam

from pipeline.errors import RecordError
from pipeline.failures import Outcome, dead_letter
from pipeline.logic.parsing import ParseSettings, parse
from pipeline.metrics import counter
from pipeline.records import DeadLetter, ParsedPost, RawRecord

STAGE = "parse"
_FAILURES = "failures"


class ParsePosts(beam.PTransform):
    """Turns raw records into posts in one common form.

    Input: PCollection[RawRecord]. Output: `ok`, PCollection[ParsedPost].
    Failures: PCollection[DeadLetter], stage "parse", with a reason of `pipeline.logic.parsing`.
    Guarantees: every record comes out exactly once, on one side or the other; order and windows are kept as they
    are. Counts parse.posts, parse.failed and parse.failed.<reason>.
    """

    def __init__(self, settings: ParseSettings, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self._settings = settings
        self._clock = clock

    def expand(self, records: beam.PCollection[RawRecord]) -> Outcome:
        outputs = records | "Parse" >> beam.ParDo(_ParseFn(self._settings, self._clock)).with_outputs(
            _FAILURES, main="ok"
        )
        outputs.ok.element_type = ParsedPost
        outputs[_FAILURES].element_type = DeadLetter
        return Outcome(outputs.ok, outputs[_FAILURES])


class _ParseFn(beam.DoFn):
    def __init__(self, settings: ParseSettings, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self._settings = settings
        self._clock = clock

    def process(self, raw: RawRecord) -> Iterator[Any]:
        try:
            post = parse(raw, self._settings, self._clock())
        except RecordError as error:
            counter("parse.failed").inc()
            counter(f"parse.failed.{error.reason}").inc()
            yield beam.pvalue.TaggedOutput(_FAILURES, dead_letter(raw, STAGE, error))
            return
        counter("parse.posts").inc()
        yield ParsedPost(post, raw)
