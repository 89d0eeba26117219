"""The report in Markdown: one table for the model card, and the whole of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from models.labels import BY_NAME, Kind

_PICTURES = {
    "calibration.png": "Confidence against correctness. A point is a tenth of the range of probabilities, its area the "
    "share of decisions; on the diagonal, 0.8 means right four times of five.",
    "thresholds.png": "Flags: precision, recall and F1 were the flag given from another probability on. "
    "The vertical line is the threshold in use.",
    "confusion.png": "Which label is taken for which, of each true label.",
}


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    return "\n".join("| " + " | ".join(line) + " |" for line in (header, ["---"] * len(header), *rows))


def first_slice(found: Mapping[str, Any]) -> str:
    """The slice that speaks for the whole: all real posts where there are any."""
    return str(next(iter(found["scores"])))


def as_markdown(found: Mapping[str, Any]) -> str:
    """The table of the model card: headline metric by head and slice, the interval for the first slice."""
    names = list(found["scores"])
    baseline = "baseline" in found["scores"][names[0]]
    before = ["TF-IDF"] if baseline else []
    header = ["head", "metric", *before, f"{names[0]} [low–high]", *names[1:], "ECE"]
    lines = []
    for entry in found["scores"][names[0]]["model"]:
        cells = [entry["head"], entry["metric"]]
        if baseline:
            cells.append(value_of(found, names[0], "baseline", entry["head"]))
        cells.append(with_interval(entry))
        cells += [value_of(found, name, "model", entry["head"]) for name in names[1:]]
        lines.append([*cells, f"{entry['calibration_error']:.3f}"])
    lines.append(["rows", "", *("" for _ in before), *(f"{found['rows'][name]:,}" for name in names), ""])
    return "\n".join([table(header, lines), "", _intervals_note(found)])


def report(found: Mapping[str, Any]) -> str:
    """report.md: the summary, the pictures, and each head label by label and slice by slice."""
    first = first_slice(found)
    parts = [f"# Evaluation of {found['model']}", _about(found), "## Summary", as_markdown(found)]
    parts += [f"ECE: expected calibration error over `{first}`, ten bins. Categories are scored on true complaints."]
    if "baseline" in found["scores"][first]:
        parts += ["## Against the baseline", _differences(found, first)]
    parts += ["## Pictures", f"Of the slice `{first}`."]
    parts += [f"![{name}]({name})\n\n{text}" for name, text in _PICTURES.items()]
    parts += ["## Errors", "[errors.html](errors.html): the wrong decisions the model was surest of, head by head."]
    parts += ["## Label by label", "Precision / recall / F1 (number of true ones)."]
    for entry in found["scores"][first]["model"]:
        parts += [f"### {entry['head']}", _labels(found, entry["head"])]
    return "\n\n".join(parts) + "\n"


def with_interval(entry: Mapping[str, Any]) -> str:
    """`0.861 [0.83–0.89]`"""
    low, high = entry["interval"]
    return f"{entry['value']:.3f} [{low:.2f}–{high:.2f}]"


def signed_with_interval(difference: Mapping[str, Any]) -> str:
    """`+0.091 [+0.06, +0.12]`"""
    low, high = difference["interval"]
    return f"{difference['value']:+.3f} [{low:+.2f}, {high:+.2f}]"


def entry_of(found: Mapping[str, Any], name: str, who: str, head: str) -> Mapping[str, Any] | None:
    """What was measured of a head by a classifier on a slice; None where no row is labelled on it."""
    return next((each for each in found["scores"][name].get(who, []) if each["head"] == head), None)


def value_of(found: Mapping[str, Any], name: str, who: str, head: str) -> str:
    """The headline metric, or a dash."""
    entry = entry_of(found, name, who, head)
    return f"{entry['value']:.3f}" if entry else "–"


def learned_note(found: Mapping[str, Any]) -> str | None:
    """A warning when rows reported on are among those the experiment trains on."""
    if not found["learned_rows"]:
        return None
    return (
        f"{found['learned_rows']:,} of the rows are among the training rows of {found['config']}: "
        "a model trained by it knows them (the baseline was fitted without them), so these numbers flatter it."
    )


def _about(found: Mapping[str, Any]) -> str:
    rows = f"the validation split of `{found['config']}`"
    if found["files"]:
        rows = "all rows of " + ", ".join(f"`{path}`" for path in found["files"])
    text = f"Measured {found['measured_at'][:10]} on {rows}."
    if note := learned_note(found):
        text += f"\n\n**Careful:** {note}"
    return text


def _intervals_note(found: Mapping[str, Any]) -> str:
    return f"[low–high]: 95 % percentile bootstrap interval, {found['resamples']:,} resamples of the rows."


def _differences(found: Mapping[str, Any], first: str) -> str:
    names = list(found["scores"])
    header = ["head", f"TF-IDF on {first}", f"model on {first}", *(f"difference: {name}" for name in names)]
    lines = []
    for entry in found["scores"][first]["model"]:
        head = entry["head"]
        base = entry_of(found, first, "baseline", head)
        cells = [head, with_interval(base) if base else "–", with_interval(entry)]
        for name in names:
            own = entry_of(found, name, "model", head)
            cells.append(signed_with_interval(own["difference"]) if own and "difference" in own else "–")
        lines.append(cells)
    note = "Differences with the interval of a paired bootstrap: both judged the same resamples."
    return f"{table(header, lines)}\n\n{note}"


def _labels(found: Mapping[str, Any], head: str) -> str:
    names = [name for name in found["scores"] if entry_of(found, name, "model", head)]
    entries = [entry_of(found, name, "model", head) or {} for name in names]
    header = ["label", *names]
    lines = []
    for label in entries[0]["labels"]:
        shown = "yes" if BY_NAME[head].kind is Kind.FLAG else label
        lines.append([shown, *(f"{_three(e['labels'][label])} ({e['labels'][label]['support']:,})" for e in entries)])
    lines += [[f"*{mean}*", *(_three(e[mean]) for e in entries)] for mean in ("macro", "micro") if mean in entries[0]]
    lines.append(["rows", *(f"{e['rows']:,}" for e in entries)])
    return table(header, lines)


def _three(quality: Mapping[str, float]) -> str:
    return f"{quality['precision']:.2f} / {quality['recall']:.2f} / {quality['f1']:.2f}"
