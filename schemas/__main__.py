"""`python -m schemas`: look at the contracts, compare them with what was released, release them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError
from schemas.bigquery import bigquery_schema
from schemas.loading import load, names
from schemas.pubsub import pubsub_schema
from schemas.releases import HERE, release, standings

_EXAMPLES = """\
examples:
  python -m schemas show alert                        the fields of an alert, as a table
  python -m schemas check                             may the working files be released? exit 1 if not
  python -m schemas release                           freeze them in schemas/released/
  python -m schemas bigquery enriched_post > t.json   for: bq mk --table DATASET.TABLE t.json
  python -m schemas pubsub alert > alert.avsc         for: gcloud pubsub schemas create alert \\
                                                             --type=avro --definition-file=alert.avsc
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 a contract is broken, 2 asked wrongly."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except ConfigError as error:
        print(f"schemas: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m schemas",
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, summary in (
        ("check", _check, "compare the working files with every released revision; exit 1 on a change not allowed"),
        ("release", _release, "freeze the working files that changed as new revisions"),
    ):
        command = commands.add_parser(name, help=summary, description=summary)
        command.add_argument(
            "--directory", type=Path, default=HERE, help="where the .avsc files are (default: %(default)s)"
        )
        command.set_defaults(run=run)
    for name, run, summary in (
        ("show", _show, "print the fields of a schema as a table for a person"),
        ("bigquery", _bigquery, "print the schema of its BigQuery table as JSON (the list that `bq` takes)"),
        ("pubsub", _pubsub, "print the definition of its Pub/Sub schema resource (type AVRO)"),
    ):
        command = commands.add_parser(name, help=summary, description=summary)
        command.add_argument("name", metavar="NAME", help=f"one of: {', '.join(names())}")
        command.add_argument("--version", type=int, help="version of the schema (default: the latest)")
        command.set_defaults(run=run)
    return parser


def _check(arguments: argparse.Namespace) -> int:
    broken = False
    for standing in standings(arguments.directory):
        since = f"r{standing.revision}"
        if standing.removed:
            print(f"BROKEN  {standing.contract}: released as {since}, but its working file is gone")
        elif standing.problems:
            print(f"BROKEN  {standing.contract}: make it a new version, or undo:")
        elif standing.revision == 0:
            print(f"new     {standing.contract}: never released")
        elif standing.changed:
            print(f"changed {standing.contract}: compatible with every revision up to {since}, not yet released")
        else:
            print(f"ok      {standing.contract}: released as {since}")
        for revision, problem in standing.problems:
            print(f"        against r{revision}: {problem}")
        broken = broken or standing.broken
    return 1 if broken else 0


def _release(arguments: argparse.Namespace) -> int:
    written = release(arguments.directory)
    for path in written:
        print(f"released {path.name}")
    if not written:
        print("nothing changed since the last release")
    return 0


def _show(arguments: argparse.Namespace) -> int:
    schema = load(arguments.name, arguments.version)
    rows = [("FIELD", "TYPE", "MEANING"), *_rows(schema, schema["__named_schemas"], "")]
    wide, wider = (max(len(row[column]) for row in rows) for column in (0, 1))
    print(f"{schema['name']}: {schema['doc']}\n")
    for field, kind, doc in rows:
        print(f"{field:{wide}}  {kind:{wider}}  {doc}")
    return 0


def _rows(record: Mapping[str, Any], named: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str, str]]:
    for field in record["fields"]:
        words, inner = _type_in_words(field["type"], named)
        yield prefix + field["name"], words, field["doc"]
        if inner is not None:
            yield from _rows(inner, named, f"{prefix}{field['name']}.")


def _type_in_words(schema: Any, named: Mapping[str, Any]) -> tuple[str, Mapping[str, Any] | None]:
    """The type as a person says it, and the record in it, if any, whose fields are to be listed too."""
    if isinstance(schema, list):
        present = [_type_in_words(branch, named) for branch in schema if branch != "null"]
        words = " or ".join(words for words, _ in present)
        return (f"{words}?" if "null" in schema else words), present[0][1]
    if isinstance(schema, str):
        return _type_in_words(named[schema], named) if schema in named else (schema, None)
    if schema["type"] == "record":
        return schema["name"].rpartition(".")[2], schema
    for kind, key in (("array", "items"), ("map", "values")):
        if schema["type"] == kind:
            words, inner = _type_in_words(schema[key], named)
            return f"{kind} of {words}", inner
    return schema.get("logicalType", schema["type"]), None


def _bigquery(arguments: argparse.Namespace) -> int:
    fields = bigquery_schema(arguments.name, arguments.version)["fields"]
    print(json.dumps(fields, ensure_ascii=False, indent=2))
    return 0


def _pubsub(arguments: argparse.Namespace) -> int:
    print(pubsub_schema(arguments.name, arguments.version))
    return 0


if __name__ == "__main__":
    sys.exit(main())
