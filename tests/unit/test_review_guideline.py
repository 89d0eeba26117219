import pytest

from models.review import guideline

CALM = {
    "sentiment": "neu",
    "complaint": "0",
    "severity": "0",
    "categories": "",
    "advocacy": "0",
    "intents": "",
    "stage": "none",
    "topics": "",
    "promo": "0",
}
COMPLAINT = CALM | {"sentiment": "neg", "complaint": "1", "severity": "2", "categories": "delivery"}


def test_a_right_row_becomes_the_labels_of_a_training_row():
    checked = guideline.check(COMPLAINT | {"categories": "quality, delivery", "topics": "food", "stage": "post"})
    assert (checked.errors, checked.warnings) == ([], [])
    assert checked.labels == {
        "sentiment": "neg",
        "complaint": 1,
        "severity": 2,
        "categories": ["quality", "delivery"],
        "advocacy": 0,
        "intents": [],
        "stage": "post",
        "topics": ["food"],
        "promo": 0,
    }


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        ({"complaint": "۱", "severity": "۳"}, {"complaint": 1, "severity": 3}),
        ({"complaint": "١", "severity": " ٣ "}, {"complaint": 1, "severity": 3}),
        ({"categories": "delivery، quality"}, {"categories": ["delivery", "quality"]}),
        ({"categories": "delivery؛quality;"}, {"categories": ["delivery", "quality"]}),
        ({"intents": "-", "topics": "–"}, {"intents": [], "topics": []}),
        ({"sentiment": "\u200fNEG \u200c"}, {"sentiment": "neg"}),
    ],
)
def test_what_people_and_spreadsheets_write_is_understood(cells, labels):
    checked = guideline.check(COMPLAINT | cells)
    assert checked.errors == []
    assert labels.items() <= checked.labels.items()


@pytest.mark.parametrize(
    ("cells", "column", "said"),
    [
        (CALM | {"sentiment": "sad"}, "sentiment", "“sad” is unknown; write one of neg, neu, pos"),
        (CALM | {"stage": ""}, "stage", "is empty; write one of none, pre, buy, post"),
        (CALM | {"promo": "2"}, "promo", "“2” is unknown; write one of 0, 1"),
        (COMPLAINT | {"severity": "5"}, "severity", "write one of 0, 1, 2, 3, 4"),
        (COMPLAINT | {"severity": "²"}, "severity", "is unknown"),
        (COMPLAINT | {"severity": "0"}, "severity", "0 for a complaint; write 1 to 4"),
        (CALM | {"severity": "2"}, "severity", "2 without a complaint; write 0 here, or 1 into complaint"),
        (COMPLAINT | {"categories": ""}, "categories", "at least one, `other` where none fits"),
        (CALM | {"categories": "billing"}, "categories", "without a complaint"),
        (COMPLAINT | {"categories": "delivry"}, "categories", "“delivry” unknown; write some of delivery, billing"),
        (COMPLAINT | {"categories": "billing, billing"}, "categories", "billing more than once"),
        (CALM | {"intents": "question,question"}, "intents", "question more than once"),
        (CALM | {"topics": "food, travel, tech, film"}, "topics", "4 topics; keep the 3 that fit best"),
    ],
)
def test_each_rule_names_its_column_and_how_to_mend(cells, column, said):
    ((named, text),) = guideline.check(cells).errors
    assert named == column
    assert said in text


def test_everything_wrong_in_a_row_is_said_at_once():
    wrong = CALM | {"sentiment": "", "severity": "1", "categories": "other", "topics": "cars"}
    assert [column for column, _ in guideline.check(wrong).errors] == ["sentiment", "topics", "severity", "categories"]


@pytest.mark.parametrize(
    ("cells", "said"), [(COMPLAINT, "complaint"), (CALM | {"advocacy": "1"}, "advocacy"), (CALM, None)]
)
def test_an_advert_with_a_complaint_or_a_recommendation_is_a_warning_only(cells, said):
    checked = guideline.check(cells | {"promo": "1"})
    assert checked.errors == []
    assert [text for _, text in checked.warnings] == (
        [f"1 together with {said}; an advert normally has neither"] if said else []
    )


def test_a_text_that_slipped_into_a_label_column_is_not_quoted():
    ((_, text),) = guideline.check(CALM | {"sentiment": "my name is Sara and my order never came"}).errors
    assert "sara" not in text.casefold()
    assert "(a text of 39 characters)" in text
