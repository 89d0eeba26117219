"""`shenava retain`: remove what is older than it should be kept."""

from __future__ import annotations

import argparse
import json
import shutil
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.clock import system_clock
from pipeline.io.rewrite_files import files, rewrite
from pipeline.logic.durations import parse_duration
from runners.flags import add_command, add_json
from runners.forget import add_places, opened

_EXAMPLES = """\
examples:
  shenava retain --older-than 730d --store sqlite:///out/profiles.db --output out --dry-run
  shenava retain --older-than 365d --store postgresql+psycopg://localhost/shenava --output out --json

Profiles go when they were not seen since; facts, actions and events by the time of the post; cases when they were
resolved before; alerts when they were raised before; files of dead letters, which hold no time, by when they were
written.
An open case stays, with its alerts and its customer's facts. KPIs, which name nobody, and what the CRM said stay.
"""
_PARTITIONED = ("enriched", "review")
_TIMES = {"cases": "resolved_at", "alerts": "raised_at", "actions": "at"}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `retain`."""
    parser = add_command(commands, "retain", "remove what is older than it should be kept", _retain, _EXAMPLES)
    parser.add_argument("--older-than", required=True, type=_age, metavar="AGE", help="such as 730d or 12h")
    add_places(parser)
    parser.add_argument("--dry-run", action="store_true", help="only count what would be removed")
    add_json(parser, "print what was removed as JSON")


def remove_old_files(directory: Path, than: datetime, open_cases: frozenset[str], dry: bool) -> Counter[str]:
    """Remove what is older from a run's files; returns folder -> records, or files of a partition, that went.

    Raises:
        ConfigError: a file is broken; it is left as it is.
    """
    done: Counter[str] = Counter()
    for folder in _PARTITIONED:
        for partition in sorted(directory.glob(f"{folder}/date=*")):
            # the day a moment lies in is kept whole
            if partition.name.removeprefix("date=") < f"{than:%Y-%m-%d}":
                done[folder] += len(files(partition))
                if not dry:
                    shutil.rmtree(partition)
    for folder, time in _TIMES.items():
        for path in files(directory / folder) if (directory / folder).is_dir() else ():
            done[folder] += rewrite(path, _younger(time, than, open_cases), dry).removed
    for path in files(directory / "dead_letters") if (directory / "dead_letters").is_dir() else ():
        if datetime.fromtimestamp(path.stat().st_mtime, UTC) < than:
            done["dead_letters"] += 1
            if not dry:
                path.unlink()
    return +done


def _younger(time: str, than: datetime, open_cases: frozenset[str]) -> Any:
    def treat(record: Mapping[str, Any]) -> Mapping[str, Any] | None:
        at = record.get(time)
        at = datetime.fromisoformat(at) if isinstance(at, str) else at
        return record if at is None or at >= than or record.get("case") in open_cases else None

    return treat


def _retain(given: argparse.Namespace) -> int:
    from pipeline.store.retention_store import RetentionStore

    places = opened(given.store, given.output)
    than = system_clock() - given.older_than
    store = RetentionStore(places.store)
    try:
        unsettled = store.open_cases()
        found: dict[str, dict[str, int]] = {"store": dict(store.remove_older(than, given.dry_run))}
    finally:
        store.close()
    for directory in places.outputs:
        found[str(directory)] = dict(remove_old_files(directory, than, unsettled, given.dry_run))
    if given.json:
        print(json.dumps({"before": than.isoformat(), "dry_run": given.dry_run, "removed": found}, indent=2))
        return 0
    print(f"older than {than:%Y-%m-%d %H:%M} UTC" + (", nothing was changed" if given.dry_run else ""))
    for place, counts in found.items():
        said = ", ".join(f"{count:,} {_what(place, name)}" for name, count in sorted(counts.items()))
        print(f"  {place}: {said or 'nothing'}")
    return 0


def _what(place: str, name: str) -> str:
    return f"files of {name}" if place != "store" and name not in _TIMES else name


def _age(text: str) -> timedelta:
    try:
        age: timedelta = parse_duration(text)
        system_clock() - age
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return age
