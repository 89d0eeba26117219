import json
import pickle
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.errors import ConfigError, RecordError
from pipeline.logic.parsing import ParseSettings, parse
from pipeline.records import RawRecord

NOW = datetime(2026, 10, 17, tzinfo=UTC)
AUTO = ParseSettings()
REVIEWS = ParseSettings(
    columns={"post_id": "id", "text": "comment", "created_at": "at"},
    constants={"platform": "reviews"},
    attributes=["stars"],
    time_zone="Asia/Tehran",
)
CANONICAL = {"post_id": "1", "platform": "webshop", "text": "سلام", "created_at": "2026-10-03T10:00:00Z"}
HEADER = ("id", "at", "comment", "stars")


def raw(payload, header=(), error=None):
    payload = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return RawRecord(payload, "f", 1, header, error)


def refusal(record, config=AUTO, now=NOW):
    with pytest.raises(RecordError) as failure:
        parse(record, config, now)
    return failure.value.reason, failure.value.message


def test_a_json_line_is_detected():
    assert parse(raw(CANONICAL), AUTO, NOW).text == "سلام"
    assert parse(raw(b"\xef\xbb\xbf" + json.dumps(CANONICAL).encode() + b"\r\n"), AUTO, NOW).key == "webshop:1"


def test_a_named_format_is_not_guessed():
    assert refusal(raw(CANONICAL), ParseSettings(format="x")) == ("missing_field", "data is absent")


@pytest.mark.parametrize(
    ("payload", "reason", "message"),
    [
        (b"ab\xff", "bad_encoding", "byte 3 is not UTF-8"),
        (b'{"a": ', "bad_json", "column 7: Expecting value"),
        (b'{"a":\n b}', "bad_json", "line 2, column 2: Expecting value"),
        (b"", "bad_json", "column 1: Expecting value"),
        (b'{"a": NaN}', "bad_json", "holds NaN, which is no JSON"),
        (b'{"a": ' + b"1" * 5000 + b"}", "bad_json", "holds a number with thousands of digits"),
        (b"[" * 100_000, "bad_json", "is nested too deeply"),
        (b"[1]", "not_an_object", "is JSON but no object"),
        (b"null", "not_an_object", "is JSON but no object"),
        (b"{}", "unknown_shape", "no platform has a record with the fields (none); name a --format"),
    ],
)
def test_what_is_no_record(payload, reason, message):
    assert refusal(raw(payload)) == (reason, message)


def test_what_the_reader_could_not_cut_out():
    assert refusal(raw(CANONICAL, error="the line is too long")) == ("unreadable", "the line is too long")


@pytest.mark.parametrize(
    ("created_at", "good"),
    [
        ("1999-12-31T23:59:59Z", False),
        ("2000-01-01T00:00:00Z", True),
        ("2026-10-18T00:00:00Z", True),
        ("2026-10-18T00:00:01Z", False),
        ("9999-12-31T23:59:59Z", False),
        ("0001-01-01T00:00:00+05:00", False),
    ],
)
def test_the_time_must_be_of_this_century_and_not_ahead_of_the_clock(created_at, good):
    record = raw({**CANONICAL, "created_at": created_at})
    if good:
        assert parse(record, AUTO, NOW).created_at == datetime.fromisoformat(created_at)
    else:
        assert refusal(record)[0] == "bad_time"


def test_the_time_of_an_edit_must_not_lie_ahead_either():
    record = raw({**CANONICAL, "edited_at": "2026-10-18T00:00:01Z"})
    assert refusal(record) == ("bad_time", "edited_at: 2026-10-18 lies before 2000 or in the future")
    edited_at = parse(raw({**CANONICAL, "edited_at": "2026-10-03T11:00:00Z"}), AUTO, NOW).edited_at
    assert edited_at == datetime(2026, 10, 3, 11, tzinfo=UTC)


def test_a_csv_of_edits_and_deletions():
    header = ("post_id", "platform", "text", "created_at", "edited_at", "deleted")
    edit = parse(raw(b"1,webshop,hi,2026-10-03T10:00:00Z,2026-10-03T11:00:00Z,no\n", header), AUTO, NOW)
    assert (edit.deleted, edit.edited_at) == (False, datetime(2026, 10, 3, 11, tzinfo=UTC))
    gone = parse(raw(b"1,webshop,hi,2026-10-03T12:00:00Z,,true\n", header), AUTO, NOW)
    assert (gone.deleted, gone.text, gone.edited_at) == (True, "", None)


def test_the_clock_is_the_callers():
    record = raw({**CANONICAL, "created_at": "2026-11-30T00:00:00Z"})
    assert refusal(record)[0] == "bad_time"
    assert parse(record, AUTO, NOW + timedelta(days=60))


def test_a_csv_row_through_the_column_map():
    row = 'R-1,2026-10-03 10:12:17,"دو خط،\r\nبا ""نقل قول""",5\r\n'.encode()
    post = parse(raw(row, HEADER), REVIEWS, NOW)
    assert (post.key, post.text) == ("reviews:R-1", 'دو خط،\r\nبا "نقل قول"')
    assert post.created_at == datetime(2026, 10, 3, 6, 42, 17, tzinfo=UTC)
    assert post.attributes == {"stars": "5"}


def test_the_column_map_and_detection_live_side_by_side():
    assert parse(raw(CANONICAL), REVIEWS, NOW).platform == "webshop"
    assert parse(raw({"id": 5, "comment": "x", "at": "2026-10-03"}), REVIEWS, NOW).key == "reviews:5"


def test_a_csv_with_the_canonical_names_needs_no_map():
    header = ("post_id", "platform", "text", "created_at", "likes", "declared.city", "other")
    row = "1,webshop,hi\u2028there,2026-10-03T10:00:00Z,3,Rasht,x\n".encode()
    post = parse(raw(row, header), AUTO, NOW)
    assert (post.text, post.engagement.likes, post.author.declared) == ("hi\u2028there", 3, {"city": "Rasht"})


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (b"R-1,2026-10-03,x\n", "has 3 columns, the header 4"),
        (b"R-1,2026-10-03,x,5,6\n", "has 5 columns, the header 4"),
        (b"\n", "has 0 columns, the header 4"),
        (b'R-1,2026-10-03,x,"5\n', "is no CSV row: unexpected end of data"),
        (b'R-1,2026-10-03,"x"y,5\n', "is no CSV row: ',' expected after '\"'"),
        (b"R-1,2026-10-03,x\ry,5\n", "is no CSV row: new-line character seen in unquoted field"),
    ],
)
def test_rows_that_do_not_fit_the_header(row, message):
    reason, said = refusal(raw(row, HEADER), REVIEWS)
    assert reason == "bad_row"
    assert said.startswith(message)


def test_a_csv_whose_columns_nobody_mapped():
    assert refusal(raw(b"1,2,3,4\n", HEADER)) == ("missing_field", "post_id is absent")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"format": "fax"}, "format: 'fax' is none of auto, columns, canonical, x"),
        ({"format": "columns"}, "columns.post_id: the column map needs"),
        ({"columns": {"post_id": "a", "text": "b", "created_at": "c"}}, "columns.platform: the column map needs"),
        ({"columns": {"body": "a"}}, "columns.body: no such post field"),
        ({"constants": {"declared.city": "a"}}, "constants.declared.city: no such post field"),
        ({"time_zone": "Tehran"}, "time_zone: 'Tehran' is no IANA time zone"),
        ({"time_zone": "../etc/passwd"}, "time_zone: '../etc/passwd' is no IANA time zone"),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ConfigError) as failure:
        ParseSettings(**settings)
    assert str(failure.value).startswith(message)


def test_settings_travel_to_workers():
    assert REVIEWS.column_map is not None
    copy = pickle.loads(pickle.dumps(REVIEWS))
    assert copy == REVIEWS
    assert copy.column_map == REVIEWS.column_map
