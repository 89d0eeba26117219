"""Customers, links and consents on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text

from pipeline.errors import ConfigError
from pipeline.logic.profile import Fold, ProfileSettings
from pipeline.records import ANY, Consent, Customer, Link, Suppressed
from pipeline.store.customer_store import CustomerStore
from pipeline.store.profile_store import ProfileStore
from tests.builders import START, a_classification, a_post, an_enriched_post

pytest_plugins = ["tests.stores"]

SETTINGS = ProfileSettings()
DAY = timedelta(days=1)
YES = Consent("e-mail", "marketing", True, START)
NO = Consent(ANY, "service", False, START)


@pytest.fixture
def store(store_url):
    opened = CustomerStore(store_url)
    yield opened
    opened.close()


def sara(**more):
    given = {"name": "سارا", "tier": "gold", "consents": (YES, NO), "contacts": ("email:ab", "phone:cd")} | more
    return Customer("1001", **given)


def put_profiles(url, *accounts):
    store = ProfileStore(url)
    for number, account in enumerate(accounts):
        platform, _, name = account.partition(":")
        fold = Fold()
        post = a_post(str(number), hours=number, platform=platform, account=name)
        fold.add(an_enriched_post(post, a_classification(severity=number % 3)))
        store.merge([fold.profile(account, SETTINGS)], SETTINGS)
    store.close()


def rows(url, statement):
    engine = create_engine(url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(statement))]
    engine.dispose()
    return found


def test_a_customer_is_read_back_as_imported(store):
    done = store.put_customers([(sara(), ["x:1", "instagram:2"])], START)
    assert (done.new, done.changed, done.unchanged, done.links_added) == (1, 0, 0, 2)
    assert store.customer("1001") == sara()
    assert store.customer("1") is None
    assert store.accounts("1001") == [
        Link("instagram:2", "1001", "crm", 1.0, START),
        Link("x:1", "1001", "crm", 1.0, START),
    ]
    assert store.of_account("x:1").customer == "1001"
    assert store.of_account("x:9") is None
    assert store.consents("1001") == (NO, YES)
    assert list(store.contacts()) == [("email:ab", "1001"), ("phone:cd", "1001")]
    assert list(store.customers()) == [sara()]


def test_the_same_import_again_changes_nothing(store, store_url):
    everything = [f"select * from {table} order by 1, 2" for table in ("customers", "links", "consents", "contacts")]
    store.put_customers([(sara(), ["x:1"])], START)
    before = [rows(store_url, each) for each in everything]
    done = store.put_customers([(sara(), ["x:1"])], START)
    assert (done.new, done.changed, done.unchanged, done.links_added, done.links_removed) == (0, 0, 1, 0, 0)
    assert [rows(store_url, each) for each in everything] == before


def test_a_later_import_replaces_all_of_a_customer(store):
    store.put_customers([(sara(), ["x:1", "instagram:2"])], START)
    changed = sara(tier=None, consents=(), contacts=("email:ef",))
    done = store.put_customers([(changed, ["x:1"])], START + DAY)
    assert (done.changed, done.links_removed) == (1, 1)
    assert store.customer("1001") == changed
    assert [link.account for link in store.accounts("1001")] == ["x:1"]
    assert store.consents("1001") == ()
    assert list(store.contacts()) == [("email:ef", "1001")]


def test_an_earlier_import_that_comes_late_changes_nothing(store):
    store.put_customers([(sara(), ["x:1"])], START + DAY)
    done = store.put_customers([(sara(tier="bronze"), ["x:2"]), (Customer("1002"), ["x:1"])], START)
    assert (done.older, done.new, done.links_added) == (1, 1, 0)
    assert store.customer("1001").tier == "gold"
    assert store.links() == {"x:1": "1001"}


def test_a_consent_keeps_its_time_until_the_word_changes(store):
    def imported(given, days):
        said = Consent("e-mail", "marketing", given, START + days * DAY)
        store.put_customers([(sara(consents=(said,)), [])], START + days * DAY)
        return store.consents("1001")

    assert imported(True, 0) == imported(True, 1) == (YES,)
    assert imported(False, 2) == imported(False, 3)
    assert store.consents("1001")[0].at == START + 2 * DAY
    own = Consent("e-mail", "marketing", False, START + DAY)
    store.put_customers([(sara(consents=(own,)), [])], START + 4 * DAY)
    assert store.consents("1001") == (own,), "a time of its own goes before"


def test_an_account_goes_from_one_customer_to_another_in_whatever_order(store):
    store.put_customers([(Customer("1"), ["x:a"]), (Customer("2"), ["x:b"])], START)
    store.put_customers([(Customer("1"), ["x:b"]), (Customer("2"), ["x:a"])], START + DAY)
    assert store.links() == {"x:a": "2", "x:b": "1"}


def test_what_was_said_by_hand_outlives_imports(store):
    store.put_customers([(Customer("1"), ["x:a", "x:b"]), (Customer("2"), [])], START)
    assert store.link("x:a", "2", START + DAY).customer == "1"
    assert store.unlink("x:b", START + DAY).customer == "1"
    done = store.put_customers([(Customer("1"), ["x:a", "x:b"]), (Customer("2"), [])], START + 2 * DAY)
    assert (done.kept_by_hand, done.kept_apart, done.links_added) == (("x:a",), ("x:b",), 0)
    assert store.links() == {"x:a": "2"}
    assert store.parted() == {("x:b", "1")}


def test_linking_again_forgets_that_it_was_unlinked(store):
    store.put_customers([(Customer("1"), ["x:a"])], START)
    store.unlink("x:a", START)
    assert store.unlink("x:a", START) is None
    store.link("x:a", "1", START)
    assert store.parted() == set()
    assert store.of_account("x:a").source == "hand"


def test_a_link_needs_a_customer(store):
    with pytest.raises(ConfigError, match=r"'7' is not in the store.*--new"):
        store.link("x:a", "7", START)
    assert store.links() == {}
    store.link("x:a", "7", START, new=True)
    assert store.customer("7") == Customer("7")


def test_customers_who_left_the_crm_go_but_not_those_linked_by_hand(store):
    given = [(Customer(str(number), consents=(YES,), contacts=("email:a",)), [f"x:{number}"]) for number in range(4)]
    store.put_customers(given, START)
    store.link("x:hand", "2", START)
    store.put_customers([(Customer("3"), [])], START + 2 * DAY)
    done = store.remove_others(["0"], START + DAY)
    assert (done.removed, done.links_removed) == (1, 1)
    assert [each.customer for each in store.customers()] == ["0", "2", "3"], "3 is of a later import"
    assert store.consents("1") == ()
    assert {customer for _, customer in store.contacts()} == {"0", "2"}


def test_customers_by_account(store):
    store.put_customers([(sara(), ["x:1", "instagram:2"]), (Customer("1002"), ["x:3"])], START)
    assert dict(store.customers_by_account()) == {"x:1": sara(), "instagram:2": sara(), "x:3": Customer("1002")}


def test_a_link_and_its_end_leave_no_trace_in_the_profile(store, store_url):
    put_profiles(store_url, "x:1", "instagram:2", "x:3")
    store.put_customers([(sara(), ["x:1", "instagram:2", "telegram:not-seen"])], START)
    profiles = rows(store_url, "select * from profiles order by account")
    before = store.profile("1001", SETTINGS)
    assert before.profile.posts == 2
    assert before.accounts == ("instagram:2", "telegram:not-seen", "x:1")
    store.link("x:3", "1001", START)
    assert store.profile("1001", SETTINGS).profile.posts == 3
    store.unlink("x:3", START)
    assert store.profile("1001", SETTINGS) == before
    assert rows(store_url, "select * from profiles order by account") == profiles
    assert store.profile("9", SETTINGS) is None


def test_accounts_are_found_by_handle_and_by_having_posted(store, store_url):
    put_profiles(store_url, "x:Sara", "instagram:sara")
    assert store.accounts_by_handle(["x:@sara", "x:@nobody"]) == {"x:@sara": ["x:Sara"], "x:@nobody": []}
    assert store.have_posted(["x:Sara", "x:nobody"]) == {"x:Sara"}


def test_many_customers_in_one_call(store):
    many = [
        (Customer(str(n), consents=(YES,), contacts=(f"email:{n}",)), [f"x:{n}", f"instagram:{n}"]) for n in range(1000)
    ]
    assert store.put_customers(many, START).links_added == 2000
    assert store.put_customers(many, START + DAY).unchanged == 1000
    assert sum(1 for _ in store.customers_by_account()) == 2000


def test_the_suppression_list_knows_accounts_and_customers(store):
    store.suppress("x:1", "asked for it", START)
    store.suppress("1001", "a journalist", START)
    store.suppress("1001", "a colleague", START + DAY)
    assert store.suppressed() == [
        Suppressed("1001", "a colleague", START + DAY),
        Suppressed("x:1", "asked for it", START),
    ]
    assert store.is_suppressed(["x:1", "7"])
    assert not store.is_suppressed(["x:2", "7"])
    assert (store.unsuppress("x:1"), store.unsuppress("x:1")) == (True, False)
    assert not store.is_suppressed(["x:1"])


def test_the_salt_is_made_once_and_a_wrong_one_is_refused(store, monkeypatch):
    monkeypatch.delenv("SHENAVA_SALT", raising=False)
    assert store.salt() == store.salt()
    monkeypatch.setenv("SHENAVA_SALT", "another salt of 16 letters and more")
    with pytest.raises(ConfigError, match="SHENAVA_SALT"):
        store.salt()
