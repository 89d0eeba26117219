from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, f1_score, precision_score, recall_score

from models.decoding import Decision, HeadDecision, decode
from models.evaluation import errors_page, inputs, intervals, metrics, plots, slices
from models.evaluation.metrics import Bin, Judged
from models.labels import BY_NAME, COLUMNS, HEADS, TOPICS
from models.training.data import Row
from pipeline.errors import ConfigError

RANDOM = np.random.default_rng(7)


def row(number, text="t", lang="fa", source="snappfood", **labels):
    return Row(f"r{number}", text, lang, source, 1.0, labels)


def flag(truth, given, scores=None):
    """A judged complaint head; each argument has a value a row."""
    truth, given = (np.array(each, bool)[:, None] for each in (truth, given))
    scores = given.astype(float) if scores is None else np.array(scores)[:, None]
    return Judged(BY_NAME["complaint"], ("1",), np.arange(len(truth)), truth, given, scores.astype(np.float32))


def labelled_rows(count):
    """Rows with random labels on every head, half of them complaints."""
    for i in range(count):
        severity = int(RANDOM.integers(0, 5)) * (i % 2)
        yield row(
            i,
            sentiment=str(RANDOM.choice(["neg", "neu", "pos"])),
            complaint=int(severity > 0),
            severity=severity,
            categories=["delivery", "other"][: i % 2 + i % 3 % 2],
            advocacy=int(i % 3 == 0),
            intents=["question", "churn"][: i % 3],
            stage=str(RANDOM.choice(["none", "pre", "buy", "post"])),
            topics=list(TOPICS[i % 5 : i % 5 + i % 3]),
            promo=0,
        )


@pytest.fixture(scope="module")
def judged():
    rows = list(labelled_rows(80))
    logits = RANDOM.normal(0, 2, (80, len(COLUMNS))).astype(np.float32)
    found = metrics.judge(logits, Decision({"advocacy": HeadDecision(1.5, {"advocacy": 0.3})}), rows)
    return {each.head.name: each for each in found}


def test_every_headline_is_that_of_scikit_learn(judged):
    assert list(judged) == [head.name for head in HEADS]
    for name, average in (
        *((flag_name, "binary") for flag_name in ("complaint", "advocacy", "promo")),
        *((choice, "macro") for choice in ("sentiment", "severity", "stage", "intents")),
        *((labels, "micro") for labels in ("categories", "topics")),
    ):
        each = judged[name]
        truth, given = (np.ravel(m) if average == "binary" else m for m in (each.truth, each.given))
        expected = f1_score(truth, given, average=average, zero_division=0.0)
        assert metrics.headline(each.head, each.tallies().sum(axis=0)) == pytest.approx(expected), name


def test_precision_recall_and_confusion_are_those_of_scikit_learn(judged):
    topics = judged["topics"]
    sums = topics.tallies().sum(axis=0)
    for of, theirs in ((metrics.precision, precision_score), (metrics.recall, recall_score)):
        expected = theirs(topics.truth, topics.given, average=None, zero_division=0.0)
        np.testing.assert_allclose(of(sums), expected, rtol=1e-6)
    for name in ("severity", "stage", "advocacy"):
        each = judged[name]
        sides = (each.truth[:, 0], each.given[:, 0]) if name == "advocacy" else (each.truth, each.given)
        truth, given = ((m if name == "advocacy" else m.argmax(axis=1)) for m in sides)
        assert metrics.confusion(each).tolist() == confusion_matrix(truth, given).tolist()


def test_decisions_are_those_of_the_pipeline_and_unknown_heads_are_left_out():
    rows = [row(0, complaint=1, severity=3), row(1, sentiment="neg"), row(2, complaint=0, severity=0)]
    logits = RANDOM.normal(0, 2, (3, len(COLUMNS))).astype(np.float32)
    found = {each.head.name: each for each in metrics.judge(logits, Decision(), rows)}
    assert {name: each.places.tolist() for name, each in found.items()} == {
        "sentiment": [1],
        "complaint": [0, 2],
        "severity": [0, 2],
    }
    said = decode(logits, Decision(), "m", [False] * 3)
    severity = found["severity"]
    assert [severity.labels[i] for i in severity.given.argmax(axis=1)] == [said[i].severity.label for i in (0, 2)]
    assert severity.scores[0] == pytest.approx(list(said[0].severity.scores.values()), abs=1e-4)
    assert severity.scores.sum(axis=1) == pytest.approx([1, 1])


def test_calibration_error_by_hand():
    each = flag([1, 1, 0, 0], [1, 1, 0, 0], [0.95, 0.95, 0.95, 0.15])
    bins = metrics.reliability(each)
    assert [(round(b.confidence, 4), round(b.right, 4), b.decisions) for b in bins] == [(0.15, 0, 1), (0.95, 0.6667, 3)]
    assert metrics.expected_error(bins) == pytest.approx((1 * 0.15 + 3 * (0.95 - 2 / 3)) / 4, abs=1e-6)
    assert metrics.expected_error([Bin(0.5, 0.5, 9)]) == 0


def test_severity_is_calibrated_on_condition_of_a_complaint():
    truth = np.array([[0, 1, 0, 0, 0], [1, 0, 0, 0, 0]], bool)
    # P(complaint) = 0.5, P(level 1 given a complaint) = 0.8
    scores = np.array([[0.5, 0.4, 0.1, 0, 0], [0.9, 0.1, 0, 0, 0]], np.float32)
    each = Judged(BY_NAME["severity"], tuple("01234"), np.arange(2), truth, truth, scores)
    assert [(round(b.confidence, 4), b.right, b.decisions) for b in metrics.reliability(each)] == [(0.8, 1.0, 1)]


def test_a_threshold_curve_by_hand():
    each = flag([1, 0, 1], [1, 1, 0], [0.9, 0.6, 0.3])
    curve = metrics.threshold_curve(each, [0.2, 0.5, 0.9, 0.95])
    assert metrics.precision(curve) == pytest.approx([2 / 3, 1 / 2, 1, 0])
    assert metrics.recall(curve) == pytest.approx([1, 1 / 2, 1 / 2, 0])


def interval_of(each):
    sums = intervals.resampled([each], each.places)[0]
    return intervals.interval(metrics.headline(each.head, sums))


def test_the_interval_holds_the_point_and_narrows_with_the_rows():
    few = flag([1, 1, 1, 0, 0] * 10, [1, 1, 0, 1, 0] * 10)
    many = flag([1, 1, 1, 0, 0] * 160, [1, 1, 0, 1, 0] * 160)
    (low, high), (narrow_low, narrow_high) = interval_of(few), interval_of(many)
    assert low < narrow_low < 2 / 3 < narrow_high < high
    # sixteen times the rows, a quarter of the width
    assert (high - low) / (narrow_high - narrow_low) == pytest.approx(4, rel=0.15)
    assert interval_of(few) == (low, high)


def test_the_interval_of_a_share_is_the_binomial_one():
    # recall where every row is true: a share of 0.7 of 200
    each = flag([1] * 200, [1] * 140 + [0] * 60)
    sums = intervals.resampled([each], each.places, resamples=4000)[0]
    low, high = intervals.interval(metrics.recall(sums)[:, 0])
    width = 1.96 * (0.7 * 0.3 / 200) ** 0.5
    assert (low, high) == pytest.approx((0.7 - width, 0.7 + width), abs=0.012)


def test_two_classifiers_see_the_same_resamples():
    one = flag([1, 0, 1, 0] * 20, [1, 1, 0, 0] * 20)
    first, second = intervals.resampled([one, one], one.places)
    assert first.tolist() == second.tolist()


def test_rows_that_a_head_is_unknown_for_are_drawn_but_add_nothing():
    each = flag([1, 0] * 10, [1, 0] * 10)
    sums = intervals.resampled([each], np.arange(40))[0]
    assert sums[:, 0, metrics.TRUE].mean() == pytest.approx(10, abs=0.5)
    part = each.on(np.array([0, 3, 39]))
    assert (part.places.tolist(), part.truth.tolist()) == ([0, 3], [[True], [False]])


def test_slices_name_the_languages_that_there_are():
    rows = [
        *(row(0, lang="en"), row(1, lang="ar"), row(2, lang="fa"), row(3, lang="fa-latn")),
        *(row(4, lang="fa", source="written"), row(5, lang="fa-en", source="written"), row(6, lang="und")),
    ]
    assert {name: places.tolist() for name, places in slices.cut(rows).items()} == {
        "all": [0, 1, 2, 3, 6],
        "Persian": [2],
        "English": [0],
        "ar": [1],
        "written": [4, 5],
        "Finglish and mixed": [3, 5],
    }
    assert list(slices.cut(rows)) == ["all", "Persian", "English", "ar", "written", "Finglish and mixed"]
    assert list(slices.cut(rows[4:5])) == ["written"]


def test_the_surest_errors_come_first():
    rows = [row(i, text=str(i)) for i in range(5)]
    each = flag([0, 1, 0, 1, 1], [1, 0, 1, 1, 0], [0.7, 0.01, 0.9, 0.99, 0.4])
    found = errors_page.worst(each, rows)
    assert [(m.row.id, m.true, m.given, m.label, round(m.probability, 2)) for m in found] == [
        ("r1", "yes", "no", "1", 0.01),
        ("r2", "no", "yes", "1", 0.9),
        ("r0", "no", "yes", "1", 0.7),
        ("r4", "yes", "no", "1", 0.4),
    ]
    assert len(errors_page.worst(each, rows, most=2)) == 2


def test_the_error_of_a_choice_is_what_was_given():
    truth, given = np.array([[1, 0, 0]], bool), np.array([[0, 0, 1]], bool)
    scores = np.array([[0.1, 0.3, 0.6]], np.float32)
    each = Judged(BY_NAME["sentiment"], ("neg", "neu", "pos"), np.arange(1), truth, given, scores)
    (found,) = errors_page.worst(each, [row(0)])
    assert (found.true, found.given, found.label) == ("neg", "pos", "pos")
    assert found.probability == pytest.approx(0.6)


class _Page(HTMLParser):
    """Tags and attributes of a page, and its text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def test_the_page_shows_texts_as_they_are_and_runs_nothing_in_them(tmp_path):
    evil = '<script>alert("x")</script> & سلام'
    rows = [row(0, text=evil, lang='fa" onclick="x', source="<b>")]
    errors_page.write(tmp_path / "e.html", "<i>m</i>", [flag([0], [1])], rows)
    page = _Page((tmp_path / "e.html").read_text("utf-8"))
    assert evil in page.text
    assert "<i>m</i>" in page.text
    assert not {"script", "b", "i"} & {tag for tag, _ in page.tags}
    assert all("onclick" not in attributes for _, attributes in page.tags)
    (text,) = [attributes for _, attributes in page.tags if attributes.get("class") == "text"]
    assert (text["dir"], text["lang"]) == ("auto", 'fa" onclick="x')


def test_the_page_shades_the_words_that_carried_the_decision(tmp_path):
    asked = []

    def explain(text, head, label):
        asked.append((text, head, label))
        return [("not", -1.0), ("<late>", 2.0), ("the", 0.0)]

    errors_page.write(tmp_path / "e.html", "m", [flag([0, 1], [1, 1])], [row(0, text="a"), row(1)], explain)
    page = (tmp_path / "e.html").read_text("utf-8")
    assert asked == [("a", "complaint", "1")]
    assert '<span style="background: rgba(var(--for), 0.60)">&lt;late&gt;</span> the</p>' in page
    assert '<span style="background: rgba(var(--against), 0.30)">not</span>' in page


def test_no_picture_where_there_is_nothing_to_show(tmp_path):
    (tmp_path / "t.png").write_bytes(b"of an earlier evaluation")
    plots.thresholds([{"head": "topics"}], {}, tmp_path / "t.png")
    assert not (tmp_path / "t.png").exists()


@pytest.mark.parametrize(
    ("paths", "config", "said"),
    [
        (["."], None, "name the experiment that it serves with --config"),
        (["a.jsonl"], "c.yaml", "needs its data root"),
        ([".", ".."], "c.yaml", "both directories"),
        (["a.jsonl"], None, r"a\.jsonl: no such data file"),
        (["empty.jsonl"], None, "no labelled row"),
    ],
)
def test_data_that_cannot_be_reported_on_is_named(paths, config, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.jsonl").write_text('{"id": 1, "text": "a", "labels": {}}\n')
    with pytest.raises(ConfigError, match=said):
        inputs.read([tmp_path / path for path in paths], config and tmp_path / config)
