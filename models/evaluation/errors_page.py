"""The wrong decisions that the classifier was surest of, as a page to read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from models.evaluation.metrics import Judged
from models.labels import Kind
from models.training.data import Row

Explain = Callable[[str, str, str], list[tuple[str, float]]]
"""(text, head, label) → the text's words in order, each with how much it spoke for the label (below 0: against)."""

MOST = 20

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --faint: #777; --for: 0, 114, 178; --against: 213, 94, 0; }
body { font: 16px/1.6 "Vazirmatn", "Noto Naskh Arabic", "Noto Sans Arabic", "Segoe UI", Tahoma, sans-serif;
       max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
nav a { margin-inline-end: 1rem; }
article { border-top: 1px solid var(--line); padding: .6rem 0; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; max-height: 16rem; overflow: auto; margin: .2rem 0; }
.about, .words { margin: 0; font-size: .85rem; } .about, .about b { color: var(--faint); font-weight: normal; }
.about strong { color: CanvasText; }
.words:empty { display: none; } .words span { padding: 0 .15em; border-radius: .2em; }
"""


@dataclass(frozen=True)
class Mistake:
    """One wrong decision."""

    row: Row
    true: str
    given: str
    label: str
    """What was wrongly given or, at a probability below the threshold, wrongly withheld."""
    probability: float
    """Of `label`."""


def worst(judged: Judged, rows: Sequence[Row], most: int = MOST) -> list[Mistake]:
    """The wrong decisions with the highest probability of what was decided, surest first, one a row.

    A flag or a label that was not given was decided with 1 − its probability.
    """
    wrong = judged.truth != judged.given
    if judged.head.kind is Kind.CHOICE:
        # of the two labels that are wrong in the row, the one that was given
        wrong &= judged.given
    sureness = np.where(wrong, np.where(judged.given, judged.scores, 1 - judged.scores), -1.0)
    label = sureness.argmax(axis=1)
    surest = sureness.max(axis=1)
    order = [int(i) for i in np.argsort(-surest, kind="stable") if surest[i] >= 0]
    return [
        Mistake(
            row=rows[judged.places[i]],
            true=_said(judged, judged.truth[i].tolist()),
            given=_said(judged, judged.given[i].tolist()),
            label=judged.labels[label[i]],
            probability=float(judged.scores[i, label[i]]),
        )
        for i in order[:most]
    ]


def write(
    path: Path, model: str, judged: Sequence[Judged], rows: Sequence[Row], explain: Explain | None = None
) -> None:
    """The page; `rows` are those that `judged` counts places in."""
    found = {each.head.name: (each, worst(each, rows)) for each in judged}
    links = "".join(f'<a href="#{name}">{name}</a>' for name in found)
    sections = "\n".join(_section(each, mistakes, explain) for each, mistakes in found.values())
    path.write_text(
        f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Errors of {escape(model)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>Errors of {escape(model)}</h1>
<p>For each head, at most {MOST} wrong decisions that the model was surest of.
Some are errors of the labels.{_legend(explain)}</p>
<nav>{links}</nav>
{sections}
</body>
</html>
""",
        "utf-8",
    )


def _legend(explain: Explain | None) -> str:
    if explain is None:
        return ""
    shown = f"{_shade('for', 1.0, 1.0)} or {_shade('against', -1.0, 1.0)}"
    return f" Shaded words spoke {shown} the label whose probability is shown."


def _said(judged: Judged, row: Sequence[bool]) -> str:
    if judged.head.kind is Kind.FLAG:
        return "yes" if row[0] else "no"
    return ", ".join(label for label, is_so in zip(judged.labels, row, strict=True) if is_so) or "none"


def _section(judged: Judged, mistakes: Sequence[Mistake], explain: Explain | None) -> str:
    name = judged.head.name
    wrong = int((judged.truth != judged.given).any(axis=1).sum())
    articles = "\n".join(_article(judged, mistake, explain) for mistake in mistakes)
    return f'<h2 id="{name}">{name}</h2>\n<p>{wrong:,} of {len(judged.places):,} rows are wrong.</p>\n{articles}'


def _article(judged: Judged, mistake: Mistake, explain: Explain | None) -> str:
    row, name = mistake.row, judged.head.name
    label = "yes" if judged.head.kind is Kind.FLAG else mistake.label
    words = explain(row.text, name, mistake.label) if explain else []
    strongest = max((abs(weight) for _, weight in words), default=0.0)
    shaded = " ".join(_shade(word, weight, strongest) for word, weight in words)
    language = escape(row.lang, quote=True)
    return f"""<article>
<p class="about">true <strong>{escape(mistake.true)}</strong> · given <strong>{escape(mistake.given)}</strong>
 · P({escape(label)}) = {mistake.probability:.3f} · {escape(row.source)} · {language} · {escape(row.id)}</p>
<p class="text" dir="auto" lang="{language}">{escape(row.text)}</p>
<p class="words" dir="auto" lang="{language}">{shaded}</p>
</article>"""


def _shade(word: str, weight: float, strongest: float) -> str:
    side = "for" if weight >= 0 else "against"
    depth = 0.6 * abs(weight) / strongest if strongest else 0.0
    if depth < 0.05:
        return escape(word)
    return f'<span style="background: rgba(var(--{side}), {depth:.2f})">{escape(word)}</span>'
