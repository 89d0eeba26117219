"""`shenava review` as a team lead and an engineer use it, from enriched events to the next training's rows."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import fastavro
import pytest

from models.decoding import Decision, HeadDecision
from models.training import config as configs
from models.training import data
from pipeline.records import EnrichedPost, Flag, from_dict, to_dict
from runners import show
from runners.cli import main
from schemas import load
from tests.builders import a_classification, a_post, an_enriched_post

TEXT = "@shop سه روزه جواب نمیدین، تماس: ۰۹۱۲۳۴۵۶۷۸۹"
REDACTED = "@shop سه روزه جواب نمیدین، تماس: [phone]"


@pytest.fixture
def model(tmp_path):
    """The rules of the model that tests/builders.py names."""
    place = tmp_path / "model"
    place.mkdir()
    (place / "config.json").write_text('{"shenava_name": "a-model"}')
    Decision({"complaint": HeadDecision(band=0.2)}).save(place / "decision.json")
    return str(place)


def events(output, *posts):
    """A run's output with these events beside an alert."""
    for folder, name, records in (("enriched/date=2026-10-03", "enriched_post", posts), ("alerts", "alert", ())):
        (output / folder).mkdir(parents=True)
        with (output / folder / "part-00000.avro").open("wb") as file:
            fastavro.writer(file, load(name), [to_dict(record) for record in records])
    return output


def unsure(post_id, score, text="متن"):
    said = replace(a_classification(), complaint=Flag(score >= 0.5, score, abstain=True))
    return replace(an_enriched_post(a_post(post_id, text=text), said), redacted_text=text)


def edit(path, **by_id):
    """Correct rows of the CSV as a spreadsheet program would, by the number of the post."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row.update(by_id.get(row["id"].replace(":", ""), {}))
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return rows


def test_from_events_to_the_next_training(tmp_path, model, capsys):
    first = replace(unsure("1", 0.48, TEXT), redacted_text=REDACTED)
    out = events(tmp_path / "out", first, unsure("2", 0.44, "two"), an_enriched_post(a_post("3")))
    sheet, rows = tmp_path / "review.csv", tmp_path / "data/corrections.jsonl"
    assert main(["review", "export", "--input", str(out), "--output", str(sheet), "--model", model]) == 0
    assert "2 of 3 posts to review" in capsys.readouterr().out
    assert "۰۹۱۲" not in sheet.read_text("utf-8-sig")

    # the complaint is marked, its severity forgotten: told so, and nothing is written
    complaint = {"reviewed": "بله", "sentiment": "neg", "complaint": "1", "categories": "service"}
    exported = edit(sheet, x1=complaint)
    assert [(row["id"], row["reasons"]) for row in exported] == [
        ("x:1", "complaint 0.48 unsure"),
        ("x:2", "complaint 0.44 unsure"),
    ]
    taken = ["review", "import", "--input", str(sheet), "--output", str(rows)]
    assert main(taken) == 2
    assert f"{sheet}:2: severity: 0 for a complaint; write 1 to 4 here" in capsys.readouterr().err
    assert not rows.exists()

    edit(sheet, x1={"severity": "۳"})
    assert main([*taken, "--json"]) == 0
    counts = {"taken": 1, "unreviewed": 1, "added": 1, "replaced": 0, "unchanged": 0, "rows": 1, "warnings": []}
    assert json.loads(capsys.readouterr().out) == counts
    (row,) = data.read_rows(rows)
    assert (row.id, row.text, row.lang, row.source) == ("x:1", REDACTED, "fa", "review")
    assert (row.labels["complaint"], row.labels["severity"], row.labels["categories"]) == (1, 3, ["service"])

    (tmp_path / "c.yaml").write_text(
        "{name: n, base: b, sets: {corrections: {path: corrections.jsonl}},"
        " stages: [{name: s, rows: {corrections: 2}}]}"
    )
    assert data.split(configs.load(tmp_path / "c.yaml"), tmp_path / "data").train == [row, row]

    # the same model again: what was corrected and is answered otherwise is asked after what nobody has seen
    again = ["review", "export", "--input", str(out / "enriched/*/*.avro"), "--output", str(tmp_path / "again.jsonl")]
    assert main([*again, "--model", model, "--corrections", str(rows), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["differing"] == 1
    fresh, line = map(json.loads, (tmp_path / "again.jsonl").read_text("utf-8").splitlines())
    assert fresh["id"] == "x:2"
    assert line["reasons"] == [
        "sentiment neu but corrected to neg",
        "complaint 0 but corrected to 1",
        "complaint 0.48 unsure",
    ]


def test_an_advert_that_complains_is_taken_with_a_warning(tmp_path, model, capsys):
    out, sheet = events(tmp_path / "out", unsure("1", 0.52)), tmp_path / "review.csv"
    main(["review", "export", "--input", str(out), "--output", str(sheet), "--model", model])
    edit(sheet, x1={"reviewed": "y", "complaint": "1", "severity": "1", "categories": "other", "promo": "1"})
    assert main(["review", "import", "--input", str(sheet), "--output", str(tmp_path / "rows.jsonl")]) == 0
    said = capsys.readouterr()
    assert "1 added, 0 replaced" in said.out
    assert "look again" in said.err
    assert "an advert normally has neither" in said.err


def test_the_shipped_models_unsure_posts_are_exported_from_a_real_run(tmp_path, capsys):
    out, sheet = tmp_path / "out", tmp_path / "review.jsonl"
    assert main(["run", "--input", "examples/parsi/posts/telegram.jsonl", "--output", str(out), "--json"]) == 0
    capsys.readouterr()
    assert main(["review", "export", "--input", str(out), "--output", str(sheet), "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)
    posts = [from_dict(EnrichedPost, record) for record in show.records(str(out / "enriched"))]
    heads = ("sentiment", "complaint", "advocacy", "stage", "promo")
    expected = {
        each.post.key
        for each in posts
        if not each.is_brand_reply and any(getattr(each.classification, head).abstain for head in heads)
    }
    lines = [json.loads(line) for line in sheet.read_text("utf-8").split("\n") if line]
    assert {line["id"] for line in lines} <= expected
    assert len(lines) + counts["repeated"] == len(expected)
    assert all(line["reasons"] for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["export", "--input", "nowhere", "--output", "{tmp}/r.csv"], "no Avro file"),
        (["export", "--input", "{tmp}/out/alerts", "--output", "{tmp}/r.xlsx"], "must end in .csv or .jsonl"),
        (["export", "--input", "{tmp}/out", "--output", "{tmp}/r.csv"], "x:1 was judged by a-model"),
        (["export", "--input", "{tmp}/out", "--output", "{tmp}/r.csv", "--model", "docs"], "--model docs"),
        (["export", "--input", "{tmp}/out", "--output", "{tmp}/r.csv", "--corrections", "no.jsonl"], "no.jsonl"),
        (["import", "--input", "{tmp}/none.csv", "--output", "{tmp}/rows.jsonl"], "none.csv: No such file"),
    ],
)
def test_what_was_asked_wrongly_is_named_and_exits_2(tmp_path, arguments, said, capsys):
    events(tmp_path / "out", unsure("1", 0.52))
    assert main(["review", *(argument.format(tmp=tmp_path) for argument in arguments)]) == 2
    assert said in capsys.readouterr().err
    assert not list(Path(tmp_path).glob("r*"))


def test_records_that_are_no_events_are_refused(tmp_path, capsys):
    schema = {"type": "record", "name": "r", "fields": [{"name": "a", "type": "int"}]}
    with (tmp_path / "x.avro").open("wb") as file:
        fastavro.writer(file, schema, [{"a": 1}])
    assert main(["review", "export", "--input", str(tmp_path), "--output", str(tmp_path / "r.csv")]) == 2
    assert "name the `enriched` folder" in capsys.readouterr().err


@pytest.mark.parametrize("step", ["export", "import"])
def test_help_has_examples(step, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["review", step, "--help"])
    assert stopped.value.code == 0
    assert "examples:" in capsys.readouterr().out
