"""Words and weights on the shipped model; what is asked of it is counted."""

from dataclasses import replace

import numpy as np
import pytest

from models import loading
from models.explanation import MOST_VARIANTS, AlertExplainer, carrying_words, explain
from models.labels import COLUMNS, HEADS
from pipeline.errors import ConfigError
from pipeline.logic.redaction import redact

COMPLAINT = ("complaint", "1")


@pytest.fixture(scope="module")
def model():
    return loading.load(str(loading.DEFAULT_MODEL))


class Scripted:
    """A model of one word: what it says of complaints depends on the word alone. Counts what it is asked."""

    decision = loading.Decision()
    score = loading.LoadedModel.score

    def __init__(self, word, reads=10_000):
        self.word, self.reads, self.asked = word, reads, 0

    def encode(self, text):
        words = text.split()
        return [len(words), int(self.word in words[: self.reads])], len(words) > self.reads

    def logits(self, encoded):
        self.asked += len(encoded)
        scores = np.zeros((len(encoded), len(COLUMNS)), np.float32)
        scores[:, COLUMNS.index("complaint")] = [3.0 if found else -1.0 for _, found in encoded]
        return scores


def words_of(text, model):
    return [word for word, _ in explain(text, *COMPLAINT, model)]


@pytest.mark.parametrize(
    ("text", "telling"),
    [
        ("غذا افتضاح بود و پیک هم دیر رسید", {"افتضاح", "دیر"}),
        ("بسته امروز رسید ولی جنسش خراب بود", {"خراب"}),
        ("My order arrived broken and nobody answers", {"broken", "nobody"}),
        ("the worst airline I have ever flown with", {"worst"}),
    ],
)
def test_the_word_that_complains_is_among_the_heaviest(text, telling, model):
    assert telling & set(carrying_words(text, *COMPLAINT, model, most=3))


def test_every_word_has_a_weight_in_order(model):
    text = "سلام، می‌خواهم بدونم چرا didn't my 2.5 kg order come?! 😡😡 #دیر @ali https://a.ir/x"
    weighed = explain(text, *COMPLAINT, model)
    assert [word for word, _ in weighed] == [
        *("سلام", "می‌خواهم", "بدونم", "چرا", "didn't", "my", "2.5", "kg", "order", "come", "?!", "😡😡"),
        *("#دیر", "@ali", "https://a.ir/x"),
    ]
    assert all(np.isfinite(weight) for _, weight in weighed)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \n", []),
        ("… «»، ,.", []),
        ("\u200c", []),
        ("!!!", ["!!!"]),
        ("👍🏽👍🏽👨‍👩‍👧🇮🇷", ["👍🏽👍🏽", "👨‍👩‍👧", "🇮🇷"]),
        ("خوب‌ها:((", ["خوب‌ها", ":(("]),
        ("call [phone]", ["call", "[phone]"]),
    ],
)
def test_what_a_word_is(text, words):
    assert words_of(text, Scripted("")) == words


def test_the_weight_is_what_the_log_odds_lose():
    said = explain("it is bad here", *COMPLAINT, Scripted("bad"))
    assert said == [("it", 0.0), ("is", 0.0), ("bad", 4.0), ("here", 0.0)]
    assert explain("bad", "complaint", "0", Scripted("bad")) == [("bad", -4.0)]
    warmer = Scripted("bad")
    warmer.decision = loading.Decision({"complaint": replace(warmer.decision.of(HEADS[1]), temperature=2.0)})
    assert explain("bad", *COMPLAINT, warmer) == [("bad", 2.0)]


@pytest.mark.parametrize("count", [1, MOST_VARIANTS, MOST_VARIANTS + 1, 60, 2000])
def test_the_cost_is_capped_and_the_word_is_still_found(count):
    model = Scripted("bad")
    words = [f"w{i}" for i in range(count)]
    words[count * 2 // 3] = "bad"
    weighed = dict(explain(" ".join(words), *COMPLAINT, model))
    # the whole text may be asked about twice: with the groups and with their parts
    assert model.asked <= MOST_VARIANTS + 2
    assert len(weighed) == count
    assert weighed["bad"] == max(weighed.values()) > 0
    if count <= 60:
        assert weighed["bad"] == 4.0


def test_words_behind_what_the_model_reads_weigh_nothing():
    weighed = explain("a b c bad e", *COMPLAINT, Scripted("bad", reads=3))
    assert weighed == [(word, 0.0) for word in ("a", "b", "c", "bad", "e")]
    assert explain("a bad c d e", *COMPLAINT, Scripted("bad", reads=3))[1] == ("bad", 4.0)
    assert explain("bad", *COMPLAINT, Scripted("bad", reads=0)) == [("bad", 0.0)]


def test_numbers_handles_links_and_masks_are_never_shown(model):
    text = "کلاهبردار! پولم رو خوردن زنگ بزن 09121234567 کارت 6037-9975-9975-9975 @ali https://wa.me/989121234567"
    found = carrying_words(redact(text), *COMPLAINT, model, most=99)
    assert found
    for word in (*found, *carrying_words(text, *COMPLAINT, model, most=99)):
        assert sum(character.isdigit() for character in word) < 5
        assert not word.startswith(("[", "@", "http"))


def test_words_are_told_once_heaviest_first_and_only_those_that_speak_for_it():
    assert carrying_words("Bad here, bad there", *COMPLAINT, Scripted("Bad")) == ["Bad"]
    assert carrying_words("nothing of it", *COMPLAINT, Scripted("bad")) == []
    assert carrying_words("", *COMPLAINT, Scripted("bad")) == []
    assert carrying_words("bad", "complaint", "0", Scripted("bad")) == []


def test_every_label_of_every_head_can_be_explained():
    for head in HEADS:
        for label in head.labels if head.name != "severity" else ("0", *head.labels):
            assert len(explain("دیر رسید", head.name, label, Scripted("دیر"))) == 2


@pytest.mark.parametrize(("head", "label", "named"), [("mood", "1", "sentiment"), ("sentiment", "sad", "neg, neu")])
def test_an_unknown_head_or_label_is_named_with_the_known_ones(head, label, named):
    with pytest.raises(ConfigError, match=named):
        explain("x", head, label, Scripted("x"))


def test_the_explainer_of_alerts_speaks_for_the_model_it_names(model):
    text = "the worst airline I have ever flown with"
    assert AlertExplainer()(text, *COMPLAINT) == carrying_words(text, *COMPLAINT, model)
