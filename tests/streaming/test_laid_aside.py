"""A stream's memory of a customer ends when nothing of it matters any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.direct.direct_runner import BundleBasedDirectRunner
from apache_beam.testing.test_stream import TestStream
from apache_beam.testing.util import assert_that
from apache_beam.transforms.window import TimestampedValue
from apache_beam.utils.timestamp import Timestamp

from pipeline import metrics
from pipeline.logic.care import Known
from pipeline.logic.facts import Fact
from pipeline.records import Alert, Customer
from pipeline.transforms.care_for_customers import CareForCustomers
from tests.unit.test_care import CARE, LATER
from tests.unit.test_cases import complaint, happy, reply

REMEMBER = timedelta(days=2)
LATE = 24 * 4
"""Hours: by then what was said in the first is laid aside."""
AGAIN = complaint("9", LATE, severity=3)


class _Nobody:
    def covers(self, customer: str) -> bool:
        del customer
        return False


def play(first: Sequence[Fact], earlier: int, known: Known | None = None) -> dict[str, int]:
    """Posts, and days later a grave complaint; fails unless its alert tells of so many earlier ones. Counters."""
    played = TestStream()
    for fact in (*first, AGAIN):
        played.advance_watermark_to(_beam(fact.at))
        played.add_elements([TimestampedValue(("x:ali", fact), _beam(fact.at))])
    played.advance_watermark_to_infinity()

    def check(alerts: Iterable[Alert]) -> None:
        found = [alert.customer and alert.customer.posts for alert in alerts if alert.rule == "serious"]
        assert found == [earlier], found

    metrics.forget()
    with beam.Pipeline(BundleBasedDirectRunner(), options=PipelineOptions(["--streaming"])) as pipeline:
        recalled = pipeline | "Known" >> beam.Create([("x:ali", known)] if known else [("x:sara", Known())])
        settings = replace(CARE, remember=REMEMBER)
        care = (pipeline | played) | CareForCustomers(settings, lambda *_: (), lambda: LATER, recalled, _Nobody)
        assert_that(care.alerts, check)
    return metrics.tally()


def _beam(moment: datetime) -> Timestamp:
    return Timestamp.from_utc_datetime(moment)


@pytest.mark.parametrize(
    ("first", "earlier"),
    [
        pytest.param([happy("1", 0)], 0, id="content"),
        pytest.param([complaint("1", 0), reply("2", 1), happy("3", 2)], 0, id="resolved"),
        pytest.param([complaint("1", 0)], 1, id="waits for an answer"),
        pytest.param([happy("1", LATE - 24)], 1, id="wrote yesterday"),
    ],
)
def test_only_who_is_owed_nothing_is_laid_aside(first, earlier):
    assert play(first, earlier).get("care.laid_aside", 0) == (earlier == 0)


def test_who_was_recalled_is_laid_aside_as_well():
    known = Known(facts=(happy("1", 0),), crm=Customer("1001", tier="gold"))
    assert play([], 0, known)["care.laid_aside"] == 1
