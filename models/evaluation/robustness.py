"""Does a decision hang on how a post is typed, or on a name in it?

- Agreement: of the texts that a perturbation changes, the share whose decision stays the same, for every
  flag and choice head and for all of them at once.
- Spread of names: a sentence is filled with 50 names; the spread is the standard deviation of the
  complaint's probability over the names, averaged over the sentences. The range, given beside it, is stricter.
- Held-out slices: the headline metric of each head on posts of one difficulty.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models import loading
from models.decoding import decode
from models.evaluation.metrics import score
from models.evaluation.names import NAMES, TEMPLATES
from models.evaluation.perturbations import PERTURBATIONS, variants
from models.evaluation.tables import table
from models.labels import HEADS, Kind
from models.loading import LoadedModel
from models.training.data import read_rows
from pipeline.errors import ConfigError
from pipeline.records import Classification

AGREEMENT = 0.98
"""Least share of changed texts whose complaint decision stays."""
SPREAD = 0.05
"""Highest spread of the complaint's probability over names."""
DECIDED = tuple(head.name for head in HEADS if head.kind is not Kind.LABELS)
HELD_OUT = tuple(sorted((Path(__file__).parent / "held_out").glob("*.jsonl")))

_EXAMPLES = """\
examples:
  python -m models.evaluation.robustness
  python -m models.evaluation.robustness --model work/model --texts posts.jsonl reviews.txt --json

a .jsonl line is an object with a "text"; any other file is one text a line; .gz of either
"""


@dataclass(frozen=True)
class Agreement:
    """One perturbation."""

    perturbation: str
    changed: int
    """How many texts it changes; the shares are of these, 1 where there is none."""
    stays: dict[str, float]
    """By head, the share whose decision stays."""
    all_stay: float


@dataclass(frozen=True)
class Spread:
    """One kind of name in one language."""

    language: str
    kind: str
    names: int
    spread: float
    """Standard deviation of P(complaint) over the names, mean of the sentences."""
    worst_spread: float
    """That of the worst sentence."""
    range: float
    """Highest minus lowest P(complaint) over the names, mean of the sentences."""
    worst_range: float
    worst_sentence: str
    """The one with the worst range."""
    name_range: float
    """Highest minus lowest name, each with its mean P(complaint) over the sentences."""
    same_decision: float
    """Share of posts decided as most names are in that sentence."""


def agreement(texts: Sequence[str], model: LoadedModel) -> list[Agreement]:
    """What the perturbations change, in the order of PERTURBATIONS. Texts without content are left out."""
    pairs = [(text, name, variant) for text in texts if text.strip() for name, variant in variants(text).items()]
    said = _decide([*(text for text, _, _ in pairs), *(variant for _, _, variant in pairs)], model)
    before, after = said[: len(pairs)], said[len(pairs) :]
    found = []
    for name in PERTURBATIONS:
        same = [
            [getattr(before[i], head).label == getattr(after[i], head).label for head in DECIDED]
            for i, (_, changed_by, _) in enumerate(pairs)
            if changed_by == name
        ]
        shares = [_share(each) for each in zip(*same, strict=True)] or [1.0] * len(DECIDED)
        found.append(
            Agreement(name, len(same), dict(zip(DECIDED, shares, strict=True)), _share(all(each) for each in same))
        )
    return found


def name_spread(model: LoadedModel) -> list[Spread]:
    """How far P(complaint) moves with the name, for each kind of name and language."""
    return [_spread(*group, model) for group in NAMES]


def _spread(language: str, kind: str, model: LoadedModel) -> Spread:
    names, sentences = NAMES[language, kind], TEMPLATES[language, kind]
    said = _decide([sentence.format(name=name) for sentence in sentences for name in names], model)
    shape = len(sentences), len(names)
    scores = np.array([each.complaint.score for each in said]).reshape(shape)
    yes = np.array([each.complaint.label for each in said]).reshape(shape).mean(axis=1)
    deviations, ranges, by_name = scores.std(axis=1), np.ptp(scores, axis=1), scores.mean(axis=0)
    return Spread(
        language=language,
        kind=kind,
        names=len(names),
        spread=_round(deviations.mean()),
        worst_spread=_round(deviations.max()),
        range=_round(ranges.mean()),
        worst_range=_round(ranges.max()),
        worst_sentence=sentences[int(ranges.argmax())],
        name_range=_round(np.ptp(by_name)),
        same_decision=_round(np.maximum(yes, 1 - yes).mean()),
    )


def slice_scores(path: Path, model: LoadedModel) -> dict[str, float]:
    """The headline metric by head on the labelled rows of a file.

    Raises:
        ConfigError: a row is not as documented.
    """
    rows = read_rows(path)
    logits = model.score(row.text for row in rows)
    return {each.head: each.value for each in score(logits, model.decision, rows)}


def run(model: LoadedModel, texts: Sequence[str]) -> dict[str, Any]:
    """All three, ready for JSON: {"model", "texts", "agreement", "names", "slices"}.

    Raises:
        ConfigError: no text has content.
    """
    if not any(text.strip() for text in texts):
        raise ConfigError("no text to perturb has content")
    return {
        "model": model.name,
        "texts": len(texts),
        "agreement": [asdict(each) for each in agreement(texts, model)],
        "names": [asdict(each) for each in name_spread(model)],
        "slices": {path.stem: slice_scores(path, model) for path in HELD_OUT},
    }


def as_markdown(found: dict[str, Any]) -> str:
    """What `run` returned, as three tables."""
    heads = [head.name for head in HEADS]
    agreements = [
        [each["perturbation"], str(each["changed"]), *_shown([*each["stays"].values(), each["all_stay"]])]
        for each in found["agreement"]
    ]
    numbers = ("spread", "worst_spread", "range", "worst_range", "name_range", "same_decision")
    names = [[each["language"], each["kind"], *_shown(each[name] for name in numbers)] for each in found["names"]]
    slices = [[name, *_shown(scores[head] for head in heads)] for name, scores in found["slices"].items()]
    return "\n\n".join(
        [
            f"Decisions of {found['model']} that stay, of {found['texts']} texts (target: complaint ≥ {AGREEMENT})",
            table(["perturbation", "changed", *DECIDED, "all of them"], agreements),
            f"P(complaint) over 50 names (target: spread ≤ {SPREAD})",
            table(["language", "names", *(name.replace("_", " ") for name in numbers)], names),
            "Held-out slices, headline metric by head",
            table(["slice", *heads], slices),
        ]
    )


def read_texts(path: Path) -> list[str]:
    """Texts of a file.

    Raises:
        ConfigError: no such file, or a line of a .jsonl without a text, named by its number.
    """
    if not path.is_file():
        raise ConfigError(f"--texts {path}: no such file")
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        if ".jsonl" not in path.suffixes:
            return [line.strip() for line in lines if line.strip()]
        texts = []
        for number, line in enumerate(lines, 1):
            try:
                texts.append(str(json.loads(line)["text"]))
            except (KeyError, TypeError, ValueError) as error:
                raise ConfigError(f"--texts {path}:{number}: no JSON object with a text ({error})") from error
        return texts


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; the exit code is 2 when asked wrongly."""
    parser = argparse.ArgumentParser(
        prog="python -m models.evaluation.robustness",
        description="How far a classifier's decisions depend on spelling and on names.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--model", default=str(loading.DEFAULT_MODEL), metavar="DIR", help="default: the one that ships"
    )
    parser.add_argument(
        "--texts", nargs="+", type=Path, default=HELD_OUT, metavar="FILE", help="default: the held-out slices"
    )
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    given = parser.parse_args(arguments)
    try:
        texts = [text for path in given.texts for text in read_texts(path)]
        found = run(loading.load(given.model), texts)
    except ConfigError as error:
        print(f"robustness: {error}", file=sys.stderr)
        return 2
    print(json.dumps(found, ensure_ascii=False, indent=2) if given.json else as_markdown(found))
    return 0


def _decide(texts: Sequence[str], model: LoadedModel) -> list[Classification]:
    """One decision a text; texts that the tokenizer reads alike are scored once."""
    read = [tuple(model.encode(text)[0]) for text in texts]
    places = {ids: place for place, ids in enumerate(dict.fromkeys(read))}
    said = decode(model.logits([list(ids) for ids in places]), model.decision, model.name, [False] * len(places))
    return [said[places[ids]] for ids in read]


def _share(yes: Iterable[bool]) -> float:
    each = list(yes)
    return _round(sum(each) / len(each)) if each else 1.0


def _round(value: float) -> float:
    return round(float(value), 4)


def _shown(values: Iterable[float]) -> list[str]:
    return [f"{value:.3f}" for value in values]


if __name__ == "__main__":
    sys.exit(main())
