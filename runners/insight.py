"""`shenava insight refresh`: what every profile of the store says, as of a moment, into tables for analysts."""

from __future__ import annotations

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pipeline.config import Config, load_config
from pipeline.logic.behaviour_counts import Population
from pipeline.logic.identity import customer_profile
from pipeline.logic.influence import Influence, MentionGraph, Ranked, Voice, foremost
from pipeline.logic.insight import Insight, InsightSettings, insight
from pipeline.logic.profile import decay
from pipeline.logic.segments import HALF_LIFE, Segment
from pipeline.records import Profile, iso_time
from pipeline.store.insight_store import InsightStore
from runners.flags import DEFAULT_CONFIG, add_command, add_json, add_store
from runners.insight_settings import moment, settings_of

if TYPE_CHECKING:
    from rich.console import Console

_EXAMPLES = """\
examples:
  shenava insight refresh --store sqlite:///out/profiles.db --config company.yaml
  shenava insight refresh --store sqlite:///out/profiles.db --as-of latest --json | jq .advocates
  sqlite3 out/profiles.db "SELECT segment, count(*), avg(advocacy) FROM insights GROUP BY segment"
"""


@dataclass
class Refreshed:
    """A refresh in numbers."""

    as_of: datetime
    customers: int = 0
    accounts: int = 0
    removed: int = 0
    segments: Counter[str] = field(default_factory=Counter)
    ranked: list[Ranked] = field(default_factory=list)
    """Advocates and critics, in whatever order."""
    seconds: float = 0.0


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `insight` with its sub-command."""
    does = "what the profiles of a store say"
    own = commands.add_parser(
        "insight", help=does, description=does, epilog="examples: `shenava insight refresh --help`"
    )
    steps = own.add_subparsers(title="steps", required=True, metavar="STEP")
    refresh = add_command(steps, "refresh", "write the tables insights and interests anew", _refresh, _EXAMPLES)
    add_store(refresh)
    refresh.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="the company's YAML")
    refresh.add_argument(
        "--as-of", metavar="TIME", help="such as 2026-10-17T12:00+03:30, or latest: of the last post (default: now)"
    )
    add_json(refresh, "print the numbers as JSON")


def refresh(
    store: InsightStore, config: Config, now: datetime, advance: Callable[[], object] = lambda: None
) -> Refreshed:
    """Write every insight as of `now`, and remove those of subjects that are gone.

    Profiles pass twice, some hundred at a time: once for the mention graph, once to be judged.

    Args:
        advance: called once a profile and pass.

    Raises:
        TransientError: the store is away; a refresh that is begun again writes the same.
    """
    began, settings, links = monotonic(), settings_of(config), store.links()
    graph = MentionGraph(frozenset(config.enrich_settings().own_accounts), links)
    for document in store.documents():
        graph.add(_voice(document, now))
        advance()
    influence, done = graph.influence(), Refreshed(now)
    open_cases, written = store.open_cases(now), set[str]()
    population = Population()
    for some in _judged(store, links, open_cases, now, settings, advance):
        population = Population.total([population, *(Population.of(each.contributions, now) for each, _ in some)])
        known = [_with_influence(each, influence) for _, each in some]
        store.put(known)
        for each in known:
            written.add(each.subject)
            done.segments[each.segment] += 1
            done.customers += each.kind == "customer"
            if each.segment in (Segment.ADVOCATE, Segment.CRITIC):
                done.ranked.append(Ranked(each.subject, each.segment, each.influence or 0.0, each.reach))
    done.accounts = len(written) - done.customers
    done.removed = store.keep_only(written)
    store.put_population(population, now)
    done.seconds = monotonic() - began
    return done


def _refresh(given: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    config, store = load_config(given.config), InsightStore(given.store)
    try:
        store.must_exist()
        store.create_tables()
        now = moment(given.as_of, "--as-of", config.time_zone, store)
        columns = (TextColumn("reading profiles"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        screen = Console(stderr=True)
        shown = Progress(
            *columns, TimeRemainingColumn(), console=screen, transient=True, disable=not screen.is_terminal
        )
        with shown:
            task = shown.add_task("", total=2 * store.size())
            done = refresh(store, config, now, lambda: shown.advance(task))
    finally:
        store.close()
    if given.json:
        print(json.dumps(_numbers(done), ensure_ascii=False))
    else:
        _show(done, Console(highlight=False), ZoneInfo(config.time_zone))
    return 0


def _judged(
    store: InsightStore,
    links: Mapping[str, str],
    open_cases: frozenset[str],
    now: datetime,
    settings: InsightSettings,
    advance: Callable[[], object],
) -> Iterator[list[tuple[Profile, Insight]]]:
    for profiles in store.unlinked(links):
        for _ in profiles:
            advance()
        seen = [each for each in profiles if each.first_seen <= now]
        yield [(each, insight(each, now, settings, open_case=each.account in open_cases)) for each in seen]
    accounts_of = defaultdict(list)
    for account, customer in sorted(links.items()):
        accounts_of[customer].append(account)
    for customers in store.linked(accounts_of):
        found = []
        for customer, profiles in customers.items():
            for _ in profiles:
                advance()
            accounts = accounts_of[customer]
            together = customer_profile(customer, accounts, profiles, settings.profiles).profile
            if together and together.first_seen <= now:
                owed = not open_cases.isdisjoint(accounts)
                found.append((together, insight(together, now, settings, owed, customer, accounts)))
        yield found


def _voice(document: Mapping[str, Any], now: datetime) -> Voice:
    """Whom an account mentions, from its profile as JSON."""
    weights: dict[str, float] = defaultdict(float)
    for post in document["contributions"]:
        if post.get("mentions") and (at := datetime.fromisoformat(post["at"])) <= now:
            weight = decay(now - at, HALF_LIFE)
            for each in post["mentions"]:
                weights[each] += weight
    return Voice(document["account"], document["handle"], weights)


def _with_influence(of: Insight, influence: Mapping[str, Influence]) -> Insight:
    found = influence.get(of.subject)
    return replace(of, influence=found.rank, mentioned_by=found.mentioned_by) if found else of


def _numbers(done: Refreshed) -> dict[str, Any]:
    most = {
        name: [
            {"subject": each.subject, "influence": each.influence, "reach": each.reach}
            for each in foremost(done.ranked, segment)
        ]
        for name, segment in (("advocates", Segment.ADVOCATE), ("critics", Segment.CRITIC))
    }
    return {
        "as_of": iso_time(done.as_of),
        "customers": done.customers,
        "accounts": done.accounts,
        "removed": done.removed,
        "segments": dict(sorted(done.segments.items())),
        **most,
        "seconds": round(done.seconds, 2),
    }


def _show(done: Refreshed, console: Console, zone: ZoneInfo) -> None:
    from rich.table import Table

    total = done.customers + done.accounts
    as_of = f"{done.as_of.astimezone(zone):%d %b %Y %H:%M} ({zone.key})"
    console.print(f"{total:,} insights as of {as_of}; {done.removed:,} removed; {done.seconds:.1f} s")
    console.print(f"{done.customers:,} customers, {done.accounts:,} unlinked accounts")
    segments = Table("segment", "subjects", box=None)
    segments.columns[1].justify = "right"
    for name, count in done.segments.most_common():
        segments.add_row(name, f"{count:,}")
    console.print(segments)
    for title, segment in (("advocates", Segment.ADVOCATE), ("critics", Segment.CRITIC)):
        if most := foremost(done.ranked, segment):
            table = Table(f"most influential {title}", "influence", "reach", box=None)
            for each in most:
                table.add_row(each.subject, f"{each.influence:.2f}", f"{each.reach:,}")
            console.print(table)
