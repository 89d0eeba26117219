import gzip
import json

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models

from models.labels import BY_NAME, COLUMNS, columns_of
from models.training import config as configs
from models.training import data
from models.training.augment import vary
from models.training.calibration import calibrate
from models.training.distillation import soften
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
        "{name: n, base: b, sets: {full: {path: full.jsonl, hold_out: 0.2, calibrate: 0.1}, copy: {path: copy.jsonl}},"
        " stages: [{name: s, rows: {full: 1, copy: 2}}]}"
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
    (tmp_path / "c.yaml").write_text(
        "{name: n, base: b, sets: {a: {path: a}}, bach: 3, stages: [{name: s, rows: {a: 1}, batch: 0}]}"
    )
    with pytest.raises(ConfigError) as caught:
        configs.load(tmp_path / "c.yaml")
    assert "stages.0.batch" in str(caught.value)
    assert "bach" in str(caught.value)


@pytest.mark.parametrize(
    ("stage", "named"),
    [
        ("{name: s, rows: {b: 1}}", "stage s: rows: b not among the sets a"),
        ("{name: s, rows: {a: 1}, head_weights: {mood: 2}}", "head_weights: mood is no head"),
        ("{name: 'Stage 1', rows: {a: 1}}", "stages.0.name"),
    ],
)
def test_a_wrong_stage_is_named(tmp_path, stage, named):
    (tmp_path / "c.yaml").write_text(f"{{name: n, base: b, sets: {{a: {{path: a}}}}, stages: [{stage}]}}")
    with pytest.raises(ConfigError, match=named):
        configs.load(tmp_path / "c.yaml")


def experiment_with_own_rows(tmp_path, own_id):
    (tmp_path / "train").mkdir()
    with gzip.open(tmp_path / "train/news.jsonl.gz", "wt") as file:
        file.write(json.dumps(row(7, topics=["news"])))
    place = tmp_path / "experiment"
    place.mkdir()
    write(place / "own.jsonl", [{"id": own_id, "text": "", "lang": "", "labels": COMPLAINT}])
    (place / "c.yaml").write_text("{name: n, base: b, sets: {o: {own: own.jsonl}}, stages: [{name: s, rows: {o: 1}}]}")
    return configs.load(place / "c.yaml")


def test_own_labels_find_the_text_they_were_given_for(tmp_path):
    (learned,) = data.split(experiment_with_own_rows(tmp_path, "news:r7"), tmp_path).train
    assert (learned.text, learned.lang, learned.labels) == ("text number 7", "en", COMPLAINT)


def test_own_labels_of_a_text_that_is_not_there_are_named(tmp_path):
    with pytest.raises(ConfigError, match=r"own\.jsonl: news:r8: the public set news has no row r8"):
        data.split(experiment_with_own_rows(tmp_path, "news:r8"), tmp_path)


def test_a_students_target_mixes_truth_and_teacher_and_fills_the_unknown():
    targets = np.full((2, len(COLUMNS)), np.nan, np.float32)
    complaint, promo, severity = COLUMNS.index("complaint"), COLUMNS.index("promo"), columns_of(BY_NAME["severity"])
    targets[0, complaint] = 1.0
    logits = np.zeros_like(targets)
    logits[1, complaint] = -5.0
    mixed = soften(targets, logits, truth=0.6)
    assert mixed[0, complaint] == pytest.approx(0.6 + 0.4 * 0.5)
    assert mixed[0, promo] == pytest.approx(0.5)
    assert mixed[0, severity].tolist() == pytest.approx([0.25] * 4)
    # of a post that is hardly a complaint nothing is taught about how severe it is
    assert np.isnan(mixed[1, severity]).all()


def test_variants_say_the_same_and_the_same_seed_gives_the_same():
    texts = ["نمی\u200cشه و می روم", "I said: NO!"] * 50
    varied = vary(texts, 0.5, seed=3)
    assert varied == vary(texts, 0.5, seed=3)
    assert 15 < sum(a != b for a, b in zip(texts, varied, strict=True)) < 60
    assert vary(texts, 0.0, seed=3) == texts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("كتاب خوبي بود", "کتاب خوبی بود"),
        ("ساعت ۱۲ تا ٣", "ساعت 12 تا 3"),
        ("خییییییلی بد!!!!!", "خیلی بد!!"),
        ("so baaaaad, goooood grief", "SO BAD, good grief"),
        ("late again http://t.co/x1 @united @x", "late again"),
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
