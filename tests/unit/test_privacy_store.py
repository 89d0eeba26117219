"""A person taken out of the store, on SQLite and on PostgreSQL."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, text

from pipeline.errors import ConfigError
from pipeline.logic.care import tell
from pipeline.logic.facts import fact
from pipeline.logic.profile import Fold, ProfileSettings
from pipeline.logic.tombstones import rows
from pipeline.records import Author, Customer, Sample
from pipeline.store import secrets
from pipeline.store.care_store import CareStore
from pipeline.store.customer_store import CustomerStore
from pipeline.store.kpi_store import KpiStore
from pipeline.store.privacy_store import PrivacyStore
from pipeline.store.profile_store import ProfileStore
from pipeline.store.retention_store import RetentionStore
from pipeline.store.tombstone_store import TombstoneStore
from tests.builders import START, a_classification, a_post, an_enriched_post
from tests.unit.test_care import CARE, LATER

pytest_plugins = ["tests.stores"]

SARA, ALI = "x:9488311130", "x:ali"
AUTHOR = Author("9488311130", "sara_ahm", "سارا احمدی")
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SALT = b"s" * 32


def complaint(post_id, author, **more):
    return an_enriched_post(
        a_post(post_id, author=author, **more), a_classification(severity=4, categories=("billing",))
    )


@pytest.fixture
def store(store_url):
    """Sara and Ali complained; Ali speaks to Sara; both are customers; a wave shows both."""
    posts = {
        SARA: [complaint("1", AUTHOR, text="من سارا احمدی هستم"), complaint("2", AUTHOR, hours=1)],
        ALI: [complaint("3", Author("ali", "ali"), mentions=("sara_ahm",), in_reply_to_account_id="9488311130")],
    }
    care, profiles, kpis = CareStore(store_url), ProfileStore(store_url), KpiStore(store_url, "UTC")
    customers = CustomerStore(store_url)
    care.create_tables()
    for account, events in posts.items():
        fold = Fold()
        for event in events:
            fold.add(event)
        profile = fold.profile(account, ProfileSettings())
        if account == ALI:
            to = (SARA, "x:@sara_ahm")
            spoken = tuple(replace(each, mentions=to) for each in profile.contributions)
            profile = replace(profile, contributions=spoken)
        profiles.merge([profile], ProfileSettings())
        facts = [fact(event, None) for event in events]
        told = tell(account, facts, CARE, LATER)
        care.add_facts((account, each) for each in facts)
        care.put_cases(told.cases.values())
        care.put_alerts(told.alerts.values())
        kpis.count(told.kpis.values())
    alert = next(care.alerts())
    shown = tuple(Sample(f"x:{number}", f"excerpt {number}", None) for number in (1, 3))
    wave = replace(
        alert, alert_id="wave", rule="complaint-wave", account=None, customer=None, post_id="1", samples=shown
    )
    care.put_alerts([replace(wave, case=None)])
    customers.put_customers([(Customer("C-10042", "سارا احمدی"), [SARA]), (Customer("C-2", "علی"), [ALI])], NOW)
    for each in (care, profiles, kpis, customers):
        each.close()
    store = PrivacyStore(store_url)
    yield store
    store.close()


def everything(store_url):
    """Table -> its rows as text, of all tables that hold people."""
    engine = create_engine(store_url)
    tables = ("profiles", "facts", "cases", "alerts", "kpi_facts", "kpis", "links", "customers")
    with engine.connect() as connection:
        found = {table: sorted(map(str, connection.execute(text(f"SELECT * FROM {table}")))) for table in tables}
    engine.dispose()
    return found


def test_an_account_is_erased_from_every_table_and_the_search_finds_nothing(store, store_url):
    before = everything(store_url)
    person = store.find(SARA)
    assert (person.handles, person.names, person.posts) == (
        frozenset({"x:@sara_ahm"}),
        frozenset({"سارا احمدی"}),
        frozenset({"x:1", "x:2"}),
    )
    assert set(store.search(person)) >= {"profiles", "facts", "cases", "alerts", "links"}
    planned = store.erase(person, SALT, dry=True)
    assert everything(store_url) == before
    done = store.erase(person, SALT)
    assert dict(done) == dict(planned)
    assert store.compact() is None
    left = store.search(person)
    assert not left
    after = everything(store_url)
    assert after["kpis"] == before["kpis"], "what was counted stays"
    assert len(after["kpi_facts"]) == 3
    assert "x:1" not in " ".join(after["kpi_facts"]) + " ".join(after["alerts"])
    assert not store.erase(person, SALT), "a second time nothing is left to erase"


def test_others_keep_what_is_theirs_but_the_name(store, store_url):
    ali = next(each for each in ProfileStore(store_url).read_all() if each.account == ALI)
    store.erase(store.find(SARA), SALT)
    kept = ProfileStore(store_url).read(ALI)
    unnamed = tuple(replace(each, mentions=()) for each in ali.contributions)
    assert kept == replace(ali, contributions=unnamed)
    wave = next(each for each in CareStore(store_url).alerts() if each.alert_id == "wave")
    assert (wave.post_id, wave.excerpt, [each.post for each in wave.samples]) == ("3", "excerpt 3", ["x:3"])
    assert {case.customer for case in CareStore(store_url).cases()} == {ALI}


def test_a_customer_is_erased_with_all_accounts(store, store_url):
    person = store.find("C-10042")
    assert person.subjects == {SARA, "C-10042"}
    store.erase(person, SALT)
    assert not store.search(person)
    assert everything(store_url)["customers"] == [row for row in everything(store_url)["customers"] if "C-2" in row]
    assert store.compact() is None
    assert not store.leftovers(person)


def test_a_table_that_came_later_is_searched_and_erased_too(store, store_url):
    engine = create_engine(store_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE later (id INTEGER PRIMARY KEY, note TEXT)"))
        for number, note in enumerate(('{"account": "x:9488311130"}', "call sara_ahm", "call ali")):
            connection.execute(text("INSERT INTO later VALUES (:id, :note)"), {"id": number, "note": note})
    person = store.find(SARA)
    assert store.search(person)["later"] == 2
    assert store.erase(person, SALT)["later"] == 2
    with engine.connect() as connection:
        assert connection.execute(text("SELECT note FROM later ORDER BY id")).scalars().all() == [
            "call [forgotten]",
            "call ali",
        ]
    engine.dispose()


def test_a_tombstone_stands_until_it_is_lifted(store_url):
    store = TombstoneStore(store_url)
    store.create_tables()
    salt = store.salt()
    assert not store.empty_derived()
    stones = rows(SARA, ["sara_ahm"], [], salt)
    assert [store.bury(stones, NOW) for _ in range(2)] == [len(stones), 0]
    assert store.read().covers(SARA)
    assert not store.read().covers(ALI)
    assert store.empty_derived()
    assert store.read().covers(SARA), "a run that replaces an earlier one forgets nobody's wish"
    assert [store.lift(ALI), store.lift(SARA), store.lift(SARA)] == [0, len(stones), 0]
    assert not store.read()
    store.close()


def test_the_salt_stays_and_another_one_is_refused(store_url, monkeypatch):
    store = TombstoneStore(store_url)
    store.create_tables()
    first = store.salt()
    assert store.salt() == first
    monkeypatch.setenv(secrets.VARIABLE, "quite another salt")
    with pytest.raises(ConfigError, match="not the salt"):
        store.salt()
    monkeypatch.setenv(secrets.VARIABLE, "short")
    with pytest.raises(ConfigError, match="16 characters"):
        store.salt()
    store.close()


def test_the_person_gets_what_is_theirs_and_nothing_of_others(store):
    person = store.find(SARA)
    found = list(store.records(person))
    assert {name for name, _ in found} == {"profiles", "facts", "cases", "alerts", "kpi_facts", "links"}
    assert ALI not in str(found)
    (wave,) = store.samples(person)
    assert [each["post"] for each in wave["samples"]] == ["x:1"]


@pytest.mark.usefixtures("store")
def test_what_is_older_goes_and_open_cases_stay(store_url):
    retention = RetentionStore(store_url)
    before = everything(store_url)
    assert not retention.remove_older(START - timedelta(days=1))
    later = START + timedelta(days=900)
    planned = retention.remove_older(later, dry=True)
    assert everything(store_url) == before
    assert retention.remove_older(later) == planned
    after = everything(store_url)
    assert after["cases"] == before["cases"], "both are open"
    assert after["facts"] == before["facts"], "an open case rests on them"
    assert after["kpis"] == before["kpis"]
    assert after["kpi_facts"] == []
    assert not retention.remove_older(later)
    retention.close()
