"""The same posts give the same: at once from files, or as they come, disordered, doubled and late."""

from __future__ import annotations

import csv
import json
import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import apache_beam as beam
import pytest
from apache_beam.ml.inference.base import PredictionResult
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.direct.direct_runner import BundleBasedDirectRunner
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_stream import TestStream
from apache_beam.transforms.window import TimestampedValue
from apache_beam.utils.timestamp import Timestamp

from models.classifier import PostClassifier
from pipeline import graph, metrics
from pipeline.config import load_config
from pipeline.io.read_posts import expand_input
from pipeline.logic.kpis import DAY, KpiKey
from pipeline.ports import Ports
from pipeline.records import ANY, Consent, Customer, EnrichedPost, Kpi, RawRecord, from_dict
from pipeline.store.care_store import CareStore
from pipeline.store.customer_store import CustomerStore
from pipeline.store.kpi_store import KpiStore
from pipeline.store.profile_store import ProfileStore
from runners import local
from runners.local import Job
from runners.messages import Message, read_messages
from runners.show import records

SAMPLE, CONFIG = "examples/parsi/posts", Path("runners/config/reference.yaml")
NOW = datetime(2026, 11, 22, tzinfo=UTC)
START = datetime(2026, 9, 1, tzinfo=UTC)
BUNDLE = 20
"""Messages that arrive together."""


class Remembering(PostClassifier):
    """The classifier that ships; a text it has read before gets the answer it got then."""

    answers: ClassVar[dict[str, Any]] = {}

    def run_inference(self, batch, model, inference_args=None):
        new = {each.post.text: each for each in batch if each.post.text not in self.answers}
        for answered in super().run_inference(list(new.values()), model):
            self.answers[answered.example.post.text] = answered.inference
        return [PredictionResult(each, self.answers[each.post.text], model.name) for each in batch]


class Runs:
    """What two runs left behind."""

    def __init__(self, job: Job, counted: dict[str, int]) -> None:
        self.counted = counted
        profiles, care = ProfileStore(job.store_url), CareStore(job.store_url)
        self.profiles = list(profiles.read_all())
        self.cases = list(care.cases())
        kpis = KpiStore(job.store_url, job.config.time_zone)
        # a post that moved leaves a row of nothing
        self.kpis = {KpiKey.of(row): replace(row, revision=1) for row in kpis.rows() if row.mentions}
        kpis.close()
        self.alerts = {alert.alert_id: replace(alert, revision=1) for alert in care.alerts()}
        self.actions = {action.action_id: replace(action, revision=1) for action in care.actions()}
        profiles.close()
        care.close()
        events: dict[str, EnrichedPost] = {}
        for row in records(str(job.output / "enriched")):
            event = from_dict(EnrichedPost, row)
            # as docs/data.md tells readers: the newest version of a post counts
            events[event.post.key] = max(events.get(event.post.key, event), event, key=lambda e: e.post.version)
        self.events = events
        written: dict[KpiKey, Kpi] = {}
        for found in records(str(job.output / "kpis")):
            row = from_dict(Kpi, found)
            written[KpiKey.of(row)] = max(written.get(KpiKey.of(row), row), row, key=lambda each: each.revision)
        self.written_kpis = {key: replace(row, revision=1) for key, row in written.items() if row.mentions}
        self.letters = sorted(row["reason"] for row in records(str(job.output / "dead_letters")))


def ports(job: Job, **more: Any) -> Ports:
    found = local.ports(job)
    return replace(found, classifier=Remembering(), explain=lambda *_: (), clock=lambda: NOW, **more)


def run(output: Path, runner: Any, read: beam.PTransform | None = None, options: Sequence[str] = ()) -> Runs:
    return Runs(carry_out(output, runner, read, options), metrics.tally())


def carry_out(output: Path, runner: Any, read: beam.PTransform | None = None, options: Sequence[str] = ()) -> Job:
    job = Job(input=SAMPLE, output=output, config=load_config(CONFIG), config_path=CONFIG)
    output.mkdir(exist_ok=True)
    local.create_tables(job)
    with closing(CustomerStore(job.store_url)) as customers:
        customers.put_customers(crm(), START)
    pipeline = beam.Pipeline(runner, options=PipelineOptions(list(options)))
    graph.build(pipeline, job.config, ports(job, **({"read_posts": read} if read else {})))
    metrics.forget()
    pipeline.run().wait_until_finish()
    return job


def crm() -> list[tuple[Customer, list[str]]]:
    """The sample's customers, as far as it names their accounts by id; all agree to everything."""
    agreed = tuple(Consent(ANY, purpose, True, START) for purpose in ("marketing", "service"))
    with Path("examples/parsi/crm.csv").open(encoding="utf-8", newline="") as file:
        return [
            (
                Customer(row["customer"], row["name"], row["tier"] or None, agreed),
                [each for each in row["accounts"].split(";") if each and "@" not in each],
            )
            for row in csv.DictReader(file)
        ]


def as_it_comes(seed: int, part: slice = slice(None)) -> TestStream:
    """The sample's messages: two days of disorder, a tenth delivered twice, and a watermark that runs ahead of many."""
    chance = random.Random(seed)
    settings = load_config(CONFIG).parse_settings()
    messages: list[Message] = []
    for file in expand_input(SAMPLE):
        before = START
        for each in read_messages(file, settings, NOW):
            before = each.at or before
            messages.append(replace(each, at=before))
            if "created_at" in each.attributes and chance.random() < 0.1:
                messages.append(replace(each, at=before))
    arrivals = sorted((each.at + timedelta(hours=chance.uniform(0, 48)), n, each) for n, each in enumerate(messages))[
        part
    ]
    stream, watermark = TestStream(), START
    stream.advance_watermark_to(_beam(START))
    for start in range(0, len(arrivals), BUNDLE):
        bundle = arrivals[start : start + BUNDLE]
        raws = [RawRecord(each.data, "pubsub://demo-project/posts", n) for _, n, each in bundle]
        stream.add_elements(
            [TimestampedValue(raw, _beam(each.at)) for raw, (_, _, each) in zip(raws, bundle, strict=True)]
        )
        # half a day behind what has arrived: many posts come later than that
        watermark = max(watermark, bundle[-1][0] - timedelta(hours=12))
        stream.advance_watermark_to(_beam(watermark))
    return stream.advance_watermark_to_infinity()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Runs, Runs]:
    root = tmp_path_factory.mktemp("runs")
    batch = run(root / "batch", FnApiRunner())
    return batch, run(root / "stream", BundleBasedDirectRunner(), as_it_comes(7), ["--streaming"])


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """A stream that died in its midst with some of what it was about to write, and a second one that went on."""
    output = tmp_path_factory.mktemp("crash") / "stream"
    engine = ("--streaming",)
    run(output, BundleBasedDirectRunner(), as_it_comes(7, slice(400)), engine)
    with closing(sqlite3.connect(output / "profiles.db")) as store, store:
        for table, lost in (("facts", 3), ("alerts", 5), ("cases", 6), ("actions", 3)):
            # a part of what was under way; its messages come again
            store.execute(f"DELETE FROM {table} WHERE rowid % {lost} = 0")
    return run(output, BundleBasedDirectRunner(), as_it_comes(7), engine)


def test_a_crash_changes_nothing_in_the_end(runs, crashed):
    assert crashed.profiles == runs[0].profiles
    assert crashed.cases == runs[0].cases
    assert crashed.alerts == runs[0].alerts
    assert crashed.actions == runs[0].actions
    assert crashed.kpis == runs[0].kpis
    assert crashed.events == runs[0].events


def test_a_reply_that_was_read_before_a_crash_answers_the_post_that_comes_after_it(tmp_path):
    """It names only its post. It was acknowledged, so it does not come again."""
    complaint = {
        "post_id": "1",
        "author": {"account_id": "7"},
        "text": "@ParsiShops سفارشم دو هفته است نرسیده، افتضاحید",
    }
    reply = {"post_id": "2", "author": {"account_id": "900100"}, "text": "پیگیری می‌کنیم", "in_reply_to_post_id": "1"}
    for each in (reply, complaint):
        hour = 8 + int(each["post_id"])
        post = {"platform": "x", "created_at": f"2026-10-05T{hour:02}:00:00Z", **each}
        raw = RawRecord(json.dumps(post).encode(), "pubsub://demo-project/posts", 1)
        at = _beam(datetime(2026, 10, 5, hour, tzinfo=UTC))
        stream = TestStream().add_elements([TimestampedValue(raw, at)]).advance_watermark_to_infinity()
        job = carry_out(tmp_path / "stream", BundleBasedDirectRunner(), stream, ["--streaming"])
    with closing(CareStore(job.store_url)) as store:
        (case,) = store.cases()
    assert case.answered_at == datetime(2026, 10, 5, 10, tzinfo=UTC)


def test_profiles(runs):
    assert runs[0].profiles
    assert runs[1].profiles == runs[0].profiles


def test_cases(runs):
    assert {case.state for case in runs[0].cases} >= {"breached", "resolved"}
    assert runs[1].cases == runs[0].cases


def test_alerts(runs):
    assert len(runs[0].alerts) > 100
    assert any(alert.rule == "gold-customer" for alert in runs[0].alerts.values())
    assert runs[1].alerts == runs[0].alerts


def test_actions(runs):
    assert len(runs[0].actions) > 20
    assert any(action.needs_consent == "service" for action in runs[0].actions.values())
    assert runs[1].actions == runs[0].actions


def test_kpis(runs):
    assert sum(row.mentions for row in runs[0].kpis.values() if row.period == DAY) > 400
    assert any(row.first_response_bins for row in runs[0].kpis.values())
    assert runs[1].kpis == runs[0].kpis


def test_kpis_in_files_are_those_of_the_store(runs):
    for each in runs:
        assert each.written_kpis == each.kpis


def test_enriched_events(runs):
    assert runs[1].events == runs[0].events


def test_dead_letters(runs):
    # a message has no header above it, so a broken row is broken JSON there
    assert len(runs[1].letters) == len(runs[0].letters) == 12


def test_late_posts_took_back_what_had_been_said(runs):
    assert runs[1].counted["alerts.withdrawn"] > 0


def _beam(moment: datetime) -> Timestamp:
    # a TestStream counts in milliseconds
    return Timestamp(micros=Timestamp.from_utc_datetime(moment).micros // 1000 * 1000)
