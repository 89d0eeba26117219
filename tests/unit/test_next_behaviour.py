"""What an account does next: its kind, its time, and what nobody can know."""

import json
from collections.abc import Callable
from datetime import timedelta
from math import log
from random import Random

import pytest

from pipeline.errors import ConfigError
from pipeline.logic.behaviour_counts import BOUNDS, Kind, Population, kind_of
from pipeline.logic.behaviour_prior import fit
from pipeline.logic.next_behaviour import FRAILTY, TIMED, Behaviour, kind_probabilities, predict, wait
from pipeline.logic.profile import contribution
from pipeline.records import Contribution
from tests.builders import START, a_classification, a_post, an_enriched_post

HOUR = timedelta(hours=1)
SAID = {
    "complaint": {"severity": 2, "advocacy": True, "intents": ("question",)},
    "advocacy": {"advocacy": True, "intents": ("question",)},
    "question": {"intents": ("purchase", "question")},
    "purchase": {"intents": ("thanks", "purchase")},
    "other": {"intents": ("thanks",)},
}


def posts(*told: tuple[str, float]) -> list[Contribution]:
    """One a (kind, hours after START)."""
    return [
        contribution(an_enriched_post(a_post(str(number), hours=hours), a_classification(**SAID[kind])))
        for number, (kind, hours) in enumerate(told)
    ]


def at(hours: float):
    return START + hours * HOUR


def a_population(accounts: int = 50) -> Population:
    """Complains, again after five minutes and after an hour, says thanks three hours later; seen for ten days."""
    one = Population.of(posts(("complaint", 0), ("complaint", 1 / 12), ("complaint", 1), ("other", 4)), at(240))
    return Population.total([one] * accounts)


@pytest.mark.parametrize("kind", SAID)
def test_a_post_is_the_first_kind_that_holds(kind):
    (post,) = posts((kind, 0))
    assert kind_of(post) == kind


def test_steps_count_what_the_account_had_written_before_the_last_post():
    population = Population.of(posts(("complaint", 0), ("other", 1), ("complaint", 2), ("complaint", 3)), at(4))
    assert population.to_json()["steps"] == [
        [None, "complaint", 0, 0, 1],
        ["complaint", "complaint", 1, 2, 1],
        ["complaint", "other", 0, 0, 1],
        ["other", "complaint", 1, 1, 1],
    ]


def test_silences_are_counted_by_how_long_they_had_lasted():
    population = Population.of(posts(("other", 0), ("other", 0.05)), at(0.05) + timedelta(seconds=90))
    assert population.posts[:3] == (0, 1, 0)  # after three minutes: the second class, from two minutes on
    assert population.seconds[:3] == (120 + 90, 60, 0)
    assert population.longest == 180


def test_posts_after_the_moment_do_not_count():
    told = posts(("other", 0), ("complaint", 1), ("complaint", 9))
    assert Population.of(told, at(2)) == Population.of(told[:2], at(2))
    assert Behaviour.of(told, at(2)) == Behaviour.of(told[:2], at(2))
    assert Population.of(told, START - HOUR) == Population()


def test_who_has_one_post_gets_the_row_of_its_kind():
    prior = fit(a_population())
    told = predict(posts(("complaint", 0)), prior, at(0)).kinds
    assert told == pytest.approx(dict(prior.rows[Kind.COMPLAINT]))
    assert told[Kind.COMPLAINT] == pytest.approx(2 / 3, abs=0.02)


def test_own_posts_weigh_beside_the_row():
    prior = fit(a_population())
    behaviour = Behaviour.of(posts(("question", 0), ("question", 1), ("complaint", 2)), at(3))
    told = kind_probabilities(behaviour, prior)
    row = prior.rows[Kind.COMPLAINT][Kind.QUESTION]
    assert told[Kind.QUESTION] == pytest.approx((2 + prior.weight * row) / (2 + prior.weight))


def test_people_who_keep_to_their_kind_give_their_own_posts_more_weight():
    def weight(kinds: Callable[[int], list[str]]) -> float:
        accounts = [posts(*zip(kinds(who), range(6), strict=True)) for who in range(40)]
        return fit(Population.total(Population.of(each, at(9)) for each in accounts)).weight

    chance = Random(5)
    # a row says nothing of these: who complains often differs, but one post does not tell what comes next
    faithful = weight(lambda who: chance.choices(["complaint", "other"], weights=(4, 1) if who % 2 else (1, 4), k=6))
    fickle = weight(lambda _: chance.choices(["complaint", "other"], k=6))
    assert faithful < 8 < 20 < fickle


def test_without_a_post_there_is_no_time():
    told = predict([], fit(a_population()), START)
    assert told.next is None
    assert not told.next_of
    assert sum(told.kinds.values()) == pytest.approx(1)
    assert max(told.kinds, key=told.kinds.get) is Kind.COMPLAINT  # everybody begins with one


def test_an_empty_population_knows_nothing_and_still_answers():
    prior = fit(Population())
    told = predict(posts(("complaint", 0)), prior, at(1))
    assert told.kinds == pytest.approx(dict.fromkeys(Kind, 0.2))
    assert told.next.median is None  # no silence was ever seen
    assert 1 / prior.rate(0) == pytest.approx(7 * 24 * 3600)


def test_the_longer_the_silence_the_longer_the_wait():
    prior = fit(a_population())
    medians = [wait(Behaviour.of(posts(("complaint", 0)), at(hours)), prior).quantile(0.5) for hours in (0, 6, 48)]
    assert medians == sorted(medians)
    assert medians[0] < 2 * 3600 < 86400 < medians[2]


def test_who_writes_more_than_people_in_general_is_expected_sooner():
    prior = fit(a_population())
    busy = wait(Behaviour.of(posts(*(("other", hours / 4) for hours in range(20))), at(5)), prior)
    once = wait(Behaviour.of(posts(("other", 4.75)), at(5)), prior)
    assert busy.quantile(0.5) < once.quantile(0.5)


def test_quantile_survival_and_density_are_of_one_distribution():
    told = wait(Behaviour.of(posts(("other", 0), ("complaint", 2)), at(3)), fit(a_population()), share=0.4)
    for probability in (0.05, 0.5, 0.9):
        assert 1 - told.survival(told.quantile(probability)) == pytest.approx(probability)
    step = 0.5
    slope = (told.survival(5000 - step) - told.survival(5000 + step)) / (2 * step)
    assert told.log_density(5000) == pytest.approx(log(slope), rel=1e-4)


def test_what_is_later_than_anything_seen_is_not_told():
    told = predict(posts(("complaint", 0)), fit(a_population()), at(24)).next
    assert told.median is None  # nobody who was silent for a day came back within the ten days
    assert told.within_a_day is not None
    assert predict(posts(("complaint", 0)), fit(a_population()), at(230)).next.within_a_day is None


def test_the_interval_is_in_order_and_kinds_take_longer_than_any_post():
    told = predict(posts(("complaint", 0)), fit(a_population()), at(0))
    assert told.next.earliest < told.next.median
    assert set(told.next_of) == set(TIMED)
    assert all(each.within_a_day < told.next.within_a_day for each in told.next_of.values())


def test_the_rate_is_what_the_counts_say_and_neighbours_share_one_until_ten_posts_stand_behind_it():
    prior, counts = fit(a_population(5000)), a_population(1)
    assert counts.posts[:6] == (0, 0, 1, 0, 0, 1)  # after 5 and after 55 minutes
    assert prior.rates[:3] == pytest.approx([1 / sum(counts.seconds[:3])] * 3, rel=0.01)
    assert prior.rates[3:6] == pytest.approx([1 / sum(counts.seconds[3:6])] * 3, rel=0.01)
    assert BOUNDS[3] == 480
    assert prior.rates[-1] < prior.rates[5] / 1000  # nobody who was silent for longer came back
    assert FRAILTY == 8  # the tables of docs/next_behaviour.md are of this


def test_a_population_survives_json():
    population = a_population()
    again = Population.from_json(json.loads(json.dumps(population.to_json())))
    assert again == population
    assert fit(again) == fit(population)


@pytest.mark.parametrize(
    "broken",
    [{"posts": [1]}, {"steps": [["complaint", "shouting", 0, 0, 1]]}, {"steps": [[1]]}, {"longest": "long"}],
)
def test_a_population_of_another_shape_is_refused(broken):
    with pytest.raises(ConfigError, match="population"):
        Population.from_json(a_population().to_json() | broken)


def test_a_population_without_a_field_is_refused():
    told = a_population().to_json()
    del told["seconds"]
    with pytest.raises(ConfigError, match="seconds"):
        Population.from_json(told)
