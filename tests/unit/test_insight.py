"""What a profile says as of a moment."""

import json
from dataclasses import replace
from datetime import timedelta
from math import sqrt
from random import Random

import numpy as np
import pytest
from scipy.stats import t as student

from pipeline.logic.identity import customer_profile
from pipeline.logic.insight import FINE, TOPIC, Insight, InsightSettings, advocacy, insight
from pipeline.logic.moods import FALLING, RISING, STEADY, mood_by_month, mood_trend, student_quantile
from pipeline.logic.profile import Fold, ProfileSettings, contribution
from pipeline.logic.segments import Figures
from pipeline.records import Author, from_json, to_json
from tests.builders import START, a_classification, a_post, an_enriched_post

DAY = timedelta(days=1)
SETTINGS = InsightSettings(
    ProfileSettings(time_zone="Asia/Tehran"), brands=frozenset({"Parsi"}), fine=frozenset({"skiing"}), weekend=(3, 4)
)


def enriched(
    days, sentiment="neu", interests=(), brands=("Parsi",), language="fa", account="ali", platform="x", **said
):
    post = a_post(f"{days}", hours=24 * days, account=account, platform=platform)
    found = an_enriched_post(post, a_classification(sentiment=sentiment, **said), interests=interests)
    return replace(found, brands=brands, language=language)


def a_profile(*posts, account="x:ali"):
    fold = Fold()
    for post in posts:
        fold.add(post)
    return fold.profile(account, SETTINGS.profiles)


def said(*posts, days=0, **more):
    return insight(a_profile(*posts), START + days * DAY, SETTINGS, **more)


def feeling(*sentiments, every=1.0):
    made = contribution(enriched(0))
    return [
        replace(made, post=f"x:{n}", at=START + n * every * DAY, sentiment=sentiment)
        for n, sentiment in enumerate(sentiments)
    ]


def trend(*sentiments, every=1.0):
    posts = feeling(*sentiments, every=every)
    return mood_trend(posts, posts[-1].at, 30 * DAY)


def test_interests_are_as_of_now_with_the_posts_that_weigh_most():
    posts = [enriched(n, interests=("skiing",), topics=("sports",)) for n in range(5)]
    found = said(*posts, enriched(5, topics=("food",)), days=90)
    skiing, sports, food = found.interests
    assert (skiing.name, skiing.kind) == ("skiing", FINE)
    assert skiing.weight == pytest.approx(sum(2 ** (-(90 - n) / 90) for n in range(5)), abs=1e-3)
    assert skiing.evidence == ("x:4", "x:3", "x:2")
    assert (sports.name, sports.kind, food.name) == ("sports", TOPIC, "food")
    assert sports.weight == pytest.approx(0.7 * skiing.weight, abs=1e-3)


def test_a_faint_interest_is_forgotten():
    assert said(enriched(0, interests=("skiing",)), days=90 * 6).interests
    assert not said(enriched(0, interests=("skiing",)), days=90 * 7).interests


def test_later_posts_than_now_do_not_count():
    posts = [enriched(0, "pos", advocacy=True), enriched(10, "neg", severity=3, brands=("Parsi",))]
    early = said(*posts, days=5)
    assert (early.posts, early.complaints, early.recommendations) == (1, 0, 1)
    assert early.last_seen == START
    assert early == replace(said(posts[0], days=5))
    with pytest.raises(ValueError, match="x:ali"):
        said(*posts, days=-1)


def test_an_open_case_is_an_argument():
    posts = [enriched(n, "pos", advocacy=True) for n in range(3)]
    assert said(*posts, days=3).segment == "advocate"
    owed = said(*posts, days=3, open_case=True)
    assert (owed.segment, owed.open_case) == ("at_risk", True)
    assert owed.grounds == said(*posts, days=3).grounds


def figures(recommendations=0.0, complaints=0.0, posts=0.0):
    return Figures(recommendations, complaints, posts, 0.0, 0.0, None)


def test_the_advocacy_score_follows_its_formula():
    found = advocacy(figures(6, 2, 8))
    r, c = 6 / 12, 2 / 12
    assert found.score == pytest.approx(100 * (r - c), abs=0.05)
    assert found.error == pytest.approx(100 * sqrt((r + c - (r - c) ** 2) / 13), abs=0.05)


def test_the_advocacy_score_is_careful():
    once, often = advocacy(figures(1, 0, 1)), advocacy(figures(20, 0, 20))
    assert 0 < once.score < often.score < 100
    assert advocacy(figures()).score == 0
    assert advocacy(figures(0, 1, 1)).score == -once.score
    assert said(enriched(0, "pos", advocacy=True), days=1).advocacy.score > 10
    assert said(enriched(0, "pos", advocacy=True), days=900).advocacy.score == pytest.approx(0, abs=0.1)


def test_a_mood_that_turns_is_rising_or_falling():
    up = trend(-0.9, -0.7, -0.6, -0.2, 0.0, 0.3, 0.5, 0.9)
    down = trend(0.9, 0.7, 0.6, 0.2, 0.0, -0.3, -0.5, -0.9)
    assert (up.trend, down.trend) == (RISING, FALLING)
    assert up.change == pytest.approx(-down.change)
    assert 1.5 < up.change < 2


@pytest.mark.parametrize(
    "sentiments",
    [(0.5,), (-1.0, -1.0, 1.0, 1.0), (0.2,) * 12, (0.9, -0.9, 0.8, -0.8, 0.9, -0.9, 0.7, -0.9)],
    ids=["one", "four", "always the same", "up and down"],
)
def test_a_mood_is_steady_when_nothing_else_is_sure(sentiments):
    assert trend(*sentiments).trend == STEADY


def test_posts_of_one_moment_have_no_trend():
    assert trend(*[0.1] * 8, every=0.0).trend == STEADY


def test_a_mood_without_a_trend_is_rarely_said_to_have_one():
    random = Random(11)
    found = [trend(*(random.uniform(-1, 1) for _ in range(10))).trend for _ in range(400)]
    assert sum(each != STEADY for each in found) <= 0.07 * 400


def test_the_slope_is_that_of_weighted_least_squares():
    sentiments = [0.1, -0.4, 0.3, 0.8, 0.2, 0.9]
    weights = 2.0 ** (-np.arange(5, -1, -1) / 30)
    slope = np.polyfit(np.arange(6), sentiments, 1, w=np.sqrt(weights))[0]
    assert trend(*sentiments).change == pytest.approx(5 * slope, abs=1e-3)


@pytest.mark.parametrize("freedom", [3, 4, 7.5, 30])
def test_students_quantile(freedom):
    assert student_quantile(freedom) == pytest.approx(student.ppf(0.975, freedom), abs=0.03)


def test_mood_by_month_keeps_the_last_twelve():
    posts = feeling(*[n / 20 for n in range(20)], every=31.0)
    months = mood_by_month(posts, lambda at: f"{at:%Y-%m}")
    assert len(months) == 12
    assert months[-1].mood == pytest.approx(19 / 20)
    assert [each.name for each in said(enriched(0), enriched(40), days=40).months] == ["2026-10", "2026-11"]


def test_languages_channels_and_brands_have_shares():
    found = said(
        enriched(0, language="en"), enriched(1), enriched(2, brands=()), enriched(3, brands=("Rahavard",)), days=4
    )
    assert [(each.name, each.share) for each in found.languages] == [("fa", 0.75), ("en", 0.25)]
    assert [(each.name, each.posts) for each in found.channels] == [("x", 4)]
    assert [(each.name, each.posts) for each in found.brands] == [("Parsi", 2), ("Rahavard", 1)]


def test_a_customer_is_all_their_accounts():
    on_x = a_profile(enriched(0, "pos", advocacy=True))
    on_telegram = a_profile(enriched(1, platform="telegram"), account="telegram:ali")
    accounts = ["telegram:ali", "x:ali"]
    together = customer_profile("C1", accounts, [on_telegram, on_x], SETTINGS.profiles).profile
    found = insight(together, START + 2 * DAY, SETTINGS, customer="C1", accounts=accounts)
    assert (found.subject, found.kind, found.accounts) == ("C1", "customer", ("telegram:ali", "x:ali"))
    assert (found.posts, found.reach, len(found.channels)) == (2, 20, 2)


def test_an_insight_survives_json():
    found = said(*(enriched(n, "pos", topics=("food",)) for n in range(12)), days=12)
    assert found.habits
    assert from_json(Insight, json.loads(json.dumps(to_json(found)))) == found


def test_a_contribution_says_whom_the_post_speaks_to():
    author = Author("1", handle="Sara")
    post = a_post(author=author, mentions=("ParsiShops", "sara", "Ali"), in_reply_to_account_id="77")
    assert contribution(an_enriched_post(post)).mentions == ("x:77", "x:@ali", "x:@parsishops")
    assert contribution(an_enriched_post(replace(post, mentions=(), in_reply_to_account_id="1"))).mentions == ()
