"""The `shenava` command."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError, ShenavaError
from runners import alerts, experiments, logs, publish, review
from runners.flags import DEFAULT_CONFIG, add_command, add_json, add_model

if TYPE_CHECKING:
    from runners.stream import Topics

# Nothing may be fetched at run time unless a hub name is asked for with --model.
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

_RUN_EXAMPLES = """\
examples:
  shenava run --input examples/parsi/posts --output out --config runners/config/reference.yaml
  shenava run --input 'posts/2026-10-*.jsonl.gz' --output out --store postgresql+psycopg://localhost/shenava
  shenava run --input reviews.csv --output out --config my.yaml --json | jq .records
  shenava run --input pubsub://my-project/posts --output out --alerts pubsub://my-project/alerts \\
    --health-port 8080 --heartbeat /run/shenava/heartbeat --log-format json --json

what comes out:
  OUTPUT/enriched/date=…/*.avro   every post with what it says     OUTPUT/alerts/*.avro, *.jsonl   escalations
  OUTPUT/profiles.db              one profile per account          OUTPUT/dead_letters/*.avro      what failed
  OUTPUT/run.json                 this run in numbers
"""
_REPLAY_EXAMPLES = """\
examples:
  shenava replay out/dead_letters --output again --store sqlite:///out/profiles.db --config mended.yaml

What passes now is merged into the store; what fails again is a dead letter of OUTPUT with its first source and line.
A stream's dead letters go back onto its topic: shenava publish out/dead_letters --to pubsub://PROJECT/TOPIC
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


def _run(given: argparse.Namespace) -> int:
    from pipeline.io.pubsub_names import is_pubsub

    if not given.log_format and not is_pubsub(given.input):
        return _run_job(given)
    form = given.log_format or "text"
    logs.configure(form)
    return logs.exit_code(lambda: _run_job(given), form)


def _run_job(given: argparse.Namespace) -> int:
    from pipeline.config import load_config
    from pipeline.io.database import connect
    from pipeline.io.pubsub_names import is_pubsub
    from runners import health, local, stream, summary

    job = local.Job(
        input=given.input,
        output=given.output,
        config=load_config(given.config).with_format(given.format),
        config_path=given.config,
        store=given.store,
        model=given.model,
        overwrite=given.overwrite,
    )
    place = {"output": str(job.output), "store": connect(job.store_url)[1]}
    asked = {"input": job.input, "config": str(job.config_path), "model": job.model, **place}
    logging.getLogger(logs.OWN).info("start", extra=logs.fields(**asked, versions=logs.versions()))
    if is_pubsub(given.input):
        watch = health.Watch(given.health_port, given.health_host, given.heartbeat)
        found = stream.run(job, _topics(given), watch)
    else:
        # a bar between the lines would spoil them
        found = local.run(job, show_progress=False if given.log_format == "json" else None)
    print(json.dumps(found, ensure_ascii=False, indent=2)) if given.json else summary.show(found, job)
    return 0


def _replay(given: argparse.Namespace) -> int:
    from pipeline.io.pubsub_names import is_pubsub

    if is_pubsub(given.input):
        raise ConfigError(f"replay reads files of dead letters; `shenava run --input {given.input}` reads a topic's")
    return _run(given)


def _topics(given: argparse.Namespace) -> Topics:
    from pipeline.io.pubsub_names import parse_pubsub
    from runners.stream import Topics

    named = {
        name: parse_pubsub(value, f"--{name.replace('_', '-')}")
        for name in ("enriched", "alerts", "dead_letters")
        if (value := getattr(given, name))
    }
    return Topics(
        parse_pubsub(given.input, "--input"), **named, event_time=given.event_time, replay_from=given.replay_from
    )


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

    run = add_command(
        commands, "run", "posts in; enriched events, profiles, alerts and dead letters out", _run, _RUN_EXAMPLES
    )
    run.add_argument(
        "--input",
        required=True,
        metavar="PATH",
        help="file, glob or directory: .jsonl, .csv, .avro, .gz; or pubsub://PROJECT/SUBSCRIPTION",
    )
    _job_flags(run)
    stream = run.add_argument_group("streams", "with --input pubsub://PROJECT/SUBSCRIPTION; runs until SIGTERM")
    for name, what in {"enriched": "enriched posts", "alerts": "alerts", "dead-letters": "what failed"}.items():
        stream.add_argument(f"--{name}", metavar="pubsub://PROJECT/TOPIC", help=f"topic for {what}, beside the files")
    stream.add_argument(
        "--event-time", metavar="ATTRIBUTE", help="message attribute whose time deadlines follow (default: publication)"
    )
    stream.add_argument(
        "--replay-from",
        type=_moment,
        metavar="TIME",
        help="deliver again what was published since, such as 2026-11-22T09:00Z",
    )
    stream.add_argument(
        "--health-port",
        type=int,
        default=0,
        metavar="N",
        help="answer /healthz, and /metrics for Prometheus, over HTTP on this port (default: 0, nowhere)",
    )
    stream.add_argument(
        "--health-host",
        default="127.0.0.1",
        metavar="HOST",
        help="address of --health-port (default: 127.0.0.1; 0.0.0.0 for all, anybody who reaches it may read)",
    )
    stream.add_argument(
        "--heartbeat", type=Path, metavar="FILE", help="write what /healthz says to this file every 10 seconds"
    )

    replay = add_command(
        commands, "replay", "dead letters once more, after what refused them was mended", _replay, _REPLAY_EXAMPLES
    )
    replay.add_argument("input", metavar="DEAD_LETTERS", help="an .avro file of dead letters, a directory or a glob")
    _job_flags(replay)

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
    review.add_parser(commands)
    publish.add_parser(commands)
    alerts.add_parser(commands)
    return parser


def _job_flags(parser: argparse.ArgumentParser) -> None:
    """What a job is told beside its input."""
    parser.add_argument("--output", required=True, type=Path, metavar="DIR", help="directory for the results")
    parser.add_argument(
        "--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="the company's YAML (default: minimal.yaml)"
    )
    parser.add_argument(
        "--format",
        metavar="NAME",
        help="shape of the records when it should not be recognised: x, telegram, columns, …",
    )
    parser.add_argument("--runner", choices=["local"], default="local", help="where the pipeline runs (default: local)")
    parser.add_argument("--store", metavar="URL", help="profiles and cases (default: sqlite:///OUTPUT/profiles.db)")
    parser.add_argument("--overwrite", action="store_true", help="replace the results of an earlier run in OUTPUT")
    parser.add_argument(
        "--log-format",
        choices=["text", "json"],
        help="log what happens to standard error, one line or one JSON object an event (a stream logs text by default)",
    )
    add_model(parser)
    add_json(parser, "print the summary as JSON")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} needs its time zone, such as {text}Z")
    return moment


def _version() -> str:
    try:
        return version("shenava")
    except PackageNotFoundError:
        return "(not installed)"
