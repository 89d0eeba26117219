"""Populations add up like counts; forecasts are distributions, and a pure function of the set of posts and of now."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.logic.behaviour_counts import Kind, Population
from pipeline.logic.behaviour_prior import Prior, fit
from pipeline.logic.next_behaviour import Behaviour, kind_probabilities, predict, wait
from pipeline.records import Contribution
from tests.builders import START

NOW = START + timedelta(days=30)


@st.composite
def post(draw: st.DrawFn) -> Contribution:
    minutes = draw(st.one_of(st.integers(0, 90), st.integers(0, 60 * 24 * 40)))
    return Contribution(
        post=f"x:{draw(st.integers(0, 10**6))}",
        at=START + timedelta(minutes=minutes),
        sentiment=0.0,
        complaint=draw(st.booleans()),
        severity=0,
        categories=(),
        advocacy=draw(st.booleans()),
        intents=draw(st.sampled_from([(), ("question",), ("purchase",), ("thanks", "question")])),
        stage="none",
        interests={},
        language="fa",
        brands=(),
    )


accounts = st.lists(post(), max_size=6, unique_by=lambda each: each.post)
populations = st.builds(Population.of, accounts, st.just(NOW))
priors = st.builds(lambda *each: fit(Population.total(each)), populations, populations)


@given(populations, populations, populations)
def test_populations_merge_in_any_order_and_grouping(a, b, c):
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c)) == Population.total([c, a, b])
    assert a.merge(Population()) == a


@given(populations)
def test_json_loses_nothing(population):
    assert Population.from_json(population.to_json()) == population


@given(accounts, st.randoms(use_true_random=False), priors)
def test_the_order_of_posts_changes_nothing(posts, random, prior):
    shuffled = random.sample(posts, len(posts))
    assert Population.of(shuffled, NOW) == Population.of(posts, NOW)
    assert predict(shuffled, prior, NOW) == predict(posts, prior, NOW)


@given(accounts, priors)
def test_probabilities_are_probabilities(posts, prior):
    told = predict(posts, prior, NOW)
    assert sum(told.kinds.values()) == pytest.approx(1)
    assert all(0 < each < 1 for each in told.kinds.values())
    for row in prior.rows.values():
        assert sum(row.values()) == pytest.approx(1)


@given(accounts.filter(lambda posts: any(each.at <= NOW for each in posts)), priors, st.floats(0.01, 1))
def test_a_wait_is_a_distribution_and_its_quantiles_are_in_order(posts, prior, share):
    told = wait(Behaviour.of(posts, NOW), prior, share)
    seconds = [told.quantile(probability) for probability in (0.1, 0.5, 0.9)]
    assert 0 <= seconds[0] < seconds[1] < seconds[2]
    assert told.survival(0) == 1
    assert told.survival(seconds[1]) == pytest.approx(0.5, abs=1e-6)


@given(priors, st.sampled_from(list(Kind)))
def test_no_earlier_posts_leave_the_prior_and_many_leave_the_own_frequencies(prior, last):
    nothing = Behaviour(last, {}, (0,) * 20, 0.0)
    assert kind_probabilities(nothing, prior) == pytest.approx(dict(prior.rows[last]))
    own = {Kind.COMPLAINT: 300_000, Kind.OTHER: 700_000}
    told = kind_probabilities(Behaviour(last, own, (0,) * 20, 0.0), prior)
    assert told == pytest.approx({kind: own.get(kind, 0) / 1_000_000 for kind in Kind}, abs=1e-3)


@given(priors, st.floats(0, 10**6))
def test_many_own_posts_leave_the_own_rate(prior: Prior, silence):
    """A million posts at three times the clock: the median wait is ln 2 / 3 ticks."""
    ticks = 1_000_000 / 3
    behaviour = Behaviour(Kind.OTHER, {Kind.OTHER: 1_000_000}, (ticks / prior.rates[0], *(0,) * 19), silence)
    median = wait(behaviour, prior).quantile(0.5)
    assert prior.clock(silence + median) - prior.clock(silence) == pytest.approx(0.6931 / 3, rel=1e-3, abs=1e-6)
