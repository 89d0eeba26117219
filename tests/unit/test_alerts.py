from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from pipeline.logic.alerts import AlertRule, AlertSettings, Cause, Department, alert_id, escalation, explained, raised
from pipeline.logic.profile import contribution
from pipeline.logic.sla import WorkingCalendar
from tests.builders import a_classification, a_deletion, a_post, an_enriched_post

OFFICE = WorkingCalendar("Asia/Tehran", {day: ((time(8, 30), time(17)),) for day in (5, 6, 0, 1, 2)})
SETTINGS = AlertSettings(
    rules=(
        AlertRule("critical", "critical", min_severity=4),
        AlertRule("fraud", "critical", min_severity=2, categories=frozenset({"fraud"})),
        AlertRule("reach", "high", min_reach=50_000),
        AlertRule("serious", "high", min_severity=3),
    ),
    departments={
        "care": Department("care", OFFICE, timedelta(hours=8)),
        "legal": Department("legal", OFFICE, timedelta(hours=4), {4: timedelta(hours=1)}),
    },
    routes={"fraud": "legal"},
    fallback="care",
    brands=frozenset({"Parsi"}),
)


def alert_of(post=None, earlier=(), **said):
    return alert_about(an_enriched_post(post, a_classification(**said)), earlier)


def alert_about(enriched, earlier=()):
    found = escalation(enriched, SETTINGS)
    if found is None:
        return None
    rule, reasons = found
    at, key = enriched.post.created_at, enriched.post.key
    return raised(Cause(rule.name, rule.level, at, key, reasons), enriched, earlier, SETTINGS)


@pytest.mark.parametrize(
    ("said", "followers", "rule"),
    [
        ({"severity": 4}, 10, "critical"),
        ({"severity": 4, "categories": ("fraud",)}, 90_000, "critical"),
        ({"severity": 2, "categories": ("fraud",)}, 10, "fraud"),
        ({"severity": 1, "categories": ("fraud",)}, 10, None),
        ({"severity": 1}, 50_000, "reach"),
        ({"severity": 3}, 10, "serious"),
        ({"severity": 2}, 10, None),
        ({"severity": 0}, 90_000, None),
        ({"severity": 4, "abstain": True}, 10, None),
        ({"severity": 4, "promo": True}, 10, None),
    ],
)
def test_the_first_rule_that_holds_decides(said, followers, rule):
    alert = alert_of(a_post(followers=followers), **said)
    assert (alert.rule if alert else None) == rule


def test_the_brands_own_posts_and_other_brands_are_never_escalated():
    serious = a_classification(severity=4)
    assert escalation(an_enriched_post(None, serious, own=True), SETTINGS) is None
    elsewhere = replace(an_enriched_post(None, serious), brands=("Rahavard",))
    assert escalation(elsewhere, SETTINGS) is None
    assert escalation(elsewhere, replace(SETTINGS, brands=None)) is not None


def test_a_rule_for_a_tier_holds_for_customers_whom_the_crm_knows_to_be_of_it():
    rules = (AlertRule("gold", "high", tiers=frozenset({"gold"})),)
    settings, mild = replace(SETTINGS, rules=rules), an_enriched_post(None, a_classification(severity=1))
    assert escalation(mild, settings) is escalation(mild, settings, "silver") is None
    assert escalation(mild, settings, "gold") == (rules[0], ("severity 1 of 4", "gold customer"))


def test_a_deleted_post_is_never_escalated():
    serious = an_enriched_post(a_deletion(), a_classification(severity=4))
    assert escalation(serious, SETTINGS) is None


def test_due_counts_the_departments_working_hours():
    # Thursday 8 October 2026, 16:00 in Tehran; the office rests on Thursday and Friday
    post = replace(a_post(), created_at=datetime(2026, 10, 8, 12, 30, tzinfo=UTC))
    fraud = alert_of(post, severity=3, categories=("quality", "fraud"))
    assert fraud.department == "legal"
    assert fraud.due_at == datetime(2026, 10, 10, 9, 0, tzinfo=UTC)  # Saturday 12:30 local
    assert alert_of(post, severity=4, categories=("fraud",)).due_at == datetime(2026, 10, 10, 6, 0, tzinfo=UTC)
    assert alert_of(post, severity=4).department == "care"


def test_the_brief_tells_what_was_known_before_the_post():
    earlier = [
        contribution(an_enriched_post(a_post("0", hours=-48), a_classification(severity=2, topics=("food",)))),
        contribution(an_enriched_post(a_post("1", hours=-24), a_classification(advocacy=True), interests=("skiing",))),
    ]
    brief = alert_of(a_post("2"), earlier, severity=4).customer
    assert (brief.posts, brief.complaints, brief.advocacy) == (2, 1, 1)
    assert brief.first_seen == a_post(hours=-48).created_at
    assert set(brief.interests) == {"food", "skiing"}


def test_an_anonymous_post_is_escalated_without_a_brief():
    alert = alert_of(a_post(account=None), severity=4)
    assert (alert.account, alert.customer) == (None, None)


def test_the_excerpt_is_the_redacted_text_cut_to_length():
    enriched = replace(
        an_enriched_post(None, a_classification(severity=4)), redacted_text="call [phone] " + "word " * 100
    )
    alert = alert_about(enriched)
    assert alert.excerpt.startswith("call [phone]")
    assert len(alert.excerpt) <= 280


def test_words_are_sought_in_the_redacted_text_and_cut_to_length():
    enriched = replace(
        an_enriched_post(a_post(text="0912"), a_classification(severity=4)), redacted_text="call [phone]"
    )
    alert, asked = alert_about(enriched), []

    def explain(*question):
        asked.append(question)
        return ["call", "x" * 99, "\u202ea\u202c", "b", "c", "d"]

    assert explained(alert, enriched, explain).words == ("call", "x" * 39 + "…", "a", "b", "c")
    assert asked == [("call [phone]", "complaint", "1")]
    assert explained(alert, replace(enriched, redacted_text=" "), explain).words == ()
    assert len(asked) == 1


def test_ids_depend_on_rule_and_post_only():
    assert alert_of(severity=4).alert_id == alert_of(severity=4, categories=("fraud",)).alert_id
    assert alert_id("a", "x:1") != alert_id("b", "x:1") != alert_id("b", "x:2")
