"""What a run found, on one screen."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pipeline.records import Profile
from pipeline.store.profile_store import ProfileStore

if TYPE_CHECKING:
    from runners.local import Job

_LEVELS = ("critical", "high", "info")
_SHOWN = 5
_FOREMOST = {
    "advocacy": "recommends most",
    "complaints": "complains most",
    "reach": "is heard by most",
    "posts": "writes most",
}


def show(found: Mapping[str, Any], job: Job, console: Console | None = None) -> None:
    """Print the summary, the most urgent alerts, people worth knowing, and where everything lies."""
    console = console or Console(highlight=False)
    blocks: list[Any] = [_numbers(found)]
    if alerts := _urgent(job):
        blocks.append(alerts)
    if people := _people(job):
        blocks.append(people)
    blocks.append(_places(found))
    console.print(Panel(Group(*blocks), title=f"Shenava · {job.input}", expand=False))


def _numbers(found: Mapping[str, Any]) -> Table:
    records, posts, alerts = found["records"], found["posts"], found["alerts"]
    table = Table.grid(padding=(0, 2))
    table.add_row(
        "[bold]posts[/]",
        f"{records['in']:,} in = {records['good']:,} good + {records['failed']:,} failed"
        f" + {records['duplicates']:,} duplicates"
        + (f" + {records['forgotten']:,} forgotten" if records["forgotten"] else ""),
    )
    if found["failed_by_reason"]:
        table.add_row("failed", _counts(found["failed_by_reason"]))
    table.add_row("sentiment", _counts(found["sentiment"]))
    table.add_row("languages", _counts(found["languages"]))
    table.add_row("[bold]complaints[/]", f"{posts['complaints']:,}: {_counts(found['complaints_by_category'])}")
    levels = sorted(found["complaints_by_severity"].items())
    table.add_row("severity", " · ".join(f"{count:,} of level {level}" for level, count in levels) or "none")
    table.add_row("[bold]advocacy[/]", f"{posts['advocacy']:,} posts that recommend a brand or product")
    table.add_row(
        "[bold]alerts[/]", f"{alerts['raised']:,}: {_counts(alerts['by_level'])}; {_counts(alerts['by_department'])}"
    )
    table.add_row("", _counts(alerts["by_rule"]))
    table.add_row("[bold]cases[/]", f"{sum(found['cases'].values()):,}: {_counts(found['cases'])}")
    if found["actions"]:
        table.add_row("[bold]actions[/]", f"{sum(found['actions'].values()):,}: {_counts(found['actions'])}")
    for name, states in found["webhooks"].items():
        table.add_row("webhook", f"{name}: {_counts(states)}")
    table.add_row("profiles", f"{found['profiles']['accounts']:,} accounts")
    table.add_row(
        "run",
        f"{found['seconds']} s, {found['posts_per_second']} posts/s, {found['peak_memory_mb']:,} MB at the peak; "
        f"{posts['for_review']} decisions too close to call",
    )
    return table


def _urgent(job: Job) -> Table | None:
    path = job.output / "alerts" / "part-00000.jsonl"
    if not path.exists():
        return None
    rules = {rule.name for rule in job.config.alerts}
    told = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    # what a case became is told in its own time; what a screen shows at the end are the posts to look at
    alerts = [alert for alert in told if alert["rule"] in rules]
    alerts.sort(key=lambda each: (_LEVELS.index(each["level"]), -each["severity"], each["due_at"]))
    table = Table.grid()
    table.add_row("\n[bold]Most urgent alerts[/]")
    zone = ZoneInfo(job.config.time_zone)
    for alert in alerts[:_SHOWN]:
        due = datetime.fromisoformat(alert["due_at"]).astimezone(zone)
        why = f"{alert['category'] or 'complaint'}, severity {alert['severity']}, {alert['rule']}"
        table.add_row(f"{alert['department']}, answer by {due:%a %d %b %H:%M}: {why}")
        excerpt = Text("  " + " ".join(alert["excerpt"].split()), style="dim", no_wrap=True, overflow="ellipsis")
        for word in alert["words"]:
            excerpt.highlight_regex(rf"(?<!\w){re.escape(word)}(?!\w)", "not dim bold")
        table.add_row(excerpt)
    return table


def _people(job: Job) -> Table | None:
    store = ProfileStore(job.store_url)
    foremost = {column: store.foremost(column) for column in _FOREMOST}
    store.close()
    if not all(foremost.values()):
        return None
    table = Table(title="\n[bold]People to know[/]", title_style="", title_justify="left", box=None, pad_edge=False)
    for name, width in {"who": 12, "why": 26, "posts": 5, "mood": 5, "interests": 12}.items():
        table.add_column(name, no_wrap=True, min_width=width)
    for column, profile in foremost.items():
        if profile:
            why = f"{_FOREMOST[column]} ({getattr(profile, column):,})"
            table.add_row(_name(profile), why, str(profile.posts), f"{profile.mood:+.2f}", _top(profile))
    return table


def _places(found: Mapping[str, Any]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row("")
    places = dict(found["output"])
    table.add_row("[bold]profiles[/]", places.pop("profiles"))
    parent = places["enriched"].rpartition("/")[0]
    table.add_row("[bold]files[/]", f"{parent}/ {' · '.join(place.rpartition('/')[2] for place in places.values())}")
    table.add_row("", "[dim]shenava show PATH prints Avro files as JSON Lines[/]")
    return table


def _name(profile: Profile) -> str:
    return profile.display_name or profile.handle or profile.account


def _top(profile: Profile) -> str:
    return ", ".join(list(profile.interests)[:3])


def _counts(counts: Mapping[str, int]) -> str:
    return " · ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"
