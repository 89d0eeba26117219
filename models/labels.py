"""The label scheme: nine heads over one vector of 47 logits.

The meaning of every label is written in the annotation guideline (docs/labels.md).
A model directory carries this scheme in its `id2label` (`complaint`, `sentiment:neg`,
`topics:sports`, …), so a model with other columns is refused before the first post.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from pipeline.errors import ConfigError


class Kind(Enum):
    """How a head's logits become an answer."""

    CHOICE = "choice"
    """Softmax: exactly one label."""
    FLAG = "flag"
    """Sigmoid of one logit: yes or no."""
    LABELS = "labels"
    """A sigmoid a label: any number of labels."""


@dataclass(frozen=True)
class Head:
    """A named group of logits."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    given_complaint: bool = False
    """Only defined where the post is a complaint; learned and read under that condition."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the head's logits, as in `id2label`."""
        return (self.name,) if self.kind is Kind.FLAG else tuple(f"{self.name}:{label}" for label in self.labels)

    @property
    def answers(self) -> tuple[str, ...]:
        """What can be said of a post; severity has the answer 0, "no complaint", without a logit of its own."""
        return ("0", *self.labels) if self.name == "severity" else self.labels


CATEGORIES = ("delivery", "billing", "quality", "service", "technical", "fraud", "availability", "policy", "other")
INTENTS = ("question", "suggestion", "thanks", "purchase", "churn")
TOPICS = (
    *("arts", "business", "celebrity", "diary", "family", "fashion", "film", "fitness", "food", "gaming"),
    *("learning", "music", "news", "hobbies", "relationships", "tech", "sports", "travel", "youth"),
)

HEADS = (
    Head("sentiment", Kind.CHOICE, ("neg", "neu", "pos")),
    Head("complaint", Kind.FLAG, ("0", "1")),
    # severity 0 is "no complaint" and has no logit of its own: P(0) = 1 − P(complaint)
    Head("severity", Kind.CHOICE, ("1", "2", "3", "4"), given_complaint=True),
    Head("categories", Kind.LABELS, CATEGORIES, given_complaint=True),
    Head("advocacy", Kind.FLAG, ("0", "1")),
    Head("intents", Kind.LABELS, INTENTS),
    Head("stage", Kind.CHOICE, ("none", "pre", "buy", "post")),
    Head("topics", Kind.LABELS, TOPICS),
    Head("promo", Kind.FLAG, ("0", "1")),
)
BY_NAME: Mapping[str, Head] = {head.name: head for head in HEADS}
COLUMNS: tuple[str, ...] = tuple(column for head in HEADS for column in head.columns)


def columns_of(head: Head) -> slice:
    """Where the head's logits lie in a row of logits of shape (len(COLUMNS),)."""
    start = COLUMNS.index(head.columns[0])
    return slice(start, start + len(head.columns))


def check_columns(id2label: Mapping[int, str], where: str) -> None:
    """Refuse a model whose logits mean something else.

    Raises:
        ConfigError: naming the first column that differs.
    """
    found = [id2label.get(i) for i in range(len(id2label))]
    for i, expected in enumerate(COLUMNS):
        got = found[i] if i < len(found) else None
        if got != expected:
            raise ConfigError(
                f"{where}: logit {i} is {got!r}, Shenava expects {expected!r}. "
                f"id2label in its config.json must list the {len(COLUMNS)} columns of models/labels.py in order."
            )
    if len(found) > len(COLUMNS):
        raise ConfigError(f"{where}: {len(found)} logits, Shenava expects {len(COLUMNS)}.")
