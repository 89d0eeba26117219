"""`shenava evaluate`: a classifier beside the baseline, by head and slice, measured and written down."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from models import loading
from models.decoding import Decision
from models.evaluation import errors_page, inputs, intervals, metrics, plots, slices, tables
from models.evaluation.errors_page import Explain
from models.evaluation.metrics import Floats, Judged
from models.labels import Kind
from models.training import calibration, data
from models.training.data import Row

MODEL, BASELINE = "model", "baseline"
THRESHOLDS = [round(0.01 * i, 2) for i in range(1, 100)]
_SCORED_AT_ONCE = 512


def run(
    paths: Sequence[Path],
    config: Path | None,
    model: str,
    output: Path,
    baseline: bool = True,
    explain: Explain | None = None,
) -> dict[str, Any]:
    """Measure the model, write report.md, report.json, three pictures and errors.html into `output`.

    Args:
        paths: labelled files and, with `config`, the experiment's data root; see `inputs.read`.
        baseline: also fit TF-IDF on the experiment's training rows; without `config` there is none.
        explain: gives the words that carried a decision, for the page of errors.

    Returns:
        What report.json holds. `scores` has, by slice and classifier, one entry a head.

    Raises:
        ConfigError: the data, the experiment or the model cannot be read.
    """
    given = inputs.read(paths, config)
    loaded = loading.load(model)
    contenders = {MODEL: (_logits(loaded, given.reported), loaded.decision)}
    if baseline and given.train:
        contenders[BASELINE] = _baseline(given)
    judged = {who: metrics.judge(logits, rule, given.reported) for who, (logits, rule) in contenders.items()}
    places = slices.cut(given.reported)
    found = {
        "model": loaded.name,
        "files": [str(path) for path in paths if not path.is_dir()],
        "config": str(config) if config else None,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "resamples": intervals.RESAMPLES,
        "learned_rows": given.learned,
        "rows": {name: len(chosen) for name, chosen in places.items()},
        "thresholds": {
            name: {label: rule.threshold(label) for label in rule.thresholds}
            for name, rule in loaded.decision.heads.items()
            if rule.thresholds
        },
        "scores": {
            name: _measure({who: [each.on(chosen) for each in heads] for who, heads in judged.items()}, chosen)
            for name, chosen in tqdm(places.items(), desc="bootstrap", unit=" slices", disable=None)
        },
    }
    output.mkdir(parents=True, exist_ok=True)
    (output / "report.json").write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", "utf-8")
    (output / "report.md").write_text(tables.report(found), "utf-8")
    plots.draw(found, output)
    errors_page.write(output / "errors.html", loaded.name, judged[MODEL], given.reported, explain)
    return found


def _logits(loaded: loading.LoadedModel, rows: Sequence[Row]) -> Floats:
    """Scores of shape (rows, columns), with a bar on a terminal."""
    parts = []
    with tqdm(total=len(rows), desc=loaded.name, unit=" rows", disable=None) as bar:
        for start in range(0, len(rows), _SCORED_AT_ONCE):
            part = rows[start : start + _SCORED_AT_ONCE]
            parts.append(loaded.score(row.text for row in part))
            bar.update(len(part))
    return np.concatenate(parts)


def _baseline(given: inputs.Inputs) -> tuple[Floats, Decision]:
    """The baseline's logits; its thresholds are chosen as the model's are."""
    # only here: whoever merely evaluates a model needs no scikit-learn model fitted for minutes
    from models.evaluation.baseline import fit_and_score

    if not given.calibration:
        return fit_and_score(given.train, given.reported)[0], Decision()
    chosen_on, reported = fit_and_score(given.train, given.calibration, given.reported)
    return reported, calibration.calibrate(chosen_on, data.targets(given.calibration))


def _measure(judged: Mapping[str, list[Judged]], places: metrics.Places) -> dict[str, list[dict[str, Any]]]:
    """One slice: every head that is known in it, for each classifier; the model's with the difference."""
    known = {who: [each for each in heads if len(each.places)] for who, heads in judged.items()}
    flat = [(who, each) for who, heads in known.items() for each in heads]
    if not flat:
        return {who: [] for who in known}
    drawn = intervals.resampled([each for _, each in flat], places)
    values = {
        (who, each.head.name): metrics.headline(each.head, sums) for (who, each), sums in zip(flat, drawn, strict=True)
    }
    measured = {who: [_entry(each, values[who, each.head.name]) for each in heads] for who, heads in known.items()}
    for own, base in zip(measured[MODEL], measured.get(BASELINE, []), strict=False):
        resampled = values[MODEL, own["head"]] - values[BASELINE, own["head"]]
        own["difference"] = {
            "value": round(own["value"] - base["value"], 4),
            "interval": _rounded(intervals.interval(resampled)),
        }
    return measured


def _entry(judged: Judged, resampled: Floats) -> dict[str, Any]:
    """Everything about one head of one classifier on one slice."""
    head, tallies = judged.head, judged.tallies().sum(axis=0)
    entry = asdict(metrics.summarise(judged)) | {
        "interval": _rounded(intervals.interval(resampled)),
        "labels": {label: _quality(tally) for label, tally in zip(judged.labels, tallies, strict=True)},
        "reliability": [
            {name: round(value, 4) for name, value in asdict(each).items()} for each in metrics.reliability(judged)
        ],
    }
    if head.kind is not Kind.FLAG:
        each = [_quality(tally) for tally in tallies]
        names = ("precision", "recall", "f1")
        entry["macro"] = {name: round(float(np.mean([one[name] for one in each])), 4) for name in names}
        entry["micro"] = {name: _quality(metrics.micro(tallies)[0])[name] for name in names}
    if head.kind is not Kind.LABELS:
        entry["confusion"] = {
            "labels": ["no", "yes"] if head.kind is Kind.FLAG else list(judged.labels),
            "true_by_given": metrics.confusion(judged).tolist(),
        }
    if head.kind is Kind.FLAG:
        curve = metrics.threshold_curve(judged, THRESHOLDS)
        entry["threshold_curve"] = {"threshold": THRESHOLDS} | {
            name: np.round(of(curve).astype(float), 4).tolist()
            for name, of in (("precision", metrics.precision), ("recall", metrics.recall), ("f1", metrics.f1))
        }
    return entry


def _quality(tally: Floats) -> dict[str, Any]:
    """Of one tally, shape (3,)."""
    return {
        "precision": round(float(metrics.precision(tally)), 4),
        "recall": round(float(metrics.recall(tally)), 4),
        "f1": round(float(metrics.f1(tally)), 4),
        "support": int(tally[metrics.TRUE]),
    }


def _rounded(low_high: tuple[float, float]) -> list[float]:
    return [round(each, 4) for each in low_high]
