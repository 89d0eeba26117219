"""`shenava cases list`: who waits for an answer, and for how long still."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline.errors import ConfigError
from pipeline.logic.durations import parse_duration, parse_moment
from pipeline.records import Case, iso_time, to_json
from runners.flags import DEFAULT_CONFIG, add_command, add_store, count

_LIST_EXAMPLES = """\
examples:
  shenava cases list --store sqlite:///out/profiles.db --config my.yaml
  shenava cases list --store sqlite:///out/profiles.db --department logistics --due-before 2h
  shenava cases list --store sqlite:///out/profiles.db --state breached --state at_risk --lang fa
  shenava cases list --store postgresql+psycopg://localhost/shenava --state all --format csv > cases.csv

Without --state: those who wait for an answer (open, at_risk, breached, reopened). A case has the state that the last
run gave it; how late it is counts from --now. Times without an offset are in the time zone that is shown.
"""
_COLUMNS = (
    *("case_id", "state", "department", "severity", "categories", "brands", "customer"),
    *("opened_at", "due_at", "answered_at", "resolved_at", "sla_met"),
)
_STATES = ("open", "at_risk", "breached", "reopened", "answered", "resolved", "all")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `cases` with its sub-command."""
    does = "customers who complained and what they are owed"
    cases = commands.add_parser("cases", help=does, description=does, epilog="examples: `shenava cases list --help`")
    steps = cases.add_subparsers(title="steps", required=True, metavar="STEP")

    shown = add_command(steps, "list", "show cases, the most urgent first", _list, _LIST_EXAMPLES)
    add_store(shown)
    shown.add_argument(
        "--state", action="append", choices=_STATES, help="only cases in that state; may be given several times"
    )
    shown.add_argument("--department", metavar="NAME", help="only cases of that department")
    shown.add_argument("--due-before", metavar="TIME|2h", help="only cases due before then, or within so long")
    shown.add_argument("--limit", type=count, default=50, metavar="N", help="at most so many (default: 50)")
    shown.add_argument("--now", metavar="TIME", help="as of then, such as 2026-10-12T09:00 (default: the present)")
    shown.add_argument("--lang", choices=["en", "fa"], default="en", help="language of the table (default: en)")
    shown.add_argument("--time-zone", metavar="NAME", help="of the times shown (default: the config's)")
    shown.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="the company's YAML")
    form = shown.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print each case as one line of JSON, times in UTC")
    form.add_argument("--format", choices=["table", "csv"], default="table", help="default: table")


def _list(given: argparse.Namespace) -> int:
    from rich.console import Console

    from pipeline.config import load_config
    from pipeline.store import case_list
    from runners import case_table

    config = load_config(given.config)
    zone = _zone(given.time_zone or config.time_zone)
    now = _moment(given.now, "--now", zone) if given.now else datetime.now(UTC)
    states = given.state or case_list.WAITING
    until = _due_before(given.due_before, now, zone) if given.due_before else None
    store = case_list.CaseList(given.store)
    store.must_exist()
    store.create_tables()
    found, total = store.find(
        case_list.STATES if "all" in states else states,
        given.department,
        until,
        given.limit,
    )
    store.close()
    if given.json:
        for each in found:
            print(json.dumps(to_json(each.case), ensure_ascii=False))
    elif given.format == "csv":
        rows = csv.writer(sys.stdout)
        rows.writerow(_COLUMNS)
        rows.writerows(_row(each.case) for each in found)
    else:
        console = Console(highlight=False)
        if found:
            names = config.action_settings().persian
            console.print(case_table.table(found, zone, now, given.lang, console.width, names))
        console.print(case_table.footer(len(found), total, now, zone, given.lang), style="dim")
    return 0


def _row(case: Case) -> list[str]:
    def shown(value: object) -> str:
        if isinstance(value, datetime):
            return iso_time(value)
        if isinstance(value, tuple):
            return ";".join(value)
        return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

    return [shown(getattr(case, name)) for name in _COLUMNS]


def _due_before(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    try:
        within: timedelta = parse_duration(text)
        return now + within
    except ValueError:
        return _moment(text, "--due-before", zone, " or a duration such as 2h")


def _moment(text: str, flag: str, zone: ZoneInfo, or_else: str = "") -> datetime:
    try:
        return parse_moment(text, zone)
    except ValueError:
        raise ConfigError(f"{flag}: {text!r} is no time such as 2026-10-12T09:00{or_else}") from None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ConfigError(f"--time-zone: {name!r} is no IANA time zone such as Asia/Tehran") from None
