"""The shipped model's decisions do not hang on spelling or on names; its floors on the held-out slices.

The targets are those of models/evaluation/robustness.py. Every text is classified once, and texts that the
tokenizer reads alike only once between them.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models import loading
from models.evaluation import robustness
from models.evaluation.perturbations import PERTURBATIONS
from pipeline.errors import RecordError
from pipeline.logic.cutting import cut_lines
from pipeline.logic.parsing import ParseSettings, parse

EVERY = 4
"""Of the sample's posts one in so many: enough to reach four hundred texts."""
FLOORS = {"negation": 0.76, "irony": 0.66, "finglish": 0.76}
"""Complaint F1, 0.05 under what shenava-fa-en-v3 reaches (docs/robustness.md)."""
MISSED = {"half_space_dropped": 0.95}
"""What is held where the target is missed: a dropped half-space joins two words, and no folding can undo it."""
SPREAD = 0.07
"""The target (0.05) is missed for Persian names and English persons; this keeps them from getting worse."""


def sample_texts():
    """Texts of the bundled sample, every language and platform of it."""
    texts = []
    for path in sorted(Path("examples/parsi/posts").glob("*.jsonl")):
        with path.open("rb") as file:
            for raw in cut_lines(file, path.name):
                try:
                    texts.append(parse(raw, ParseSettings(), datetime(2026, 10, 20, tzinfo=UTC)).text)
                except RecordError:
                    continue  # the sample's broken records
    return list(dict.fromkeys(text for text in texts if text.strip()))[::EVERY]


@pytest.fixture(scope="module")
def model():
    return loading.load(str(loading.DEFAULT_MODEL))


@pytest.fixture(scope="module")
def agreements(model):
    held_out = [text for path in robustness.HELD_OUT for text in robustness.read_texts(path)]
    texts = [*held_out, *sample_texts()]
    assert len(texts) >= 400
    return {each.perturbation: each for each in robustness.agreement(texts, model)}


@pytest.fixture(scope="module")
def spreads(model):
    return {(each.language, each.kind): each for each in robustness.name_spread(model)}


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_a_complaint_stays_one_however_it_is_typed(agreements, name):
    found = agreements[name]
    assert found.changed >= 20
    assert found.stays["complaint"] >= MISSED.get(name, robustness.AGREEMENT), found


@pytest.mark.parametrize("name", [name for name in PERTURBATIONS if name not in ("half_space_dropped", "elongation")])
def test_what_the_tokenizer_folds_changes_nothing_at_all(agreements, name):
    assert agreements[name].all_stay == 1.0


@pytest.mark.parametrize("language", ["fa", "en"])
@pytest.mark.parametrize("kind", ["person", "brand"])
def test_a_name_alone_decides_nothing(spreads, language, kind):
    found = spreads[language, kind]
    assert found.names == 50
    assert found.spread <= SPREAD, found


@pytest.mark.parametrize("path", robustness.HELD_OUT, ids=lambda path: path.stem)
def test_a_held_out_slice_keeps_its_floor(model, path):
    assert robustness.slice_scores(path, model)["complaint"] >= FLOORS[path.stem]


def test_the_command_reads_files_of_texts_and_prints_json(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(robustness, "NAMES", {})
    monkeypatch.setattr(robustness, "HELD_OUT", ())
    (tmp_path / "posts.jsonl").write_text('{"text": "سه روزه جواب نمیدین"}\n', "utf-8")
    (tmp_path / "lines.txt").write_text("still no refund\n\n", "utf-8")
    files = [str(tmp_path / name) for name in ("posts.jsonl", "lines.txt")]
    assert robustness.main(["--texts", *files, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["texts"] == 2
    assert {each["perturbation"]: each["changed"] for each in found["agreement"]}["trailing_link"] == 2


def test_the_command_names_a_line_without_a_text(tmp_path, capsys):
    path = tmp_path / "posts.jsonl"
    path.write_text('{"text": "fine"}\n{"body": "lost"}\n', "utf-8")
    assert robustness.main(["--texts", str(path)]) == 2
    assert f"{path}:2" in capsys.readouterr().err
