"""Links come and go, and each customer's profile is always that of the accounts linked now: nothing else is left."""

import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.logic.identity import CRM, HAND, customer_profile, import_links
from pipeline.logic.profile import Fold, ProfileSettings
from pipeline.records import Author, Link, Profile
from tests.builders import START, a_classification, a_deletion, a_post, an_enriched_post

SETTINGS = ProfileSettings(keep_posts=6, time_zone="Asia/Tehran")
"""Keeps so few posts that the bound is at work when accounts are merged."""
ACCOUNTS = ("x:ali", "instagram:ali", "telegram:5")
CUSTOMERS = ("1", "2")


@st.composite
def profiles(draw: st.DrawFn, account: str) -> Profile:
    fold, (platform, name) = Fold(), account.split(":")
    for number in draw(st.lists(st.integers(0, 8), min_size=1, max_size=4, unique=True)):
        hours = number * 17
        if draw(st.integers(0, 5)) == 0:
            fold.add(an_enriched_post(a_deletion(str(number), hours=hours, account=name, platform=platform)))
            continue
        author = Author(
            *(name, draw(st.sampled_from([None, "ali", "ali2"])), draw(st.sampled_from([None, "علی"]))),
            followers=draw(st.sampled_from([None, 0, 5, 900])),
            declared=draw(st.dictionaries(st.sampled_from(["bio", "location"]), st.sampled_from("ab"), max_size=2)),
        )
        said = a_classification(
            severity=draw(st.integers(0, 4)),
            advocacy=draw(st.booleans()),
            topics=draw(st.sampled_from([(), ("sports",), ("food", "sports")])),
            sentiment=draw(st.sampled_from(["neg", "neu", "pos"])),
        )
        fold.add(an_enriched_post(a_post(str(number), hours=hours, platform=platform, author=author), said))
    return fold.profile(account, SETTINGS)


known = st.tuples(*map(profiles, ACCOUNTS)).map(lambda several: {each.account: each for each in several})
links = st.dictionaries(st.sampled_from(ACCOUNTS), st.sampled_from(CUSTOMERS))
steps = st.lists(st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from([*CUSTOMERS, None])), max_size=5)


def seen(customer, linked, profiles):
    theirs = [account for account, owner in linked.items() if owner == customer]
    return customer_profile(customer, theirs, [profiles[account] for account in theirs], SETTINGS)


@settings(max_examples=60, deadline=None)
@given(known, links, st.sampled_from(ACCOUNTS), st.sampled_from(CUSTOMERS))
def test_unlinking_restores_exactly_what_was_before(profiles, linked, account, customer):
    linked.pop(account, None)
    kept = copy.deepcopy(profiles)
    before = {each: seen(each, linked, profiles) for each in CUSTOMERS}
    linked[account] = customer
    assert account in seen(customer, linked, profiles).accounts
    del linked[account]
    assert {each: seen(each, linked, profiles) for each in CUSTOMERS} == before
    assert profiles == kept, "no account's own profile is touched by a merge"


@settings(max_examples=60, deadline=None)
@given(known, steps)
def test_only_the_links_of_now_count_and_not_how_they_came_about(profiles, taken):
    linked: dict[str, str] = {}
    for account, customer in taken:
        linked.pop(account, None)
        if customer is not None:
            linked[account] = customer
            seen(customer, linked, profiles)
    straight = {account: linked[account] for account in sorted(linked, reverse=True)}
    assert {c: seen(c, linked, profiles) for c in CUSTOMERS} == {c: seen(c, straight, profiles) for c in CUSTOMERS}


@settings(max_examples=60, deadline=None)
@given(known)
def test_a_customer_of_one_account_is_that_account(profiles):
    for account, profile in profiles.items():
        found = customer_profile("1", [account], [profile], SETTINGS).profile
        assert found.contributions == profile.contributions
        assert (found.posts, found.mood, found.interests, found.reach) == (
            *(profile.posts, profile.mood, profile.interests, profile.reach),
        )


@settings(max_examples=60, deadline=None)
@given(known)
def test_a_customer_has_the_latest_posts_of_all_accounts(profiles):
    merged = customer_profile("1", profiles, profiles.values(), SETTINGS).profile
    every = [post for each in profiles.values() for post in each.contributions]
    assert {post.post for post in merged.contributions} <= {post.post for post in every}
    assert merged.posts + len(merged.deletions) <= SETTINGS.keep_posts
    if every and merged.contributions:
        assert max(post.at for post in merged.contributions) == max(post.at for post in every)


imports = st.dictionaries(st.sampled_from(ACCOUNTS), st.sampled_from(CUSTOMERS))
by_hand = st.dictionaries(st.sampled_from(ACCOUNTS), st.sampled_from(CUSTOMERS))


def applied(existing, wanted, parted=frozenset()):
    changes = import_links(wanted, CUSTOMERS, existing.values(), parted, START)
    left = {account: link for account, link in existing.items() if account not in changes.remove}
    return left | {link.account: link for link in changes.put}


def linked_by(source, pairs):
    return {account: Link(account, customer, source, 1.0, START) for account, customer in pairs.items()}


@settings(deadline=None)
@given(imports, imports, by_hand)
def test_after_an_import_the_links_are_those_of_the_crm_but_for_what_was_said_by_hand(earlier, later, hand):
    existing = linked_by(CRM, earlier) | linked_by(HAND, hand)
    left = applied(existing, later)
    assert {account: link.customer for account, link in left.items()} == later | hand
    assert applied(left, later) == left, "again changes nothing"


@settings(deadline=None)
@given(imports, imports, st.sets(st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(CUSTOMERS))))
def test_no_import_links_what_was_parted(earlier, later, parted):
    existing = {a: link for a, link in linked_by(CRM, earlier).items() if (a, link.customer) not in parted}
    left = applied(existing, later, parted)
    assert {(account, link.customer) for account, link in left.items()} == set(later.items()) - parted
