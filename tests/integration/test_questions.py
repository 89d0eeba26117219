"""The ten questions of a marketer, asked of a run over the sample: in DuckDB, and in BigQuery's own SQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipeline.config import load_config
from runners import local, warehouse_bigquery
from runners.export_profiles import export
from runners.warehouse_duckdb import build
from runners.warehouse_files import files_of
from tests.integration.questions import queries

pytest_plugins = ["tests.integration.bigquery"]
CONFIG = Path("runners/config/reference.yaml")
ASKED = queries("duckdb")


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    """The output directory of one run, with a snapshot of its profiles."""
    output = tmp_path_factory.mktemp("questions") / "out"
    job = local.Job(input="examples/parsi/posts", output=output, config=load_config(CONFIG), config_path=CONFIG)
    local.run(job)
    export(job.store_url, output, date(2026, 10, 17))
    return output


@pytest.fixture(scope="module")
def ask(output, tmp_path_factory):
    """Name of a question -> DuckDB's answer, a list of dicts."""
    path = tmp_path_factory.mktemp("duckdb") / "warehouse.duckdb"
    counts = build(files_of(output), path)
    assert counts["enriched"] == 716
    with duckdb.connect(str(path), read_only=True) as connection:

        def answer(name):
            found = connection.sql(ASKED[name])
            return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]

        yield answer


@pytest.fixture(scope="module")
def ask_bigquery(output, bigquery):
    """Name of a question -> the answer of the stand-in, with every file loaded twice."""
    dataset = bigquery.made()
    warehouse_bigquery.make(dataset)
    for _ in range(2):
        for _ in warehouse_bigquery.load(dataset, files_of(output)):
            pass
    return lambda name: bigquery.rows(queries("bigquery")[name], dataset)


def test_both_dialects_ask_the_same_ten_questions():
    assert list(ASKED) == list(queries("bigquery"))
    assert len(ASKED) == 10


@pytest.mark.parametrize("name", ASKED)
def test_bigquery_answers_as_duckdb_does(name, ask, ask_bigquery):
    assert ask_bigquery(name) == ask(name) != []


def test_sara_is_the_advocate_who_likes_skiing(ask):
    first = ask("advocates-who-like-skiing")[0]
    assert first["handle"] == "sara_powder"
    assert first["skiing"] > 1.5


def test_departments_with_an_answer_come_first_slowest_on_top(ask):
    rows = ask("slowest-at-weekends")
    hours = [row["hours"] for row in rows if row["hours"] is not None]
    assert hours == sorted(hours, reverse=True)
    assert rows[0]["hours"] > 12
    assert all(row["answered"] < row["complaints"] or row["hours"] is not None for row in rows)
    assert rows[-1]["answered"] == 0


def test_deliveries_grew_most_in_the_week_of_the_wave(ask):
    first = ask("complaints-that-grew")[0]
    assert first["category"] == "delivery"
    assert first["growth"] == first["this_week"] - first["week_before"] > 30


def test_noras_fridge_moves_most_people(ask):
    first, second, *_ = ask("influencers")
    assert (first["handle"], first["followers"]) == ("noraintehran", 184_000)
    assert first["negative"] >= 1
    assert first["reactions"] > 5 * second["reactions"]


def test_happy_customers_of_shops_talk_about_food(ask):
    rows = ask("happy-topics")
    assert rows[0]["topic"] == "food"
    assert all(0 <= row["happy_posts"] <= row["posts"] and row["posts"] >= 5 for row in rows)


def test_nobody_answers_the_reviews(ask):
    first, *others = ask("worst-sla")
    assert (first["brand"], first["platform"], first["in_time"]) == ("Parsi", "reviews", 0.0)
    assert max(row["in_time"] for row in others) > 0


def test_dariush_was_won_back_after_days(ask):
    found = {row["handle"]: row["hours"] for row in ask("lost-and-won-back")}
    assert 48 < found["dariush_mn"] < 120
    assert "pouya_rt" not in found


def test_each_segment_has_an_hour(ask):
    rows = ask("best-hour")
    assert [row["segment"] for row in rows] == ["advocates", "critics", "others"]
    # the wave: 12 October, 11:00 to 20:00
    assert 11 <= next(row["hour"] for row in rows if row["segment"] == "critics") <= 20


def test_the_month_of_the_sample_has_most_complaints_answered_late(ask):
    (row,) = ask("in-time-by-month")
    assert row["month"] == "2026-10"
    assert row["complaints"] >= row["decided"] > 100
    assert 0 < row["in_time"] < 0.5


def test_who_waits_for_two_days_was_never_answered_and_the_gravest_comes_first(ask):
    rows = ask("waiting-for-two-days")
    assert [row["severity"] for row in rows] == sorted((row["severity"] for row in rows), reverse=True)
    # two days before the last post, which is of 16 October 23:59 in Tehran at the latest
    assert all(row["opened_at"] < datetime(2026, 10, 16, 20, 30, tzinfo=UTC) - timedelta(days=2) for row in rows)
    assert "dariush_mn" not in {row["handle"] for row in rows}
    assert len(rows) > 50
