"""`shenava evaluate` as typed, on a tiny encoder with chance weights."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification

from models import loading
from models.labels import COLUMNS
from runners.cli import main

FILES = {"report.md", "report.json", "calibration.png", "thresholds.png", "confusion.png", "errors.html"}
CONFIG = """\
name: tried
base: none
sets: {own: {path: own.jsonl, hold_out: 0.3, calibrate: 0.2}}
stages: [{name: one, rows: {own: 1}}]
"""


def rows():
    """Complaints and praise in two languages; a tenth is written, a third knows no more than the complaint."""
    for i in range(120):
        bad, persian = i % 2, i % 4 < 2
        if persian:
            text = f"سفارش شماره {i} دیر رسید و سرد بود" if bad else f"غذای شماره {i} عالی بود ممنون"
        else:
            text = f"order {i} came late and cold" if bad else f"meal {i} was great, thanks"
        labels = {"complaint": bad}
        if i % 3:
            labels |= {"sentiment": "neg" if bad else "pos", "severity": 2 * bad, "intents": [] if bad else ["thanks"]}
        source = "written" if i % 10 == 0 else "real"
        yield {"id": f"r{i}", "text": text, "lang": "fa" if persian else "en", "source": source, "labels": labels}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    place = tmp_path_factory.mktemp("root")
    (place / "own.jsonl").write_text("\n".join(json.dumps(each) for each in rows()), "utf-8")
    (place / "tried.yaml").write_text(CONFIG)
    return place


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    place = tmp_path_factory.mktemp("model")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(loading.DEFAULT_MODEL / name, place)
    shipped = json.loads((loading.DEFAULT_MODEL / "config.json").read_text())
    names = dict(enumerate(COLUMNS))
    torch.manual_seed(1)
    BertForSequenceClassification(
        BertConfig(
            vocab_size=shipped["vocab_size"],
            pad_token_id=shipped["pad_token_id"],
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            id2label=names,
            label2id={name: i for i, name in names.items()},
            shenava_name="tiny",
        )
    ).save_pretrained(place)
    return place


def evaluate(*arguments):
    return main(["evaluate", *map(str, arguments)])


def test_files_alone_are_reported_on_without_a_baseline(root, model, tmp_path, capsys):
    assert evaluate("--model", model, "--data", root / "own.jsonl", "--output", tmp_path) == 0
    screen = capsys.readouterr().out
    assert "Evaluation · tiny" in screen
    assert "no baseline" in screen
    assert {path.name for path in tmp_path.iterdir()} == FILES
    assert all((tmp_path / name).read_bytes()[:4] == b"\x89PNG" for name in FILES if name.endswith(".png"))
    found = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert found["rows"] == {"all": 108, "Persian": 54, "English": 54, "written": 12}
    heads = {each["head"]: each for each in found["scores"]["all"]["model"]}
    assert list(heads) == ["sentiment", "complaint", "severity", "intents"]
    assert (heads["complaint"]["rows"], heads["complaint"]["labels"]["1"]["support"]) == (108, 60)
    assert all(low <= each["value"] <= high for each in heads.values() for low, high in [each["interval"]])
    assert set(heads["intents"]) >= {"macro", "micro", "labels"}
    assert sum(map(sum, heads["severity"]["confusion"]["true_by_given"])) == heads["severity"]["rows"]
    report = (tmp_path / "report.md").read_text("utf-8")
    assert "![calibration.png](calibration.png)" in report
    assert "| complaint | F1 |" in report
    assert "TF-IDF" not in report


def test_the_validation_split_is_measured_against_the_baseline_and_the_card_says_so(root, model, tmp_path, capsys):
    arguments = ["--model", model, "--data", root, "--config", root / "tried.yaml", "--output", tmp_path]
    assert evaluate(*arguments, "--card", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert found["learned_rows"] == 0
    own, base = ({each["head"]: each for each in found["scores"]["all"][who]} for who in ("model", "baseline"))
    assert own.keys() == base.keys()
    # these two kinds of post are told apart by a word, chance weights know nothing
    assert base["complaint"]["value"] == 1.0
    low, high = own["complaint"]["difference"]["interval"]
    assert low <= own["complaint"]["difference"]["value"] <= high < 0
    card = (model / "README.md").read_text("utf-8")
    assert "| head | metric | TF-IDF | all [low–high] | Persian | English | written | ECE |" in card
    assert "<!--" not in card


def test_files_with_an_experiment_are_kept_from_its_baseline(root, model, tmp_path, capsys):
    arguments = ["--data", root / "own.jsonl", root, "--config", root / "tried.yaml", "--output", tmp_path]
    assert evaluate("--model", model, *arguments) == 0
    found = json.loads((tmp_path / "report.json").read_text("utf-8"))
    # half of the rows are the experiment's training rows; without them nothing is left for a baseline
    assert found["learned_rows"] == 60
    assert "baseline" not in found["scores"]["all"]
    assert "flatter" in " ".join(capsys.readouterr().out.split())


def test_a_card_of_other_rows_is_refused(root, model, capsys):
    assert evaluate("--model", model, "--data", root / "own.jsonl", "--card") == 2
    assert "--card reports the validation split" in capsys.readouterr().err
