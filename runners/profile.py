"""`shenava profile show`: one person on the screen, from everything the store knows of them."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.config import Config, load_config
from pipeline.errors import ConfigError
from pipeline.logic.behaviour_prior import fit
from pipeline.logic.identity import customer_profile
from pipeline.logic.insight import Insight, insight
from pipeline.logic.next_behaviour import Forecast, as_json, predict
from pipeline.records import Profile, to_json
from pipeline.store.insight_store import InsightStore
from pipeline.store.person_store import Person, PersonStore
from runners.flags import DEFAULT_CONFIG, add_command, add_json, add_store
from runners.insight_settings import moment, settings_of

_EXAMPLES = """\
examples:
  shenava profile show x:1285863458 --store sqlite:///out/profiles.db --config company.yaml
  shenava profile show C-1001 --store sqlite:///out/profiles.db --now latest --lang fa
  shenava profile show x:1285863458 --store sqlite:///out/profiles.db --json | jq .insight.segment

Everything is as of now, or of --now. What is not in it: text of posts. The evidence of an interest names posts.
"""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `profile` with its sub-command."""
    does = "look at one customer or account"
    own = commands.add_parser("profile", help=does, description=does, epilog="examples: `shenava profile show --help`")
    steps = own.add_subparsers(title="steps", required=True, metavar="STEP")
    show = add_command(steps, "show", "a card of what is known of a customer or account", _show, _EXAMPLES)
    show.add_argument("subject", metavar="ACCOUNT|CUSTOMER", help="platform:account_id, or a customer's id in the CRM")
    add_store(show)
    show.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="the company's YAML")
    show.add_argument(
        "--now", metavar="TIME", help="such as 2026-10-17T12:00+03:30, or latest: of the store's last post"
    )
    show.add_argument("--lang", choices=["fa", "en"], help="of the card (default: Persian for who writes it mostly)")
    add_json(show, "print all of it as JSON, times in UTC")


def _show(given: argparse.Namespace) -> int:
    config = load_config(given.config)
    people, insights = PersonStore(given.store), InsightStore(given.store)
    try:
        people.must_exist()
        people.create_tables()
        now = moment(given.now, "--now", config.time_zone, insights)
        person = people.person(given.subject, now)
        if person is None:
            raise ConfigError(_unknown(given.subject, people))
        profile = _profile(person, config)
        known = _insight(person, profile, config, now, insights)
        ahead = _forecast(profile, now, insights)
    finally:
        people.close()
        insights.close()
    if given.json:
        print(json.dumps(_document(person, profile, known, ahead), ensure_ascii=False))
    else:
        _print(person, profile, known, ahead, config, now, given.lang)
    return 0


def _profile(person: Person, config: Config) -> Profile | None:
    if not person.is_customer:
        return person.profiles[0] if person.profiles else None
    return customer_profile(person.subject, person.accounts, person.profiles, config.profile_settings()).profile


def _insight(
    person: Person, profile: Profile | None, config: Config, now: datetime, store: InsightStore
) -> Insight | None:
    """As of now; the influence, which needs everybody's posts, is that of the last refresh."""
    if profile is None or profile.first_seen > now:
        return None
    customer = person.subject if person.is_customer else None
    known = insight(profile, now, settings_of(config), bool(person.cases), customer, person.accounts)
    return store.with_influence(known)


def _forecast(profile: Profile | None, now: datetime, store: InsightStore) -> Forecast | None:
    """What they do next, given how people in general did at the last refresh; None before the first."""
    population = store.population()
    if profile is None or profile.first_seen > now or population is None:
        return None
    return predict(profile.contributions, fit(population), now)


def _unknown(subject: str, people: PersonStore) -> str:
    near = [f"{account} (@{handle})" if handle else account for account, handle in people.similar(subject)]
    like = f"; like it: {', '.join(near)}" if near else "; an account is written platform:account_id, such as x:123"
    return f"profile {subject!r}: no such account or customer in {people.shown_url}{like}"


def _document(person: Person, profile: Profile | None, known: Insight | None, ahead: Forecast | None) -> dict[str, Any]:
    numbers = to_json(profile) if profile else None
    if numbers:
        # the insight and the numbers say what the single posts do
        for name in ("contributions", "looks", "deletions"):
            del numbers[name]
    return {
        "subject": person.subject,
        "customer": to_json(person.customer) if person.customer else None,
        "accounts": list(person.accounts),
        "profile": numbers,
        "insight": to_json(known) if known else None,
        "forecast": as_json(ahead) if ahead else None,
        "open_cases": [to_json(each) for each in person.cases],
        "alerts": [to_json(each) for each in person.alerts],
        "actions": [to_json(each) for each in person.actions],
    }


def _print(
    person: Person,
    profile: Profile | None,
    known: Insight | None,
    ahead: Forecast | None,
    config: Config,
    now: datetime,
    language: str | None,
) -> None:
    from rich.console import Console

    from runners.card_lines import Card
    from runners.profile_card import card, reader_language

    console = Console(highlight=False)
    shown = Card(
        person=person,
        profile=profile,
        insight=known,
        forecast=ahead,
        now=now,
        zone=ZoneInfo(config.time_zone),
        language=language or reader_language(known),
        persian=config.action_settings().persian,
    )
    console.print(card(shown, console), soft_wrap=True)
