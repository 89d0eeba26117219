from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.logic.profile import Fold, ProfileSettings, contribution
from pipeline.logic.segments import DORMANT_AFTER, Decayed, Segment, Standing, judge, segment
from tests.builders import START, a_classification, a_post, an_enriched_post

OURS = frozenset({"Parsi"})
DAY = timedelta(days=1)


def post(days, sentiment="neu", brands=("Parsi",), **said):
    enriched = an_enriched_post(a_post(f"{days}", hours=24 * days), a_classification(sentiment=sentiment, **said))
    return contribution(replace(enriched, brands=brands))


def praise(days, **more):
    return post(days, "pos", advocacy=True, **more)


def complaint(days, **more):
    return post(days, "neg", severity=2, **more)


def happy(days, **more):
    return post(days, "pos", **more)


def leaving(days, **more):
    return post(days, "neg", intents=("churn",), **more)


def of(*posts, days=None, open_case=False):
    now = max(each.at for each in posts) if days is None else START + days * DAY
    return segment(posts, now, OURS, open_case)


@pytest.mark.parametrize(
    ("posts", "found"),
    [
        ((praise(0), praise(1)), Segment.ADVOCATE),
        ((praise(0),), Segment.NEUTRAL),
        ((praise(0), praise(1), complaint(2), complaint(3)), Segment.NEUTRAL),
        ((complaint(0), happy(1)), Segment.NEUTRAL),
        ((happy(0), complaint(1)), Segment.NEUTRAL),
        ((complaint(0), post(1)), Segment.AT_RISK),
        ((complaint(0), praise(1), praise(2)), Segment.NEUTRAL),
        ((complaint(0), praise(1), praise(2), praise(3)), Segment.ADVOCATE),
        ((post(0, "neg", advocacy=True), post(1, "neg", advocacy=True)), Segment.NEUTRAL),
        ((happy(0), happy(1), happy(2)), Segment.LOYAL),
        ((happy(0), happy(1)), Segment.NEUTRAL),
        ((post(0), post(1), post(2)), Segment.NEUTRAL),
        ((happy(0), happy(1), happy(2), happy(3), complaint(4)), Segment.NEUTRAL),
        ((complaint(0),), Segment.AT_RISK),
        ((complaint(0), complaint(1), complaint(2)), Segment.CRITIC),
        ((complaint(0), complaint(1), complaint(2), happy(3)), Segment.AT_RISK),
        ((happy(0), happy(1), happy(2), leaving(3)), Segment.AT_RISK),
        ((post(0),), Segment.NEUTRAL),
    ],
)
def test_what_somebody_says_makes_their_segment(posts, found):
    assert of(*posts) is found


def test_a_critic_who_is_won_back_is_at_risk_then_neutral():
    """As Dariush of the sample: three angry posts, thanks twice, then recommends twice."""
    story = [complaint(0), complaint(1), complaint(2), post(3), happy(4), happy(5), praise(10), praise(12)]
    found = [of(*story[:count]) for count in range(1, len(story) + 1)]
    assert found == ["at_risk", "at_risk", "critic", "critic", "at_risk", "at_risk", "neutral", "neutral"]


def test_what_was_said_fades():
    assert of(praise(0), praise(1), days=37) is Segment.ADVOCATE
    assert of(praise(0), praise(1), days=38) is Segment.NEUTRAL
    assert of(leaving(0), days=30) is Segment.AT_RISK
    assert of(complaint(0), days=90) is Segment.AT_RISK
    assert of(complaint(0), days=91) is Segment.NEUTRAL
    assert of(happy(0), happy(1), leaving(2), days=33) is Segment.NEUTRAL


def test_a_customer_who_is_silent_about_us_is_dormant_whatever_else_they_write():
    story = (praise(0), praise(1))
    silent = 1 + DORMANT_AFTER // DAY
    assert of(*story, days=silent) is not Segment.DORMANT
    assert of(*story, post(silent + 1, brands=())) is Segment.DORMANT
    assert of(*story, post(silent + 1)) is Segment.NEUTRAL


def test_an_open_case_puts_everybody_at_risk():
    assert of(praise(0), praise(1), praise(2), open_case=True) is Segment.AT_RISK
    assert of(complaint(0), days=400, open_case=True) is Segment.AT_RISK


def test_only_posts_about_brands_of_ours_count():
    assert of(praise(0, brands=("Rahavard",)), praise(1, brands=())) is Segment.NEUTRAL
    assert of(praise(0, brands=("Rahavard", "Parsi")), praise(1)) is Segment.ADVOCATE
    assert segment([praise(0, brands=()), praise(1, brands=())], START + DAY, None) is Segment.ADVOCATE


def test_the_figures_are_those_of_the_formulas():
    standing = Standing(OURS)
    for each in (praise(0), complaint(60), leaving(90), happy(90, brands=())):
        standing.take(each)
    found = standing.figures(START + 90 * DAY)
    assert found.recommendations == pytest.approx(0.5)
    assert found.complaints == pytest.approx(2 ** (-30 / 90))
    assert found.posts == pytest.approx(0.5 + 2 ** (-30 / 90) + 1)
    assert found.leaving == pytest.approx(1)
    assert found.mood == pytest.approx((1 / 8 - 1 / 2 - 1) / (1 / 8 + 1 / 2 + 1 + 1))
    assert found.silence == timedelta(0)
    assert Standing(OURS).figures(START).silence is None


def test_one_pass_gives_at_every_step_what_the_whole_history_gives():
    story = [happy(0), praise(3), complaint(5), post(6, brands=()), leaving(9), happy(60), praise(61), praise(240)]
    standing = Standing(OURS)
    for count, each in enumerate(story, 1):
        standing.take(each)
        assert judge(standing.figures(each.at)) is segment(reversed(story[:count]), each.at, OURS)


def test_later_posts_than_now_do_not_count():
    assert of(praise(0), praise(1), complaint(2), complaint(3), days=1) is Segment.ADVOCATE


def test_a_stored_profile_has_a_segment():
    fold = Fold()
    for days in (0, 1):
        said = a_classification(advocacy=True, sentiment="pos")
        fold.add(an_enriched_post(a_post(str(days), hours=24 * days), said))
    profile = fold.profile("x:ali", ProfileSettings())
    assert segment(profile.contributions, profile.last_seen, OURS) is Segment.ADVOCATE
    assert segment((), START, OURS) is Segment.NEUTRAL


def test_a_decayed_sum():
    fading = Decayed(10 * DAY)
    assert fading.as_of(START) == 0
    fading.add(2, START)
    fading.add(1, START + 10 * DAY)
    assert fading.as_of(START + 20 * DAY) == pytest.approx(1)
