"""What is told of a customer depends on the set of posts and on now, not on how the posts came."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.logic.care import Told, news, tell
from tests.builders import START
from tests.unit.test_care import CARE, advocate, complaint, happy, reply

KINDS = (
    lambda post_id, hours: complaint(post_id, hours),
    lambda post_id, hours: complaint(post_id, hours, severity=4),
    lambda post_id, hours: reply(post_id, hours),
    lambda post_id, hours: happy(post_id, hours),
    lambda post_id, hours: advocate(post_id, hours / 24),
)
POSTS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 400)), min_size=1, max_size=9)
NOW = START + timedelta(days=40)


def facts_of(posts):
    return [kind(str(number), hours) for number, (kind, hours) in enumerate(posts)]


def standing(told):
    """What is left of all that was said."""
    cases = {key: case for key, case in told.cases.items() if not case.void}
    return Told(
        cases, {k: replace(a, revision=1) for k, a in told.alerts.items() if not a.withdrawn}, told.kpis, told.actions
    )


def after(before, fresh):
    return Told(
        {**before.cases, **fresh.cases},
        {**before.alerts, **fresh.alerts},
        {**before.kpis, **fresh.kpis},
        {**before.actions, **fresh.actions},
        ahead=fresh.ahead,
    )


@settings(max_examples=150, deadline=None)
@given(POSTS, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing(posts, chance):
    facts = facts_of(posts)
    shuffled = [*facts, *chance.sample(facts, len(facts) // 2)]
    chance.shuffle(shuffled)
    assert tell("x:ali", shuffled, CARE, NOW) == tell("x:ali", facts, CARE, NOW)


@settings(max_examples=150, deadline=None)
@given(POSTS, st.randoms(use_true_random=False), st.data())
def test_a_stream_ends_where_the_batch_does(posts, chance, data):
    """Posts in any order, the clock running at any pace between them, timers as the stream sets them."""
    facts = facts_of(posts)
    order = [*facts, *facts[:2]]
    chance.shuffle(order)
    said, known, now = Told({}, {}), [], START - timedelta(days=1)
    for each in order:
        known.append(each)
        said = after(said, news(said, tell("x:ali", known, CARE, now)))
        upto = min(NOW, now + timedelta(hours=data.draw(st.integers(0, 200))))
        while (at := said.ahead) and at <= upto:
            now = max(now, at)
            said = after(said, news(said, tell("x:ali", known, CARE, now)))
    while (at := said.ahead) and at <= NOW:
        now = max(now, at)
        said = after(said, news(said, tell("x:ali", known, CARE, now)))
    assert standing(said) == standing(tell("x:ali", facts, CARE, NOW))


@settings(max_examples=100, deadline=None)
@given(POSTS)
def test_an_alert_is_said_once(posts):
    found = tell("x:ali", facts_of(posts), CARE, NOW)
    steps = [step for case in found.cases.values() for step in case.history if step.state in CARE.steps]
    of_cases = [a for a in found.alerts.values() if a.rule.startswith("case-") or a.rule == "customer-recovered"]
    assert len(of_cases) == len(steps), "no two steps share an id"
    assert news(found, found) == Told({}, {})
