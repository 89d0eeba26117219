"""The classifier as Beam sees it: a ModelHandler over parsed posts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from apache_beam.ml.inference.base import ModelHandler, PredictionResult

from models import loading
from models.decoding import decode, empty
from models.loading import LoadedModel
from pipeline.errors import RecordError
from pipeline.records import Classification, ParsedPost


class PostClassifier(ModelHandler[ParsedPost, PredictionResult, LoadedModel]):
    """Classifies posts in big batches; the answer is a Classification or a RecordError, post by post.

    A post that the model cannot take costs nobody else in its batch anything: its PredictionResult
    carries a RecordError, and the graph sends that post alone to the dead letters.
    """

    def __init__(self, model: str = str(loading.DEFAULT_MODEL), batch: int = 512) -> None:
        """Args: model: directory or hub name. batch: most posts handed over at once."""
        super().__init__()
        self._model = model
        self._batch = batch

    def load_model(self) -> LoadedModel:
        return loading.load(self._model)

    def run_inference(
        self, batch: Sequence[ParsedPost], model: LoadedModel, inference_args: Mapping[str, Any] | None = None
    ) -> Iterable[PredictionResult]:
        del inference_args  # part of Beam's signature; this model takes none
        answers = classify([parsed.post.text for parsed in batch], model)
        return [PredictionResult(parsed, answer, model.name) for parsed, answer in zip(batch, answers, strict=True)]

    def batch_elements_kwargs(self) -> Mapping[str, Any]:
        # One size: Beam's search for another one goes by the clock, and a score's last digit goes by its batch, so
        # two runs of the same posts would differ. A batch still ends where its bundle ends; nothing waits longer.
        return {"min_batch_size": self._batch, "max_batch_size": self._batch}

    def get_metrics_namespace(self) -> str:
        return "classify"


def classify(texts: Sequence[str], model: LoadedModel) -> list[Classification | RecordError]:
    """One answer a text, in order. Empty texts are answered without the model."""
    answers: list[Classification | RecordError | None] = [None] * len(texts)
    encoded: list[list[int]] = []
    cut: list[bool] = []
    places: list[int] = []
    for i, text in enumerate(texts):
        if not text.strip():
            answers[i] = empty(model.name)
            continue
        try:
            ids, truncated = model.encode(text)
        except (UnicodeEncodeError, TypeError) as error:
            answers[i] = RecordError("bad_text", f"text: the tokenizer cannot read it ({type(error).__name__})")
            continue
        places.append(i)
        encoded.append(ids)
        cut.append(truncated)
    if encoded:
        logits = model.logits(encoded)
        for place, row, answer in zip(places, logits, decode(logits, model.decision, model.name, cut), strict=True):
            finite = bool(np.isfinite(row).all())
            answers[place] = answer if finite else RecordError("model_failed", "text: the model gave no finite score")
    return [answer for answer in answers if answer is not None]
