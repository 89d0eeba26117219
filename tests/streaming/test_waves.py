"""Waves of complaints are told once each, whether complaints come at once, disordered, late, or over two runs."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.direct.direct_runner import BundleBasedDirectRunner
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_stream import TestStream
from apache_beam.transforms.window import TimestampedValue
from apache_beam.utils.timestamp import Timestamp

from pipeline import metrics
from pipeline.io.in_turn import WriteInTurn
from pipeline.io.keep_care import CareSink, RecallWaves
from pipeline.logic.alerts import AlertSettings, Department
from pipeline.logic.sla import WorkingCalendar
from pipeline.logic.spikes import Sighting, SpikeSettings
from pipeline.logic.wave_alerts import HORIZON, WaveSettings, key_of
from pipeline.store.care_store import CareStore
from pipeline.transforms.detect_waves import DetectWaves

START = datetime(2026, 9, 1, tzinfo=UTC)
NOW = START + timedelta(days=30)
ALWAYS = WorkingCalendar("UTC", {day: ((time(0), time(0)),) for day in range(7)})
CARE = Department("care", ALWAYS, timedelta(hours=8))
SETTINGS = WaveSettings(
    AlertSettings((), {"care": CARE}, {}, "care"), SpikeSettings(min_history=timedelta(days=7)), "critical"
)
KEY = key_of("Parsi", "delivery")
WAVES = (START + timedelta(days=16, hours=10), START + timedelta(days=21, hours=15))


def complaint(number: int, at: datetime, excerpt: str = "سفارش من هنوز نرسیده") -> tuple[str, Sighting]:
    seen = Sighting(f"x:{number}", at, author=f"x:person{number}", version="1", severity=2 + number % 2)
    return KEY, replace(seen, excerpt=excerpt, platform="x", language="fa", model="a-model")


def three_weeks() -> list[tuple[str, Sighting]]:
    """About one complaint in two hours, and two hours in which forty people complain of the courier's strike."""
    chance, found, at = random.Random(3), [], START
    while at < START + timedelta(days=24):
        at += timedelta(hours=chance.expovariate(0.5))
        found.append(complaint(len(found), at))
    for wave in WAVES:
        times = [wave + timedelta(minutes=chance.uniform(0, 60)) for _ in range(40)]
        found += [complaint(1000 + len(found) + n, at, "اعتصاب پیک‌ها، بسته نیامد") for n, at in enumerate(times)]
    return sorted(found, key=lambda item: item[1].at)


def run(store: Path, source: beam.PTransform, runner: object, options: Sequence[str] = ()) -> dict[str, int]:
    url = f"sqlite:///{store}"
    opened = CareStore(url)
    opened.create_tables()
    opened.close()
    pipeline = beam.Pipeline(runner, options=PipelineOptions(list(options)))
    found = (pipeline | source) | DetectWaves(SETTINGS, lambda: NOW, pipeline | "Recall" >> RecallWaves(url))
    found.alerts | "Tell" >> WriteInTurn(CareSink(url, "put_alerts"))
    found.courses | "Keep" >> WriteInTurn(CareSink(url, "put_courses"))
    metrics.forget()
    pipeline.run().wait_until_finish()
    return metrics.tally()


def alerts(store: Path) -> list:
    opened = CareStore(f"sqlite:///{store}")
    try:
        return [replace(alert, revision=1) for alert in opened.alerts()]
    finally:
        opened.close()


def stream(
    found: Sequence[tuple[str, Sighting]], seed: int, late: timedelta, last: Sequence[tuple[str, Sighting]] = ()
) -> TestStream:
    """Each comes up to `late` after it was written, some twice; the watermark is half of that behind what has come."""
    chance = random.Random(seed)
    arrivals = [(item[1].at + chance.uniform(0, 1) * late, item) for item in found]
    arrivals += [arrival for arrival in arrivals if chance.random() < 0.1]
    played, watermark = TestStream(), found[0][1].at
    for arrived, item in sorted(arrivals, key=lambda arrival: arrival[0]):
        played.add_elements([TimestampedValue(item, _beam(item[1].at))])
        if arrived - late / 2 > watermark + timedelta(milliseconds=1):
            watermark = arrived - late / 2
            played.advance_watermark_to(_beam(watermark))
    for item in last:
        played.add_elements([TimestampedValue(item, _beam(item[1].at))])
    return played.advance_watermark_to_infinity()


def streamed(store: Path, found: Sequence[tuple[str, Sighting]], seed: int = 1, hours: float = 6) -> dict[str, int]:
    return run(store, stream(found, seed, timedelta(hours=hours)), BundleBasedDirectRunner(), ["--streaming"])


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> list:
    store = tmp_path_factory.mktemp("batch") / "store.db"
    run(store, beam.Create(three_weeks()), FnApiRunner())
    return alerts(store)


def test_each_wave_is_one_alert_that_says_what_it_is(at_once):
    assert [alert.raised_at - wave for alert, wave in zip(at_once, WAVES, strict=True)] == [
        *(pytest.approx(timedelta(minutes=30), abs=timedelta(minutes=20)) for _ in WAVES)
    ]
    alert = at_once[0]
    assert (alert.rule, alert.level, alert.department, alert.category) == (
        *("complaint-wave", "critical"),
        *("care", "delivery"),
    )
    assert alert.due_at == alert.raised_at + timedelta(hours=8)
    assert len({sample.post for sample in alert.samples}) == 5
    assert "اعتصاب" in alert.words
    assert "سفارش" not in alert.words
    assert "people complained within 60 minutes" in alert.reasons[0]
    assert alert.account is None


@pytest.mark.parametrize("seed", [1, 2])
def test_disordered_late_and_doubled_complaints_end_in_the_same_alerts(at_once, tmp_path, seed):
    counted = streamed(tmp_path / "store.db", three_weeks(), seed)
    assert alerts(tmp_path / "store.db") == at_once
    assert "waves.late" not in counted


@pytest.mark.parametrize("seed", [1, 2])
def test_complaints_that_come_days_late_end_in_the_same_alerts(at_once, tmp_path, seed):
    # the watermark is half of that behind: nothing comes later than the horizon
    counted = streamed(tmp_path / "store.db", three_weeks(), seed, hours=2 * HORIZON / timedelta(hours=1))
    assert alerts(tmp_path / "store.db") == at_once
    assert "waves.late" not in counted


def test_a_stream_that_is_in_order_tells_each_wave_once_and_takes_nothing_back(at_once, tmp_path):
    counted = streamed(tmp_path / "store.db", three_weeks(), hours=0)
    assert counted["alerts.raised"] == len(WAVES)
    assert "alerts.withdrawn" not in counted
    assert alerts(tmp_path / "store.db") == at_once


def test_a_second_run_goes_on_where_the_first_ended(at_once, tmp_path):
    store, found = tmp_path / "store.db", three_weeks()
    end = WAVES[0] + timedelta(days=2)
    streamed(store, [item for item in found if item[1].at < end])
    # the complaints of the last days are recalled from the store, older ones may be replayed
    counted = streamed(store, [item for item in found if item[1].at > end - timedelta(days=12)])
    assert counted["alerts.raised"] == 1, "the first wave was told by the first run"
    assert counted["waves.late"] > 0
    assert [alert.alert_id for alert in alerts(store)] == [alert.alert_id for alert in at_once]


def test_a_wave_whose_posts_are_deleted_is_taken_back_without_its_texts(tmp_path):
    found = [item for item in three_weeks() if item[1].at < WAVES[0] + timedelta(days=1)]
    gone = [
        (key, replace(seen, version="2", stands=False, excerpt=""))
        for key, seen in found
        if WAVES[0] <= seen.at < WAVES[0] + timedelta(hours=1)
    ]
    played = stream(found, 1, timedelta(0), last=gone)
    counted = run(tmp_path / "store.db", played, BundleBasedDirectRunner(), ["--streaming"])
    assert counted["alerts.raised"] == counted["alerts.withdrawn"] == 1
    assert alerts(tmp_path / "store.db") == []


def _beam(moment: datetime) -> Timestamp:
    # a TestStream counts in milliseconds
    return Timestamp(micros=Timestamp.from_utc_datetime(moment).micros // 1000 * 1000)
