from dataclasses import replace
from datetime import timedelta

from pipeline.logic.alerts import AlertRule
from pipeline.logic.care import CareSettings, Told, laid_aside_at, news, tell
from pipeline.logic.facts import Kind, fact
from pipeline.logic.signals import SignalSettings
from tests.builders import START, a_classification, a_deletion, a_post, an_enriched_post
from tests.unit.test_cases import LATER, SETTINGS, complaint, happy, reply

SERIOUS = AlertRule("serious", "high", min_severity=3)
CARE = CareSettings(
    replace(SETTINGS, alerts=replace(SETTINGS.alerts, rules=(SERIOUS,))), SignalSettings(department="board")
)
NOTHING = Told({}, {})


def told(facts, hours=None):
    return tell("x:ali", facts, CARE, LATER if hours is None else START + timedelta(hours=hours))


def rules(found):
    return sorted(alert.rule for alert in found.alerts.values())


def advocate(post_id, days):
    said = a_classification(advocacy=True, sentiment="pos")
    return fact(an_enriched_post(a_post(post_id, hours=24 * days), said), SETTINGS.alerts.brands)


def test_a_grave_complaint_is_escalated_and_tells_its_case():
    found = told([complaint("1", 0, severity=3)], hours=0)
    (alert,), (case,) = found.alerts.values(), found.cases.values()
    assert (alert.rule, alert.case, alert.department) == ("serious", case.case_id, "logistics")
    assert alert.due_at == case.due_at
    assert rules(told([complaint("1", 0, severity=2)], hours=0)) == []


def test_one_alert_a_step_with_the_department_that_has_to_act():
    found = told([complaint("1", 0), reply("2", 9), complaint("3", 10), reply("4", 11), happy("5", 12)], hours=13)
    by_rule = {alert.rule: alert for alert in found.alerts.values()}
    assert sorted(by_rule) == [
        *("case-answered", "case-at-risk", "case-breached", "case-reopened", "customer-recovered"),
    ]
    assert len(found.alerts) == 6, "answered twice"
    assert by_rule["case-breached"].department == "care"
    assert by_rule["case-breached"].level == "critical"
    assert by_rule["customer-recovered"].raised_at == START + timedelta(hours=12)
    assert by_rule["case-at-risk"].post_id == "1"
    assert by_rule["customer-recovered"].post_id == "3"


def test_every_rung_of_the_ladder_is_told_once():
    found = told([complaint("1", 0)])
    breaches = [alert for alert in found.alerts.values() if alert.rule == "case-breached"]
    assert sorted(alert.department for alert in breaches) == ["board", "board", "care"]
    assert len({alert.alert_id for alert in breaches}) == 3


def test_the_brief_tells_what_came_before():
    found = told([happy("0", -5), complaint("1", 0, severity=3)], hours=0)
    (alert,) = found.alerts.values()
    assert (alert.customer.posts, alert.customer.complaints) == (1, 0)


def test_an_advocate_is_told_of_once_when_the_count_is_reached():
    found = told([advocate(str(i), i) for i in range(5)])
    (alert,) = found.alerts.values()
    assert (alert.rule, alert.post_id, alert.department) == ("advocate", "2", "board")
    assert rules(told([advocate(str(i), 80 * i) for i in range(5)])) == []


def test_who_speaks_of_leaving_or_complains_again_and_again_is_at_risk():
    said = a_classification(intents=("churn",), sentiment="neg")
    leaving = fact(an_enriched_post(a_post("9", hours=1), said), SETTINGS.alerts.brands)
    assert rules(told([leaving])) == ["churn-risk"]
    often = [complaint(str(i), i) for i in range(5)]
    (risk,) = [alert for alert in told(often, hours=5).alerts.values() if alert.rule == "churn-risk"]
    assert risk.post_id == "2"
    assert "3 complaints" in risk.reasons[0]


def test_only_chosen_steps_are_told():
    silent = replace(CARE, steps=frozenset({"breached"}))
    assert {a.rule for a in tell("x:ali", [complaint("1", 0)], silent, LATER).alerts.values()} == {"case-breached"}


def test_news_are_what_is_new_changed_or_no_more():
    before = told([complaint("1", 0)], hours=9)
    assert news(before, before) == NOTHING
    after = told([complaint("1", 0), reply("2", 3)], hours=9)
    fresh = news(before, after)
    withdrawn = {alert.rule: alert.revision for alert in fresh.alerts.values() if alert.withdrawn}
    assert withdrawn == {"case-at-risk": 2, "case-breached": 2}
    assert rules(Told({}, {k: a for k, a in fresh.alerts.items() if not a.withdrawn})) == ["case-answered"]
    assert [case.state for case in fresh.cases.values()] == ["answered"]


def test_a_deleted_post_takes_its_case_and_the_text_of_its_alerts_with_it():
    spoken = complaint("1", 0, severity=4)
    gone = fact(an_enriched_post(a_deletion("1", hours=2)), SETTINGS.alerts.brands)
    before, after = told([spoken], hours=1), told([spoken, gone], hours=3)
    assert (after.cases, after.alerts) == ({}, {})
    assert after.kpis["x:1"].deleted
    fresh = news(before, after)
    assert {(alert.withdrawn, alert.excerpt, alert.words) for alert in fresh.alerts.values()} == {(True, "", ())}
    assert [case.void for case in fresh.cases.values()] == [True]


def test_an_earlier_complaint_that_comes_late_voids_the_case_that_stood_in_its_place():
    before, after = told([complaint("2", 5)], hours=6), told([complaint("2", 5), complaint("1", 0)], hours=6)
    fresh = news(before, after)
    assert sorted(case.void for case in fresh.cases.values()) == [False, True]


def test_what_was_withdrawn_can_come_true_again():
    open_again = told([complaint("1", 0)], hours=9)
    fresh = news(open_again, NOTHING)
    back = news(Told({}, fresh.alerts), open_again)
    assert {(a.withdrawn, a.revision) for a in back.alerts.values()} == {(False, 3)}


def test_state_holds_no_raw_text():
    enriched = replace(
        an_enriched_post(a_post(text="0912 345 6789"), a_classification(severity=2)), redacted_text="[phone]"
    )
    kept = fact(enriched, None)
    assert kept.kind is Kind.COMPLAINT
    assert "0912" not in repr(kept)


def test_who_waits_for_nothing_is_laid_aside_a_while_after_the_last_post():
    silent = [happy("1", 0), happy("2", 5)]
    assert laid_aside_at(silent, told(silent).cases.values(), CARE) == START + timedelta(hours=5) + CARE.remember
    assert laid_aside_at([], (), CARE) is None


def test_an_open_case_is_never_laid_aside_and_a_settled_one_counts_from_its_end():
    waiting = [complaint("1", 0)]
    assert laid_aside_at(waiting, told(waiting).cases.values(), CARE) is None
    answered = [complaint("1", 0), reply("2", 9)]
    (case,) = told(answered).cases.values()
    assert case.resolved_at > START + timedelta(hours=9)
    assert laid_aside_at(answered, [case], CARE) == case.resolved_at + CARE.remember


def test_a_case_that_never_was_keeps_nobody():
    found = [happy("1", 0)]
    (void,) = (replace(case, void=True) for case in told([complaint("1", 0)]).cases.values())
    assert laid_aside_at(found, [void], CARE) == START + CARE.remember
