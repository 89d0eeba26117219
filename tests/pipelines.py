"""A whole pipeline that a test runs in a process of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path

import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipeline import graph
from pipeline.clock import FixedClock
from runners import local
from tests.property.test_conservation import CONFIG, MINIMAL, ByText, first_words
from tests.writers import WITHIN


def run_pipeline(barrier: Barrier | None, url: str, place: Path, posts: str) -> None:
    """The whole graph over files of posts, with the classifier that goes by a word."""
    job = local.Job(input=posts, output=place, config=CONFIG, config_path=MINIMAL, store=url)
    if barrier:
        barrier.wait(WITHIN)
    local.create_tables(job)
    ports = replace(
        local.ports(job),
        classifier=ByText(),
        explain=first_words,
        clock=FixedClock(datetime(2026, 11, 1, tzinfo=UTC)),
    )
    pipeline = beam.Pipeline(FnApiRunner())
    graph.build(pipeline, CONFIG, ports)
    pipeline.run().wait_until_finish()
