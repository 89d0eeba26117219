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
from pipeline.logic.care import CareSettings, Known, tell
from pipeline.logic.cases import CaseSettings
from pipeline.logic.enrichment import EnrichSettings
from pipeline.logic.facts import fact
from pipeline.logic.lexicon import Lexicon
from pipeline.logic.profile import ProfileSettings
from pipeline.logic.signals import SignalSettings
from pipeline.logic.sla import WorkingCalendar
from pipeline.logic.tombstones import Tombstones
from pipeline.metrics import counter, counters
from pipeline.records import ClassifiedPost, Engagement
from pipeline.transforms.address_posts import AddressPosts
from pipeline.transforms.care_for_customers import CareForCustomers
from pipeline.transforms.classify_posts import ClassifyPosts
from pipeline.transforms.drop_duplicates import DropDuplicates
from pipeline.transforms.enrich_posts import EnrichPosts
from pipeline.transforms.fold_profiles import FoldProfiles
from tests.builders import START, a_classification, a_deletion, a_parsed_post, a_post, an_enriched_post

ENRICH = EnrichSettings(Lexicon.compile({"Parsi": ["پارسی"]}), Lexicon.compile({}))
STEPS = frozenset({"answered"})
CALENDAR = WorkingCalendar("UTC", {day: ((time(0), time(0)),) for day in range(7)})
ALERTS = AlertSettings(
    (AlertRule("serious", "high", min_severity=3),),
    {"care": Department("care", CALENDAR, timedelta(hours=8))},
    {},
    "care",
)
CARE = CareSettings(CaseSettings(ALERTS), SignalSettings(churn_complaints=99), STEPS)


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


class SkippingClassifier(ScriptedClassifier):
    """Answers that every text is empty."""

    def run_inference(self, batch, model, inference_args=None):
        return [PredictionResult(parsed, replace(a_classification(), skipped=True)) for parsed in batch]


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


@pytest.mark.parametrize("reverse", [False, True])
def test_of_several_versions_the_newest_passes_and_a_deletion_finds_its_author(reverse):
    first = a_parsed_post(a_post("1", engagement=Engagement(likes=900)), b"first", 1)
    edit = a_parsed_post(a_post("1", text="رسید", edited_at=START + timedelta(hours=1)), b"edit", 2)
    written = a_parsed_post(a_post("2", text="راز"), b"written", 3)
    gone = a_parsed_post(a_deletion("2", hours=3, account=None), b"gone", 4)
    posts = [first, edit, written, gone]

    def build(pipeline):
        fresh = pipeline | beam.Create(posts[::-1] if reverse else posts) | DropDuplicates()
        told = fresh | beam.Map(lambda parsed: (parsed.raw.payload, parsed.post.author.account_id, parsed.post.text))
        assert_that(told, equal_to([(b"edit", "ali", "رسید"), (b"gone", "ali", "")]))

    assert run(build)["deduplicate.duplicates"] == 2


def test_a_deletion_is_passed_on_and_counted_apart():
    posts = [a_parsed_post(a_deletion("1")), a_parsed_post(a_post("2", text=""))]

    def build(pipeline):
        classified, _ = pipeline | beam.Create(posts) | ClassifyPosts(SkippingClassifier())
        enriched, failures = classified | EnrichPosts(ENRICH)
        assert_that(
            enriched | beam.Map(lambda e: (e.post.key, e.post.deleted)), equal_to([("x:1", True), ("x:2", False)])
        )
        assert_that(failures, equal_to([]), "none")

    counted = run(build)
    assert (counted["enrich.deleted"], counted["enrich.posts"], counted["classify.skipped"]) == (1, 1, 1)
    assert counted["enrich.sentiment.neu"] == 1


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


def nobody():
    return Tombstones(b"", frozenset())


def told(pipeline, posts, recalled=()):
    """What is told of the posts a minute after the last of them, when no deadline has passed."""
    known = pipeline | "Known" >> beam.Create(list(recalled))
    now = max(each.post.created_at for each in posts) + timedelta(minutes=1)
    care = CareForCustomers(CARE, first_words, lambda: now, known, nobody)
    return pipeline | beam.Create(posts) | AddressPosts(known) | care


def test_the_brief_of_an_alert_knows_the_past_and_not_the_future():
    posts = [
        an_enriched_post(a_post("3", hours=5), a_classification(severity=3)),
        an_enriched_post(a_post("1", hours=0), a_classification(advocacy=True)),
        an_enriched_post(a_post("4", hours=9), a_classification(severity=1)),
        an_enriched_post(a_post("2", hours=1), a_classification(severity=3)),
        replace(an_enriched_post(a_post("9", account=None), a_classification(severity=4))),
    ]

    def build(pipeline):
        alerts = told(pipeline, posts).alerts
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
        alerts = told(pipeline, posts).alerts
        assert_that(alerts | beam.Map(lambda a: (a.post_id, a.words)), equal_to([("1", ("دیر", "رسید")), ("3", ())]))

    assert run(build)["test.explained"] == 1


def a_reply(post_id, hours, **more):
    post = a_post(post_id, hours=hours, account="parsi", **more)
    return an_enriched_post(post, own=True)


def test_a_reply_finds_its_customer_by_account_or_by_post_and_one_to_nobody_is_counted():
    earlier = fact(an_enriched_post(a_post("7", account="reza")), None)
    posts = [
        a_reply("2", 1, in_reply_to_post_id="1"),
        an_enriched_post(a_post("1", account="ali"), a_classification(severity=2)),
        a_reply("3", 2, in_reply_to_account_id="sara"),
        a_reply("4", 3),
        a_reply("6", 5, in_reply_to_post_id="5"),
        a_reply("8", 6, in_reply_to_post_id="7"),
        an_enriched_post(a_post("5", hours=4, account=None)),
    ]

    def build(pipeline):
        known = pipeline | "Known" >> beam.Create([("x:reza", Known((earlier,), ()))])
        pairs = (
            pipeline | beam.Create(posts) | AddressPosts(known) | beam.MapTuple(lambda who, e: (who, e.post.post_id))
        )
        wanted = [
            ("x:reza", "8"),
            ("x:ali", "1"),
            ("x:ali", "2"),
            ("x:sara", "3"),
            ("post x:5", "5"),
            ("post x:5", "6"),
        ]
        assert_that(pairs, equal_to(wanted))

    assert run(build)["address.to_nobody"] == 1


def test_a_case_is_followed_and_its_answer_told():
    posts = [
        an_enriched_post(a_post("1"), a_classification(severity=3)),
        a_reply("2", 1, in_reply_to_post_id="1"),
    ]

    def build(pipeline):
        care = told(pipeline, posts)
        assert_that(care.alerts | beam.Map(lambda a: a.rule), equal_to(["serious", "case-answered"]), "alerts")
        assert_that(care.cases | beam.Map(lambda c: (c.customer, c.state)), equal_to([("x:ali", "answered")]), "cases")
        assert_that(care.facts | beam.MapTuple(lambda _, f: f.post), equal_to(["x:1", "x:2"]), "facts")

    assert run(build)["cases.answered"] == 1


def test_what_was_known_is_part_of_the_case_and_what_was_told_is_not_told_again():
    complaint, reply = (
        an_enriched_post(a_post("1"), a_classification(severity=3)),
        a_reply("2", 1, in_reply_to_account_id="ali"),
    )
    known = fact(complaint, None)
    before = tell("x:ali", [known], CARE, complaint.post.created_at).alerts.values()

    def build(pipeline):
        care = told(pipeline, [reply], [("x:ali", Known((known,), tuple(before)))])
        assert_that(care.alerts | beam.Map(lambda a: a.rule), equal_to(["case-answered"]))

    run(build)
