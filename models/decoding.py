"""From logits to decisions: temperatures, thresholds, the uncertain band.

`decision.json` lies beside the weights and holds, per head, what was chosen on the calibration split:

- temperature T: probabilities are softmax(z/T) or sigmoid(z/T) (Guo et al. 2017, On Calibration of
  Modern Neural Networks);
- thresholds (flags and multi-label heads): the label is given from this probability on;
- band (flags and choices): half-width of the uncertain band. A flag abstains when its probability is
  nearer to the threshold than this, a choice when its two best labels are nearer to each other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.labels import BY_NAME, HEADS, Head, Kind, columns_of
from pipeline.errors import ConfigError
from pipeline.records import Choice, Classification, Flag, Labels

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class HeadDecision:
    """How one head's probabilities become a decision."""

    temperature: float = 1.0
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """Per label; for a flag the one key is the head's own name. 0.5 where absent."""
    band: float = 0.0

    def threshold(self, label: str) -> float:
        return self.thresholds.get(label, 0.5)


@dataclass(frozen=True)
class Decision:
    """The whole of decision.json."""

    heads: Mapping[str, HeadDecision] = field(default_factory=dict)

    def of(self, head: Head) -> HeadDecision:
        return self.heads.get(head.name, HeadDecision())

    @classmethod
    def load(cls, path: Path) -> Decision:
        """Raises ConfigError naming the file and what is wrong in it."""
        try:
            value = json.loads(path.read_text("utf-8"))
            heads = {name: HeadDecision(**head) for name, head in value["heads"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(f"{path}: not a decision file ({error}); `shenava train` writes one") from error
        if unknown := heads.keys() - BY_NAME.keys():
            raise ConfigError(f"{path}: unknown heads {', '.join(sorted(unknown))}; heads are {', '.join(BY_NAME)}")
        return cls(heads)

    @classmethod
    def beside(cls, model: Path) -> Decision:
        """The rules in a model's directory; without a file there, those of a model never calibrated."""
        path = model / "decision.json"
        return cls.load(path) if path.exists() else cls()

    def save(self, path: Path) -> None:
        value = {"heads": {name: asdict(head) for name, head in self.heads.items()}}
        path.write_text(json.dumps(value, indent=2) + "\n", "utf-8")


def probabilities(head: Head, logits: Floats, decision: Decision) -> Floats:
    """Calibrated probabilities of the head's columns, shape (rows, columns of the head).

    For `given_complaint` heads they are conditional on the post being a complaint.
    """
    scaled = logits[:, columns_of(head)].astype(np.float64) / decision.of(head).temperature
    if head.kind is Kind.CHOICE:
        scaled = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        return np.asarray(scaled / scaled.sum(axis=1, keepdims=True), np.float32)
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scaled, -50, 50))), np.float32)


def decode(logits: Floats, decision: Decision, model: str, truncated: Sequence[bool]) -> list[Classification]:
    """One Classification a row of logits of shape (rows, len(COLUMNS))."""
    scores = {head.name: probabilities(head, logits, decision) for head in HEADS}
    return [
        _decode_row({name: head_scores[i] for name, head_scores in scores.items()}, decision, model, truncated[i])
        for i in range(len(logits))
    ]


def empty(model: str) -> Classification:
    """What is said of a post without text (guideline: neutral, no complaint, stage none)."""
    choice = {name: dict.fromkeys(BY_NAME[name].labels, 0.0) for name in ("sentiment", "stage")}
    no = Flag(False, 0.0)
    return Classification(
        sentiment=Choice("neu", choice["sentiment"] | {"neu": 1.0}),
        complaint=no,
        severity=Choice("0", {"0": 1.0, **dict.fromkeys(BY_NAME["severity"].labels, 0.0)}),
        categories=Labels((), dict.fromkeys(BY_NAME["categories"].labels, 0.0)),
        advocacy=no,
        intents=Labels((), dict.fromkeys(BY_NAME["intents"].labels, 0.0)),
        stage=Choice("none", choice["stage"] | {"none": 1.0}),
        topics=Labels((), dict.fromkeys(BY_NAME["topics"].labels, 0.0)),
        promo=no,
        model=model,
        skipped=True,
    )


def _decode_row(scores: Mapping[str, Floats], decision: Decision, model: str, truncated: bool) -> Classification:
    complaint = _flag(BY_NAME["complaint"], scores, decision)
    return Classification(
        sentiment=_choice(BY_NAME["sentiment"], scores, decision),
        complaint=complaint,
        severity=_severity(scores["severity"], complaint),
        categories=_categories(scores, complaint, decision),
        advocacy=_flag(BY_NAME["advocacy"], scores, decision),
        intents=_labels(BY_NAME["intents"], scores, decision),
        stage=_choice(BY_NAME["stage"], scores, decision),
        topics=_labels(BY_NAME["topics"], scores, decision, most=3),
        promo=_flag(BY_NAME["promo"], scores, decision),
        model=model,
        truncated=truncated,
    )


def _flag(head: Head, scores: Mapping[str, Floats], decision: Decision) -> Flag:
    score, rule = float(scores[head.name][0]), decision.of(head)
    threshold = rule.threshold(head.name)
    return Flag(score >= threshold, _round(score), abs(score - threshold) < rule.band)


def _choice(head: Head, scores: Mapping[str, Floats], decision: Decision) -> Choice:
    own = scores[head.name]
    second, best = np.sort(own)[-2:]
    return Choice(head.labels[int(own.argmax())], _named(head, own), bool(best - second < decision.of(head).band))


def _severity(given: Floats, complaint: Flag) -> Choice:
    """P(level) = P(complaint) · P(level | complaint); the label follows the complaint's own decision."""
    head = BY_NAME["severity"]
    scores = {"0": _round(1 - complaint.score)}
    scores |= {label: _round(complaint.score * float(p)) for label, p in zip(head.labels, given, strict=True)}
    return Choice(head.labels[int(given.argmax())] if complaint.label else "0", scores, complaint.abstain)


def _categories(scores: Mapping[str, Floats], complaint: Flag, decision: Decision) -> Labels:
    """No category without a complaint, and at least the likeliest one with it."""
    head = BY_NAME["categories"]
    found = _labels(head, scores, decision)
    if not complaint.label:
        return Labels((), found.scores)
    return found if found.labels else Labels((head.labels[int(scores[head.name].argmax())],), found.scores)


def _labels(head: Head, scores: Mapping[str, Floats], decision: Decision, most: int | None = None) -> Labels:
    own, rule = scores[head.name], decision.of(head)
    given = [i for i in np.argsort(-own) if own[i] >= rule.threshold(head.labels[i])]
    return Labels(tuple(head.labels[i] for i in given[:most]), _named(head, own))


def _named(head: Head, scores: Floats) -> dict[str, float]:
    return {label: _round(score) for label, score in zip(head.labels, scores, strict=True)}


def _round(score: float) -> float:
    return round(float(score), 4)
