"""Insights are written, corrected and removed, on both databases."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from pipeline.config import load_config
from pipeline.errors import ConfigError
from pipeline.logic.profile import Fold
from pipeline.records import Author, Case, Consent, Customer
from pipeline.store import database
from pipeline.store.care_store import CareStore
from pipeline.store.customer_store import CustomerStore
from pipeline.store.insight_store import InsightStore
from pipeline.store.person_store import PersonStore
from pipeline.store.profile_store import ProfileStore
from runners import insight as command
from runners.insight import refresh
from runners.insight_settings import moment, weekend
from tests.builders import START, a_classification, a_deletion, a_post, an_enriched_post

pytest_plugins = ["tests.stores"]

CONFIG = load_config(Path("runners/config/reference.yaml"))
NOW = START + timedelta(days=30)
DAY = timedelta(days=1)


def an_author(account, *posts, handle=None):
    """A profile of posts: (days, what else a post is)."""
    fold = Fold()
    for number, (days, more) in enumerate(posts):
        mentions, interests = more.pop("mentions", ()), more.pop("interests", ())
        platform, _, name = account.partition(":")
        author = Author(name, handle=handle, followers=100)
        post = a_post(f"{account}-{number}", hours=24 * days, author=author, platform=platform, mentions=mentions)
        fold.add(an_enriched_post(post, a_classification(**more), interests=interests))
    return fold.profile(account, CONFIG.profile_settings())


def praise(days=0, **more):
    return days, {"sentiment": "pos", "advocacy": True, **more}


def anger(days=0, **more):
    return days, {"sentiment": "neg", "severity": 3, **more}


def keep(url, *profiles):
    store = ProfileStore(url)
    store.merge(profiles, CONFIG.profile_settings())
    store.close()


def link(url, customer, *accounts, at=START):
    store = CustomerStore(url)
    store.put_customers([(Customer(customer, "سارا", "gold", (Consent("*", "service", True, at),)), accounts)], at)
    store.close()


def a_case(customer, state="open", case_id="c1", opened=START):
    return Case(
        case_id=case_id,
        customer=customer,
        brands=("Parsi",),
        department="care",
        categories=("delivery",),
        severity=2,
        state=state,
        opened_at=opened,
        due_at=opened + DAY,
        answered_at=None,
        resolved_at=None,
        sla_met=None,
        posts=(),
        history=(),
    )


def put_cases(url, *cases):
    store = CareStore(url)
    store.put_cases(cases)
    store.close()


@pytest.fixture
def insights(store_url):
    store = InsightStore(store_url)
    yield store
    store.close()


def rows(url, query):
    engine = create_engine(url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return found


def test_a_row_a_subject_and_its_interests(store_url, insights):
    keep(store_url, an_author("x:1", praise(interests=("skiing",)), praise(1)), an_author("x:2", anger()))
    done = refresh(insights, CONFIG, NOW)
    assert (done.accounts, done.customers, done.removed) == (2, 0, 0)
    found = rows(store_url, "SELECT subject, kind, segment, reach FROM insights ORDER BY subject")
    assert found == [("x:1", "account", "advocate", 100), ("x:2", "account", "at_risk", 100)]
    interests = rows(store_url, "SELECT subject, interest, kind, weight FROM interest_weights")
    assert interests == [("x:1", "skiing", "fine", pytest.approx(2 ** (-30 / 90), abs=1e-3))]
    assert insights.read("x:1").interests[0].evidence == ("x:x:1-0",)
    assert insights.read("x:3") is None


def test_how_people_in_general_write_on_is_kept(store_url, insights):
    assert insights.population() is None
    keep(store_url, an_author("x:1", praise(), anger(1)), an_author("x:2", anger()))
    refresh(insights, CONFIG, NOW)
    population = insights.population()
    assert population.accounts == 2
    assert sum(population.steps.values()) == 3


def test_refreshing_again_changes_nothing(store_url, insights):
    keep(store_url, *(an_author(f"x:{n}", praise(n % 5, interests=("skiing", "tennis"))) for n in range(30)))
    refresh(insights, CONFIG, NOW)
    before = rows(store_url, "SELECT subject, advocacy, influence FROM insights ORDER BY subject")
    assert refresh(insights, CONFIG, NOW).removed == 0
    assert rows(store_url, "SELECT subject, advocacy, influence FROM insights ORDER BY subject") == before
    assert rows(store_url, "SELECT count(*) FROM interest_weights") == [(60,)]


def test_linked_accounts_are_one_and_unlinking_gives_them_back(store_url, insights):
    keep(store_url, an_author("x:1", praise()), an_author("telegram:1", praise(1)), an_author("x:2", praise()))
    refresh(insights, CONFIG, NOW)
    apart = insights.read("x:1")
    link(store_url, "C1", "x:1", "telegram:1", "x:404")
    done = refresh(insights, CONFIG, NOW)
    assert (done.customers, done.accounts, done.removed) == (1, 1, 2)
    together = insights.read("C1")
    assert (together.posts, together.reach, together.segment) == (2, 200, "advocate")
    assert together.accounts == ("telegram:1", "x:1", "x:404")
    customers = CustomerStore(store_url)
    for account in together.accounts:
        customers.unlink(account, NOW)
    customers.close()
    assert refresh(insights, CONFIG, NOW).removed == 1
    assert insights.read("C1") is None
    assert insights.read("x:1") == apart


def test_an_open_case_of_any_account_puts_the_customer_at_risk(store_url, insights):
    keep(store_url, *(an_author(f"x:{n}", praise(), praise(1)) for n in (1, 2, 3)))
    link(store_url, "C1", "x:1", "x:2")
    put_cases(store_url, a_case("x:2"), a_case("x:3", "resolved", "c2"))
    refresh(insights, CONFIG, NOW)
    found = rows(store_url, "SELECT subject, segment FROM insights ORDER BY subject")
    assert sorted(found) == [("C1", "at_risk"), ("x:3", "advocate")]
    assert insights.open_cases(START - DAY) == frozenset()


def test_who_is_gone_goes(store_url, insights):
    keep(store_url, an_author("x:1", praise(interests=("skiing",))), an_author("x:2", praise()))
    refresh(insights, CONFIG, NOW)
    fold = Fold.of(an_author("x:1", praise(interests=("skiing",))))
    fold.add(an_enriched_post(a_deletion("x:1-0", hours=5, account="1")))
    keep(store_url, fold.profile("x:1", CONFIG.profile_settings()))
    assert refresh(insights, CONFIG, NOW).removed == 1
    assert rows(store_url, "SELECT subject FROM insights") == [("x:2",)]
    assert rows(store_url, "SELECT count(*) FROM interest_weights") == [(0,)]


def test_as_of_a_time_before_anybody_wrote_there_is_nothing(store_url, insights):
    keep(store_url, an_author("x:1", praise()))
    refresh(insights, CONFIG, NOW)
    assert refresh(insights, CONFIG, START - DAY).removed == 1


def test_who_is_mentioned_is_influential(store_url, insights, monkeypatch):
    monkeypatch.setattr(database, "CHUNK", 3)
    crowd = [an_author(f"x:{n}", praise(mentions=("Sara", "ParsiShops"))) for n in range(10)]
    keep(store_url, *crowd, an_author("x:99", praise(), praise(1), handle="sara"), an_author("x:98", anger(), anger(1)))
    done = refresh(insights, CONFIG, NOW)
    assert done.accounts == 12
    top = insights.read("x:99")
    assert (top.mentioned_by, top.influence > 3) == (10, True)
    assert [each.subject for each in done.ranked if each.segment == "advocate"] == ["x:99"]
    assert insights.read("x:98").mentioned_by == 0


def test_the_command_says_what_it_did(tmp_path, capsys):
    url = f"sqlite:///{tmp_path}/s.db"
    store = ProfileStore(url)
    store.create_tables()
    store.close()
    keep(url, an_author("x:1", praise(), praise(1)))
    given = _parsed(
        "refresh", "--store", url, "--config", "runners/config/reference.yaml", "--as-of", "latest", "--json"
    )
    assert given.command(given) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["as_of"] == "2026-10-04T08:00:00Z"
    assert found["segments"] == {"advocate": 1}
    assert found["advocates"] == [{"subject": "x:1", "influence": 1.0, "reach": 100}]
    given = _parsed("refresh", "--store", url)
    assert given.command(given) == 0
    assert "1 unlinked accounts" in capsys.readouterr().out


def _parsed(*arguments):
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    return parser.parse_args(["insight", *arguments])


def test_a_store_that_is_not_there_is_said(tmp_path):
    given = _parsed("refresh", "--store", f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(ConfigError, match="no such file"):
        given.command(given)


def test_the_moment_of_a_flag(store_url, insights):
    with pytest.raises(ConfigError, match="holds no post"):
        moment("latest", "--now", "UTC", insights)
    keep(store_url, an_author("x:1", praise(3)))
    assert moment("latest", "--now", "UTC", insights) == START + 3 * DAY
    assert moment("2026-10-17T12:00", "--now", "Asia/Tehran", insights) == datetime(2026, 10, 17, 8, 30, tzinfo=UTC)
    assert moment("2026-10-17", "--now", "UTC", insights) == datetime(2026, 10, 17, tzinfo=UTC)
    assert moment(None, "--now", "UTC", insights) > datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(ConfigError, match="--now: 'soon'"):
        moment("soon", "--now", "UTC", insights)


def test_the_weekend_is_that_of_the_fallback_department():
    assert weekend(CONFIG) == (3, 4)
    assert weekend(load_config(Path("runners/config/minimal.yaml"))) in ((5, 6), ())


def test_a_person_with_everything(store_url):
    keep(store_url, an_author("x:1", praise(), handle="sara"), an_author("telegram:1", praise(1)))
    link(store_url, "C1", "x:1", "telegram:1")
    put_cases(store_url, a_case("telegram:1"), a_case("x:1", "resolved", "c2"), a_case("x:1", case_id="c3", opened=NOW))
    people = PersonStore(store_url)
    customer, account = people.person("C1", NOW - DAY), people.person("x:1", NOW - DAY)
    assert (customer.is_customer, account.is_customer) == (True, False)
    assert [each.account for each in customer.profiles] == ["telegram:1", "x:1"]
    assert ([each.case_id for each in customer.cases], account.cases) == (["c1"], ())
    assert customer.customer == account.customer
    assert customer.customer.consents == (Consent("*", "service", True, START),)
    assert people.person("x:2", NOW) is None
    people.close()


def test_those_who_are_like_what_was_asked(store_url):
    keep(
        store_url,
        *(an_author(f"x:{n}", praise(), handle=handle) for n, handle in enumerate(["sara_ski", "Sara", "bob"])),
    )
    people = PersonStore(store_url)
    assert people.similar("x:@sara") == [("x:1", "Sara"), ("x:0", "sara_ski")]
    assert people.similar("sarra")[0] == ("x:1", "Sara")
    assert people.similar("zzz") == people.similar("x:") == []
    people.close()


def test_an_insight_without_a_refresh_has_no_influence(store_url, insights):
    keep(store_url, an_author("x:1", praise()))
    refresh(insights, CONFIG, NOW)
    known = replace(insights.read("x:1"), influence=None, mentioned_by=None)
    assert insights.with_influence(known).influence == 1
    assert insights.with_influence(replace(known, subject="x:2")).influence is None
