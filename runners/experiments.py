"""`shenava train` and `shenava evaluate`."""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path

from runners.flags import add_command, add_json, add_model

_TRAIN_EXAMPLES = """\
examples:
  shenava train --config models/training/default.yaml --data DATA --output work/model
  (the same command again goes on from the last checkpoint)
"""
_EVALUATE_EXAMPLES = """\
examples:
  shenava evaluate --data labelled.jsonl more.jsonl.gz
  shenava evaluate --data labelled.jsonl DATA --config models/training/default.yaml --output out/labelled
  shenava evaluate --data DATA --config models/training/default.yaml --model work/model --card
  (with the data root and the experiment, the TF-IDF baseline learns from the experiment's training rows;
  without a file, the experiment's validation split is what is reported on)

a row is {"id", "text", "lang", "source", "labels": {"complaint": 1, …}}; a head that is absent is unknown
"""


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both commands."""
    train = add_command(commands, "train", "train a classifier from labelled rows", _train, _TRAIN_EXAMPLES)
    _add_experiment(train)
    train.add_argument("--output", required=True, type=Path, metavar="DIR", help="directory for the finished model")

    evaluate = add_command(commands, "evaluate", "measure a classifier on labelled rows", _evaluate, _EVALUATE_EXAMPLES)
    add_model(evaluate)
    evaluate.add_argument(
        "--data",
        required=True,
        nargs="+",
        type=Path,
        metavar="PATH",
        help="labelled files (.jsonl, .jsonl.gz), and the data root of --config",
    )
    evaluate.add_argument("--config", type=Path, metavar="FILE", help="the experiment's YAML, for baseline and split")
    evaluate.add_argument(
        "--output",
        type=Path,
        default=Path("out/evaluation"),
        metavar="DIR",
        help="directory for tables, pictures and the page of errors (default: out/evaluation)",
    )
    evaluate.add_argument("--no-baseline", action="store_true", help="leave out the TF-IDF baseline (saves minutes)")
    evaluate.add_argument(
        "--card", action="store_true", help="write the numbers into the model's card, MODEL/README.md"
    )
    add_json(evaluate, "print the numbers as JSON")


def _add_experiment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", required=True, type=Path, metavar="FILE", help="the experiment's YAML")
    parser.add_argument(
        "--data", required=True, type=Path, metavar="DIR", help="where the labelled sets and the base lie"
    )


def _train(given: argparse.Namespace) -> int:
    from models.evaluation import card, report
    from models.training import experiment
    from runners import evaluated

    for directory in experiment.run(given.config, given.data, given.output):
        found = report.run([given.data], given.config, str(directory), directory / "evaluation")
        card.write(given.config, directory, found)
        evaluated.show(found, directory / "evaluation")
    return 0


def _evaluate(given: argparse.Namespace) -> int:
    from models import explanation, loading
    from models.evaluation import card, report
    from runners import evaluated

    if given.card:
        card.check(given.config, given.data, given.model)
    explain = partial(explanation.explain, model=loading.load(given.model))
    found = report.run(given.data, given.config, given.model, given.output, not given.no_baseline, explain)
    if given.card:
        card.write(given.config, Path(given.model), found)
    print(json.dumps(found, ensure_ascii=False, indent=2)) if given.json else evaluated.show(found, given.output)
    return 0
