"""The whole way from labelled rows to a model that the command can use, on two small layers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertForSequenceClassification, BertModel, PreTrainedTokenizerFast

from models import loading
from models.decoding import Decision
from models.labels import COLUMNS
from models.training import config as configs
from models.training import data, experiment
from models.training.loss import masked_loss
from models.training.train import load_encoder, load_tokenizer
from models.training.vocabulary import trim
from pipeline.logic.cutting import cut_lines
from pipeline.logic.parsing import ParseSettings, parse
from runners.cli import main

SAMPLE = Path("examples/parsi")
SMOKE = Path("models/training/smoke.yaml")
SPECIAL = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>"}
SPECIAL |= {"unk_token": "<unk>", "mask_token": "<mask>"}


def labelled_rows():
    """The sample's X posts with their labels, as training rows."""
    labels = {(row["platform"], row["post_id"]): row for row in map(json.loads, (SAMPLE / "labels.jsonl").open())}
    with (SAMPLE / "posts/x.jsonl").open("rb") as file:
        for raw in cut_lines(file, "x.jsonl"):
            if b'"data": {' not in raw.payload or raw.position in (46, 85, 216):
                continue  # the broken records
            post = parse(raw, ParseSettings(), datetime(2026, 10, 20, tzinfo=UTC))
            row = labels.get((post.platform, post.post_id))
            if row and post.text.strip():
                heads = {head: row[head] for head in ("complaint", "severity", "categories", "advocacy")}
                yield {"id": post.post_id, "text": post.text, "lang": "und", "source": "parsi", "labels": heads}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A data root with a tiny encoder of the base's architecture and the sample's rows."""
    place = tmp_path_factory.mktemp("data")
    rows = list(labelled_rows())
    assert len(rows) > 150
    (place / "labels.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    pieces = Tokenizer(models.Unigram())
    pieces.normalizer, pieces.pre_tokenizer, pieces.decoder = (
        normalizers.NFKC(),
        pre_tokenizers.Metaspace(),
        decoders.Metaspace(),
    )
    names = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=1500, special_tokens=[*names, "<mask>"], unk_token="<unk>", show_progress=False
    )
    pieces.train_from_iterator([row["text"] for row in rows], trainer)
    ends = [(name, pieces.token_to_id(name)) for name in ("<s>", "</s>")]
    pieces.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    base = place / "tiny-encoder"
    PreTrainedTokenizerFast(tokenizer_object=pieces, **SPECIAL).save_pretrained(base)
    torch.manual_seed(1)
    size = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(
        BertConfig(vocab_size=pieces.get_vocab_size(), pad_token_id=1, **size), add_pooling_layer=False
    ).save_pretrained(base)
    return place


@pytest.fixture(scope="module")
def trained(root, tmp_path_factory):
    output = tmp_path_factory.mktemp("trained") / "model"
    assert main(["train", "--config", str(SMOKE), "--data", str(root), "--output", str(output)]) == 0
    return output


def test_the_result_is_a_model_the_command_can_use(trained, tmp_path):
    assert {path.name for path in trained.iterdir()} >= {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "decision.json",
    }
    (tmp_path / "in.txt").write_text("دیر رسید")
    arguments = ["--input", str(tmp_path / "in.txt"), "--output", str(tmp_path / "out.jsonl"), "--model", str(trained)]
    assert main(["classify", *arguments]) == 0
    assert "complaint" in json.loads((tmp_path / "out.jsonl").read_text())


def test_started_again_it_goes_on_from_the_last_checkpoint(trained, root, capsys):
    (trained / "stages/2-second/model.safetensors").unlink()
    checkpoints = sorted((trained / "stages/2-second/checkpoints").glob("checkpoint-*"))
    before = {path: path.read_bytes() for path in (trained / "model.safetensors", *checkpoints[-1].glob("model.*"))}
    experiment.run(SMOKE, root, trained)
    assert sorted((trained / "stages/2-second/checkpoints").glob("checkpoint-*")) == checkpoints
    assert {path: path.read_bytes() for path in before} == before
    capsys.readouterr()


def test_what_is_measured_after_training_decides_by_the_rules_just_chosen(trained):
    for place in (trained, trained / "student"):
        assert loading.load(str(place)).decision == Decision.beside(place) != Decision()


def test_the_student_has_fewer_layers_and_the_same_labels(trained):
    teacher, student = (json.loads((place / "config.json").read_text()) for place in (trained, trained / "student"))
    assert (teacher["num_hidden_layers"], student["num_hidden_layers"]) == (2, 1)
    assert student["shenava_name"] == "shenava-smoke-small"
    assert teacher["id2label"] == student["id2label"]
    assert loading.load(str(trained / "student")).logits([[0, 5, 2]]).shape == (1, len(COLUMNS))


def test_it_is_measured_against_the_baseline_and_the_card_says_so(trained, root, tmp_path, capsys):
    arguments = ["--config", str(SMOKE), "--data", str(root), "--model", str(trained), "--output", str(tmp_path)]
    assert main(["evaluate", *arguments, "--card", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {each["head"] for each in found["scores"]["all"]["baseline"]} == {
        "complaint",
        "severity",
        "categories",
        "advocacy",
    }
    assert all(0 <= each["value"] <= 1 for each in found["scores"]["all"]["model"])
    card = (trained / "README.md").read_text()
    assert "| complaint | F1 |" in card
    assert "<!--" not in card


def test_training_learns(root):
    """Sixty passes over a handful of rows halve the loss, so gradients reach every part."""
    config = configs.load(SMOKE)
    base = str(root / config.base)
    tokenizer, network = load_tokenizer(base), load_encoder(base, config)
    rows = data.read_rows(root / "labels.jsonl")[:32]
    batch = tokenizer([row.text for row in rows], padding=True, truncation=True, max_length=32, return_tensors="pt")
    targets, weights = torch.from_numpy(data.targets(rows)), torch.ones(len(rows))
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    losses = []
    for _ in range(60):
        loss = masked_loss(network(**batch).logits, targets, weights, {})
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2


def test_cutting_the_vocabulary_keeps_what_is_used_and_spells_the_rest(root):
    base = str(root / "tiny-encoder")
    tokenizer = load_tokenizer(base).backend_tokenizer
    network = BertForSequenceClassification.from_pretrained(base, num_labels=len(COLUMNS)).eval()
    text = "سلام به همه"
    before = tokenizer.encode(text)
    with torch.inference_mode():
        scores = network(torch.tensor([before.ids])).logits
    cut = trim(tokenizer, network, [text] * 10, tokenizer.get_vocab_size() - 300)
    after = cut.encode(text)
    assert cut.get_vocab_size() == network.config.vocab_size == tokenizer.get_vocab_size() - 300
    assert after.tokens == before.tokens
    with torch.inference_mode():
        torch.testing.assert_close(network(torch.tensor([after.ids])).logits, scores)
    assert "<unk>" not in cut.encode("supercalifragilistic").tokens
    assert network.config.pad_token_id == cut.token_to_id("<pad>")


def test_a_base_that_is_not_there_is_named(tmp_path, root):
    config = tmp_path / "c.yaml"
    config.write_text(
        "{name: n, base: no-such-encoder, sets: {s: {path: labels.jsonl}}, stages: [{name: a, rows: {s: 1}}]}"
    )
    assert main(["train", "--config", str(config), "--data", str(root), "--output", str(tmp_path / "m")]) == 2


def test_the_shipped_model_was_made_by_the_shipped_experiment():
    shipped = json.loads((loading.DEFAULT_MODEL / "config.json").read_text())
    assert shipped["shenava_name"] == "shenava-fa-en-v3"
