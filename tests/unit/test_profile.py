from datetime import timedelta

import pytest

from pipeline.logic.profile import Fold, ProfileSettings, decay, merge
from pipeline.records import Author
from tests.builders import START, a_classification, a_deletion, a_post, an_enriched_post

SETTINGS = ProfileSettings(time_zone="Asia/Tehran")


def profile(*enriched):
    fold = Fold()
    for each in enriched:
        fold.add(each)
    return fold.profile("x:ali", SETTINGS)


def test_decay_halves_every_half_life():
    assert decay(timedelta(days=90), timedelta(days=90)) == 0.5
    assert decay(timedelta(days=180), timedelta(days=90)) == 0.25
    assert decay(timedelta(0), timedelta(days=90)) == 1.0


def test_an_old_interest_gives_way_to_a_new_one():
    old = an_enriched_post(a_post("1"), interests=("tennis",))
    older_twice = an_enriched_post(a_post("2", hours=1), interests=("tennis",))
    new = an_enriched_post(a_post("3", hours=24 * 180), interests=("skiing",))
    seen = profile(old, older_twice, new)
    assert list(seen.interests) == ["skiing", "tennis"]
    assert seen.interests["skiing"] == 1.0
    assert seen.interests["tennis"] == pytest.approx(0.5, abs=0.001)


def test_counts_mood_and_the_latest_look_of_the_author():
    first = an_enriched_post(
        a_post("1", author=Author("ali", handle="old", followers=5, declared={"bio": "tennis"})),
        a_classification(severity=3, categories=("delivery", "service"), sentiment="neg", intents=("churn",)),
    )
    second = an_enriched_post(
        a_post("2", hours=2, author=Author("ali", handle="new", followers=9)),
        a_classification(advocacy=True, sentiment="pos"),
    )
    seen = profile(second, first)
    assert (seen.posts, seen.complaints, seen.advocacy) == (2, 1, 1)
    assert seen.complaints_by_category == {"delivery": 1, "service": 1}
    assert seen.intents == {"churn": 1}
    assert (seen.handle, seen.reach) == ("new", 9)
    assert seen.declared["bio"].value == "tennis"
    assert seen.declared["bio"].at == START
    assert seen.mood == pytest.approx(0, abs=0.01)


def test_activity_is_in_local_time():
    # Saturday 08:00 UTC is 11:30 in Tehran
    assert profile(an_enriched_post(a_post("1"))).activity[5 * 24 + 11] == 1


def test_a_profile_of_nothing_is_an_error():
    with pytest.raises(ValueError, match="x:ali"):
        Fold().profile("x:ali", SETTINGS)


def test_the_last_edit_counts_and_the_post_keeps_its_time():
    angry = an_enriched_post(a_post("1", followers=9), a_classification(severity=4))
    calm = an_enriched_post(a_post("1", text="came", edited_at=START + timedelta(hours=5), followers=3))
    for seen in (profile(angry, calm), profile(calm, angry)):
        assert (seen.posts, seen.complaints, seen.reach) == (1, 0, 3)
        assert seen.first_seen == seen.last_seen == START


def test_a_deletion_takes_back_all_that_came_with_the_post():
    first = an_enriched_post(a_post("1", author=Author("ali", handle="ali", followers=5)), interests=("tennis",))
    gone = an_enriched_post(
        a_post("2", hours=2, author=Author("ali", handle="secret", followers=9, declared={"bio": "b"})),
        a_classification(severity=4, sentiment="neg"),
        interests=("skiing",),
    )
    notice = an_enriched_post(a_deletion("2", hours=7))
    for seen in (profile(first, gone, notice), profile(notice, gone, first), profile(first, notice)):
        assert (seen.posts, seen.complaints, seen.handle, seen.reach) == (1, 0, "ali", 5)
        assert (list(seen.interests), seen.declared, seen.last_seen, seen.mood) == (["tennis"], {}, START, 0)
        assert [each.post for each in seen.contributions] == ["x:1"]
        assert "secret" not in repr(seen)


def test_an_account_whose_every_post_is_deleted_is_an_empty_profile_that_stays_empty():
    post = an_enriched_post(a_post("1", author=Author("ali", handle="ali", declared={"bio": "b"})), interests=("x",))
    notice = an_enriched_post(a_deletion("1", hours=4))
    empty = profile(post, notice)
    assert (empty.posts, empty.handle, empty.declared, empty.looks) == (0, None, {}, ())
    assert empty.first_seen == empty.last_seen == START + timedelta(hours=4)
    assert sum(empty.activity) == 0
    assert merge(empty, profile(post), SETTINGS) == empty


def test_old_deletions_make_room_like_old_posts():
    settings = ProfileSettings(keep_posts=2)
    fold = Fold()
    for each in (a_deletion("1", hours=1), a_post("2", hours=2), a_deletion("3", hours=3), a_post("4", hours=4)):
        fold.add(an_enriched_post(each))
    seen = fold.profile("x:ali", settings)
    assert [each.post for each in seen.contributions] == ["x:4"]
    assert [each.post for each in seen.deletions] == ["x:3"]


def test_looks_are_kept_where_they_change():
    looks = [Author("ali", handle="a"), Author("ali", handle="a"), Author("ali", handle="b")]
    seen = profile(*(an_enriched_post(a_post(str(i), hours=i, author=each)) for i, each in enumerate(looks)))
    assert [(look.post, look.handle) for look in seen.looks] == [("x:0", "a"), ("x:2", "b")]
    assert Fold.of(seen).profile("x:ali", SETTINGS) == seen
    # without the post that began a look the next one begins it
    later = profile(*(an_enriched_post(a_post(str(i), hours=i, author=each)) for i, each in enumerate(looks) if i))
    without = merge(seen, profile(an_enriched_post(a_deletion("0", hours=9))), SETTINGS)
    assert without.looks == later.looks
