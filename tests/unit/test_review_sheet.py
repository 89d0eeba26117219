import csv
import json

import pytest

from models.review import sheet
from models.review.selection import Candidate
from pipeline.errors import ConfigError

LABELS = {
    "sentiment": "neg",
    "complaint": 1,
    "severity": 2,
    "categories": ["delivery", "quality"],
    "advocacy": 0,
    "intents": [],
    "stage": "post",
    "topics": ["food"],
    "promo": 0,
}
TEXTS = [
    "دیر رسید، غذا یخ کرده بود",
    '=HYPERLINK("http://evil","x")',
    "+98 and more",
    "-5",
    "@united late again",
    " =1+1",
    "\t=1",
    "＝1",
    "'quoted'",
    "'=not a formula",
    "''@x",
    'two\nlines, "quotes"; and commas',
    "one\u2028paragraph",
    "''",
]


def candidate(number, text):
    return Candidate(f"x:{number}", "fa", text, LABELS, ("complaint",), (), ("complaint 0.52 unsure", "second"), 0.1)


def written(tmp_path, suffix, texts=TEXTS):
    path = tmp_path / f"review{suffix}"
    sheet.write(path, [candidate(number, text) for number, text in enumerate(texts)])
    return path


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_every_text_comes_back_as_it_was(tmp_path, suffix):
    rows = sheet.read(written(tmp_path, suffix))
    assert [row.cells["text"] for row in rows] == TEXTS
    assert [row.number for row in rows] == [number + (suffix == ".csv") for number in range(1, len(TEXTS) + 1)]
    assert rows[0].cells["categories"] == "delivery, quality"
    assert (rows[0].cells["complaint"], rows[0].cells["intents"], rows[0].cells["reviewed"]) == ("1", "", "")


def test_no_cell_of_the_csv_begins_like_a_formula(tmp_path):
    path = written(tmp_path, ".csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbfreviewed,id,language,text,reasons,sentiment,complaint,")
    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.lstrip(" ")[:1] in set("=+-@\t\r＝＋－＠") and cell]
    assert "'@united late again" in cells
    assert "complaint 0.52 unsure; second" in cells


def test_json_lines_hold_lists_and_numbers(tmp_path):
    first = json.loads(written(tmp_path, ".jsonl").read_text("utf-8").split("\n")[0])
    assert list(first) == list(sheet.COLUMNS)
    assert (first["categories"], first["severity"]) == (["delivery", "quality"], 2)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_what_a_spreadsheet_saves_is_read(tmp_path, delimiter):
    """Semicolons or tabs, columns moved and added, empty rows, no byte order mark."""
    with written(tmp_path, ".csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [["my note", *reversed(row)] for row in csv.reader(file)]
    rows[1:1] = [[], [""] * len(rows[0])]
    with (tmp_path / "saved.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    read = sheet.read(tmp_path / "saved.csv")
    assert [row.cells["text"] for row in read] == TEXTS
    assert read[0].number == 4


def test_a_file_of_an_earlier_export_is_not_overwritten(tmp_path):
    path = written(tmp_path, ".csv")
    with pytest.raises(ConfigError, match="a review may be under way"):
        sheet.write(path, [])
    assert len(sheet.read(path)) == len(TEXTS)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", b"", "must end in .csv or .jsonl"),
        ("a.csv", "متن".encode("cp1256"), "CSV UTF-8"),
        ("a.csv", "id,text".encode("utf-16"), "CSV UTF-8"),
        ("a.csv", b"", "columns missing: reviewed, id"),
        ("a.csv", b"reviewed,id,text,sentiment\n", "columns missing: language, complaint"),
        ("none.csv", None, "No such file"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_how_to_mend_it(tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        sheet.read(tmp_path / name)


def test_broken_rows_keep_their_place(tmp_path):
    path = written(tmp_path, ".csv", ["fine"])
    with path.open("a", encoding="utf-8") as file:
        file.write("y,x:9,fa,a text, with a comma,r,neg\r\n")
    assert sheet.read(path)[1].fault == "7 cells, the header has 14; quote cells that hold commas"
    lines = tmp_path / "rows.jsonl"
    lines.write_text('{broken\n[1]\n\n{"id": "1"}\n')
    read = sheet.read(lines)
    assert [row.number for row in read] == [1, 2, 4]
    assert read[0].fault.startswith("not JSON")
    assert read[1].fault == "not an object"
    assert read[2].fault.startswith("missing: reviewed, language, text, sentiment")
