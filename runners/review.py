"""`shenava review`: unsure posts out to a person, corrected rows in for the next training."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.records import EnrichedPost, from_dict
from runners.flags import add_command, add_json

_EXPORT_EXAMPLES = """\
examples:
  shenava review export --input out --output review.csv --limit 100
  shenava review export --input 'out/enriched/date=2026-10-1*/*.avro' --output review.jsonl --corrections rows.jsonl

One row a post that a head is unsure of, with the classifier's answers to be corrected; the posts of most doubt first.
With --corrections none that is answered as it was corrected, and last those that are still answered otherwise.
"""
_IMPORT_EXAMPLES = """\
examples:
  shenava review import --input review.csv --output DATA/corrections.jsonl
  (in the experiment's YAML: sets: {corrections: {path: corrections.jsonl}}, and corrections among a stage's rows)

Taken are the rows with y, yes, 1 or بله in `reviewed`. Every row is checked by the guideline (docs/labels.md);
nothing is written while one is wrong. A row replaces an earlier one of the same id.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `review` with its two sub-commands."""
    does = "have unsure posts corrected by a person, for the next training"
    review = commands.add_parser(
        "review", help=does, description=does, epilog="examples: `shenava review export --help` and `import --help`"
    )
    steps = review.add_subparsers(title="steps", required=True, metavar="STEP")

    export = add_command(steps, "export", "unsure posts into a file for review", _export, _EXPORT_EXAMPLES)
    export.add_argument(
        "--input", required=True, metavar="DIR|GLOB", help="OUTPUT of `shenava run`, or its enriched Avro files"
    )
    export.add_argument("--output", required=True, type=Path, metavar="FILE", help=".csv for spreadsheets, or .jsonl")
    export.add_argument(
        "--corrections", nargs="+", default=[], type=Path, metavar="FILE", help="rows that were imported earlier"
    )
    add_json(export, "print the counts as JSON")
    export.add_argument("--limit", type=_count, metavar="N", help="at most so many posts")
    export.add_argument("--model", metavar="DIR", help="the model that judged (default: the one that ships)")

    taken = add_command(steps, "import", "reviewed rows into a file of training rows", _import, _IMPORT_EXAMPLES)
    add_json(taken, "print the counts as JSON")
    taken.add_argument("--input", required=True, type=Path, metavar="FILE", help="the corrected file, .csv or .jsonl")
    taken.add_argument("--output", required=True, type=Path, metavar="FILE", help="training rows, .jsonl; added to")


def _count(value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"{value!r} is no number from 1 on")
    return int(value)


def _export(given: argparse.Namespace) -> int:
    from models.loading import DEFAULT_MODEL
    from models.review import corrections, selection, sheet

    sheet.check_target(given.output)
    rules = selection.Rules.load(given.model or str(DEFAULT_MODEL))
    known = corrections.read_corrections(given.corrections)
    found = selection.select(_enriched(given.input), rules, known, given.limit)
    sheet.write(given.output, found.found)
    unsure = Counter(head for each in found.found for head in each.unsure)
    if given.json:
        counts = {"posts": found.posts, "exported": len(found.found), "differing": found.differing, "unsure": unsure}
        print(json.dumps(counts | {"repeated": found.repeated, "beyond_limit": found.beyond_limit}))
        return 0
    print(f"{given.output}: {len(found.found)} of {found.posts} posts to review, the most telling first")
    if unsure:
        print(f"  unsure of: {', '.join(f'{head} {count}' for head, count in unsure.most_common())}")
    if given.corrections:
        print(f"  corrected before and still answered otherwise: {found.differing}, after all others")
    if found.beyond_limit or found.repeated:
        print(f"  left out: {found.beyond_limit} beyond the limit, {found.repeated} with the text of another")
    print("correct the answers, write y into `reviewed`, then")
    print(f"  shenava review import --input {given.output} --output DATA/corrections.jsonl")
    return 0


def _import(given: argparse.Namespace) -> int:
    from models.review import corrections

    found = corrections.read_review(given.input)
    if found.problems:
        count = f"{len(found.problems)} to mend" if len(found.problems) > 1 else "one thing to mend"
        raise ConfigError("\n  ".join([f"nothing was imported, {count} (file:row: column: …):", *found.problems]))
    merged = corrections.merge(given.output, found.rows)
    if given.json:
        taken = {"taken": len(found.rows), "unreviewed": found.unreviewed}
        print(json.dumps(taken | asdict(merged) | {"warnings": found.warnings}, ensure_ascii=False))
        return 0
    for warning in found.warnings:
        print(f"shenava: look again: {warning}", file=sys.stderr)
    print(f"{given.output}: {merged.added} added, {merged.replaced} replaced, {merged.unchanged} as before")
    print(f"  rows now: {merged.rows}; left out as not marked in `reviewed`: {found.unreviewed}")
    return 0


def _enriched(path: str) -> Iterator[EnrichedPost]:
    from runners import show

    # beside the events, the output of a run holds alerts and dead letters
    events = Path(path) / "enriched"
    for record in show.records(str(events) if events.is_dir() else path):
        if "redacted_text" not in record:
            raise ConfigError(f"--input {path}: holds other records than enriched events; name the `enriched` folder")
        yield from_dict(EnrichedPost, record)
