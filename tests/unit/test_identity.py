from datetime import timedelta

from pipeline.logic.identity import CRM, HAND, customer_key, customer_profile, import_links
from pipeline.logic.profile import Fold, ProfileSettings, merge
from pipeline.records import Link
from tests.builders import START, a_classification, a_post, an_enriched_post

SETTINGS = ProfileSettings()


def profile(account, *numbers, followers=10):
    fold = Fold()
    platform, _, name = account.partition(":")
    for number in numbers:
        post = a_post(str(number), hours=number, account=name, platform=platform, followers=followers)
        fold.add(an_enriched_post(post, a_classification(severity=number % 3)))
    return fold.profile(account, SETTINGS)


def test_a_customer_is_the_merge_of_the_accounts():
    one, other = profile("x:ali", 1, 2, followers=100), profile("instagram:ali", 3, followers=30)
    found = customer_profile("7", ["x:ali", "instagram:ali"], [one, other], SETTINGS)
    assert found.accounts == ("instagram:ali", "x:ali")
    assert found.profile.contributions == merge(one, other, SETTINGS).contributions
    assert found.profile.account == customer_key("7") == "customer:7"
    assert found.profile.posts == 3
    assert found.profile.reach == 130


def test_the_order_of_accounts_and_profiles_does_not_matter():
    several = [profile("x:ali", 1, 2), profile("instagram:ali", 3), profile("telegram:5", 4)]
    accounts = [each.account for each in several]
    assert customer_profile("7", accounts, several, SETTINGS) == customer_profile(
        "7", accounts[::-1], several[::-1], SETTINGS
    )


def test_a_customer_who_has_not_posted_has_no_profile():
    found = customer_profile("7", ["x:ali"], [], SETTINGS)
    assert (found.accounts, found.profile) == (("x:ali",), None)


def link(account, customer, source=CRM, days=0):
    return Link(account, customer, source, 1.0, START + timedelta(days=days))


def changes(wanted, existing=(), customers=("1", "2"), parted=(), days=5):
    return import_links(wanted, customers, existing, parted, START + timedelta(days=days))


def test_new_links_are_put_and_the_same_again_is_no_addition():
    found = changes({"x:a": "1", "x:b": "2"})
    assert [(each.account, each.customer, each.source) for each in found.put] == [("x:a", "1", CRM), ("x:b", "2", CRM)]
    assert found.added == 2
    again = changes({"x:a": "1", "x:b": "2"}, found.put)
    assert (again.added, again.remove) == (0, ())
    assert again.put == found.put


def test_an_account_that_is_no_longer_listed_loses_its_link():
    found = changes({"x:a": "1"}, [link("x:a", "1"), link("x:b", "1")])
    assert found.remove == ("x:b",)


def test_links_of_customers_who_are_not_imported_stay():
    assert changes({}, [link("x:z", "9")]).remove == ()


def test_an_account_goes_from_one_customer_to_the_other():
    found = changes({"x:a": "2"}, [link("x:a", "1")])
    assert [(each.account, each.customer) for each in found.put] == [("x:a", "2")]
    assert (found.added, found.remove) == (1, ())


def test_a_link_made_by_hand_stays_and_is_told():
    found = changes({"x:a": "2"}, [link("x:a", "1", HAND), link("x:b", "1", HAND)])
    assert (found.put, found.remove) == ((), ())
    assert found.kept_by_hand == ("x:a",), "x:b is not wanted by anybody: no contradiction"


def test_a_link_made_by_hand_that_the_crm_says_too_stays_one_by_hand():
    found = changes({"x:a": "1"}, [link("x:a", "1", HAND)])
    assert (found.put, found.kept_by_hand) == ((), ())


def test_a_link_taken_away_by_hand_does_not_come_back():
    found = changes({"x:a": "1"}, parted={("x:a", "1")})
    assert (found.put, found.kept_apart) == ((), ("x:a",))
    assert changes({"x:a": "2"}, parted={("x:a", "1")}).added == 1


def test_an_older_import_takes_no_account_from_a_later_one():
    found = changes({"x:a": "2"}, [link("x:a", "1", days=9), link("x:b", "2", days=9)])
    assert (found.put, found.remove) == ((), ())
    assert found.newer == ("x:a",)
