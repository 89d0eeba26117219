"""The profile merge is a commutative, associative, idempotent fold of posts, edits and deletions in any order."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.logic.profile import Fold, ProfileSettings, contribution, merge
from pipeline.logic.versions import resolved
from pipeline.records import Author, EnrichedPost, Profile
from tests.builders import START, a_classification, a_deletion, a_post, an_enriched_post

SMALL = ProfileSettings(keep_posts=4, time_zone="Asia/Tehran")
"""Keeps so few posts that the bound is at work in most examples."""


@st.composite
def posts(draw: st.DrawFn) -> EnrichedPost:
    number = draw(st.integers(0, 9))
    # a post's time belongs to its id: two versions of one post agree on it, and no notice is older
    hours = (number * 7) % 5 * 30
    if draw(st.integers(0, 4)) == 0:
        return an_enriched_post(a_deletion(str(number), hours=hours + draw(st.sampled_from([0, 1, 70]))))
    followers = draw(st.sampled_from([None, 0, 5, 900]))
    declared = draw(st.dictionaries(st.sampled_from(["bio", "location"]), st.sampled_from(["a", "b"]), max_size=2))
    author = Author("ali", handle=draw(st.sampled_from([None, "ali", "ali2"])), followers=followers, declared=declared)
    edited = draw(st.sampled_from([None, 0, 1, 90]))
    return an_enriched_post(
        a_post(
            str(number),
            hours=hours,
            author=author,
            edited_at=None if edited is None else START + timedelta(hours=hours + edited),
        ),
        a_classification(
            severity=draw(st.integers(0, 4)),
            advocacy=draw(st.booleans()),
            topics=draw(st.sampled_from([(), ("sports",), ("food", "sports")])),
            sentiment=draw(st.sampled_from(["neg", "neu", "pos"])),
        ),
        interests=draw(st.sampled_from([(), ("skiing",)])),
    )


def profile_of(some: list[EnrichedPost]) -> Profile:
    fold = Fold()
    for each in some:
        fold.add(each)
    return fold.profile("x:ali", SMALL)


several = st.lists(posts(), min_size=1, max_size=8)


@given(several, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(some, random):
    shuffled = some + random.sample(some, len(some) // 2)
    random.shuffle(shuffled)
    assert profile_of(shuffled) == profile_of(some)


@given(several, several)
def test_merge_commutes_and_equals_folding_all_at_once(left, right):
    together = merge(profile_of(left), profile_of(right), SMALL)
    assert together == merge(profile_of(right), profile_of(left), SMALL)
    assert together.contributions == profile_of(left + right).contributions
    assert together == profile_of(left + right)


@given(several, several, several)
def test_merge_is_associative(a, b, c):
    a, b, c = profile_of(a), profile_of(b), profile_of(c)
    assert merge(merge(a, b, SMALL), c, SMALL) == merge(a, merge(b, c, SMALL), SMALL)


@given(several)
def test_merge_is_idempotent(some):
    profile = profile_of(some)
    assert merge(profile, profile, SMALL) == profile


@given(several, several)
def test_two_fold_accumulators_merge_like_profiles(left, right):
    accumulator, other = Fold(), Fold()
    for each in left:
        accumulator.add(each)
    for each in right:
        other.add(each)
    accumulator.merge(other, SMALL.keep_posts)
    assert accumulator.profile("x:ali", SMALL) == profile_of(left + right)


@given(several)
def test_counts_agree_with_the_posts_kept(some):
    profile = profile_of(some)
    assert profile.posts == len(profile.contributions) == len({each.post for each in profile.contributions})
    assert profile.posts + len(profile.deletions) <= SMALL.keep_posts
    assert sum(profile.activity) == profile.posts
    assert -1 <= profile.mood <= 1
    assert profile.first_seen <= profile.last_seen
    assert profile.last_seen - profile.first_seen <= timedelta(hours=120)


@given(several, several)
def test_a_deleted_post_counts_for_nothing_and_never_comes_back(some, late):
    deleted = {each.post.key for each in some if each.post.deleted}
    profile = merge(profile_of(some), profile_of(late), SMALL)
    assert deleted.isdisjoint(each.post for each in profile.contributions)
    assert deleted.isdisjoint(look.post for look in profile.looks)
    assert {each.post for each in profile_of(some).contributions}.isdisjoint(deleted)


@given(several)
def test_the_last_edit_that_is_kept_is_the_newest(some):
    newest = defaultdict(str)
    for each in some:
        newest[each.post.key] = max(newest[each.post.key], each.post.version)
    assert all(each.version == newest[each.post] for each in profile_of(some).contributions)


@given(several)
def test_the_newest_version_of_each_post_makes_the_same_profile_as_all_of_them(some):
    """A bounded run folds the newest versions only, an unbounded one whatever came."""
    deliveries = defaultdict(list)
    for each in some:
        deliveries[each.post.key].append(each)
    newest = []
    for each in deliveries.values():
        # one version is judged one way
        version = max(delivery.post.version for delivery in each)
        judged = max((d for d in each if d.post.version == version), key=lambda d: repr(contribution(d)))
        post = judged.post
        if post.deleted:
            post = resolved(post, (delivery.post for delivery in each))
        newest.append(replace(judged, post=post))
    assert profile_of(newest) == profile_of(some)
