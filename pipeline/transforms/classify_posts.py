"""Ask the model what each post says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import apache_beam as beam
from apache_beam.ml.inference.base import ModelHandler, PredictionResult, RunInference

from pipeline.errors import RecordError
from pipeline.failures import Outcome, dead_letter
from pipeline.metrics import counter
from pipeline.records import ClassifiedPost


class ClassifyPosts(beam.PTransform):
    """Classify posts in batches with one copy of the model per process.

    Input: ParsedPost. Output: ClassifiedPost. Failures: DeadLetter, stage `classify`, for the one post
    the model cannot take; its neighbours in the batch are not touched. An error of the model itself
    fails the bundle.
    Guarantees: one answer a post; never windowed; order not kept.
    """

    def __init__(self, classifier: ModelHandler[Any, Any, Any]) -> None:
        super().__init__()
        self._classifier = classifier

    def expand(self, posts: beam.PCollection) -> Outcome:
        answers = (
            posts
            | "Ask the model" >> RunInference(self._classifier)
            | "Split answers" >> beam.ParDo(_SplitFn()).with_outputs("failed", main="ok")
        )
        return Outcome(answers.ok, answers.failed)


class _SplitFn(beam.DoFn):
    def process(self, element: PredictionResult) -> Iterable[Any]:
        parsed, answer = element.example, element.inference
        if isinstance(answer, RecordError):
            counter("classify.failed").inc()
            yield beam.pvalue.TaggedOutput("failed", dead_letter(parsed.raw, "classify", answer))
            return
        counter("classify.posts").inc()
        counter("classify.truncated").inc(int(answer.truncated))
        counter("classify.skipped").inc(int(answer.skipped and not parsed.post.deleted))
        counter("classify.abstained").inc(int(answer.complaint.abstain))
        yield ClassifiedPost(parsed, answer)
