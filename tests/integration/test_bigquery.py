"""Records in BigQuery tables, against a local server that speaks its protocol."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import apache_beam as beam
import fastavro
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from google.cloud.bigquery import SchemaField, Table

from pipeline.errors import ConfigError
from pipeline.io.bigquery_names import BigQueryDataset, parse_bigquery
from pipeline.io.write_bigquery import WriteBigQuery
from pipeline.io.write_files import WriteFiles
from pipeline.logic.warehouse import TABLES, row_id
from pipeline.records import Alert, from_json, to_dict
from runners import warehouse_bigquery
from runners.warehouse_files import files_of
from runners.warehouse_ports import AndBigQuery
from schemas import load

pytest_plugins = ["tests.integration.bigquery"]
AT = datetime(2026, 10, 12, 20, 0, tzinfo=UTC)
ALERT = Alert(
    alert_id="a1",
    rule="serious-complaint",
    level="high",
    department="legal",
    account="x:1",
    platform="x",
    post_id="9",
    brands=("Parsi",),
    category="delivery",
    severity=3,
    created_at=AT,
    due_at=AT + timedelta(hours=4),
    customer=None,
    excerpt="کجاست؟",
    language="fa",
    permalink=None,
    reasons=("severity 3",),
    model="m",
    raised_at=AT,
)


@pytest.fixture
def dataset(bigquery):
    """A dataset with the tables and views."""
    made = bigquery.made()
    warehouse_bigquery.make(made)
    return made


def write(alerts, dataset, *, failed=()):
    """Stream alerts into the dataset; those with an id of `failed` must come back as dead letters."""
    with beam.Pipeline(FnApiRunner()) as pipeline:
        done = pipeline | beam.Create(alerts) | WriteBigQuery(dataset, "alerts", waits=(0.01,))
        assert_that(done.ok, equal_to([alert for alert in alerts if alert.alert_id not in failed]), "ok")
        letters = done.failures | beam.Map(lambda letter: (letter.stage, from_json(Alert, json.loads(letter.payload))))
        assert_that(letters, equal_to([("warehouse", a) for a in alerts if a.alert_id in failed]), "letters")
        reasons = done.failures | beam.Map(lambda letter: letter.reason)
        assert_that(reasons, equal_to(["bigquery_invalid"] * len(failed)), "reasons")
        messages = done.failures | beam.Map(lambda letter: "کجاست" in letter.message)
        assert_that(messages, equal_to([False] * len(failed)), "messages")


def test_a_record_is_a_row_with_its_partition(bigquery, dataset):
    write([ALERT], dataset)
    (row,) = bigquery.rows("SELECT * FROM alerts", dataset)
    assert row["excerpt"] == "کجاست؟"
    assert (str(row["date"]), row["raised_at"]) == ("2026-10-12", AT)
    assert row["brands"] == ["Parsi"]


def test_readers_see_each_alert_once_as_it_stands(bigquery, dataset):
    gone = replace(ALERT, alert_id="a2")
    changed = replace(ALERT, revision=2, raised_at=AT + timedelta(days=1), severity=4)
    write([changed, ALERT, gone, replace(gone, revision=2, withdrawn=True)], dataset)
    write([ALERT], dataset)
    assert len(bigquery.rows("SELECT * FROM alerts", dataset)) == 5
    (row,) = bigquery.rows("SELECT alert_id, severity, `case` FROM alerts_latest", dataset)
    assert row == {"alert_id": "a1", "severity": 4, "case": None}


def test_a_row_that_is_refused_is_a_dead_letter_and_the_others_are_kept(bigquery, dataset):
    # a table that somebody made by hand, with a number where we have text
    bigquery.client.delete_table(dataset.table("alerts"))
    schema = [
        SchemaField("rule", "INTEGER") if column["name"] == "rule" else SchemaField.from_api_repr(column)
        for column in warehouse_bigquery.columns(next(table for table in TABLES if table.name == "alerts"))
    ]
    bigquery.client.create_table(Table(dataset.table("alerts"), schema))
    write([replace(ALERT, alert_id="good", rule="7"), ALERT], dataset, failed={"a1"})
    assert [row["alert_id"] for row in bigquery.rows("SELECT alert_id FROM alerts", dataset)] == ["good"]


def test_a_bigquery_that_is_away_fails_the_bundle(dataset, monkeypatch):
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "127.0.0.1:1")
    with (
        pytest.raises(Exception, match="BigQuery did not take 1 rows of alerts"),
        beam.Pipeline(FnApiRunner()) as pipeline,
    ):
        pipeline | beam.Create([ALERT]) | WriteBigQuery(dataset, "alerts", waits=(0.01, 0.01))


def test_beside_the_files_and_refused_rows_with_them(bigquery, dataset, tmp_path):
    bigquery.client.delete_table(dataset.table("alerts"))
    schema = [SchemaField("alert_id", "INTEGER"), SchemaField("date", "DATE")]
    bigquery.client.create_table(Table(dataset.table("alerts"), schema))
    files = WriteFiles(str(tmp_path / "alerts"), "alert", lambda alert: alert.alert_id)
    with beam.Pipeline(FnApiRunner()) as pipeline:
        pipeline | beam.Create([ALERT]) | AndBigQuery(files, dataset, "alerts", tmp_path)
    with (tmp_path / "alerts" / "part-00000.avro").open("rb") as file:
        assert [row["alert_id"] for row in fastavro.reader(file)] == ["a1"]
    with (tmp_path / "dead_letters" / "warehouse=alerts" / "part-00000.avro").open("rb") as file:
        (letter,) = fastavro.reader(file)
    assert (letter["stage"], letter["source"]) == ("warehouse", f"{dataset}/alerts")
    assert from_json(Alert, json.loads(letter["payload"])) == ALERT


def test_the_same_row_has_the_same_insert_id_and_another_version_another():
    row = {"alert_id": "a1", "revision": 1}
    assert row_id(row) == row_id(dict(reversed(row.items())))
    assert row_id(row) != row_id(row | {"revision": 2})
    assert len(row_id(row)) <= 128


def test_making_the_tables_again_adds_what_is_new(bigquery):
    dataset = bigquery.made()
    assert set(warehouse_bigquery.make(dataset).values()) == {"created"}
    for table in TABLES:
        there = bigquery.client.get_table(dataset.table(table.name))
        assert (there.time_partitioning.field, there.clustering_fields) == ("date", list(table.clustered))
        assert [column.name for column in there.schema][-1] == "date"
    again = warehouse_bigquery.make(dataset)
    assert {again[table.name] for table in TABLES} == {"unchanged"}


def test_a_dataset_that_is_not_there_is_said_to_be_missing(bigquery):
    with pytest.raises(ConfigError, match="bq mk --dataset demo-project:shenava"):
        warehouse_bigquery.make(bigquery.unused())


@pytest.mark.parametrize(
    "name", ["bigquery://demo-project", "demo-project/d", "bigquery://P/d", "bigquery://demo-project/a-b"]
)
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(ConfigError, match=r"--to 'b|--to 'd"):
        parse_bigquery(name, "--to")
    assert parse_bigquery("bigquery://demo-project/a", "--to") == BigQueryDataset("demo-project", "a")


def test_a_snapshot_replaces_its_day_and_the_latest_counts(bigquery, dataset, tmp_path):
    def snapshot(day, *accounts):
        path = tmp_path / "profiles" / f"date={day}" / "part-00000.avro"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            fastavro.writer(file, load("profile"), [profile(account) for account in accounts])

    snapshot("2026-10-16", "x:1", "x:2")
    list(warehouse_bigquery.load(dataset, files_of(tmp_path)))
    snapshot("2026-10-17", "x:1", "x:3")
    list(warehouse_bigquery.load(dataset, files_of(tmp_path)))
    snapshot("2026-10-17", "x:3")
    list(warehouse_bigquery.load(dataset, files_of(tmp_path)))
    assert [row["account"] for row in bigquery.rows("SELECT account FROM profiles_latest", dataset)] == ["x:3"]
    assert len(bigquery.rows("SELECT account FROM profiles", dataset)) == 3
    (tmp_path / "profiles" / "date=2026-10-16" / "part-00000.avro").unlink()
    list(warehouse_bigquery.load(dataset, files_of(tmp_path), replace=True))
    assert [row["account"] for row in bigquery.rows("SELECT account FROM profiles", dataset)] == ["x:3"]


def profile(account):
    from pipeline.records import Profile

    return to_dict(
        Profile(
            account=account,
            handle=None,
            display_name=None,
            verified=None,
            declared={},
            reach=0,
            first_seen=AT,
            last_seen=AT,
            posts=1,
            complaints=0,
            complaints_by_category={},
            advocacy=0,
            intents={},
            stages={},
            interests={"skiing": 1.0},
            mood=0.0,
            activity=(0,) * 168,
            languages={},
            brands={},
            contributions=(),
        )
    )
