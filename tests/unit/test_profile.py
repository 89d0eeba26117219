from datetime import timedelta

import pytest

from pipeline.logic.profile import Fold, ProfileSettings, decay
from pipeline.records import Author
from tests.builders import START, a_classification, a_post, an_enriched_post

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
