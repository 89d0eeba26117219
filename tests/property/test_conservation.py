"""Whatever comes in, in whatever order: in = good + failed + duplicates + forgotten, and the outputs are the same."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import apache_beam as beam
import fastavro
from apache_beam.ml.inference.base import ModelHandler, PredictionResult
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import graph
from pipeline.clock import FixedClock
from pipeline.config import load_config
from pipeline.errors import RecordError
from pipeline.metrics import counters
from pipeline.records import RawRecord
from pipeline.store.profile_store import ProfileStore
from runners import local
from tests.builders import a_classification

MINIMAL = Path("runners/config/minimal.yaml")
CONFIG = load_config(MINIMAL)


class ByText(ModelHandler):
    """Judges a post by a word in it, and cannot take some."""

    def load_model(self):
        return object.__new__(type("Nothing", (), {}))

    def run_inference(self, batch, model, inference_args=None):
        for parsed in batch:
            text = parsed.post.text
            refused = RecordError("bad_text", "text: no")
            yield PredictionResult(
                parsed, refused if "odd" in text else a_classification(severity=3 * ("late" in text))
            )


@st.composite
def records(draw):
    """A payload: a post of one of few ids and accounts (so that some come twice), or something broken."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from([b"{", b"\xff", b"[]", b'{"post_id": "1"}', b"null"]))
    number = draw(st.integers(0, 12))
    post = {
        **{"post_id": str(number), "platform": "x", "account_id": f"a{number % 4}", "likes": draw(st.integers(0, 2))},
        **{"text": ["fine", "late again", "odd"][number % 3], "created_at": f"2026-10-{3 + number:02}T08:00:00Z"},
    }
    return json.dumps(post).encode()


class _Given(beam.PTransform):
    def __init__(self, payloads):
        super().__init__()
        self._records = [RawRecord(payload, "here", i) for i, payload in enumerate(payloads, 1)]

    def expand(self, begin):
        return begin | beam.Create(self._records)


def first_words(text, *_decision):
    return text.split()[:5]


def run(payloads, place):
    """Counters, and what was written as (enriched keys, alert ids, profiles, payloads of dead letters)."""
    url = f"sqlite:///{place}/p.db"
    job = local.Job(input="here", output=Path(place), config=CONFIG, config_path=MINIMAL, store=url)
    local.create_tables(job)
    ports = replace(
        local.ports(job),
        read_posts=_Given(payloads),
        classifier=ByText(),
        explain=first_words,
        clock=FixedClock(datetime(2026, 11, 1, tzinfo=UTC)),
    )
    pipeline = beam.Pipeline(FnApiRunner())
    graph.build(pipeline, CONFIG, ports)
    result = pipeline.run()
    result.wait_until_finish()

    def rows(folder):
        for path in Path(place, folder).rglob("*.avro"):
            with path.open("rb") as file:
                yield from fastavro.reader(file)

    store = ProfileStore(url)
    written = (
        sorted(f"{row['post']['post_id']} {row['post']['engagement']['likes']}" for row in rows("enriched")),
        sorted(row["alert_id"] for row in rows("alerts")),
        list(store.read_all()),
        Counter(row["payload"] for row in rows("dead_letters")),
    )
    store.close()
    return counters(result), written


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(records(), max_size=25), st.randoms(use_true_random=False))
def test_nothing_is_lost_and_nothing_comes_twice(payloads, random):
    shuffled = random.sample(payloads, len(payloads))
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        counted, written = run(payloads, one)
        again, rewritten = run(shuffled, other)
    good, failed = counted.get("enriched_post.rows_avro", 0), counted.get("dead_letter.rows_avro", 0)
    assert good + failed + counted.get("deduplicate.duplicates", 0) == len(payloads)
    assert (len(written[0]), written[3].total()) == (good, failed)
    assert len(set(written[0])) == good
    assert rewritten == written
    assert {n: c for n, c in again.items() if "rows" in n} == {n: c for n, c in counted.items() if "rows" in n}
