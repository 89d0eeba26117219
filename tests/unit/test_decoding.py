import json

import numpy as np
import pytest

from models.decoding import Decision, HeadDecision, decode, empty, probabilities
from models.labels import BY_NAME, COLUMNS, check_columns
from models.loading import DEFAULT_MODEL
from pipeline.errors import ConfigError


def logits(**columns: float) -> np.ndarray:
    """One row of logits, −4 where nothing is said; `topics__food=3` sets `topics:food`."""
    row = np.full(len(COLUMNS), -4.0, np.float32)
    for name, value in columns.items():
        row[COLUMNS.index(name.replace("__", ":").removesuffix("_"))] = value
    return row[None]


def said(decision: Decision | None = None, **columns: float):
    return decode(logits(**columns), decision or Decision(), "m", [False])[0]


def test_there_are_47_columns_and_every_name_is_unique():
    assert len(COLUMNS) == len(set(COLUMNS)) == 47


def test_a_complaint_has_a_severity_and_at_least_one_category():
    answer = said(complaint=3, severity__3=2, categories__billing=-1)
    assert answer.complaint.label
    assert answer.severity.label == "3"
    assert answer.categories.labels == ("billing",)
    assert sum(answer.severity.scores.values()) == pytest.approx(1, abs=0.001)


def test_without_a_complaint_severity_is_0_and_there_is_no_category():
    answer = said(complaint=-3, severity__4=5, categories__fraud=5)
    assert (answer.severity.label, answer.categories.labels) == ("0", ())
    assert answer.severity.scores["0"] > 0.9


def test_labels_come_likeliest_first_and_at_most_three_topics():
    answer = said(topics__food=1, topics__travel=3, topics__tech=2, topics__news=0.5)
    assert answer.topics.labels == ("travel", "tech", "food")


def test_thresholds_and_temperature_decide():
    strict = Decision({"complaint": HeadDecision(temperature=2.0, thresholds={"complaint": 0.9})})
    assert not said(strict, complaint=3).complaint.label
    assert said(strict, complaint=3).complaint.score == pytest.approx(1 / (1 + np.exp(-1.5)), abs=1e-4)


@pytest.mark.parametrize(("logit", "abstains"), [(0.1, True), (-0.1, True), (2.0, False), (-2.0, False)])
def test_a_flag_abstains_near_its_threshold(logit, abstains):
    decision = Decision({"complaint": HeadDecision(band=0.05)})
    assert said(decision, complaint=logit).complaint.abstain is abstains


def test_a_choice_abstains_when_two_labels_are_close():
    decision = Decision({"sentiment": HeadDecision(band=0.2)})
    assert said(decision, sentiment__neg=1.0, sentiment__pos=0.9).sentiment.abstain
    assert not said(decision, sentiment__neg=3.0, sentiment__pos=0.0).sentiment.abstain


def test_probabilities_survive_extreme_logits():
    scores = probabilities(BY_NAME["sentiment"], np.full((1, 47), 1e4, np.float32), Decision())
    assert np.isfinite(scores).all()


def test_an_empty_text_is_neutral_as_the_guideline_says():
    answer = empty("m")
    assert (answer.sentiment.label, answer.stage.label, answer.complaint.label) == ("neu", "none", False)
    assert answer.skipped


def test_a_decision_file_round_trips(tmp_path):
    decision = Decision({"complaint": HeadDecision(1.5, {"complaint": 0.4}, 0.05)})
    decision.save(tmp_path / "decision.json")
    assert Decision.load(tmp_path / "decision.json") == decision


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"heads": {"complaint": {"treshold": 1}}}', '{"heads": {"mood": {}}}']
)
def test_a_wrong_decision_file_is_named(tmp_path, content):
    path = tmp_path / "decision.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=r"decision\.json"):
        Decision.load(path)


def test_a_model_with_other_labels_is_refused_with_the_first_that_differs():
    wrong = dict(enumerate(COLUMNS)) | {3: "anger"}
    with pytest.raises(ConfigError, match="logit 3 is 'anger', Shenava expects 'complaint'"):
        check_columns(wrong, "--model x")
    with pytest.raises(ConfigError, match="48 logits"):
        check_columns(dict(enumerate([*COLUMNS, "more"])), "--model x")


def test_the_shipped_model_has_this_scheme():
    config = json.loads((DEFAULT_MODEL / "config.json").read_text())
    check_columns({int(i): label for i, label in config["id2label"].items()}, "models/default")
