"""What a profile says depends on the set of its posts and on now, on nothing else."""

import json
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.logic.habits import Occasion, habits, hour_probabilities
from pipeline.logic.influence import MentionGraph, Voice
from pipeline.logic.insight import Insight, InsightSettings, insight
from pipeline.logic.moods import FALLING, RISING
from pipeline.logic.profile import Fold, ProfileSettings, merge
from pipeline.records import EnrichedPost, from_json, to_json
from tests.builders import START, a_classification, a_post, an_enriched_post

SETTINGS = InsightSettings(
    ProfileSettings(time_zone="Asia/Tehran"), frozenset({"Parsi"}), frozenset({"skiing"}), (3, 4)
)


@st.composite
def posts(draw: st.DrawFn) -> EnrichedPost:
    number = draw(st.integers(0, 40))
    return an_enriched_post(
        a_post(str(number), hours=number * 31 % 701),
        a_classification(
            severity=number % 5,
            advocacy=number % 3 == 0,
            topics=(("food",), ("sports", "film"), ())[number % 3],
            sentiment=("neg", "neu", "pos")[number % 3],
        ),
        interests=("skiing",) if number % 2 else (),
    )


several = st.lists(posts(), min_size=1, max_size=25)
moments = st.integers(701, 20_000).map(lambda hours: START + timedelta(hours=hours))


def folded(some, account="x:ali"):
    fold = Fold()
    for each in some:
        fold.add(each)
    return fold.profile(account, SETTINGS.profiles)


@given(several, several, moments)
def test_it_is_the_same_however_the_profile_came_about(left, right, now):
    together = merge(folded(left), folded(right), SETTINGS.profiles)
    assert insight(together, now, SETTINGS) == insight(folded(right + left), now, SETTINGS)


@given(several, moments)
def test_numbers_stay_in_their_range_and_survive_json(some, now):
    found = insight(folded(some), now, SETTINGS)
    assert -100 <= found.advocacy.score <= 100
    assert 0 <= found.advocacy.error <= 100
    assert -1 <= found.mood.now <= 1
    assert (found.mood.trend in (RISING, FALLING)) <= (abs(found.mood.change) > 1.9 * found.mood.error)
    assert sum(each.posts for each in found.languages) == found.posts
    assert sum(each.posts for each in found.months) == found.posts
    weights = [each.weight for each in found.interests]
    assert weights == sorted(weights, reverse=True)
    assert all(1 <= len(each.evidence) <= 3 for each in found.interests)
    assert from_json(Insight, json.loads(json.dumps(to_json(found)))) == found


@given(several, moments)
def test_silence_makes_nobody_more_of_anything(some, now):
    early, late = (insight(folded(some), at, SETTINGS) for at in (now, now + timedelta(days=50)))
    assert abs(late.advocacy.score) <= abs(early.advocacy.score)
    weights = {each.name: each.weight for each in early.interests}
    assert all(each.weight <= weights[each.name] for each in late.interests)
    assert late.best_hours == early.best_hours


days = st.integers(0, 100).map(lambda day: (START + timedelta(days=day)).date())
seen = st.lists(st.builds(Occasion, days, st.integers(0, 23)), max_size=60, unique=True).map(
    lambda some: sorted(some, key=lambda each: (each.day, each.hour))
)


@given(seen)
def test_hours_are_a_distribution_and_one_more_post_makes_its_hour_likelier(some):
    p = hour_probabilities(some)
    assert abs(sum(p) - 1) < 1e-9
    assert min(p) > 0
    more = hour_probabilities([*some, Occasion(START.date(), 7)])
    hour = START.weekday() * 24 + 7
    assert more[hour] > p[hour]


@given(seen, st.sets(st.integers(0, 6)))
def test_a_habit_holds_for_most(some, weekend):
    for habit in habits(some, weekend):
        assert 0.5 <= habit.share <= 1
        assert habit.en
        assert habit.fa


names = st.sampled_from([f"x:{n}" for n in range(6)])
voices = st.dictionaries(names, st.dictionaries(names, st.floats(0.01, 5), max_size=4), max_size=6)


@given(voices, st.randoms(use_true_random=False))
def test_influence_is_shared_out_whoever_comes_first(some, random):
    def shuffled():
        graph, order = MentionGraph(), list(some.items())
        random.shuffle(order)
        for account, mentions in order:
            graph.add(Voice(account, None, mentions))
        return graph.influence()

    found = shuffled()
    assert abs(sum(each.rank for each in found.values()) - len(found)) < 1e-2
    again = shuffled()
    assert found.keys() == again.keys()
    for name, each in found.items():
        assert abs(each.rank - again[name].rank) < 2e-4
        assert each.mentioned_by == again[name].mentioned_by
