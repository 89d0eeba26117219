"""The `shenava` command as a user types it."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from models import loading
from models.labels import CATEGORIES, COLUMNS, INTENTS, TOPICS
from runners import show
from runners.cli import main

TEXTS = [
    "خیلی بد بود، دو ساعت دیر اومد و غذا یخ کرده بود",
    "",
    "Persepolis is champion again!!! ❤️",
    "50% off today only",
]
HEADS = ["sentiment", "complaint", "severity", "categories", "advocacy", "intents", "stage", "topics", "promo"]


def classify(tmp_path, lines, *more, name="in.jsonl"):
    source, target = tmp_path / name, tmp_path / "out.jsonl"
    source.write_bytes(lines if isinstance(lines, bytes) else "\n".join(lines).encode())
    code = main(["classify", "--input", str(source), "--output", str(target), *more])
    return code, [json.loads(line) for line in target.read_text("utf-8").splitlines()]


def test_classify_answers_in_order_with_exactly_the_documented_form(tmp_path):
    code, answers = classify(tmp_path, [json.dumps({"id": f"p{i}", "text": t}) for i, t in enumerate(TEXTS)])
    assert code == 0
    assert [answer["id"] for answer in answers] == ["p0", "p1", "p2", "p3"]
    for answer in answers:
        assert list(answer) == ["id", *HEADS]
        assert set(answer["sentiment"]) == {"label", "scores", "abstain"}
        assert list(answer["sentiment"]["scores"]) == ["neg", "neu", "pos"]
        for flag in ("complaint", "advocacy", "promo"):
            assert set(answer[flag]) == {"label", "score", "abstain"}
            assert answer[flag]["label"] in (0, 1)
        assert set(answer["severity"]) == {"label", "scores"}
        assert list(answer["severity"]["scores"]) == ["0", "1", "2", "3", "4"]
        assert (
            (answer["severity"]["label"] > 0)
            == (answer["complaint"]["label"] == 1)
            == bool(answer["categories"]["labels"])
        )
        for head, names in (("categories", CATEGORIES), ("intents", INTENTS), ("topics", TOPICS)):
            assert list(answer[head]) == ["labels", "scores"]
            assert tuple(answer[head]["scores"]) == names
        assert answer["stage"]["label"] in ("none", "pre", "buy", "post")
    assert answers[0]["complaint"]["label"] == 1
    assert "delivery" in answers[0]["categories"]["labels"]
    assert (answers[1]["sentiment"]["label"], answers[1]["complaint"]["label"]) == ("neu", 0)
    assert answers[2]["complaint"]["label"] == 0


def test_classify_takes_plain_lines_another_field_and_gzip(tmp_path):
    _, plain = classify(tmp_path, TEXTS, name="lines.txt")
    assert [answer["id"] for answer in plain] == [1, 2, 3, 4]
    rows = "\n".join(json.dumps({"id": i, "body": t}) for i, t in enumerate(TEXTS)).encode()
    _, packed = classify(tmp_path, gzip.compress(rows), "--text-field", "body", name="rows.jsonl.gz")
    assert [answer["complaint"] for answer in packed] == [answer["complaint"] for answer in plain]


def test_classify_keeps_a_place_for_what_it_cannot_read(tmp_path, capsys):
    lines = [
        b'{"id": "a", "text": "fine"}',
        b"{broken",
        b'{"id": "c", "text": 5}',
        b'{"id": "d"}',
        b'{"id": "e", "text": "\xff"}',
        b"[1]",
    ]
    code, answers = classify(tmp_path, b"\n".join(lines))
    assert code == 1
    assert [answer["id"] for answer in answers] == ["a", 2, "c", "d", 5, 6]
    assert "complaint" in answers[0]
    assert all("error" in answer for answer in answers[1:])
    assert "--text-field" in answers[3]["error"]["message"]
    assert "5 of 6 lines" in capsys.readouterr().err


def test_classify_explains_what_it_is_asked_to(tmp_path):
    _, answers = classify(tmp_path, ["", TEXTS[0]], "--explain", "complaint")
    assert list(answers[1]) == ["id", *HEADS, "explanation"]
    told = answers[1]["explanation"]
    assert (told["head"], told["label"], told["words"][0][0]) == ("complaint", "1", "خیلی")
    assert answers[0]["explanation"] == {"head": "complaint", "label": "0", "words": []}
    _, answers = classify(tmp_path, ["", TEXTS[0]], "--explain", "categories")
    assert answers[0]["explanation"] is None
    assert answers[1]["explanation"]["label"] == answers[1]["categories"]["labels"][0]


def test_classify_works_as_a_filter():
    command = [sys.executable, "-m", "runners", "classify", "--input", "-", "--output", "-"]
    done = subprocess.run(command, input="سه روزه جواب نمیدین\n", capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["complaint"]["label"] == 1


def test_stock_transformers_gives_the_same_scores():
    """The model directory needs nothing of Shenava to be read."""
    tokenizer = AutoTokenizer.from_pretrained(loading.DEFAULT_MODEL)
    network = AutoModelForSequenceClassification.from_pretrained(loading.DEFAULT_MODEL, dtype=torch.float32).eval()
    texts = [text for text in TEXTS if text]
    with torch.inference_mode():
        stock = network(**tokenizer(texts, padding=True, return_tensors="pt")).logits.numpy()
    ours = loading.load(str(loading.DEFAULT_MODEL))
    mine = ours.logits([ours.encode(text)[0] for text in texts])
    assert [network.config.id2label[i] for i in range(47)] == list(COLUMNS)
    np.testing.assert_allclose(mine, stock, atol=0.25 if ours.network.dtype == torch.bfloat16 else 1e-3)


def test_the_shipped_model_is_small_enough_and_loads_once():
    size = sum(path.stat().st_size for path in loading.DEFAULT_MODEL.iterdir())
    assert size <= 75_000_000
    assert loading.load(str(loading.DEFAULT_MODEL)) is loading.load(str(loading.DEFAULT_MODEL))


def test_a_long_text_is_cut_and_said_to_be():
    model = loading.load(str(loading.DEFAULT_MODEL))
    ids, cut = model.encode("دیر رسید " * 2000)
    assert (len(ids), cut) == (loading.MAX_TOKENS, True)
    assert ids[-1] == model.tokenizer.sep_token_id


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--input", "nowhere", "--output", "{tmp}/o"], "nowhere"),
        (
            ["run", "--input", "examples/parsi/posts", "--output", "{tmp}/o", "--config", "no.yaml"],
            "--config no.yaml: no such file",
        ),
        (["run", "--input", "examples/parsi/posts", "--output", "{tmp}/o", "--model", "no-model"], "--model no-model"),
        (["run", "--input", "examples/parsi/posts", "--output", "{tmp}/o", "--model", "docs"], "config.json"),
        (["run", "--input", "examples/parsi/posts", "--output", "{tmp}/o", "--store", "mysql://x"], "--store mysql"),
        (["classify", "--input", "nowhere", "--output", "-"], "--input nowhere"),
        (["classify", "--input", "nowhere", "--output", "-", "--explain", "mood"], "mood"),
        (["classify", "--input", "nowhere", "--output", "-", "--explain", "complaint:2"], "labels are 0, 1"),
        (["show", "nowhere"], "no Avro file"),
        (["train", "--config", "no.yaml", "--data", ".", "--output", "{tmp}/m"], "no.yaml"),
    ],
)
def test_what_was_asked_wrongly_is_named_and_exits_2(arguments, said, tmp_path, capsys):
    assert main([argument.format(tmp=tmp_path) for argument in arguments]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("command", ["run", "replay", "classify", "show", "train", "evaluate"])
def test_help_has_examples(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    assert "examples:" in capsys.readouterr().out


def test_show_prints_avro_as_json_lines(tmp_path, capsys):
    import fastavro

    schema = {"type": "record", "name": "r", "fields": [{"name": "a", "type": "bytes"}]}
    with (tmp_path / "x.avro").open("wb") as file:
        fastavro.writer(file, schema, [{"a": b"one"}, {"a": b"\xfftwo"}])
    assert main(["show", str(tmp_path), "--limit", "2"]) == 0
    assert [json.loads(line)["a"] for line in capsys.readouterr().out.splitlines()] == ["one", "\\xfftwo"]


def test_dead_letters_are_replayed_into_the_same_store_once_the_mistake_is_mended(tmp_path, capsys):
    rows = [
        {
            "post_id": str(n),
            "platform": "x",
            "account_id": "ali",
            "text": "سه روزه نرسیده",
            "created_at": f"2026-10-0{n}T08:00Z",
        }
        for n in (1, 2)
    ]
    posts = tmp_path / "posts.jsonl"
    posts.write_text("\n".join(map(json.dumps, rows)))
    store = ["--store", f"sqlite:///{tmp_path}/store.db", "--json"]
    wrong = ["run", "--input", str(posts), "--format", "telegram", "--output", str(tmp_path / "out"), *store]
    assert main(wrong) == 0
    assert json.loads(capsys.readouterr().out)["records"] == {
        "in": 2,
        "good": 0,
        "failed": 2,
        "duplicates": 0,
        "forgotten": 0,
    }
    replay = ["replay", str(tmp_path / "out" / "dead_letters"), *store]
    assert main([*replay, "--format", "mastodon", "--output", str(tmp_path / "again")]) == 0
    assert json.loads(capsys.readouterr().out)["records"]["failed"] == 2
    (first, *_) = list(show.records(str(tmp_path / "again" / "dead_letters")))
    assert (Path(first["source"]).name, first["position"]) == ("posts.jsonl", 1)
    assert main([*replay, "--output", str(tmp_path / "mended")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["records"] == {"in": 2, "good": 2, "failed": 0, "duplicates": 0, "forgotten": 0}
    assert found["profiles"]["changed"] == 1
