import csv
import json

import pytest

from models.review import corrections, sheet
from models.review.selection import Candidate
from models.training import config as configs
from models.training import data
from pipeline.errors import ConfigError

CALM = {"sentiment": "neu", "complaint": 0, "severity": 0, "categories": [], "advocacy": 0, "intents": []}
CALM |= {"stage": "none", "topics": [], "promo": 0}
COMPLAINT = {"sentiment": "neg", "complaint": "۱", "severity": "3", "categories": "delivery"}


def review(tmp_path, *edits, texts=None):
    """An exported sheet of three posts as a person saves it, with so much edited in each row."""
    path = tmp_path / "review.csv"
    path.unlink(missing_ok=True)
    texts = texts or ["دیر رسید", "@shop where is it?", "fine"]
    posts = [Candidate(f"x:{i}", "fa", text, CALM, ("complaint",), (), ("why",), 0.9) for i, text in enumerate(texts)]
    sheet.write(path, posts)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, edit in zip(rows, edits, strict=False):
        row.update(edit)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, sheet.COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_only_marked_rows_become_training_rows(tmp_path):
    found = corrections.read_review(review(tmp_path, {"reviewed": "بله", **COMPLAINT}, {"reviewed": " Y"}))
    assert (found.problems, found.warnings, found.unreviewed) == ([], [], 1)
    assert found.rows[0] == {
        "id": "x:0",
        "text": "دیر رسید",
        "lang": "fa",
        "source": "review",
        "weight": 1.0,
        "labels": CALM | {"sentiment": "neg", "complaint": 1, "severity": 3, "categories": ["delivery"]},
    }
    assert (found.rows[1]["text"], found.rows[1]["labels"]) == ("@shop where is it?", CALM)


@pytest.mark.parametrize(
    ("mark", "taken"),
    [("y", 1), ("YES", 1), ("1", 1), ("۱", 1), ("بله", 1), ("", 0), ("n", 0), ("No", 0), ("۰", 0), ("نه", 0)],
)
def test_marks(tmp_path, mark, taken):
    found = corrections.read_review(review(tmp_path, {"reviewed": mark}))
    assert (len(found.rows), found.problems) == (taken, [])


def test_all_problems_are_listed_with_file_row_and_column(tmp_path):
    path = review(
        tmp_path,
        {"reviewed": "maybe", "severity": "2"},
        {"id": "x:0", "topics": "cars"},
        {"id": "", "text": " "},
    )
    assert [problem.removeprefix(f"{path}:").split("; ")[0] for problem in corrections.read_review(path).problems] == [
        "2: severity: 2 without a complaint",
        "2: reviewed: neither yes (y, yes, 1, بله) nor no (n, no, 0, نه, خیر, or nothing)",
        "3: topics: “cars” unknown",
        "3: id: is that of row 2 too",
        "4: id: is empty",
        "4: text: is empty",
    ]


def test_a_persian_text_saved_without_persian_letters_is_noticed(tmp_path):
    (problem,) = corrections.read_review(review(tmp_path, texts=["??? ????", "Wow??", "چرا؟؟ ??"])).problems[:1]
    assert "2: text: lost its letters" in problem


def test_a_warning_is_for_reviewed_rows_only(tmp_path):
    advert = {"promo": "1", "advocacy": "1"}
    found = corrections.read_review(review(tmp_path, {"reviewed": "y", **advert}, advert))
    assert (len(found.warnings), len(found.rows)) == (1, 1)
    assert ":2: promo: 1 together with advocacy" in found.warnings[0]


def test_merging_is_idempotent_and_the_later_correction_counts(tmp_path):
    target = tmp_path / "sets" / "rows.jsonl"
    marked = {"reviewed": "y"}
    rows = corrections.read_review(review(tmp_path, marked, marked)).rows
    assert corrections.merge(target, rows) == corrections.Merged(added=2, replaced=0, unchanged=0, rows=2)
    before = target.read_bytes()
    assert corrections.merge(target, rows) == corrections.Merged(added=0, replaced=0, unchanged=2, rows=2)
    assert target.read_bytes() == before
    later = corrections.read_review(review(tmp_path, {**marked, **COMPLAINT}, {}, marked)).rows
    assert corrections.merge(target, later) == corrections.Merged(added=1, replaced=1, unchanged=0, rows=3)
    assert [(row.id, row.labels["complaint"]) for row in data.read_rows(target)] == [("x:0", 1), ("x:1", 0), ("x:2", 0)]
    assert [path.name for path in target.parent.iterdir()] == ["rows.jsonl"]


def test_rows_of_other_hands_stay_as_they_are(tmp_path):
    target = tmp_path / "rows.jsonl"
    own = json.dumps({"id": "mine", "text": "a\u2028b", "labels": {"complaint": 1}}, ensure_ascii=False)
    target.write_text(own, "utf-8")
    corrections.merge(target, corrections.read_review(review(tmp_path, {"reviewed": "y"})).rows)
    assert target.read_text("utf-8").startswith(own + "\n")
    assert len(data.read_rows(target)) == 2


@pytest.mark.parametrize(("name", "content"), [("rows.jsonl", "{broken"), ("rows.csv", ""), ("rows.jsonl", "[]")])
def test_what_is_no_file_of_training_rows_is_not_touched(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(ConfigError, match=name):
        corrections.merge(tmp_path / name, [])
    assert (tmp_path / name).read_text() == content


def test_the_next_training_learns_from_them_and_never_from_a_validation_text(tmp_path):
    rows = [
        {"id": f"r{i}", "text": f"text {i}", "lang": "en", "labels": {"sentiment": "neg", "complaint": 1}}
        for i in range(20)
    ]
    (tmp_path / "annotated.jsonl").write_text("\n".join(map(json.dumps, rows)))
    sets = "sets: {annotated: {path: annotated.jsonl, hold_out: 0.5}, corrections: {path: rows.jsonl}}"
    (tmp_path / "c.yaml").write_text(
        f"{{name: n, base: b, {sets}, stages: [{{name: s, rows: {{annotated: 1, corrections: 3}}}}]}}"
    )
    config, target, marked = configs.load(tmp_path / "c.yaml"), tmp_path / "rows.jsonl", {"reviewed": "y"}
    target.touch()
    held = data.split(config, tmp_path).validation[0]
    path = review(tmp_path, {**marked, **COMPLAINT}, marked, texts=["دیر رسید", held.text.upper()])
    corrections.merge(target, corrections.read_review(path).rows)
    split = data.split(config, tmp_path)
    learned = [row for row in split.train if row.source == "review"]
    assert [(row.id, row.labels["severity"]) for row in learned] == [("x:0", 3)] * 3
    assert not [row for row in (*split.validation, *split.calibration) if row.source == "review"]
