import json

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models

from models.labels import BY_NAME, COLUMNS, columns_of
from models.training import config as configs
from models.training import data
from models.training.calibration import calibrate
from models.training.loss import masked_loss
from models.training.tokenizer import fold_spelling
from pipeline.errors import ConfigError

COMPLAINT = {"sentiment": "neg", "complaint": 1, "severity": 2, "categories": ["delivery"], "topics": ["food"]}


def row(number: int, **labels) -> dict:
    return {"id": f"r{number}", "text": f"text number {number}", "lang": "en", "source": "s", "labels": labels}


def write(path, rows):
    path.write_text("\n".join(json.dumps(each) for each in rows))
    return path


def test_unknown_heads_are_masked_and_severity_only_holds_for_complaints():
    known = data.Row("1", "t", "en", "s", 1.0, COMPLAINT)
    calm = data.Row("2", "t", "en", "s", 1.0, {"complaint": 0, "severity": 0, "categories": []})
    first, second = data.targets([known, calm])
    assert first[columns_of(BY_NAME["severity"])].tolist() == [0, 1, 0, 0]
    assert np.isnan(first[columns_of(BY_NAME["promo"])]).all()
    assert second[columns_of(BY_NAME["complaint"])].tolist() == [0]
    assert np.isnan(second[columns_of(BY_NAME["severity"])]).all()
    assert np.isnan(second[columns_of(BY_NAME["categories"])]).all()


def test_severity_targets_lean_to_their_neighbours():
    smooth = data.targets([data.Row("1", "t", "en", "s", 1.0, COMPLAINT)], severity_smoothing=0.1)[0]
    assert smooth[columns_of(BY_NAME["severity"])] == pytest.approx([0.1, 0.8, 0.1, 0.0])


def test_an_unknown_label_adds_nothing_to_the_loss_and_no_gradient():
    targets = torch.full((2, len(COLUMNS)), float("nan"))
    targets[0, COLUMNS.index("complaint")] = 1.0
    logits = torch.zeros(2, len(COLUMNS), requires_grad=True)
    loss = masked_loss(logits, targets, torch.ones(2), {})
    loss.backward()
    assert loss.item() == pytest.approx(np.log(2) / 2)
    assert logits.grad.abs().sum(0).nonzero().flatten().tolist() == [COLUMNS.index("complaint")]


def test_weight_and_head_weight_scale_the_loss():
    targets = torch.full((1, len(COLUMNS)), float("nan"))
    targets[0, COLUMNS.index("promo")] = 0.0
    logits = torch.zeros(1, len(COLUMNS))
    plain = masked_loss(logits, targets, torch.ones(1), {})
    assert masked_loss(logits, targets, torch.full((1,), 0.5), {"promo": 3.0}) == pytest.approx(plain * 1.5)


def test_no_text_is_both_learned_and_reported_on(tmp_path):
    rows = [row(i, sentiment="neg", complaint=1) for i in range(100)]
    write(tmp_path / "full.jsonl", rows)
    # another set holds the very same texts, in other letters
    write(
        tmp_path / "copy.jsonl", [each | {"id": "c" + each["id"], "text": each["text"].upper() + "!"} for each in rows]
    )
    (tmp_path / "c.yaml").write_text(
        "{name: n, base: b, sets: [{path: full.jsonl, hold_out: 0.2, calibrate: 0.1}, {path: copy.jsonl, repeat: 2}]}"
    )
    split = data.split(configs.load(tmp_path / "c.yaml"), tmp_path)
    learned = {data.text_key(each.text) for each in split.train}
    unseen = {data.text_key(each.text) for each in (*split.validation, *split.calibration)}
    assert (len(split.validation), len(split.calibration)) == (20, 10)
    assert not learned & unseen
    assert len(split.train) == 70 + 70 * 2


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ({"id": "1", "labels": {}}, "KeyError: 'text'"),
        (row(1, mood="bad"), "labels.mood is not a head"),
        (row(1, sentiment="sad"), "labels.sentiment: 'sad' is none of neg, neu, pos"),
        (row(1, topics=["cars"]), "labels.topics: 'cars' is none of arts"),
    ],
)
def test_a_wrong_row_is_named_with_file_and_line(tmp_path, bad, named):
    path = write(tmp_path / "rows.jsonl", [row(0, complaint=0), bad])
    with pytest.raises(ConfigError, match=r"rows\.jsonl:2") as caught:
        data.read_rows(path)
    assert named in str(caught.value)


def test_a_wrong_experiment_is_named_with_its_key(tmp_path):
    (tmp_path / "c.yaml").write_text("{name: n, base: b, sets: [{path: a, repeat: 0}], bach: 3}")
    with pytest.raises(ConfigError) as caught:
        configs.load(tmp_path / "c.yaml")
    assert "sets.0.repeat" in str(caught.value)
    assert "bach" in str(caught.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("كتاب خوبي بود", "کتاب خوبی بود"),
        ("ساعت ۱۲ تا ٣", "ساعت 12 تا 3"),
        ("خییییییلی بد!!!!!", "خییلی بد!!"),
        ("@united late again http://t.co/x1", "@jetblue late again https://example.com/y"),
        ("this &amp; that", "this & that"),
        ("مـــن", "من"),
    ],
)
def test_spelling_variants_become_the_same_tokens(one, other):
    fold = fold_spelling(Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))).normalizer.normalize_str
    assert fold(one) == fold(other)


def test_numbers_keep_their_zeros_and_mails_their_at_sign():
    fold = fold_spelling(Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))).normalizer.normalize_str
    assert fold("1000000 تومان") == "1000000 تومان"
    assert fold("a@b.com") == "a@b.com"


def test_calibration_recovers_an_overconfident_model():
    random = np.random.default_rng(1)
    targets = np.full((2000, len(COLUMNS)), np.nan, np.float32)
    logits = np.zeros_like(targets)
    column = COLUMNS.index("complaint")
    true_logit = random.normal(0, 2, 2000)
    targets[:, column] = random.random(2000) < 1 / (1 + np.exp(-true_logit))
    logits[:, column] = true_logit * 3
    rule = calibrate(logits, targets).heads["complaint"]
    assert rule.temperature == pytest.approx(3.0, rel=0.15)
    assert 0.3 < rule.thresholds["complaint"] < 0.6
    assert 0 < rule.band < 0.5
