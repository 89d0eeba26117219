"""The `shenava` command."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pipeline.errors import ConfigError, ShenavaError
from runners import review

# Nothing may be fetched at run time unless a hub name is asked for with --model.
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

DEFAULT_CONFIG = Path(__file__).parent / "config" / "minimal.yaml"

_RUN_EXAMPLES = """\
examples:
  shenava run --input examples/parsi/posts --output out --config runners/config/reference.yaml
  shenava run --input 'posts/2026-10-*.jsonl.gz' --output out --store postgresql+psycopg://localhost/shenava
  shenava run --input reviews.csv --output out --config my.yaml --json | jq .records

what comes out:
  OUTPUT/enriched/date=…/*.avro   every post with what it says     OUTPUT/alerts/*.avro, *.jsonl   escalations
  OUTPUT/profiles.db              one profile per account          OUTPUT/dead_letters/*.avro      what failed
  OUTPUT/run.json                 this run in numbers
"""
_CLASSIFY_EXAMPLES = """\
examples:
  echo 'سه روزه جواب نمیدین' | shenava classify --input - --output -
  shenava classify --input posts.jsonl --output labels.jsonl --text-field body --explain complaint
"""
_SHOW_EXAMPLES = """\
examples:
  shenava show out/dead_letters
  shenava show 'out/enriched/date=2026-10-12' --limit 3
"""
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0 done, 1 failed on the way, 2 asked wrongly."""
    # Beam warns about clients that no file needs; what a person must know is printed, not logged
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    given = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = given.command
    try:
        return command(given)
    except ConfigError as error:
        print(f"shenava: {error}", file=sys.stderr)
        return 2
    except ShenavaError as error:
        print(f"shenava: failed: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # the reader of our output (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("shenava: stopped", file=sys.stderr)
        return 130


def _run(given: argparse.Namespace) -> int:
    from pipeline.config import load_config
    from runners import local, summary

    job = local.Job(
        input=given.input,
        output=given.output,
        config=load_config(given.config).with_format(given.format),
        config_path=given.config,
        store=given.store,
        model=given.model,
        overwrite=given.overwrite,
    )
    found = local.run(job)
    print(json.dumps(found, ensure_ascii=False, indent=2)) if given.json else summary.show(found, job)
    return 0


def _classify(given: argparse.Namespace) -> int:
    from runners import classify

    counts = classify.run(given.input, given.output, given.text_field, given.model, given.explain)
    if given.json:
        print(json.dumps(counts), file=sys.stderr)
    elif counts["failed"]:
        print(f"shenava: {counts['failed']} of {counts['lines']} lines could not be read", file=sys.stderr)
    return 1 if counts["failed"] else 0


def _show(given: argparse.Namespace) -> int:
    from runners import show

    return show.run(given.path, given.limit)


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="shenava",
        description="Hear what customers post: complaints, advocacy and interests, in Persian and English.",
        epilog="`shenava COMMAND --help` shows a command's flags with examples.",
    )
    parser.add_argument("--version", action="version", version=f"shenava {_version()}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    run = _add(commands, "run", "posts in; enriched events, profiles, alerts and dead letters out", _run, _RUN_EXAMPLES)
    run.add_argument("--input", required=True, metavar="PATH", help="file, glob or directory: .jsonl, .csv, .avro, .gz")
    run.add_argument("--output", required=True, type=Path, metavar="DIR", help="directory for the results")
    run.add_argument(
        "--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="the company's YAML (default: minimal.yaml)"
    )
    run.add_argument(
        "--format",
        metavar="NAME",
        help="shape of the records when it should not be recognised: x, telegram, columns, …",
    )
    run.add_argument("--runner", choices=["local"], default="local", help="where the pipeline runs (default: local)")
    run.add_argument("--store", metavar="URL", help="profile store (default: sqlite:///OUTPUT/profiles.db)")
    run.add_argument("--overwrite", action="store_true", help="replace the results of an earlier run in OUTPUT")
    _add_model(run)
    _add_json(run, "print the summary as JSON")

    classify = _add(commands, "classify", "one JSON object of labels per line of text", _classify, _CLASSIFY_EXAMPLES)
    classify.add_argument("--input", required=True, metavar="FILE|-", help="JSON Lines or plain text lines, or .gz")
    classify.add_argument("--output", required=True, metavar="FILE|-", help="JSON Lines, in the order of the input")
    classify.add_argument("--text-field", default="text", metavar="NAME", help="field with the text (default: text)")
    classify.add_argument("--explain", metavar="HEAD[:LABEL]", help="add each word's weight in a decision (slow)")
    _add_model(classify)
    _add_json(classify, "print line counts as JSON on standard error")

    show = _add(commands, "show", "print Avro files as JSON Lines", _show, _SHOW_EXAMPLES)
    show.add_argument("path", metavar="PATH", help="an .avro file, a directory of them, or a glob")
    show.add_argument("--limit", type=int, metavar="N", help="at most so many records")

    train = _add(commands, "train", "train a classifier from labelled rows", _train, _TRAIN_EXAMPLES)
    _add_experiment(train)
    train.add_argument("--output", required=True, type=Path, metavar="DIR", help="directory for the finished model")

    evaluate = _add(commands, "evaluate", "measure a classifier on labelled rows", _evaluate, _EVALUATE_EXAMPLES)
    _add_model(evaluate)
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
    _add_json(evaluate, "print the numbers as JSON")

    review.add_parser(commands)
    return parser


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    does: str,
    command: Callable[[argparse.Namespace], int],
    examples: str,
) -> argparse.ArgumentParser:
    layout = argparse.RawDescriptionHelpFormatter
    parser = commands.add_parser(name, help=does, description=does, epilog=examples, formatter_class=layout)
    parser.set_defaults(command=command)
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
    from models.loading import DEFAULT_MODEL

    parser.add_argument(
        "--model",
        default=str(DEFAULT_MODEL),
        metavar="DIR_OR_HUB_NAME",
        help="classifier (default: the one that ships)",
    )


def _add_experiment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", required=True, type=Path, metavar="FILE", help="the experiment's YAML")
    parser.add_argument(
        "--data", required=True, type=Path, metavar="DIR", help="where the labelled sets and the base lie"
    )


def _add_json(parser: argparse.ArgumentParser, does: str) -> None:
    parser.add_argument("--json", action="store_true", help=does)


def _version() -> str:
    try:
        return version("shenava")
    except PackageNotFoundError:
        return "(not installed)"
