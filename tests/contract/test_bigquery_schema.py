"""The table of each contract: the columns exactly, BigQuery's limits, and rows as its JSON methods take them."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from apache_beam.io.gcp.bigquery_tools import RowAsDictJsonCoder, get_avro_schema_from_table_schema

import schemas
from pipeline.errors import ConfigError, RecordError
from pipeline.records import Author, DeadLetter, SocialPost, to_dict
from schemas import bigquery

AT = datetime(2025, 3, 20, 12, 31, 30, 5, tzinfo=timezone(timedelta(hours=3, minutes=30)))
POST = SocialPost(
    post_id="1",
    platform="telegram",
    author=Author(account_id=None, declared={"location": "تهران"}),
    text="سلام",
    created_at=AT,
    hashtags=("اسکی", "ski"),
)


def columns(name: str) -> dict[str, dict[str, Any]]:
    """Every column by its dotted name."""

    def walk(fields: list[dict[str, Any]], prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
        for field in fields:
            yield prefix + field["name"], field
            yield from walk(field.get("fields", []), f"{prefix}{field['name']}.")

    return dict(walk(schemas.bigquery_schema(name)["fields"], ""))


def test_columns_of_a_post() -> None:
    found = {name: f"{column['type']} {column['mode']}" for name, column in columns("social_post").items()}
    assert found == {
        "post_id": "STRING REQUIRED",
        "platform": "STRING REQUIRED",
        "author": "RECORD REQUIRED",
        "author.account_id": "STRING NULLABLE",
        "author.handle": "STRING NULLABLE",
        "author.display_name": "STRING NULLABLE",
        "author.followers": "INTEGER NULLABLE",
        "author.verified": "BOOLEAN NULLABLE",
        "author.declared": "RECORD REPEATED",
        "author.declared.key": "STRING REQUIRED",
        "author.declared.value": "STRING REQUIRED",
        "text": "STRING REQUIRED",
        "created_at": "TIMESTAMP REQUIRED",
        "language": "STRING NULLABLE",
        "conversation_id": "STRING NULLABLE",
        "in_reply_to_post_id": "STRING NULLABLE",
        "in_reply_to_account_id": "STRING NULLABLE",
        "mentions": "STRING REPEATED",
        "hashtags": "STRING REPEATED",
        "links": "STRING REPEATED",
        "media": "STRING REPEATED",
        "engagement": "RECORD NULLABLE",
        "engagement.likes": "INTEGER NULLABLE",
        "engagement.shares": "INTEGER NULLABLE",
        "engagement.replies": "INTEGER NULLABLE",
        "engagement.views": "INTEGER NULLABLE",
        "permalink": "STRING NULLABLE",
        "attributes": "RECORD REPEATED",
        "attributes.key": "STRING REQUIRED",
        "attributes.value": "STRING REQUIRED",
        "edited_at": "TIMESTAMP NULLABLE",
        "deleted": "BOOLEAN NULLABLE",
    }


@pytest.mark.parametrize(
    ("name", "column", "expected"),
    [
        ("dead_letter", "payload", "BYTES REQUIRED"),
        ("profile", "mood", "FLOAT REQUIRED"),
        ("profile", "declared", "RECORD REPEATED"),
        ("profile", "declared.value.at", "TIMESTAMP REQUIRED"),
        ("profile", "contributions", "RECORD REPEATED"),
        ("profile", "contributions.interests.value", "FLOAT REQUIRED"),
        ("profile", "contributions.version", "STRING NULLABLE"),
        ("profile", "looks.declared", "RECORD REPEATED"),
        ("profile", "deletions.at", "TIMESTAMP REQUIRED"),
        ("alert", "customer", "RECORD NULLABLE"),
        ("case", "history.due_at", "TIMESTAMP REQUIRED"),
        ("kpi", "first_response_bins", "RECORD REPEATED"),
        ("kpi", "working_response_bins.count", "INTEGER REQUIRED"),
        ("enriched_post", "post.author.followers", "INTEGER NULLABLE"),
        ("enriched_post", "classification.stage.scores", "RECORD REPEATED"),
        ("enriched_post", "classification.truncated", "BOOLEAN NULLABLE"),
    ],
)
def test_columns_of_the_other_contracts(name: str, column: str, expected: str) -> None:
    found = columns(name)[column]
    assert f"{found['type']} {found['mode']}" == expected


@pytest.mark.parametrize("name", schemas.names())
def test_the_table_keeps_within_bigquerys_limits(name: str) -> None:
    found = columns(name)
    assert len(found) <= 10_000
    for column, what in found.items():
        assert column.count(".") < 15, "records nest at most 15 deep"
        assert 0 < len(what["description"]) <= 1024, column


@pytest.mark.parametrize("name", schemas.names())
def test_beam_understands_the_table(name: str) -> None:
    assert get_avro_schema_from_table_schema(schemas.bigquery_schema(name))["type"] == "record"


def test_row_of_a_post() -> None:
    row = schemas.to_row(to_dict(POST), "social_post")
    assert row["author"] == {
        "account_id": None,
        "handle": None,
        "display_name": None,
        "followers": None,
        "verified": None,
        "declared": [{"key": "location", "value": "تهران"}],
    }
    assert row["created_at"] == "2025-03-20T09:01:30.000005Z"
    assert row["hashtags"] == ["اسکی", "ski"]
    assert row["attributes"] == []
    assert row["engagement"] == {"likes": None, "shares": None, "replies": None, "views": None}


def test_a_time_given_in_microseconds_is_the_same_row() -> None:
    micros = round(AT.timestamp() * 1_000_000)
    assert schemas.to_row(to_dict(POST) | {"created_at": micros}, "social_post") == schemas.to_row(
        to_dict(POST), "social_post"
    )


def test_any_bytes_go_through_beams_encoder() -> None:
    letter = DeadLetter(b"\xff\x00{", "a.jsonl", 3, "parse", "bad_json", "line 3 is no JSON")
    coder = RowAsDictJsonCoder()
    row = coder.decode(coder.encode(schemas.to_row(to_dict(letter), "dead_letter")))
    assert base64.b64decode(row["payload"]) == letter.payload


def test_an_absent_field_is_written_as_its_default() -> None:
    plain = to_dict(POST)
    for field in ("engagement", "mentions", "language", "attributes"):
        del plain[field]
    assert schemas.to_row(plain, "social_post") == schemas.to_row(to_dict(POST), "social_post")


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_a_number_that_json_cannot_carry_is_refused_by_name(number: float) -> None:
    flag = {"label": True, "score": number, "abstain": False}
    with pytest.raises(RecordError, match=r"^classification\.complaint\.score: expected a finite number$") as caught:
        schemas.to_row({"classification": {"complaint": flag}}, "enriched_post")
    assert caught.value.reason == "not_finite"


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (["string", "long"], "several types"),
        ({"type": "array", "items": {"type": "array", "items": "string"}}, "lists of lists"),
        ({"type": "array", "items": ["null", "string"]}, "lists of lists, maps or nulls"),
        ({"type": "long", "logicalType": "timestamp-millis"}, "no BigQuery type for Avro timestamp-millis"),
    ],
)
def test_what_a_table_cannot_hold_is_refused(kind: Any, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = {"type": "record", "name": "Odd", "fields": [{"name": "f", "type": kind}], "__named_schemas": {}}
    monkeypatch.setattr(bigquery, "load", lambda *_: schema)
    with pytest.raises(ConfigError, match=message):
        schemas.bigquery_schema("odd")


def test_rows_are_plain_json() -> None:
    assert json.loads(json.dumps(schemas.to_row(to_dict(POST), "social_post")))["created_at"].endswith("Z")
