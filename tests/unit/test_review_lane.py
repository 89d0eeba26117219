"""What a person is asked about: posts that only the model's doubt keeps from a department."""

from dataclasses import replace

import pytest

from pipeline.logic.alerts import AlertSettings, escalation
from pipeline.logic.review import review
from pipeline.records import Choice, Flag
from tests.builders import a_classification, a_deletion, a_post, an_enriched_post
from tests.unit.test_cases import SETTINGS

RULES: AlertSettings = SETTINGS.alerts
UNSURE = a_classification(severity=4, categories=("delivery",), abstain=True)


def asked(said=UNSURE, post=None, **more):
    return review(an_enriched_post(post or a_post(text="پول من؟"), said, **more), RULES)


def test_an_unsure_complaint_is_asked_about_and_not_escalated():
    found = asked()
    assert (found.post, found.department, found.severity) == ("x:1", "logistics", 4)
    assert (found.text, found.unsure, found.complaint_score) == ("پول من؟", ("complaint",), 0.9)
    assert escalation(an_enriched_post(a_post(), UNSURE), RULES) is None


def test_a_post_that_leans_to_no_complaint_is_asked_about_too():
    said = replace(a_classification(), complaint=Flag(False, 0.45, True), sentiment=Choice("neg", {}, True))
    found = asked(said)
    assert (found.severity, found.unsure) == (0, ("complaint", "sentiment"))


@pytest.mark.parametrize(
    "found",
    [
        asked(a_classification(severity=4)),
        asked(post=a_deletion()),
        asked(own=True),
        asked(replace(UNSURE, promo=Flag(True, 0.99))),
        review(replace(an_enriched_post(a_post(), UNSURE), brands=("Rahavard",)), RULES),
    ],
    ids=["sure", "deleted", "own", "advert", "another's brand"],
)
def test_what_nobody_needs_to_judge(found):
    assert found is None


def test_perhaps_an_advert_is_asked_about():
    assert asked(replace(UNSURE, promo=Flag(True, 0.55, True))).unsure == ("complaint", "promo")


def test_the_fallback_department_has_what_no_category_routes():
    said = a_classification(severity=2, abstain=True)
    assert review(an_enriched_post(a_post(), said), RULES).department == RULES.fallback
