"""Who is on a list, who is left out of it and why, on both databases."""

from __future__ import annotations

import argparse
import csv
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.config import load_config
from pipeline.errors import ConfigError
from pipeline.logic.audience import Candidate, Reason, Terms, Wanted, choose, left_out, same_channel
from pipeline.logic.hour_shown import hour_shown
from pipeline.logic.profile import Fold
from pipeline.records import Action, Author, Case, Consent, Customer
from pipeline.store.audience_store import AudienceStore
from pipeline.store.care_store import CareStore
from pipeline.store.customer_store import CustomerStore
from pipeline.store.insight_store import InsightStore
from pipeline.store.profile_store import ProfileStore
from runners import audience as command
from runners.insight import refresh
from tests.builders import START, a_classification, a_post, an_enriched_post

pytest_plugins = ["tests.stores"]

CONFIG_FILE = Path("runners/config/reference.yaml")
CONFIG = load_config(CONFIG_FILE)
DAY = timedelta(days=1)
NOW = START + 20 * DAY
TERMS = Terms("e-mail", "marketing", timedelta(days=30), timedelta(days=7))
YES = Consent("e-mail", "marketing", True, START)


def a_candidate(**more):
    given = Candidate(
        subject="1",
        kind="customer",
        name="Sara",
        tier="gold",
        accounts=("x:1",),
        judged=("x:1",),
        segment="advocate",
        interest="skiing",
        weight=2.0,
        evidence=("x:p1",),
        best_hour=43,
        languages=("und", "fa"),
        brands=("Parsi",),
        reach=100,
        advocacy=40.0,
        last_seen=NOW - DAY,
        as_of=NOW - DAY,
        open_case=False,
        suppressed=False,
        consents=(YES,),
        written_to=None,
    )
    return replace(given, **more)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, None),
        ({"as_of": NOW - 8 * DAY}, Reason.STALE),
        ({"accounts": ("x:1", "x:2")}, Reason.STALE),
        ({"suppressed": True, "open_case": True}, Reason.SUPPRESSED),
        ({"open_case": True, "consents": ()}, Reason.OPEN_CASE),
        ({"consents": ()}, Reason.NO_CONSENT),
        ({"consents": (replace(YES, purpose="service"),)}, Reason.NO_CONSENT),
        ({"consents": (YES, replace(YES, given=False, at=START + DAY))}, Reason.NO_CONSENT),
        ({"consents": (replace(YES, channel="*"),)}, None),
        ({"written_to": NOW - 29 * DAY}, Reason.WRITTEN_TO),
        ({"written_to": NOW + DAY}, Reason.WRITTEN_TO),
        ({"written_to": NOW - 30 * DAY}, None),
    ],
)
def test_the_first_reason_that_holds_leaves_somebody_out(more, reason):
    assert left_out(a_candidate(**more), TERMS, NOW) == reason


def test_counting_people_asks_for_no_consent_and_for_all_the_rest():
    count_only = replace(TERMS, channel=None, purpose=None)
    assert left_out(a_candidate(consents=()), count_only, NOW) is None
    assert left_out(a_candidate(consents=(), suppressed=True), count_only, NOW) is Reason.SUPPRESSED


@pytest.mark.parametrize(
    ("wanted", "is_meant"),
    [
        (Wanted(), True),
        (Wanted(languages=frozenset({"fa", "en"})), True),
        (Wanted(languages=frozenset({"en"})), False),
        (Wanted(platforms=frozenset({"x"}), brands=frozenset({"Parsi"})), True),
        (Wanted(platforms=frozenset({"x"}), brands=frozenset({"Another"})), False),
        (Wanted(platforms=frozenset({"telegram"})), False),
    ],
)
def test_any_value_of_a_flag_and_every_flag(wanted, is_meant):
    assert choose([a_candidate()], wanted, TERMS, NOW).meant == is_meant


def test_the_heaviest_interest_comes_first_then_advocacy_and_the_limit_is_counted():
    people = [
        a_candidate(subject="light", weight=1.0, advocacy=90.0),
        a_candidate(subject="heavy", weight=3.0),
        a_candidate(subject="warm", weight=1.0, advocacy=95.0),
        a_candidate(subject="refused", consents=()),
    ]
    skiers = choose(people, Wanted(interests=frozenset({"skiing"})), TERMS, NOW, limit=2)
    assert [each.subject for each in skiers.people] == ["heavy", "warm"]
    assert (skiers.meant, skiers.beyond, skiers.out[Reason.NO_CONSENT]) == (4, 1, 1)
    anybody = choose(people, Wanted(), TERMS, NOW)
    assert [each.subject for each in anybody.people] == ["warm", "light", "heavy"]


def test_an_hour_of_the_week_is_told_in_the_readers_words():
    assert hour_shown(43) == "Tuesday 19:00"
    assert hour_shown(24 + 9, "fa") == "سه‌شنبه ۰۹:۰۰"


def test_a_channel_has_one_name_however_it_is_spelt():
    assert same_channel("E-Mail", "email")
    assert not same_channel("sms", "email")


def an_author(account, *interests, sentiment="pos", handle=None):
    """A profile with a post a day, each showing an interest."""
    fold = Fold()
    platform, _, name = account.partition(":")
    for number, interest in enumerate(interests):
        post = a_post(f"{account}-{number}", hours=24 * number, author=Author(name, handle=handle), platform=platform)
        fold.add(an_enriched_post(post, a_classification(sentiment=sentiment, advocacy=True), interests=[interest]))
    return fold.profile(account, CONFIG.profile_settings())


def an_action(customer, at=NOW - 10 * DAY, **more):
    given = Action(
        action_id=f"action of {customer}",
        policy="thank",
        action="thank",
        channel="reply",
        needs_consent="none",
        customer=customer,
        post="x:1",
        at=at,
        not_before=at,
        segment="advocate",
        brand=None,
        interest=None,
        language="en",
        text="",
        reasons=(),
    )
    return replace(given, **more)


def an_open_case(account):
    return Case(
        case_id=f"case of {account}",
        customer=account,
        brands=(),
        department="care",
        categories=("delivery",),
        severity=2,
        state="open",
        opened_at=START,
        due_at=NOW,
        answered_at=None,
        resolved_at=None,
        sla_met=None,
        posts=(),
        history=(),
    )


@pytest.fixture
def filled(store_url):
    """Six customers with an account each, and one account that is nobody's."""
    stores = profiles, customers, care, insights = [
        kind(store_url) for kind in (ProfileStore, CustomerStore, CareStore, InsightStore)
    ]
    skiers = [an_author(f"x:{number}", "skiing", "skiing", "tea") for number in range(1, 7)]
    stranger = an_author("x:7", "skiing", handle="=cmd")
    profiles.merge([*skiers, stranger], CONFIG.profile_settings())
    given = [
        (Customer(f"c{number}", f"Name {number}", "gold" if number < 5 else "silver", consents), [f"x:{number}"])
        for number, consents in enumerate([(YES,), (), (YES,), (YES,), (YES,), (YES,)], 1)
    ]
    customers.put_customers(given, START)
    customers.suppress("x:3", "asked us to", START)
    care.put_cases([an_open_case("x:4")])
    care.put_actions([an_action("x:5"), an_action("x:6", withdrawn=True)])
    refresh(insights, CONFIG, NOW)
    for store in stores:
        store.close()
    return store_url


def chosen(url, wanted, terms=TERMS, now=NOW):
    store = AudienceStore(url)
    listed = choose((each for some in store.candidates(wanted, now) for each in some), wanted, terms, now)
    store.close()
    return listed


SKIERS = Wanted(interests=frozenset({"skiing"}))


def test_the_store_knows_whom_to_leave_out(filled):
    listed = chosen(filled, SKIERS)
    assert [each.subject for each in listed.people] == ["c1", "c6"]
    assert listed.meant == 7
    # the account that is nobody's never agreed to anything
    assert {reason.value: count for reason, count in listed.out.items()} == {
        "stale": 0,
        "suppressed": 1,
        "open_case": 1,
        "no_consent": 2,
        "written_to": 1,
    }
    first = listed.people[0]
    assert (first.name, first.tier, first.accounts, first.interest) == ("Name 1", "gold", ("x:1",), "skiing")
    assert first.evidence == ("x:x:1-1", "x:x:1-0")


def test_the_interest_shown_is_the_heaviest_of_those_asked_for(filled):
    both = chosen(filled, Wanted(interests=frozenset({"skiing", "tea"}), tiers=frozenset({"gold"})))
    assert [(each.subject, each.interest) for each in both.people] == [("c1", "skiing")]
    assert chosen(filled, replace(SKIERS, min_interest=both.people[0].weight + 0.1)).meant == 0


def test_a_link_that_changed_since_the_refresh_makes_the_insight_stale(filled):
    store = CustomerStore(filled)
    store.link("x:7", "c1", NOW)
    store.close()
    listed = chosen(filled, SKIERS)
    assert [each.subject for each in listed.people] == ["c6"]
    assert listed.out[Reason.STALE] == 2, "the customer, and the account that is one's now"


def test_more_people_than_fit_one_statement_are_all_found(filled, monkeypatch):
    whole = chosen(filled, SKIERS)
    monkeypatch.setattr("pipeline.store.database.CHUNK", 2)
    assert chosen(filled, SKIERS) == whole


def _run(url, *flags):
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    given = ("--store", url, "--config", str(CONFIG_FILE), "--now", NOW.isoformat())
    parsed = parser.parse_args(["audience", *given, *flags])
    return parsed.command(parsed)


def test_a_list_goes_to_a_file_and_its_summary_to_the_screen(filled, tmp_path, capfd):
    path = tmp_path / "lists" / "skiers.csv"
    _run(filled, "--interest", "skiing", "--channel", "e-mail", "--output", str(path), "--json")
    rows = list(csv.DictReader(path.open(encoding="utf-8")))
    assert [(row["customer"], row["accounts"], row["best_hour"].partition(" ")[2]) for row in rows] == [
        ("c1", "x:1", "11:00"),
        ("c6", "x:6", "11:00"),
    ]
    told = json.loads(capfd.readouterr().out)
    assert (told["listed"], told["meant"], told["left_out"]["no_consent"]) == (2, 7, 2)
    assert not [each for each in path.parent.iterdir() if each != path], "nothing unfinished stays"


def test_a_name_that_somebody_chose_is_no_formula_in_a_spreadsheet(filled, capfd):
    _run(filled, "--purpose", "none", "--platform", "x", "--format", "csv")
    out, err = capfd.readouterr()
    assert [row["name"] for row in csv.DictReader(out.splitlines()) if row["kind"] == "account"] == ["'=cmd"]
    assert "1 left out: on the suppression list" in err


def test_the_persian_table_has_persian_words_and_numbers(filled, capfd):
    _run(filled, "--interest", "skiing", "--channel", "email", "--lang", "fa")
    out, err = capfd.readouterr()
    assert "اسکی" in out
    assert "ساعت مناسب" in out
    assert "۲ نفر در فهرست، از ۷ نفر" in err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--interest", "skiin", "--purpose", "none"], "nobody knows 'skiin'; there are skiing"),
        (["--tier", "golden", "--purpose", "none"], "--tier: nobody knows 'golden'; there are gold"),
        (["--interest", "skiing"], "--channel: say by which channel"),
        (["--min-interest", "1", "--purpose", "none"], "--min-interest: say of which --interest"),
        (["--purpose", "none", "--output", "list.txt"], "a file is .csv or .jsonl"),
    ],
)
def test_a_slip_of_the_pen_is_no_empty_list(filled, flags, message):
    with pytest.raises(ConfigError, match=message):
        _run(filled, *flags)


def test_a_store_without_insights_says_what_to_run(store_url):
    with pytest.raises(ConfigError, match="run `shenava insight refresh`"):
        _run(store_url, "--purpose", "none")
