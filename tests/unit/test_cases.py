from datetime import UTC, datetime, time, timedelta
from itertools import permutations

from pipeline.logic.alerts import AlertSettings, Department
from pipeline.logic.cases import CaseSettings, answers, follow
from pipeline.logic.durations import FOREVER
from pipeline.logic.facts import fact
from pipeline.logic.sla import WorkingCalendar
from tests.builders import START, a_classification, a_post, an_enriched_post

ROUND_THE_CLOCK = WorkingCalendar("UTC", dict.fromkeys(range(7), ((time(0), time(0)),)))
NINE_TO_FIVE = WorkingCalendar("UTC", dict.fromkeys(range(5), ((time(9), time(17)),)))
SETTINGS = CaseSettings(
    AlertSettings(
        rules=(),
        departments={
            "logistics": Department("logistics", ROUND_THE_CLOCK, timedelta(hours=8), {4: timedelta(hours=1)}, "care"),
            "care": Department("care", ROUND_THE_CLOCK, timedelta(hours=4), {}, "board"),
            "board": Department("board", NINE_TO_FIVE, timedelta(hours=2)),
        },
        routes={"delivery": "logistics"},
        fallback="care",
        brands=frozenset({"Parsi"}),
    )
)
LATER = START + timedelta(days=3650)


def complaint(post_id, hours, severity=2, **more):
    said = a_classification(severity=severity, categories=("delivery",), sentiment="neg", **more)
    return fact(an_enriched_post(a_post(post_id, hours=hours), said), SETTINGS.alerts.brands)


def reply(post_id, hours):
    post = a_post(post_id, hours=hours, account="parsi")
    return fact(an_enriched_post(post, own=True), SETTINGS.alerts.brands)


def happy(post_id, hours):
    said = a_classification(sentiment="pos", intents=("thanks",))
    return fact(an_enriched_post(a_post(post_id, hours=hours), said), SETTINGS.alerts.brands)


def course(facts, hours=None):
    now = LATER if hours is None else START + timedelta(hours=hours)
    return follow("x:ali", facts, SETTINGS, now).cases


def states(case):
    return [(step.state, (step.at - START) / timedelta(hours=1)) for step in case.history]


def test_a_complaint_opens_a_case_with_its_departments_deadline():
    (case,) = course([complaint("1", 0)], hours=0)
    assert (case.state, case.department, case.severity, case.sla_met) == ("open", "logistics", 2, None)
    assert case.due_at == START + timedelta(hours=8)
    assert case.categories == ("delivery",)


def test_the_clock_warns_then_breaches_up_the_ladder_and_stops_at_the_top():
    (case,) = course([complaint("1", 0)])
    # START is a Saturday 08:00; the board works from Monday 09:00
    assert states(case) == [("open", 0), ("at_risk", 6), ("breached", 8), ("breached", 12), ("breached", 51)]
    assert [step.department for step in case.history] == ["logistics", "logistics", "care", "board", "board"]
    assert case.sla_met is False


def test_nothing_of_the_clock_happens_before_its_time():
    assert states(course([complaint("1", 0)], hours=5.9)[0]) == [("open", 0)]
    assert states(course([complaint("1", 0)], hours=6)[0])[-1] == ("at_risk", 6)


def test_an_answer_in_time_and_a_happy_word():
    (case,) = course([complaint("1", 0), reply("2", 3), happy("3", 5)])
    assert states(case) == [("open", 0), ("answered", 3), ("resolved", 5)]
    assert (case.sla_met, case.answered_at, case.resolved_at) == (
        True,
        START + timedelta(hours=3),
        START + timedelta(hours=5),
    )


def test_an_answer_at_the_deadline_is_in_time_and_one_after_it_is_not():
    assert course([complaint("1", 0), reply("2", 8)])[0].sla_met is True
    assert course([complaint("1", 0), reply("2", 8.1)])[0].sla_met is False


def test_silence_after_an_answer_resolves():
    (case,) = course([complaint("1", 0), reply("2", 3)])
    assert states(case)[-1] == ("resolved", 3 + 7 * 24)


def test_a_happy_word_before_any_answer_resolves_nothing():
    assert course([complaint("1", 0), happy("2", 1)], hours=2)[0].state == "open"


def test_a_new_complaint_reopens_what_was_answered_with_a_deadline_of_its_own():
    (case,) = course([complaint("1", 0), reply("2", 3), complaint("3", 20)], hours=21)
    assert states(case) == [("open", 0), ("answered", 3), ("reopened", 20)]
    assert case.due_at == START + timedelta(hours=28)
    assert course([complaint("1", 0), reply("2", 3), complaint("3", 20), reply("4", 21)])[0].sla_met is True


def test_a_complaint_long_after_the_end_opens_another_case():
    first, second = course([complaint("1", 0), reply("2", 1), complaint("3", 24 * 60)])
    assert first.state == "resolved"
    assert first.case_id != second.case_id


def test_a_graver_complaint_joins_and_draws_the_deadline_forward():
    (case,) = course([complaint("1", 0), complaint("2", 1, severity=4)], hours=1)
    assert (case.severity, case.due_at) == (4, START + timedelta(hours=2))
    assert course([complaint("1", 0), complaint("2", 7)], hours=7.5)[0].due_at == START + timedelta(hours=8)


def test_what_the_model_is_unsure_of_and_other_brands_open_nothing():
    unsure = complaint("1", 0, abstain=True)
    advert = complaint("2", 0, promo=True)
    said = a_classification(severity=2, categories=("delivery",))
    other = fact(an_enriched_post(a_post("3"), said), frozenset({"Rahavard"}))
    assert course([unsure, advert, other]) == ()


def test_a_reply_that_comes_before_the_complaint_it_answers():
    assert course([reply("2", 3), complaint("1", 0)]) == course([complaint("1", 0), reply("2", 3)])


def test_a_late_reply_takes_back_a_breach():
    assert course([complaint("1", 0)])[0].state == "breached"
    assert course([complaint("1", 0), reply("2", 3)], hours=24)[0].state == "answered"


def test_every_order_and_any_repetition_give_the_same():
    facts = [complaint("1", 0), reply("2", 3), complaint("3", 20, severity=4), reply("4", 30), happy("5", 31)]
    wanted = course(facts)
    assert all(course([*order, order[0]]) == wanted for order in permutations(facts))


def test_the_next_change_is_what_the_clock_alone_brings():
    facts = [complaint("1", 0), reply("2", 7)]
    hour = timedelta(hours=1)
    assert follow("x:ali", facts[:1], SETTINGS, START).ahead == START + 6 * hour
    # the reply has come, but the watermark has not passed the warning that came before it
    assert follow("x:ali", facts, SETTINGS, START).ahead == START + 6 * hour
    assert follow("x:ali", facts, SETTINGS, START + 6 * hour).ahead == START + (7 + 7 * 24) * hour
    assert follow("x:ali", facts, SETTINGS, FOREVER).ahead is None
    assert follow("x:ali", [], SETTINGS, START).ahead is None


def test_first_answers_per_complaint():
    (case,) = course([complaint("1", 0), complaint("2", 1), reply("3", 3), complaint("4", 4)], hours=4)
    assert [(p.post, at and (at - START) / timedelta(hours=1)) for p, at in answers(case)] == [
        ("x:1", 3),
        ("x:2", 3),
        ("x:4", None),
    ]


def test_times_are_utc():
    (case,) = course([complaint("1", 0)])
    assert all(step.at.tzinfo is UTC and isinstance(step.at, datetime) for step in case.history)
