"""`shenava evaluate`: a classifier and the baseline on the validation split, in one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from models import loading
from models.decoding import Decision
from models.evaluation.metrics import Floats, score
from models.training import calibration, data
from models.training import config as configs
from models.training.data import Row
from models.training.experiment import scores

SLICES: Mapping[str, Callable[[Row], bool]] = {
    "all": lambda row: row.source != "written",
    "Persian": lambda row: row.source != "written" and row.lang == "fa",
    "English": lambda row: row.source != "written" and row.lang == "en",
    "written": lambda row: row.source == "written",
    "Finglish and mixed": lambda row: row.lang in ("fa-latn", "fa-en"),
}
"""Real posts, whole and by language; posts written for rare labels are reported apart."""


def run(config_path: Path, root: Path, model: str, baseline: bool = True) -> dict[str, Any]:
    """Scores by slice, classifier and head. Thresholds of the baseline are chosen as the model's are."""
    split = data.split(configs.load(config_path), root)
    loaded = loading.load(model)
    contenders: dict[str, tuple[Floats, Decision]] = {"model": (scores(loaded, split.validation), loaded.decision)}
    if baseline:
        # only here: whoever merely evaluates a model needs no scikit-learn model fitted for minutes
        from models.evaluation.baseline import fit_and_score

        chosen_on, reported = fit_and_score(split.train, split.calibration, split.validation)
        contenders["baseline"] = (reported, calibration.calibrate(chosen_on, data.targets(split.calibration)))
    return {
        "model": loaded.name,
        "rows": {name: len(_pick(split.validation, name)) for name in SLICES},
        "scores": {
            name: {
                who: [
                    asdict(each) for each in score(logits[_pick(split.validation, name)], decision, _rows(split, name))
                ]
                for who, (logits, decision) in contenders.items()
            }
            for name in SLICES
            if _pick(split.validation, name)
        },
    }


def as_markdown(found: Mapping[str, Any]) -> str:
    """The table of the model card."""
    slices = list(found["scores"])
    baseline = "baseline" in found["scores"]["all"]
    header = ["head", "metric", *([] if not baseline else ["TF-IDF"]), *slices, "ECE"]
    lines = [_line(header), _line(["---"] * len(header))]
    rows = _line(["rows", "", *([""] if baseline else []), *(f"{found['rows'][name]:,}" for name in slices), ""])
    for each in found["scores"]["all"]["model"]:
        cells = [each["head"], each["metric"]]
        if baseline:
            cells.append(_value(found["scores"]["all"]["baseline"], each["head"]))
        cells += [_value(found["scores"][name]["model"], each["head"]) for name in slices]
        lines.append(_line([*cells, f"{each['calibration_error']:.3f}"]))
    return "\n".join([*lines, rows])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _value(scored: Sequence[Mapping[str, Any]], head: str) -> str:
    return next((f"{each['value']:.3f}" for each in scored if each["head"] == head), "–")


def _pick(rows: Sequence[Row], name: str) -> list[int]:
    return [i for i, row in enumerate(rows) if SLICES[name](row)]


def _rows(split: data.Split, name: str) -> list[Row]:
    return [row for row in split.validation if SLICES[name](row)]
