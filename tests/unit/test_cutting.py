import gzip
import io
import json
from datetime import UTC, date, datetime

import fastavro
import pytest

import schemas
from pipeline.logic.cutting import KEPT, MAX_LINE, cut_avro, cut_lines, cut_rows, unzip
from pipeline.records import DeadLetter, RawRecord, to_dict

SCHEMA = {
    "type": "record",
    "name": "Row",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "blob", "type": "bytes"},
    ],
}


def cut(cutter, content):
    return list(cutter(unzip(io.BytesIO(content)), "f"))


def avro(count, codec="deflate", pad=b""):
    rows = [
        {"id": f"شماره {n}", "at": datetime(2026, 10, 3, 1, 2, 3, 4, tzinfo=UTC), "day": date(2026, 10, 3), "blob": pad}
        for n in range(count)
    ]
    file = io.BytesIO()
    fastavro.writer(file, SCHEMA, rows, codec=codec, sync_interval=1)
    return file.getvalue()


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_lines(pack):
    content = b'\n{"a":1}\r\n  \n\x85\xe2\x80\xa8\xff{\r"b\n\nlast'
    assert cut(cut_lines, pack(content)) == [
        RawRecord(b'{"a":1}', "f", 2),
        RawRecord(b'\x85\xe2\x80\xa8\xff{\r"b', "f", 4),
        RawRecord(b"last", "f", 6),
    ]


def test_nothing_in_nothing():
    for cutter in (cut_lines, cut_rows):
        assert cut(cutter, b"") == []
        assert cut(cutter, gzip.compress(b"")) == []


def test_lines_longer_than_a_chunk():
    lines = [b"x" * size for size in (1, 65_535, 65_536, 65_537, 200_000, 3)]
    assert [record.payload for record in cut(cut_lines, b"\n".join(lines))] == lines


def test_a_line_too_long_is_cut_and_the_next_is_read():
    first, second = cut(cut_lines, b"a" * (MAX_LINE + 5) + b"\n{}\n")
    assert first.payload == b"a" * KEPT
    assert first.error == "the line has 8,000,006 bytes; only the first 64,000 are kept"
    assert second == RawRecord(b"{}", "f", 2)


def test_a_gzip_file_that_ends_too_soon():
    content = b"".join(json.dumps({"n": n, "text": f"سلام {n * 7919}"}).encode() + b"\n" for n in range(5000))
    records = cut(cut_lines, gzip.compress(content)[:-2000])
    *whole, last = records
    assert len(whole) > 3000
    assert all(record.error is None for record in whole)
    assert (
        b"\n".join([record.payload for record in whole] + [last.payload])
        == content[: len(content)][: sum(len(record.payload) + 1 for record in whole) + len(last.payload)]
    )
    assert last.position == len(whole) + 1
    assert last.error == "the gzip file is damaged from here on (EOFError)"


def test_a_gzip_file_with_something_behind_it():
    records = cut(cut_lines, gzip.compress(b"one\n") + b"junk")
    assert records[0] == RawRecord(b"one", "f", 1)
    assert [(record.position, bool(record.error)) for record in records[1:]] == [(2, True)]


def test_rows_keep_their_bytes():
    content = b'\xef\xbb\xbfid, "text" ,\xd9\x85\r\n1,"two\n\nlines, ""quoted""",a\r\n\r\n2,\xff\xfe,b\n3,plain\n4,x,y'
    header = ("id", '"text"', "م")
    assert cut(cut_rows, content) == [
        RawRecord(b'1,"two\n\nlines, ""quoted""",a\r\n', "f", 2, header),
        RawRecord(b"2,\xff\xfe,b\n", "f", 6, header),
        RawRecord(b"3,plain\n", "f", 7, header),
        RawRecord(b"4,x,y", "f", 8, header),
    ]


def test_an_open_quote_does_not_swallow_the_file():
    filler = b"2,fine\n" * 30_000
    broken, *rest = cut(cut_rows, b'id,text\n1,"open\n' + filler)
    assert broken.position == 2
    assert broken.error == "no CSV row: field larger than field limit (131072)"
    assert {record.payload for record in rest} == {b"2,fine\n"}
    assert b"".join(record.payload for record in [broken, *rest]) == b'1,"open\n' + filler


def test_a_carriage_return_in_the_open_is_no_row():
    bad, good = cut(cut_rows, b"id,text\n1,a\rb\n2,c\n")
    assert bad.payload == b"1,a\rb\n"
    assert bad.error is not None
    assert bad.error.startswith("no CSV row: new-line character seen in unquoted field")
    assert (good.payload, good.error) == (b"2,c\n", None)


def test_a_damaged_csv_row_is_not_taken_for_a_whole_one():
    content = b"id,text\n" + b"".join(b'%d,"%x"\n' % (n, n * 7919) for n in range(5000))
    *whole, last = cut(cut_rows, gzip.compress(content)[:-1500])
    assert all(record.error is None for record in whole)
    assert last.error == "the gzip file is damaged from here on (EOFError)"
    assert content.startswith(b"id,text\n" + b"".join(record.payload for record in whole) + last.payload)


def test_rows_behind_a_header_that_cannot_be_read():
    records = cut(cut_rows, b"id,te\rxt\n1,a\n")
    assert [(record.payload, record.header) for record in records] == [(b"id,te\rxt\n", ()), (b"1,a\n", ())]
    assert records[1].error == "the header of its file could not be read"


def test_avro():
    first, second = cut(cut_avro, avro(2, pad=b"\x00\xff"))
    assert (first.position, second.position) == (1, 2)
    assert json.loads(second.payload) == {
        "id": "شماره 1",
        "at": "2026-10-03T01:02:03.000004+00:00",
        "day": "2026-10-03",
        "blob": "AP8=",
    }
    assert "شماره".encode() in first.payload


def test_what_is_no_avro():
    content = b"Obj?" + b"x" * 100_000
    assert cut(cut_avro, content) == [
        RawRecord(content[:KEPT], "f", 1, error="no Avro file, or damaged from record 1 on (ValueError)")
    ]


def test_an_empty_file_is_no_avro():
    (only,) = cut(cut_avro, b"")
    assert (only.payload, only.position, bool(only.error)) == (b"", 1, True)


def test_an_avro_file_that_ends_too_soon():
    *whole, last = cut(cut_avro, avro(50)[:-30])
    assert [record.position for record in whole] == list(range(1, len(whole) + 1))
    assert len(whole) == 49
    assert (last.payload, last.position) == (b"", 50)
    assert last.error is not None
    assert last.error.startswith("no Avro file, or damaged from record 50 on")


@pytest.mark.parametrize("codec", ["null", "deflate"])
def test_an_avro_file_with_any_byte_turned_over_never_stops_the_reading(codec):
    content = avro(20, codec, pad=b"pad")
    for place in range(0, len(content), 3):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        records = cut(cut_avro, bytes(damaged))
        assert all(record.error is None for record in records[:-1])


def test_gzipped_avro():
    assert len(cut(cut_avro, gzip.compress(avro(3)))) == 3
    (damaged,) = cut(cut_avro, gzip.compress(avro(3))[:40])
    assert damaged.error is not None


def test_a_file_of_dead_letters_is_the_records_that_failed():
    letter = DeadLetter(b"1;\xff", "posts.csv", 7, "parse", "bad_encoding", "byte 3 is not UTF-8", ("id", "text"))
    file = io.BytesIO()
    fastavro.writer(file, schemas.load("dead_letter"), [to_dict(letter)])
    (record,) = cut_avro(io.BytesIO(file.getvalue()), "dead_letters/part-00000.avro")
    assert record == RawRecord(b"1;\xff", "posts.csv", 7, ("id", "text"))
