"""Which words carried a decision: leave words out, ask the model again, see what the decision loses.

Occlusion: Zeiler & Fergus 2014, Visualizing and Understanding Convolutional Networks (arXiv 1311.2901); for words, Li
et al. 2016, Understanding Neural Networks through Representation Erasure (arXiv 1612.08220). It needs nothing of the
model but its logits. docs/adr/0013 says why it is this and not a gradient, and what it costs.

The weight of a word is what the log-odds (natural logarithm, calibrated) of the label lose when the word is left out:
above 0 the word spoke for the label, below 0 against it. ln 2 = 0.69 halves the odds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import regex
from numpy.typing import NDArray

from models import loading
from models.decoding import Decision, Floats
from models.labels import BY_NAME, Head, Kind, columns_of
from models.loading import LoadedModel
from pipeline.errors import ConfigError

MOST_VARIANTS = 24
"""Texts with something left out that one explanation asks the model about, at most, whatever the text's length."""
ALERT_VARIANTS = 12
"""The same for an alert: coarser on long posts, at half the cost, for a wave can bring thousands of alerts."""
LEAST_SHARE = 0.1
"""A word that weighs less than this share of the heaviest one carried nothing worth telling."""

_WORDS = regex.compile(
    r"""\[(?:phone|email|card|iban|national-id)\]   # a redaction's mask
      | (?:https?://|www\.)\S+
      # letters and digits, with half-spaces (and other invisible marks), apostrophes and hyphens between them
      | [@#＠＃]?[\p{L}\p{N}_][\p{L}\p{M}\p{N}_]*+
        (?:(?:[\u200c-\u200f]++|['’-]|(?<=\d)[.,/:٫٬](?=\d))?[\p{L}\p{M}\p{N}_]++)*+
      | ((?=\p{Extended_Pictographic}|\p{Regional_Indicator})\X)\1*+   # an emoji, however often in a row
      | [:;]['’-]?[()]+                              # :-( and :(((
      | [!?؟]+""",
    regex.VERBOSE,
)
# a mask, a link, a handle or a long number tells who was meant, and nothing of why
_TELLS_NOTHING = regex.compile(r"\[.*|(?:https?://|www\.).*|[@＠].*|(?:\D*\d){5}.*", regex.DOTALL)

Span = tuple[int, int]


def explain(
    text: str, head: str, label: str, model: LoadedModel, variants: int = MOST_VARIANTS
) -> list[tuple[str, float]]:
    """Every word of the text, in order, with its weight for the label (log-odds, natural logarithm).

    A word is a run of letters, with half-spaces, apostrophes and hyphens inside it; a number; a link, a handle or a
    hashtag; an emoji; `!` and `?` marks, `:(`. Other punctuation is none and is never left out alone.

    Cost: scoring at most `variants` + 2 texts as long as this one (docs/benchmarks.md). Up to `variants` words each is
    left out alone. Beyond, a third of them goes to groups of neighbouring words, the rest to the parts of the heaviest
    groups; words left out together share their weight equally. Words behind what the model reads weigh 0.

    Args:
        text: as it should be judged; a text without words gives an empty list.
        head: a name of `models.labels.HEADS`.
        label: one of the head's labels: "1" and "0" of a flag. Severity's levels and the categories are weighed under
            the condition that the post complains, as the model has learned them; severity "0" is complaint "0".
        model: whose decision it is.
        variants: at least 3.

    Raises:
        ConfigError: no such head or label.
    """
    log_odds = _log_odds(head, label, model.decision)
    spans = [found.span() for found in _WORDS.finditer(text)]
    words = [text[start:end] for start, end in spans]
    read = bisect_left(range(len(spans)), True, key=lambda i: model.encode(text[: spans[i][1]])[1])
    if not read:
        return [(word, 0.0) for word in words]
    shown = text if read == len(spans) else text[: spans[read - 1][1]]

    def drops(parts: Sequence[NDArray[np.intp]]) -> NDArray[np.float64]:
        texts = [shown, *(_without(shown, [spans[i] for i in part]) for part in parts)]
        scores = log_odds(model.score(texts))
        return np.asarray(scores[0] - scores[1:])

    weights = np.zeros(len(spans))
    for part, drop in _occlude(read, variants, drops):
        weights[part] = drop / len(part)
    return [(word, round(float(weight), 4)) for word, weight in zip(words, weights, strict=True)]


def carrying_words(
    text: str, head: str, label: str, model: LoadedModel, most: int = 5, variants: int = MOST_VARIANTS
) -> list[str]:
    """The words that spoke for the label, heaviest first, each once; at most `most`, none in an empty text.

    Without masks of the redaction, links, handles and numbers of five digits and more: they tell who, not why.
    Raises ConfigError for an unknown head or label.
    """
    weighed = [each for each in explain(text, head, label, model, variants) if not _TELLS_NOTHING.fullmatch(each[0])]
    weighed.sort(key=lambda each: -each[1])
    least = max(LEAST_SHARE * weighed[0][1], 0.0) if weighed else 0.0
    once: dict[str, str] = {}
    for word, weight in weighed:
        if weight > least:
            once.setdefault(word.casefold(), word)
    return list(once.values())[:most]


@dataclass(frozen=True)
class AlertExplainer:
    """`carrying_words` of a model by name: what the graph takes as its `explain` port. Travels without the weights."""

    model: str = str(loading.DEFAULT_MODEL)

    def __call__(self, text: str, head: str, label: str) -> list[str]:
        return carrying_words(text, head, label, loading.load(self.model), variants=ALERT_VARIANTS)


def check_label(head: str, label: str | None) -> None:
    """Raise ConfigError, naming the choices, where there is no such head or it has no such label (None: any)."""
    if head not in BY_NAME:
        raise ConfigError(f"no head {head!r}; heads are {', '.join(BY_NAME)}")
    labels = BY_NAME[head].answers
    if label is not None and label not in labels:
        raise ConfigError(f"no label {label!r} of {head}; labels are {', '.join(labels)}")


def _occlude(
    words: int, variants: int, drops: Callable[[Sequence[NDArray[np.intp]]], NDArray[np.float64]]
) -> list[tuple[NDArray[np.intp], float]]:
    """Which words were left out together and what that cost; a later entry is finer than an earlier one."""
    if words <= variants:
        parts = np.array_split(np.arange(words), words)
        return list(zip(parts, drops(parts).tolist(), strict=True))
    groups = np.array_split(np.arange(words), variants // 3)
    lost = drops(groups)
    left = variants - len(groups)
    parts = []
    for group in (groups[i] for i in np.argsort(-np.abs(lost))):
        parts += np.array_split(group, min(len(group), left - len(parts)))
        if left - len(parts) < 2:
            break
    return [*zip(groups, lost.tolist(), strict=True), *zip(parts, drops(parts).tolist(), strict=True)]


def _without(text: str, spans: Sequence[Span]) -> str:
    """A space in each one's place: what stood beside it must not grow together."""
    kept, at = [], 0
    for start, end in spans:
        kept += [text[at:start], " "]
        at = end
    return "".join(kept) + text[at:]


def _log_odds(head: str, label: str, decision: Decision) -> Callable[[Floats], NDArray[np.float64]]:
    """From logits of shape (texts, columns) to the label's calibrated log-odds, one a text; exact where P is near 1."""
    check_label(head, label)
    if head == "severity" and label == "0":
        head = "complaint"
    of: Head = BY_NAME[head]

    def measure(logits: Floats) -> NDArray[np.float64]:
        scaled = logits[:, columns_of(of)].astype(np.float64) / decision.of(of).temperature
        if of.kind is Kind.FLAG:
            return scaled[:, 0] if label == "1" else -scaled[:, 0]
        place = of.labels.index(label)
        if of.kind is Kind.LABELS:
            return scaled[:, place]
        return np.asarray(scaled[:, place] - np.logaddexp.reduce(np.delete(scaled, place, axis=1), axis=1))

    return measure
