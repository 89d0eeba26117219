"""A person is forgotten, nothing of them is found, and nothing of them comes back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import fastavro
import pytest
from apache_beam import Pipeline
from apache_beam.ml.inference.base import ModelHandler, PredictionResult
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipeline import graph
from pipeline.clock import FixedClock
from pipeline.config import load_config
from pipeline.errors import RecordError
from pipeline.metrics import counters
from pipeline.store.profile_store import ProfileStore
from runners import local, outcome
from runners.cli import main
from tests.builders import a_classification

CONFIG = Path("runners/config/reference.yaml")
SARA, NAME = "x:9488311130", "سارا احمدی"
WORDS = ("9488311130", "sara_ahm", NAME, json.dumps(NAME)[1:-1])


class ByText(ModelHandler):
    """Judges a post by a word in it, and cannot take some."""

    def load_model(self):
        return object.__new__(type("Nothing", (), {}))

    def run_inference(self, batch, model, inference_args=None):
        for parsed in batch:
            refused = RecordError("bad_text", "text: no")
            said = a_classification(severity=4 * ("افتضاح" in parsed.post.text), categories=("billing",))
            yield PredictionResult(parsed, refused if "odd" in parsed.post.text else said)


def first_words(text, *_decision):
    return text.split()[:2]


def a_row(number, account, text, **more):
    sara = account == "9488311130"
    return {
        "post_id": str(number),
        "platform": "x",
        "account_id": account,
        "handle": "sara_ahm" if sara else account,
        "display_name": NAME if sara else account.title(),
        "text": text,
        "created_at": f"2026-10-{number + 10}T08:00:00Z",
        **more,
    }


ROWS = [
    a_row(1, "9488311130", "هواپیمایی پارسی افتضاح است، پول من را پس بدهید"),
    a_row(2, "ali", "هواپیمایی پارسی افتضاح است"),
    a_row(3, "reza", f"@sara_ahm {NAME} درست می‌گوید", in_reply_to_account_id="9488311130", mentions=["sara_ahm"]),
    a_row(4, "9488311130", "odd: هیچ‌کس جواب نمی‌دهد"),
    a_row(5, "reza", "odd: @sara_ahm"),
    a_row(6, "ali", "ممنون"),
    {**a_row(7, "9488311130", "پستی بدون زمان"), "created_at": "yesterday"},
]


def run(rows, place, store):
    """The records of a run over these rows in numbers."""
    posts = place.with_suffix(".jsonl")
    posts.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    place.mkdir()
    job = local.Job(str(posts), place, load_config(CONFIG), CONFIG, store=store)
    local.create_tables(job)
    ports = replace(
        local.ports(job),
        classifier=ByText(),
        explain=first_words,
        clock=FixedClock(datetime(2026, 11, 1, tzinfo=UTC)),
    )
    pipeline = Pipeline(FnApiRunner())
    graph.build(pipeline, job.config, ports)
    result = pipeline.run()
    result.wait_until_finish()
    records = outcome.summarise(job, counters(result), 1.0)["records"]
    outcome.balance(records)
    return records


def found(*places):
    """Files in which one of the person's words can be read, by means of this test alone."""
    hits = set()
    for path in (path for place in places for path in place.rglob("*") if path.is_file()):
        if path.suffix == ".avro":
            with path.open("rb") as file:
                text = "\n".join(str(row) for row in fastavro.reader(file))
            text = text.encode().decode("unicode_escape", "ignore") + text
        else:
            text = path.read_bytes().decode("utf-8", "replace")
        if any(word in text for word in WORDS):
            hits.add(path.name)
    return hits


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    """A run, the person's copy of it all, the erasure, and another run over the same posts and the dead letters."""
    place = tmp_path_factory.mktemp("forget")
    store = f"sqlite:///{place}/store.db"
    counted = run(ROWS, place / "first", store)
    profiles = ProfileStore(store)
    before = {profile.account: profile for profile in profiles.read_all()}
    seen = found(place / "first", place)
    target = ["--store", store, "--output", str(place / "first")]
    exported = main(
        ["export", "person", SARA, "--store", store, "--from", str(place / "first"), "--to", str(place / "sara.zip")]
    )
    (place / "sara.zip").rename(place.with_suffix(".zip"))
    (place / "first.jsonl").unlink()
    planned = main(["forget", SARA, *target, "--dry-run", "--json"])
    code = main(["forget", SARA, *target, "--yes", "--json"])
    left = found(place)
    again = main(["forget", SARA, *target, "--yes", "--json"])
    recounted = run(ROWS, place / "second", store)
    (place / "second.jsonl").unlink()
    yield locals()
    profiles.close()


def test_the_person_was_there_and_is_found_nowhere_afterwards(walk):
    assert {"store.db", "part-00000.avro", "part-00000.jsonl"} <= walk["seen"]
    assert walk["counted"] == {"in": 7, "good": 4, "failed": 3, "duplicates": 0, "forgotten": 0}
    assert (walk["exported"], walk["planned"], walk["code"], walk["again"]) == (0, 0, 0, 0)
    assert walk["left"] == set()


def test_a_run_over_the_same_posts_brings_nothing_back_and_balances(walk):
    assert walk["recounted"] == {"in": 7, "good": 3, "failed": 1, "duplicates": 0, "forgotten": 3}
    assert found(walk["place"]) == set()


def test_others_are_unchanged(walk):
    now = {profile.account: profile for profile in walk["profiles"].read_all()}
    assert set(now) == set(walk["before"]) - {SARA}
    assert now["x:ali"] == walk["before"]["x:ali"]
    assert now["x:reza"].posts == walk["before"]["x:reza"].posts


def test_tombstones_apply_to_an_older_export_and_are_lifted_for_who_comes_back(walk, capsys):
    place, store = walk["place"], walk["store"]
    older = place / "older"
    assert run(ROWS, older, f"sqlite:///{place}/other.db")["good"] == 4
    (place / "older.jsonl").unlink()
    assert found(older)
    assert main(["forget", "--apply", "--store", store, "--output", str(older), "--yes"]) == 0
    assert found(older) == set()
    assert main(["forget", "--lift", SARA, "--store", store]) == 0
    assert "heard again" in capsys.readouterr().out
    assert run(ROWS, place / "back", store)["forgotten"] == 0
