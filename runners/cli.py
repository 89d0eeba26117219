"""The `shenava` command."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version

from pipeline.errors import ConfigError, ShenavaError
from runners import (
    alerts,
    audience,
    cases,
    crm,
    experiments,
    exports,
    forget,
    identity,
    insight,
    jobs,
    logs,
    profile,
    publish,
    retain,
    review,
    store,
    suppress,
    warehouse,
    webhooks,
)
from runners.flags import add_command, add_json, add_model

# Nothing may be fetched at run time unless a hub name is asked for with --model.
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code: 0 done, 1 failed on the way, 2 asked wrongly."""
    # Beam warns about clients that no file needs; what a person must know is printed, not logged
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger(logs.OWN).setLevel(logging.WARNING)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="shenava",
        description="Hear what customers post: complaints, advocacy and interests, in Persian and English.",
        epilog="`shenava COMMAND --help` shows a command's flags with examples.",
    )
    parser.add_argument("--version", action="version", version=f"shenava {_version()}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    jobs.add_parsers(commands)

    classify = add_command(
        commands, "classify", "one JSON object of labels per line of text", _classify, _CLASSIFY_EXAMPLES
    )
    classify.add_argument("--input", required=True, metavar="FILE|-", help="JSON Lines or plain text lines, or .gz")
    classify.add_argument("--output", required=True, metavar="FILE|-", help="JSON Lines, in the order of the input")
    classify.add_argument("--text-field", default="text", metavar="NAME", help="field with the text (default: text)")
    classify.add_argument("--explain", metavar="HEAD[:LABEL]", help="add each word's weight in a decision (slow)")
    add_model(classify)
    add_json(classify, "print line counts as JSON on standard error")

    show = add_command(commands, "show", "print Avro files as JSON Lines", _show, _SHOW_EXAMPLES)
    show.add_argument("path", metavar="PATH", help="an .avro file, a directory of them, or a glob")
    show.add_argument("--limit", type=int, metavar="N", help="at most so many records")

    experiments.add_parsers(commands)
    for each in (review, publish, alerts, cases, webhooks):
        each.add_parser(commands)
    for each in (profile, insight, crm, identity, audience, suppress, forget, retain):
        each.add_parser(commands)
    for each in (exports, warehouse, store):
        each.add_parser(commands)
    return parser


def _version() -> str:
    try:
        return version("shenava")
    except PackageNotFoundError:
        return "(not installed)"
