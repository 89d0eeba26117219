"""What is proposed to a customer depends on the set of posts alone, and care comes first."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.logic.actions import actions, emptied
from pipeline.logic.cases import ANSWERED, WAITING, follow
from pipeline.logic.facts import Kind, fact, newest
from pipeline.logic.policies import ActionSettings, Policy, When
from pipeline.logic.revisions import revised
from pipeline.logic.segments import Segment, Standing, judge, segment
from pipeline.records import Choice
from tests.builders import START, a_classification, a_deletion, a_post, an_enriched_post
from tests.unit.test_cases import LATER, SETTINGS

OURS = frozenset({"Parsi"})
WORDS = {"fa": "{name} {brand} {date}", "en": "{name} {brand} {date}"}


def policy(name, needs_consent="none", hours=frozenset(range(9, 21)), usual_hour=None, **when):
    return Policy(name, When(**when), "write", "reply", WORDS, needs_consent, hours, usual_hour)


POLICIES = (
    policy("answer", intents=frozenset({"question"}), stages=frozenset({"pre"})),
    policy("sell", needs_consent="marketing", segments=frozenset(Segment)),
    policy("win back", segments=frozenset({Segment.AT_RISK, Segment.CRITIC}), hours=frozenset({10})),
    policy("invite", interests=frozenset({"skiing"}), usual_hour=20),
    policy("thank", segments=frozenset({Segment.ADVOCATE, Segment.LOYAL}), languages=frozenset({"fa"})),
    policy("greet", about_us=True),
)
SETTING = ActionSettings(POLICIES, cool_down=timedelta(days=4), brands=OURS, settle_after=SETTINGS.settle_after)
KINDS = {
    "complaint": {"severity": 2, "categories": ("delivery",), "sentiment": "neg"},
    "unsure": {"severity": 2, "abstain": True},
    "happy": {"sentiment": "pos", "intents": ("thanks",)},
    "praise": {"sentiment": "pos", "advocacy": True},
    "leaving": {"sentiment": "neg", "intents": ("churn",)},
    "question": {"intents": ("question",)},
    "reply": {},
    "chatter": {},
}
STEPS = st.tuples(
    st.sampled_from([*KINDS]), st.integers(0, 24 * 60), st.booleans(), st.booleans(), st.sampled_from(["fa", "en"])
)
STORIES = st.lists(STEPS, min_size=1, max_size=14)


def told(story):
    """One fact a step, numbered."""
    facts = []
    for number, (kind, hours, skis, ours, language) in enumerate(story):
        post = a_post(str(number), hours=hours)
        enriched = an_enriched_post(post, a_classification(**KINDS[kind]), own=kind == "reply")
        said = replace(enriched.classification, stage=Choice("pre" if skis else "none", {}))
        brands = ("Parsi",) if ours or kind != "chatter" else ()
        interests = ("skiing",) if skis else ()
        enriched = replace(enriched, classification=said, language=language, brands=brands, interests=interests)
        facts.append(fact(enriched, OURS))
    return facts


def proposed(facts, setting=SETTING, now=LATER):
    known = newest(facts)
    return actions("x:ali", known, follow("x:ali", known, SETTINGS, now).cases, setting)


def by_id(found):
    return {action.action_id: action for action in found}


@settings(max_examples=150, deadline=None)
@given(STORIES, st.randoms(use_true_random=False))
def test_order_repetition_and_the_clock_change_nothing(story, chance):
    facts = told(story)
    shuffled = [*facts, *chance.sample(facts, len(facts) // 2)]
    chance.shuffle(shuffled)
    at = START + timedelta(hours=chance.randint(-1, 1500))
    assert proposed(shuffled, now=at) == proposed(facts)


@settings(max_examples=150, deadline=None)
@given(STORIES, st.integers(0, 24 * 60))
def test_what_is_proposed_follows_from_the_past(story, hours):
    facts, cut = told(story), START + timedelta(hours=hours)
    past = proposed([each for each in facts if each.at <= cut], now=cut)
    assert past == [action for action in proposed(facts) if action.at <= cut]


@settings(max_examples=150, deadline=None)
@given(STORIES)
def test_never_two_within_the_cool_down(story):
    found = proposed(told(story))
    assert len(by_id(found)) == len(found)
    for one, two in pairwise(found):
        assert two.at - one.at >= SETTING.cool_down
        assert two.not_before - one.not_before >= SETTING.cool_down
    for action in found:
        assert timedelta(0) <= action.not_before - action.at < timedelta(days=1)
        of = next(each for each in POLICIES if each.name == action.policy)
        assert action.not_before.hour in of.hours
        assert action.needs_consent == "none"
        assert "{" not in action.text


@settings(max_examples=150, deadline=None)
@given(STORIES)
def test_never_while_a_case_is_open_nor_at_a_complaint(story):
    facts = told(story)
    by_post = {each.post: each for each in facts}
    for action in proposed(facts, replace(SETTING, cool_down=timedelta(minutes=1))):
        then = [each for each in facts if each.at <= action.at]
        cases = follow("x:ali", then, SETTINGS, action.at).cases
        assert not cases or cases[-1].state not in (*WAITING, ANSWERED)
        assert by_post[action.post].kind is not Kind.REPLY
        assert not by_post[action.post].contribution.complaint


@settings(max_examples=100, deadline=None)
@given(STORIES, st.randoms(use_true_random=False))
def test_a_stream_ends_where_the_batch_does(story, chance):
    """Posts in any order, one of them deleted in the end."""
    facts = told(story)
    gone = an_enriched_post(a_deletion("0", hours=2000))
    order = [*facts, *facts[:2], fact(gone, OURS)]
    chance.shuffle(order)
    said, known = {}, []
    for each in order:
        known.append(each)
        said |= revised(said, by_id(proposed(known)), emptied)
    standing = {key: replace(action, revision=1) for key, action in said.items() if not action.withdrawn}
    assert standing == by_id(proposed(order))
    assert "x:0" not in {action.post for action in standing.values()}


@settings(max_examples=100, deadline=None)
@given(STORIES, st.randoms(use_true_random=False))
def test_one_pass_gives_the_segment_of_the_whole_history(story, chance):
    posts = [each.contribution for each in newest(told(story)) if each.contribution]
    standing = Standing(OURS)
    for count, post in enumerate(posts, 1):
        standing.take(post)
        until = post.at + timedelta(days=chance.choice([0, 1, 100, 300]))
        if count == len(posts) or until < posts[count].at:
            before = chance.sample(posts[:count], count)
            assert judge(standing.figures(until)) is segment(before, until, OURS)
