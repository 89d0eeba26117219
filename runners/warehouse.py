"""`shenava warehouse` and `shenava export profiles`: a run's files where analysts query them."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from runners.flags import add_command, add_json, add_store

_EXAMPLES = """\
examples:
  shenava warehouse duckdb out --to warehouse.duckdb
  shenava warehouse tables --project my-project --dataset shenava --dry-run
  shenava warehouse tables --project my-project --dataset shenava
  shenava warehouse load out --to bigquery://my-project/shenava

Tables are named as the directories of OUTPUT: enriched, cases, alerts, actions, kpis, review, profiles. They keep every
row ever written; the views enriched_latest, cases_latest … have the newest of each, without what was deleted or
withdrawn. docs/data.md has queries for ten questions.
"""
_PROFILES_EXAMPLES = """\
examples:
  shenava export profiles --store sqlite:///out/profiles.db --output out
  shenava export profiles --store postgresql+psycopg://localhost/shenava --output warehouse --date 2026-10-17
"""
_TO = "bigquery://PROJECT/DATASET"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `warehouse` with its sub-commands."""
    does = "a run's files into BigQuery or one DuckDB file"
    layout = argparse.RawDescriptionHelpFormatter
    warehouse = commands.add_parser("warehouse", help=does, description=does, epilog=_EXAMPLES, formatter_class=layout)
    steps = warehouse.add_subparsers(title="steps", required=True, metavar="STEP")

    tables = add_command(steps, "tables", "create the tables and views, add columns that are new", _tables, _EXAMPLES)
    tables.add_argument("--project", required=True, metavar="P", help="project of the dataset")
    tables.add_argument("--dataset", required=True, metavar="D", help="dataset, which must be there")
    tables.add_argument("--dry-run", action="store_true", help="print their definitions as JSON, ask nobody")
    add_json(tables, "print what was done as JSON")

    load = add_command(steps, "load", "load a run's files into BigQuery", _load, _EXAMPLES)
    load.add_argument("directory", type=Path, metavar="OUTPUT_DIR", help="OUTPUT of `shenava run`")
    load.add_argument("--to", required=True, metavar=_TO, help="where the tables are")
    load.add_argument(
        "--replace", action="store_true", help="empty the tables first: after `shenava forget`, or to begin anew"
    )
    load.add_argument("--dry-run", action="store_true", help="say which files have how many rows, load nothing")
    add_json(load, "print what was done as JSON")

    duckdb = add_command(steps, "duckdb", "load a run's files into one DuckDB file", _duckdb, _EXAMPLES)
    duckdb.add_argument("directory", type=Path, metavar="OUTPUT_DIR", help="OUTPUT of `shenava run`")
    duckdb.add_argument("--to", required=True, type=Path, metavar="FILE", help="the file to write")
    duckdb.add_argument("--overwrite", action="store_true", help="replace the file")
    add_json(duckdb, "print what was done as JSON")


def add_profiles_parser(exports: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `profiles` to the sub-commands of `export`."""
    parser = add_command(
        exports, "profiles", "a snapshot of all profiles as Avro", _export_profiles, _PROFILES_EXAMPLES
    )
    add_store(parser)
    parser.add_argument("--output", required=True, type=Path, metavar="DIR", help="profiles/date=…/ is made in it")
    parser.add_argument("--date", type=_day, metavar="DAY", help="day of the snapshot (default: today in UTC)")
    add_json(parser, "print what was done as JSON")


def _tables(given: argparse.Namespace) -> int:
    from pipeline.io.bigquery_names import check_dataset
    from runners import warehouse_bigquery

    dataset = check_dataset(given.project, given.dataset, "--project, --dataset")
    if given.dry_run:
        print(json.dumps(warehouse_bigquery.definitions(dataset), ensure_ascii=False, indent=2))
        return 0
    done = warehouse_bigquery.make(dataset)
    if given.json:
        print(json.dumps({"to": str(dataset), "tables": done}))
    else:
        for name, what in done.items():
            print(f"{what:10} {dataset.table(name)}")
    return 0


def _load(given: argparse.Namespace) -> int:
    from pipeline.io.bigquery_names import parse_bigquery
    from runners import warehouse_bigquery
    from runners.warehouse_files import files_of, rows_of

    dataset = parse_bigquery(given.to, "--to")
    files = files_of(given.directory)
    rows: Counter[str] = Counter()
    before: Counter[str] = Counter()
    if given.dry_run:
        for file in files:
            rows[file.table.name] += sum(1 for _ in rows_of(file))
    else:
        for loaded in warehouse_bigquery.load(dataset, files, given.replace):
            (rows if loaded.new else before)[loaded.table] += loaded.rows
    found = {"to": str(dataset), "files": len(files), "rows": rows, "loaded_before": before, "dry_run": given.dry_run}
    _say(given, found, f"{dataset}: {'would load ' if given.dry_run else ''}{_counted(rows)}")
    if before and not given.json:
        print(f"  loaded before, not again: {_counted(before)}")
    return 0


def _duckdb(given: argparse.Namespace) -> int:
    from runners.warehouse_duckdb import build
    from runners.warehouse_files import files_of

    counts = build(files_of(given.directory), given.to, given.overwrite)
    _say(given, {"to": str(given.to), "rows": counts}, f"{given.to}: {_counted(counts)}")
    return 0


def _export_profiles(given: argparse.Namespace) -> int:
    from runners.export_profiles import export

    path, count = export(given.store, given.output, given.date or datetime.now(UTC).date())
    _say(given, {"path": str(path), "profiles": count}, f"{path}: {count:,} profiles")
    return 0


def _say(given: argparse.Namespace, found: dict[str, Any], line: str) -> None:
    print(json.dumps(found, ensure_ascii=False) if given.json else line)


def _counted(rows: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in rows.items() if count) or "nothing"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as 2026-10-17") from None
