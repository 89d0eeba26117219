"""`shenava audience`: a list of people for a campaign."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pipeline.errors import ConfigError
from pipeline.logic.audience import Candidate, Listed, Terms, Wanted, choose, same_channel
from pipeline.logic.durations import parse_duration
from pipeline.logic.segments import Segment
from pipeline.logic.templates import TOPICS_FA
from pipeline.records import ANY, iso_time
from runners.flags import DEFAULT_CONFIG, add_command, add_json, add_store, count, positive

if TYPE_CHECKING:
    from pipeline.config import Config
    from pipeline.store.audience_store import AudienceStore

_EXAMPLES = """\
examples:
  shenava audience --interest skiing --segment advocate --channel e-mail --store sqlite:///out/profiles.db \\
    --config company.yaml --format csv --output skiers.csv
  shenava audience --interest skiing --interest tea --tier gold --channel phone --store sqlite:///out/profiles.db
  shenava audience --segment critic --purpose none --store sqlite:///out/profiles.db --json

Several values of a flag: any of them; several flags: all of them. Who is meant and left out is counted with the first
reason that holds: insight out of date, suppression list, open case, no consent, written to within actions.cool_down.
The heaviest interest comes first, then the highest advocacy, then the widest reach. The list has no addresses: the
CRM knows them by the customer's id. Without --output it goes to standard output, the summary to standard error; with
--json the summary goes to standard output, and the list only to --output.
"""
_FORMATS = ("table", "csv", "jsonl")
_NO_CONSENT = "none"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `audience`."""
    own = add_command(commands, "audience", "list people for a campaign", _run, _EXAMPLES)
    for flag, of, values in (
        ("--interest", "only who is interested in it, such as skiing", None),
        ("--segment", "only who is that to the company", [each.value for each in Segment]),
        ("--tier", "only customers of that tier of the CRM", None),
        ("--language", "only who mostly writes it: fa, fa-latn, en …", None),
        ("--platform", "only who has an account there", None),
        ("--brand", "only who wrote about it", None),
    ):
        meaning = f"{of}; may be given several times"
        own.add_argument(flag, action="append", default=[], choices=values, metavar=flag[2:].upper(), help=meaning)
    own.add_argument("--min-interest", type=positive, metavar="WEIGHT", help="least weight of one of the interests")
    own.add_argument("--channel", metavar="NAME", help="by which they are to be written to, as consents name it")
    own.add_argument(
        "--purpose",
        choices=["marketing", "service", _NO_CONSENT],
        default="marketing",
        help="for which consent is needed (default: marketing); none asks for no consent, to count people",
    )
    add_store(own)
    own.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="FILE", help="the company's YAML")
    own.add_argument("--format", choices=_FORMATS, help="default: of --output's name, else table")
    own.add_argument("--output", type=Path, metavar="FILE", help=".csv or .jsonl")
    own.add_argument("--limit", type=count, metavar="N", help="at most so many, the first of the list")
    own.add_argument(
        "--max-age", type=_duration, default=timedelta(days=7), metavar="TIME", help="of insights (default: 7d)"
    )
    own.add_argument("--now", metavar="TIME", help="as of then, or latest: of the store's last post (default: now)")
    own.add_argument("--lang", choices=["en", "fa"], default="en", help="of hours and the table (default: en)")
    add_json(own, "print the summary as JSON")


def _run(given: argparse.Namespace) -> int:
    from pipeline.config import load_config
    from pipeline.store.audience_store import AudienceStore
    from pipeline.store.insight_store import InsightStore
    from runners.insight_settings import moment

    form, config = _form(given), load_config(given.config)
    wanted, terms = _wanted(given), _terms(given, config)
    with closing(AudienceStore(given.store)) as store, closing(InsightStore(given.store)) as insights:
        store.must_exist()
        store.create_tables()
        now = moment(given.now, "--now", config.time_zone, insights)
        _check(wanted, terms, config, store)
        listed = choose(_with_bar(store, wanted, now), wanted, terms, now, given.limit)
    if given.output or not given.json:
        _put(listed.people, form, given, config)
    _tell(listed, given, now)
    return 0


def _form(given: argparse.Namespace) -> str:
    ending = given.output.suffix.removeprefix(".") if given.output else ""
    form: str = given.format or (ending if given.output else "table")
    if given.output and form not in ("csv", "jsonl"):
        raise ConfigError(f"--output {given.output}: a file is .csv or .jsonl, or say --format csv")
    return form


def _wanted(given: argparse.Namespace) -> Wanted:
    if given.min_interest and not given.interest:
        raise ConfigError("--min-interest: say of which --interest")
    return Wanted(
        interests=frozenset(given.interest),
        min_interest=given.min_interest or 0.0,
        segments=frozenset(given.segment),
        tiers=frozenset(given.tier),
        languages=frozenset(each.lower() for each in given.language),
        platforms=frozenset(each.lower() for each in given.platform),
        brands=frozenset(given.brand),
    )


def _terms(given: argparse.Namespace, config: Config) -> Terms:
    purpose = None if given.purpose == _NO_CONSENT else given.purpose
    if purpose and not given.channel:
        raise ConfigError(
            "--channel: say by which channel they are to be written to, such as e-mail; "
            "or count people with --purpose none, which asks for no consent"
        )
    return Terms(given.channel, purpose, config.actions.cool_down, given.max_age)


def _check(wanted: Wanted, terms: Terms, config: Config, store: AudienceStore) -> None:
    """Raises ConfigError for a word that nobody knows: a slip of the pen must not look like an empty list."""
    from pipeline.store.customer_tables import CONSENTS, CUSTOMERS
    from pipeline.store.insight_tables import INTERESTS

    if not store.insights():
        raise ConfigError(f"--store {store.shown_url}: it has no insights yet; run `shenava insight refresh`")
    if wanted.interests:
        _known("--interest", wanted.interests, {*config.interests, *TOPICS_FA} | store.known(INTERESTS.c.interest))
    if wanted.tiers:
        _known("--tier", wanted.tiers, store.known(CUSTOMERS.c.tier))
    if wanted.brands and config.brands:
        _known("--brand", wanted.brands, config.brands)
    if terms.purpose and terms.channel:
        named = sorted(store.known(CONSENTS.c.channel) - {ANY})
        if not any(same_channel(terms.channel, each) for each in named):
            only = f"no consent names it (they name: {', '.join(named) or 'none'}); only those to every channel count"
            print(f"shenava: --channel {terms.channel}: {only}", file=sys.stderr)


def _known(flag: str, asked: Collection[str], known: Collection[str]) -> None:
    for each in sorted(set(asked).difference(known)):
        near = get_close_matches(each, known, 3, cutoff=0.5) or sorted(known)[:20]
        raise ConfigError(f"{flag}: nobody knows {each!r}; there are {', '.join(near) or 'none'}")


def _with_bar(store: AudienceStore, wanted: Wanted, now: datetime) -> Iterator[Candidate]:
    """A bar on standard error, on a terminal only."""
    from rich.console import Console
    from rich.progress import track

    everybody = (each for some in store.candidates(wanted, now) for each in some)
    quiet, screen = not sys.stderr.isatty(), Console(stderr=True)
    return iter(track(everybody, "reading", store.size(wanted), console=screen, transient=True, disable=quiet))


def _put(people: list[Candidate], form: str, given: argparse.Namespace, config: Config) -> None:
    from rich.console import Console

    from runners.audience_table import COLUMNS, row, table
    from runners.row_files import harmless, whole_file, write_rows

    if form == "table":
        if people:
            console, names = Console(highlight=False), config.action_settings().persian
            console.print(table(people, ZoneInfo(config.time_zone), given.lang, console.width, names))
        return
    rows: Iterator[dict[str, Any]] = (row(each, given.lang) for each in people)
    rows = map(harmless, rows) if form == "csv" else rows
    if given.output:
        with whole_file(given.output) as file:
            write_rows(file, rows, form, COLUMNS)
    else:
        sys.stdout.flush()
        write_rows(sys.stdout.buffer, rows, form, COLUMNS)


def _tell(listed: Listed, given: argparse.Namespace, now: datetime) -> None:
    from runners.audience_table import summary

    if given.json:
        numbers = {
            "now": iso_time(now),
            "insights_as_of": iso_time(listed.refreshed) if listed.refreshed else None,
            "listed": len(listed.people),
            "meant": listed.meant,
            "beyond_limit": listed.beyond,
            "left_out": {reason.value: number for reason, number in listed.out.items()},
            "segments": dict(sorted(Counter(each.segment for each in listed.people).items())),
            "output": str(given.output) if given.output else None,
        }
        print(json.dumps(numbers, ensure_ascii=False))
    else:
        print(
            "\n".join(summary(len(listed.people), listed.meant, listed.beyond, listed.out, given.lang)), file=sys.stderr
        )


def _duration(text: str) -> timedelta:
    try:
        span: timedelta = parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return span
