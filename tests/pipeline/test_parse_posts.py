import json
from datetime import UTC, datetime

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from pipeline.clock import FixedClock, system_clock
from pipeline.errors import ConfigError
from pipeline.logic.parsing import ParseSettings
from pipeline.metrics import counters
from pipeline.records import Author, DeadLetter, ParsedPost, RawRecord, SocialPost
from pipeline.transforms.parse_posts import ParsePosts

CLOCK = FixedClock(datetime(2026, 10, 17, tzinfo=UTC))


def line(number: int, **changes: object) -> RawRecord:
    payload = {"post_id": "1", "platform": "webshop", "text": "سلام", "created_at": "2026-10-03T10:00:00Z", **changes}
    return RawRecord(json.dumps(payload).encode(), "posts.jsonl", number)


def test_every_record_comes_out_once_on_one_side() -> None:
    good = line(1)
    row = RawRecord(
        b"2,webshop,hi,2026-10-03T10:00:00Z\r\n", "posts.csv", 2, ("post_id", "platform", "text", "created_at")
    )
    torn = RawRecord(b"\xff{", "posts.jsonl", 3)
    future = line(4, created_at="9999-01-01T00:00:00Z")
    short = RawRecord(b"3,webshop\n", "posts.csv", 4, row.header)
    unread = RawRecord(b"half", "posts.jsonl.gz", 5, error="the gzip file is damaged")

    pipeline = TestPipeline(runner=FnApiRunner())
    with pipeline as p:
        parsed, failures = (
            p | beam.Create([good, row, torn, future, short, unread]) | ParsePosts(ParseSettings(), CLOCK)
        )
        at = datetime(2026, 10, 3, 10, tzinfo=UTC)
        assert_that(
            parsed,
            equal_to(
                [
                    ParsedPost(SocialPost("1", "webshop", Author(None), "سلام", at), good),
                    ParsedPost(SocialPost("2", "webshop", Author(None), "hi", at), row),
                ]
            ),
            label="ok",
        )
        assert_that(
            failures,
            equal_to(
                [
                    DeadLetter(b"\xff{", "posts.jsonl", 3, "parse", "bad_encoding", "byte 1 is not UTF-8"),
                    DeadLetter(
                        future.payload,
                        "posts.jsonl",
                        4,
                        "parse",
                        "bad_time",
                        "created_at: 9999-01-01 lies before 2000 or in the future",
                    ),
                    DeadLetter(
                        b"3,webshop\n", "posts.csv", 4, "parse", "bad_row", "has 2 columns, the header 4", row.header
                    ),
                    DeadLetter(b"half", "posts.jsonl.gz", 5, "parse", "unreadable", "the gzip file is damaged"),
                ]
            ),
            label="failures",
        )
    assert counters(pipeline.result) == {
        "parse.posts": 2,
        "parse.failed": 4,
        "parse.failed.bad_encoding": 1,
        "parse.failed.bad_row": 1,
        "parse.failed.bad_time": 1,
        "parse.failed.unreadable": 1,
    }


def broken_clock() -> datetime:
    raise ConfigError("the clock has stopped")


def test_only_errors_of_the_record_are_caught() -> None:
    with pytest.raises(ConfigError, match="the clock has stopped"), TestPipeline(runner=FnApiRunner()) as p:
        p | beam.Create([line(1)]) | ParsePosts(ParseSettings(), broken_clock)


def test_clocks() -> None:
    assert system_clock().tzinfo is UTC
    assert CLOCK() == CLOCK() == datetime(2026, 10, 17, tzinfo=UTC)
