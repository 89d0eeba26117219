from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeline.logic.actions import action_id, actions, emptied, next_allowed
from pipeline.logic.cases import follow
from pipeline.logic.facts import fact, newest
from pipeline.logic.policies import ActionSettings, Policy, When, hours_of_day
from pipeline.logic.profile import ProfileSettings
from pipeline.logic.revisions import revised
from pipeline.logic.segments import Segment
from pipeline.records import Author, Choice, Consent, Customer
from tests.builders import START, a_classification, a_post, an_enriched_post
from tests.unit.test_cases import LATER, SETTINGS, complaint, happy, reply

OURS = frozenset({"Parsi"})
DAY = timedelta(days=1)
ANY_HOUR = frozenset(range(24))


def policy(name="thank", needs_consent="none", **more):
    template = more.pop("template", {"fa": "سلام {name} از {brand}", "en": "Hello {name} from {brand}"})
    hours, usual_hour = more.pop("hours", ANY_HOUR), more.pop("usual_hour", None)
    return Policy(name, When(**more), "thank", "reply", template, needs_consent, hours, usual_hour)


def table(*policies, **more):
    return ActionSettings(
        policies, brands=OURS, settle_after=SETTINGS.settle_after, persian={"skiing": "اسکی", "Parsi": "پارسی"}, **more
    )


ABOUT_US = policy(about_us=True)
ADVOCATES = policy(segments=frozenset({Segment.ADVOCATE}))
SKIERS = policy("invite", interests=frozenset({"skiing", "sports"}), min_interest=1.5)


def agrees(purpose, channel="reply"):
    return Customer("7", consents=(Consent(channel, purpose, True, START),))


def wrote(post_id, days, language="fa", brands=("Parsi",), interests=(), stage="none", name=None, **said):
    author = Author("ali", handle="ali", display_name=name)
    enriched = an_enriched_post(a_post(post_id, hours=24 * days, author=author), a_classification(**said))
    judged = replace(enriched.classification, stage=Choice(stage, {stage: 1.0}))
    return fact(replace(enriched, classification=judged, language=language, brands=brands, interests=interests), OURS)


def praise(post_id, days, **more):
    return wrote(post_id, days, advocacy=True, sentiment="pos", **more)


def proposed(facts, settings, customer="x:ali", now=LATER, crm=None):
    facts = newest(facts)
    return actions(customer, facts, follow(customer, facts, SETTINGS, now).cases, settings, crm)


def posts(found):
    return [action.post for action in found]


def test_an_action_says_what_to_do_for_whom_why_and_when():
    (action,) = proposed([praise("1", 0, name="سارا"), praise("2", 1, name="سارا")], table(ADVOCATES))
    assert (action.policy, action.action, action.channel, action.post) == ("thank", "thank", "reply", "x:2")
    assert (action.customer, action.at, action.not_before) == ("x:ali", START + DAY, START + DAY)
    assert (action.segment, action.brand, action.interest, action.language) == ("advocate", "Parsi", None, "fa")
    assert action.text == "سلام سارا از پارسی"
    assert action.reasons == ("segment advocate: 2.0 recommendations, 0.0 complaints, mood +0.7",)
    assert action.action_id == action_id("thank", "x:ali", "x:2")
    assert (action.revision, action.withdrawn) == (1, False)


def test_the_first_policy_that_holds_gives_the_action():
    facts = [praise("1", 0), praise("2", 1)]
    both = (replace(ADVOCATES, name="first"), ABOUT_US)
    assert [a.policy for a in proposed(facts, table(*both, cool_down=DAY / 2))] == ["thank", "first"]
    assert [a.policy for a in proposed(facts, table(*reversed(both), cool_down=DAY / 2))] == ["thank", "thank"]
    assert proposed(facts, table()) == []


def test_interests_are_decayed_over_all_posts_and_the_strongest_is_named():
    ski = [wrote(f"ski-{n}", n, brands=(), interests=("skiing",)) for n in range(2)]
    facts = [wrote("0", -1), *ski, wrote("9", 2, topics=("sports",))]
    found = proposed(facts, table(SKIERS))
    assert posts(found) == ["x:ski-1"]
    assert found[0].interest == "skiing"
    assert found[0].reasons == ("interest skiing: 2.0",)
    assert proposed([wrote("0", -1), ski[0], wrote("1", 91, brands=(), interests=("skiing",))], table(SKIERS)) == []


def test_stage_and_intents_are_those_of_a_post_about_us():
    asked = policy(stages=frozenset({"pre", "buy"}), intents=frozenset({"question", "purchase"}))
    question = {"stage": "pre", "intents": ("thanks", "question")}
    (action,) = proposed([wrote("1", 0, **question)], table(asked))
    assert action.reasons == ("stage pre", "intent question")
    others = [
        wrote("2", 1, stage="pre", intents=("thanks",)),
        wrote("3", 2, stage="post", intents=("question",)),
        wrote("4", 3, brands=(), **question),
        wrote("5", 4, brands=("Rahavard",), **question),
    ]
    assert proposed([wrote("0", -1), *others], table(asked)) == []


def test_conditions_hold_together():
    skiing_advocates = replace(ADVOCATES, when=replace(ADVOCATES.when, interests=frozenset({"skiing"})))
    assert proposed([praise("1", 0), praise("2", 1)], table(skiing_advocates)) == []
    facts = [praise("1", 0, interests=("skiing",)), praise("2", 1, interests=("skiing",))]
    assert len(proposed(facts, table(skiing_advocates))[0].reasons) == 2


def test_the_language_is_that_of_the_latest_post_that_has_one():
    settings = table(ABOUT_US)
    for language, text in (("fa", "fa"), ("fa-latn", "fa"), ("en", "en"), ("ar", "en")):
        (action,) = proposed([wrote("1", 0, language=language)], settings)
        assert action.language == text
    only_persian = table(policy(segments=frozenset({Segment.NEUTRAL}), languages=frozenset({"fa"})), cool_down=DAY / 2)
    facts = [wrote("1", 0, language="en"), wrote("2", 1), wrote("3", 2, language="und"), wrote("4", 3, language="en")]
    assert posts(proposed(facts, only_persian)) == ["x:2", "x:3"]


def test_the_text_of_a_template():
    words = {"fa": "{name}، {interest}، {date}", "en": "{name}, {interest}, {date}"}
    settings = table(replace(SKIERS, template=words, when=replace(SKIERS.when, min_interest=0.5)))
    late = 0.6  # 22:24 UTC is the next day in Tehran
    (persian,) = proposed([wrote("1", late, interests=("skiing",))], settings)
    assert persian.text == "دوست، اسکی، ۱۱ مهر ۱۴۰۵"
    in_tehran = replace(settings, profiles=ProfileSettings(time_zone="Asia/Tehran"))
    assert proposed([wrote("1", late, interests=("skiing",))], in_tehran)[0].text == "دوست، اسکی، ۱۲ مهر ۱۴۰۵"
    (english,) = proposed([wrote("1", late, interests=("skiing",), language="en")], settings)
    assert english.text == "friend, skiing, 3 October 2026"


def test_one_action_a_period_counted_from_when_it_may_be_carried_out():
    facts = [wrote(str(n), n) for n in range(9)]
    assert posts(proposed(facts, table(ABOUT_US, cool_down=4 * DAY))) == ["x:0", "x:4", "x:8"]
    later = replace(ABOUT_US, hours=frozenset({9}))
    assert posts(proposed(facts, table(later, cool_down=4 * DAY))) == ["x:0", "x:5"]


def test_nobody_with_an_open_case_is_written_to():
    settings = table(ABOUT_US, cool_down=DAY / 24)
    facts = [complaint("1", 0), wrote("2", 1), reply("3", 48), wrote("4", 3), wrote("5", 10)]
    assert posts(proposed(facts, settings)) == ["x:5"], "settled seven days after the answer"
    assert posts(proposed([*facts, happy("6", 96)], settings)) == ["x:6", "x:5"], "and by a happy word at once"
    assert posts(proposed([*facts, complaint("7", 90), wrote("8", 20)], settings)) == [], "open again"
    assert posts(proposed([wrote("0", -1), *facts], settings)) == ["x:0", "x:5"]


def test_a_case_that_is_no_more_was_never_open():
    facts = newest([complaint("1", 0), wrote("2", 1)])
    (case,) = follow("x:ali", facts, SETTINGS, LATER).cases
    assert posts(actions("x:ali", facts, [replace(case, void=True)], table(ABOUT_US))) == ["x:2"]


def test_when_the_clock_has_come_by_changes_nothing():
    settings = table(ABOUT_US, cool_down=DAY / 24)
    facts = [complaint("1", 0), reply("2", 48), wrote("3", 10), complaint("4", 24 * 11), reply("5", 24 * 12)]
    facts += [wrote("6", 12.5), wrote("7", 30)]
    assert posts(proposed(facts, settings)) == ["x:3", "x:7"]
    assert proposed(facts, settings, now=START) == proposed(facts, settings)


def test_a_post_that_complains_is_no_occasion_be_the_model_sure_or_not():
    unsure = complaint("1", 0, abstain=True)
    assert follow("x:ali", [unsure], SETTINGS, LATER).cases == ()
    assert proposed([unsure], table(ABOUT_US)) == []


def test_consent_that_is_needed_must_have_been_given():
    service = replace(ABOUT_US, name="call", needs_consent="service")
    facts = [wrote("1", 0)]
    assert proposed(facts, table(service)) == []
    assert proposed(facts, table(service), crm=agrees("marketing")) == []
    assert proposed(facts, table(service), crm=agrees("service", channel="sms")) == []
    assert [a.policy for a in proposed(facts, table(service, ABOUT_US))] == ["thank"], "the next policy is asked"
    (action,) = proposed(facts, table(service), crm=agrees("service"))
    assert (action.needs_consent, action.reasons[-1]) == ("service", "consent to service by reply")


def test_a_tier_is_what_the_crm_says():
    gold = policy("gift", tiers=frozenset({"gold", "platinum"}))
    facts = [wrote("1", 0)]
    assert proposed(facts, table(gold)) == proposed(facts, table(gold), crm=Customer("7", tier="silver")) == []
    (action,) = proposed(facts, table(gold), crm=Customer("7", tier="gold"))
    assert action.reasons == ("tier gold",)


def test_the_crm_knows_the_name_best():
    facts = [wrote("1", 0, name="xX_ali_Xx")]
    (action,) = proposed(facts, table(ABOUT_US), crm=Customer("7", name="علی رضایی"))
    assert "علی رضایی" in action.text


def test_some_are_left_alone():
    strangers = policy(segments=frozenset({Segment.NEUTRAL}))
    assert proposed([wrote("1", 0, brands=("Rahavard",)), wrote("2", 1, brands=())], table(strangers)) == []
    anonymous = fact(an_enriched_post(a_post("1", account=None)), OURS)
    assert proposed([anonymous], table(strangers), customer="post x:1") == []
    assert proposed([reply("1", 0)], table(strangers)) == []


def test_without_any_brand_in_the_config_every_post_is_about_us():
    nameless = replace(table(ABOUT_US), brands=None)
    (action,) = proposed([wrote("1", 0, brands=())], nameless)
    assert (action.brand, action.text, action.reasons) == (None, "سلام دوست از ", ("about us",))


def test_the_brand_is_ours_and_the_posts_else_the_last():
    settings = table(policy(segments=frozenset({Segment.NEUTRAL})), cool_down=DAY / 2)
    facts = [wrote("1", 0, brands=("Rahavard", "Parsi")), wrote("2", 1, brands=())]
    assert [action.brand for action in proposed(facts, settings)] == ["Parsi", "Parsi"]


def test_within_the_hours_at_once_else_when_they_begin():
    tehran = ZoneInfo("Asia/Tehran")  # START is 11:30 there
    assert next_allowed(START, frozenset(range(9, 21)), tehran) == START
    assert next_allowed(START, frozenset({20, 21}), tehran) == datetime(2026, 10, 3, 16, 30, tzinfo=UTC)
    assert next_allowed(START, frozenset({9}), tehran) == datetime(2026, 10, 4, 5, 30, tzinfo=UTC)


def test_an_hour_that_the_clock_jumps_over_comes_the_next_day():
    berlin = ZoneInfo("Europe/Berlin")
    evening = datetime(2026, 3, 28, 20, 15, tzinfo=UTC)
    assert next_allowed(evening, frozenset({2}), berlin) == datetime(2026, 3, 30, 0, 0, tzinfo=UTC)


def test_the_usual_hour_gives_way_to_the_one_in_which_a_customer_is_known_to_write():
    at_eight = table(replace(ABOUT_US, usual_hour=20), cool_down=DAY / 24)
    ten = 2 / 24  # 10:00 UTC
    facts = [wrote(str(n), n + ten) for n in range(4)]
    found = proposed(facts, at_eight)
    assert [action.not_before.hour for action in found] == [20, 20, 20, 10], "three posts are not enough"
    assert found[-1].not_before == facts[-1].at
    assert proposed(facts, table(replace(ABOUT_US, usual_hour=20, hours=frozenset({19, 20}))))[0].not_before.hour == 20


@pytest.mark.parametrize(
    ("text", "hours"), [("09:00-11:00", {9, 10}), ("9:00 – 10:00", {9}), ("22:00-24:00", {22, 23})]
)
def test_hours_of_the_day(text, hours):
    assert hours_of_day(text) == hours


@pytest.mark.parametrize("text", ["", "9-5", "09:30-17:00", "22:00-02:00", "10:00-10:00", "10:00-25:00"])
def test_hours_that_are_none(text):
    with pytest.raises(ValueError, match="are no hours of a day"):
        hours_of_day(text)


def by_id(found):
    return {action.action_id: action for action in found}


def test_a_late_post_changes_what_was_proposed():
    settings = table(ABOUT_US)
    before = by_id(proposed([wrote("2", 1, name="سارا")], settings))
    after = by_id(proposed([wrote("2", 1, name="سارا"), wrote("1", 0)], settings))
    assert revised({}, before, emptied) == before
    assert revised(before, before, emptied) == {}
    (new, gone) = revised(before, after, emptied).values()
    assert (new.post, new.revision, new.withdrawn) == ("x:1", 1, False)
    assert (gone.post, gone.revision, gone.withdrawn, gone.text, gone.reasons) == ("x:2", 2, True, "", ())
    said = before | revised(before, after, emptied)
    assert revised(said, after, emptied) == {}
    back = revised(said, before, emptied)
    assert {(action.post, action.revision, action.withdrawn) for action in back.values()} == {
        ("x:2", 3, False),
        ("x:1", 2, True),
    }


def test_the_id_hangs_on_policy_customer_and_post():
    ids = {
        action_id(*of) for of in (("a", "x:1", "x:2"), ("b", "x:1", "x:2"), ("a", "x:2", "x:2"), ("a", "x:1", "x:3"))
    }
    assert len(ids) == 4
    assert action_id("a", "x:1", "x:2") == "4024db0dfc082270f5ea14a468864872"
