"""Each transform on the local engine, named; good and failed asserted exactly."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import apache_beam as beam
import pytest
from apache_beam.ml.inference.base import ModelHandler, PredictionResult
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from pipeline.errors import RecordError
from pipeline.logic.alerts import AlertRule, AlertSettings, Department
from pipeline.logic.enrichment import EnrichSettings
from pipeline.logic.lexicon import Lexicon
from pipeline.logic.profile import ProfileSettings
from pipeline.logic.sla import WorkingCalendar
from pipeline.metrics import counter, counters
from pipeline.records import ClassifiedPost, Engagement
from pipeline.transforms.classify_posts import ClassifyPosts
from pipeline.transforms.drop_duplicates import DropDuplicates
from pipeline.transforms.enrich_posts import EnrichPosts
from pipeline.transforms.fold_profiles import FoldProfiles
from pipeline.transforms.raise_alerts import RaiseAlerts
from tests.builders import a_classification, a_parsed_post, a_post, an_enriched_post

ENRICH = EnrichSettings(Lexicon.compile({"Parsi": ["پارسی"]}), Lexicon.compile({}))
CALENDAR = WorkingCalendar("UTC", {day: ((time(0), time(0)),) for day in range(7)})
ALERTS = AlertSettings(
    (AlertRule("serious", "high", min_severity=3),),
    {"care": Department("care", CALENDAR, timedelta(hours=8))},
    {},
    "care",
)


class ScriptedClassifier(ModelHandler):
    """Answers by the text: `bad` cannot be taken, `crash` breaks the model, else a calm post."""

    def load_model(self):
        return object.__new__(type("Nothing", (), {}))

    def run_inference(self, batch, model, inference_args=None):
        for parsed in batch:
            if parsed.post.text == "crash":
                raise RuntimeError("out of memory")
            bad = parsed.post.text == "bad"
            yield PredictionResult(parsed, RecordError("bad_text", "text: no") if bad else a_classification())


def first_words(text, head, label):
    """Explains by the place of a word: the first two of a text."""
    assert (head, label) == ("complaint", "1")
    counter("test.explained").inc()
    return text.split()[:2]


def run(build):
    """Build on a pipeline, run it, and give the counters."""
    pipeline = TestPipeline(runner=FnApiRunner())
    build(pipeline)
    result = pipeline.run()
    result.wait_until_finish()
    return counters(result)


@pytest.mark.parametrize("reverse", [False, True])
def test_of_several_deliveries_the_latest_capture_passes_in_any_order(reverse):
    early = a_parsed_post(a_post("1", engagement=Engagement(likes=1)), b"early", 1)
    late = a_parsed_post(a_post("1", engagement=Engagement(likes=9)), b"late", 2)
    same = a_parsed_post(a_post("1", engagement=Engagement(likes=9)), b"later still", 3)
    other_platform = a_parsed_post(a_post("1", platform="telegram"), b"t", 4)
    posts = [early, late, same, other_platform]

    def build(pipeline):
        fresh = pipeline | beam.Create(posts[::-1] if reverse else posts) | DropDuplicates()
        assert_that(fresh, equal_to([late, other_platform]))

    assert run(build)["deduplicate.duplicates"] == 2


def test_a_post_the_model_cannot_take_fails_alone():
    posts = [a_parsed_post(a_post(str(i), text="bad" if i == 2 else "ok"), f"payload {i}".encode()) for i in range(5)]

    def build(pipeline):
        ok, failures = pipeline | beam.Create(posts) | ClassifyPosts(ScriptedClassifier())
        good = ok | beam.Map(lambda classified: classified.parsed.post.post_id)
        bad = failures | beam.Map(lambda letter: (letter.payload, letter.stage, letter.reason, letter.message))
        assert_that(good, equal_to(["0", "1", "3", "4"]), "good")
        assert_that(bad, equal_to([(b"payload 2", "classify", "bad_text", "text: no")]), "bad")

    counted = run(build)
    assert (counted["classify.posts"], counted["classify.failed"]) == (4, 1)


def test_an_error_of_the_model_itself_is_not_swallowed():
    def build(pipeline):
        pipeline | beam.Create([a_parsed_post(a_post(text="crash"))]) | ClassifyPosts(ScriptedClassifier())

    with pytest.raises(RuntimeError, match="out of memory"):
        run(build)


def test_enriching_keeps_good_posts_and_dead_letters_what_its_schema_refuses():
    good = ClassifiedPost(a_parsed_post(a_post("1", text="پارسی خوبه")), a_classification(advocacy=True))
    wrong = ClassifiedPost(a_parsed_post(a_post("2", conversation_id=7), b"original"), a_classification())

    def build(pipeline):
        ok, failures = pipeline | beam.Create([good, wrong]) | EnrichPosts(ENRICH)
        assert_that(ok | beam.Map(lambda e: (e.post.post_id, e.brands)), equal_to([("1", ("Parsi",))]), "good")
        seen = failures | beam.Map(lambda letter: (letter.payload, letter.stage, "conversation_id" in letter.message))
        assert_that(seen, equal_to([(b"original", "enrich", True)]), "bad")

    assert run(build)["enrich.posts"] == 1


def test_profiles_are_folded_per_account_without_own_and_anonymous_posts():
    posts = [
        an_enriched_post(a_post("1", account="ali"), a_classification(severity=2)),
        an_enriched_post(a_post("2", account="ali", hours=1)),
        an_enriched_post(a_post("2", account="ali", hours=1)),  # delivered again after all
        an_enriched_post(a_post("3", account="sara")),
        an_enriched_post(a_post("4", account="parsi"), own=True),
        an_enriched_post(a_post("5", account=None)),
    ]

    def build(pipeline):
        folded = pipeline | beam.Create(posts) | FoldProfiles(ProfileSettings())
        seen = folded | beam.Map(lambda profile: (profile.account, profile.posts, profile.complaints))
        assert_that(seen, equal_to([("x:ali", 2, 1), ("x:sara", 1, 0)]))

    assert run(build)["profiles.accounts"] == 2


def test_the_brief_of_an_alert_knows_the_past_and_not_the_future():
    posts = [
        an_enriched_post(a_post("3", hours=5), a_classification(severity=3)),
        an_enriched_post(a_post("1", hours=0), a_classification(advocacy=True)),
        an_enriched_post(a_post("4", hours=9), a_classification(severity=1)),
        an_enriched_post(a_post("2", hours=1), a_classification(severity=3)),
        replace(an_enriched_post(a_post("9", account=None), a_classification(severity=4))),
    ]

    def build(pipeline):
        alerts = pipeline | beam.Create(posts) | RaiseAlerts(ALERTS, first_words)
        seen = alerts | beam.Map(
            lambda a: (a.post_id, a.customer and (a.customer.posts, a.customer.complaints, a.customer.advocacy))
        )
        assert_that(seen, equal_to([("2", (1, 0, 1)), ("3", (2, 1, 1)), ("9", None)]))

    counted = run(build)
    assert (counted["alerts.raised"], counted["alerts.level.high"], counted["alerts.department.care"]) == (3, 3, 3)


def test_an_alert_carries_its_words_and_no_other_post_is_explained():
    posts = [
        replace(
            an_enriched_post(a_post("1", text="دیر رسید 09121234567"), a_classification(severity=3)),
            redacted_text="دیر رسید [phone]",
        ),
        an_enriched_post(a_post("2", hours=1), a_classification(severity=1)),
        an_enriched_post(a_post("3", hours=2, text=""), a_classification(severity=3)),
    ]

    def build(pipeline):
        alerts = pipeline | beam.Create(posts) | RaiseAlerts(ALERTS, first_words)
        assert_that(alerts | beam.Map(lambda a: (a.post_id, a.words)), equal_to([("1", ("دیر", "رسید")), ("3", ())]))

    assert run(build)["test.explained"] == 1
