"""Which posts are worth a person's look, the most telling first.

A post is one when a head abstains, or when an answer differs from the correction it got earlier. One
that was corrected and is now answered so is left alone, unsure or not. What is of most doubt comes first:
the sum over the unsure heads of 1 − margin / band. The margin of a flag is its distance to the threshold,
that of a choice the distance between its two best labels. Bare margins are not comparable between heads,
so they are counted in widths of the head's own band; and one corrected row teaches every head, so they
are summed. What was corrected already comes after what nobody has seen: until a model has learned the
corrections, it is answered otherwise only because there has been no training since.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.decoding import Decision
from models.labels import HEADS, Head
from pipeline.errors import ConfigError
from pipeline.records import Choice, Classification, EnrichedPost, Flag, Labels

LabelsByHead = Mapping[str, Any]
"""Labels in the form of a training row: text, 0 or 1, 0..4, or a list of texts."""


@dataclass(frozen=True)
class Rules:
    """The thresholds and bands of the model that judged."""

    model: str
    """Its name, as the events carry it."""
    decision: Decision

    @classmethod
    def load(cls, model: str) -> Rules:
        """Those of a model directory; its weights are not read. Raises ConfigError when there is none."""
        path = Path(model)
        try:
            name = json.loads((path / "config.json").read_text("utf-8")).get("shenava_name") or model
        except (OSError, ValueError, AttributeError) as error:
            raise ConfigError(f"--model {model}: no readable config.json there; name the model's directory") from error
        return cls(name, Decision.beside(path))


@dataclass(frozen=True)
class Candidate:
    """A post to review, with the answers a person is asked to correct."""

    id: str
    """`SocialPost.key`."""
    language: str
    text: str
    """Redacted."""
    labels: LabelsByHead
    unsure: tuple[str, ...]
    """Heads that abstain; severity, which repeats the complaint's, is not among them."""
    differing: tuple[str, ...]
    """Heads answered otherwise than corrected."""
    reasons: tuple[str, ...]
    doubt: float
    """1 for an unsure head on its line, 0 for one at the edge of its band, added up."""

    @property
    def rank(self) -> tuple[bool, float, str]:
        return bool(self.differing), -self.doubt, self.id


@dataclass(frozen=True)
class Selection:
    """What was found in the events."""

    posts: int
    """Read, each id once."""
    found: list[Candidate]
    """In the order in which they should be reviewed."""
    differing: int
    """Candidates, the limit apart, that are answered otherwise than corrected; they come last."""
    repeated: int
    """Left out: their text is that of another candidate (reposts)."""
    beyond_limit: int
    """Left out by the limit."""


def select(
    posts: Iterable[EnrichedPost], rules: Rules, corrections: Mapping[str, LabelsByHead], limit: int | None = None
) -> Selection:
    """The candidates among the posts. Brand replies and posts without text are none.

    Args:
        corrections: labels by post id, as imported earlier.
        limit: at most so many; all when None.

    Raises:
        ConfigError: an unsure post was judged by another model than the rules are of.
    """
    candidates: dict[str, Candidate | None] = {}
    for post in posts:
        # of a post in two runs, what was said last
        candidates[post.post.key] = _candidate(post, rules, corrections.get(post.post.key))
    by_text: dict[str, Candidate] = {}
    ranked = sorted((each for each in candidates.values() if each), key=lambda each: each.rank)
    for each in ranked:
        by_text.setdefault(" ".join(each.text.split()).casefold(), each)
    found = list(by_text.values())
    return Selection(
        posts=len(candidates),
        found=found[:limit],
        differing=sum(bool(each.differing) for each in found),
        repeated=len(ranked) - len(found),
        beyond_limit=len(found) - len(found[:limit]),
    )


def answers(said: Classification) -> LabelsByHead:
    """The classifier's labels in the form of a training row."""
    return {head.name: _label(head, getattr(said, head.name)) for head in HEADS}


def _label(head: Head, said: Choice | Flag | Labels) -> Any:
    if isinstance(said, Labels):
        return list(said.labels)
    return int(said.label) if isinstance(said, Flag) or head.name == "severity" else said.label


def _candidate(post: EnrichedPost, rules: Rules, correction: LabelsByHead | None) -> Candidate | None:
    if post.is_brand_reply or not post.redacted_text.strip():
        return None
    said, key = post.classification, post.post.key
    labels = answers(said)
    unsure = {head: answer for head, answer in _unsure(said).items() if head.name != "severity"}
    differing = _differing(labels, correction) if correction is not None else {}
    if not differing and (correction is not None or not unsure):
        return None
    if unsure and said.model != rules.model:
        raise ConfigError(
            f"{key} was judged by {said.model}, but --model is {rules.model}: run `shenava run` again with the "
            "present model, for what it is unsure of is what teaches it, or name the other one's directory with --model"
        )
    return Candidate(
        id=key,
        language=post.language,
        text=post.redacted_text,
        labels=labels,
        unsure=tuple(head.name for head in unsure),
        differing=tuple(differing),
        reasons=(*differing.values(), *(_why(head, answer) for head, answer in unsure.items())),
        doubt=sum(_doubt(head, answer, rules.decision) for head, answer in unsure.items()),
    )


def _unsure(said: Classification) -> dict[Head, Choice | Flag]:
    answered = ((head, getattr(said, head.name)) for head in HEADS)
    return {head: answer for head, answer in answered if isinstance(answer, Choice | Flag) and answer.abstain}


def _differing(labels: LabelsByHead, correction: LabelsByHead) -> dict[str, str]:
    """Heads answered otherwise than corrected, with what to say of each."""
    # severity and categories follow the complaint: where that differs, they tell nothing more
    same_complaint = _plain(correction.get("complaint", labels["complaint"])) == _plain(labels["complaint"])
    return {
        head.name: f"{head.name} {_shown(labels[head.name])} but corrected to {_shown(correction[head.name])}"
        for head in HEADS
        if head.name in correction
        and (same_complaint or not head.given_complaint)
        and _plain(labels[head.name]) != _plain(correction[head.name])
    }


def _plain(label: Any) -> Any:
    return set(label) if isinstance(label, list) else str(label)


def _shown(label: Any) -> str:
    return (", ".join(label) or "none") if isinstance(label, list) else str(label)


def _why(head: Head, answer: Choice | Flag) -> str:
    if isinstance(answer, Flag):
        return f"{head.name} {answer.score:.2f} unsure"
    (best, high), (second, low) = _two_best(answer)
    return f"{head.name} {best} {high:.2f} or {second} {low:.2f} unsure"


def _doubt(head: Head, answer: Choice | Flag, decision: Decision) -> float:
    """How near the answer is to turning: 1 − margin / band."""
    rule = decision.of(head)
    if isinstance(answer, Flag):
        margin = abs(answer.score - rule.threshold(head.name))
    else:
        (_, high), (_, low) = _two_best(answer)
        margin = high - low
    return max(0.0, 1 - margin / rule.band) if rule.band else 0.0


def _two_best(answer: Choice) -> list[tuple[str, float]]:
    return sorted(answer.scores.items(), key=lambda each: -each[1])[:2]
