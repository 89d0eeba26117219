"""`shenava run` and `shenava replay`: the main job."""

from __future__ import annotations

import argparse
import json
import logging
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import ConfigError
from runners import logs
from runners.flags import DEFAULT_CONFIG, add_command, add_json, add_model

if TYPE_CHECKING:
    from runners.stream import Topics

_TOPICS = {
    "enriched": "enriched posts",
    "alerts": "alerts",
    "actions": "what to do for customers next",
    "reviews": "posts that a person should judge",
    "dead-letters": "what failed",
}
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


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both commands."""
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
    for name, what in _TOPICS.items():
        stream.add_argument(f"--{name}", metavar="pubsub://PROJECT/TOPIC", help=f"topic for {what}, beside the files")
    stream.add_argument(
        "--event-time", metavar="ATTRIBUTE", help="message attribute whose time deadlines follow (default: publication)"
    )
    stream.add_argument(
        "--replay-from",
        type=_moment,
        metavar="TIME",
        help="deliver again what was published since, such as 2026-11-22T09:00Z, and drop what waits from before",
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


def _run(given: argparse.Namespace) -> int:
    from pipeline.io.pubsub_names import is_pubsub

    if not given.log_format and not is_pubsub(given.input):
        return _run_job(given)
    form = given.log_format or "text"
    logs.configure(form)
    return logs.exit_code(lambda: _run_job(given), form)


def _run_job(given: argparse.Namespace) -> int:
    from pipeline.config import load_config
    from pipeline.io.bigquery_names import parse_bigquery
    from pipeline.io.pubsub_names import is_pubsub
    from pipeline.store.database import connect
    from runners import health, local, stream, summary

    job = local.Job(
        input=given.input,
        output=given.output,
        config=load_config(given.config).with_format(given.format),
        config_path=given.config,
        store=given.store,
        model=given.model,
        overwrite=given.overwrite,
        warehouse=parse_bigquery(given.warehouse, "--warehouse") if given.warehouse else None,
        deliver=given.webhooks == "deliver",
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
        for name in (flag.replace("-", "_") for flag in _TOPICS)
        if (value := getattr(given, name))
    }
    return Topics(
        parse_pubsub(given.input, "--input"), **named, event_time=given.event_time, replay_from=given.replay_from
    )


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
    parser.add_argument(
        "--warehouse", metavar="bigquery://PROJECT/DATASET", help="write records there too (extra: shenava[bigquery])"
    )
    parser.add_argument(
        "--webhooks",
        choices=["deliver", "queue"],
        default="deliver",
        help="send them, too, or leave them in the store for `shenava webhooks deliver` (default: deliver)",
    )
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
