from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from pipeline.adapters.columns import ColumnMap
from pipeline.errors import RecordError
from pipeline.records import Author, Engagement, SocialPost

REVIEWS = ColumnMap(
    columns={"post_id": ["vendor", "comment_id"], "text": "text", "created_at": "created"},
    constants={"platform": "snappfood"},
    attributes=("vendor", "rating", "feeling", "foods"),
    zone=ZoneInfo("Asia/Tehran"),
)
ROW = {
    "vendor": "3dy1x3",
    "comment_id": 4395,
    "created": "2015-10-19 23:27:16",
    "text": "غذا سرد بود",
    "rating": 4,
    "feeling": None,
    "foods": [],
    "other": "not asked for",
}


def test_a_row_of_reviews():
    assert REVIEWS.matches(ROW)
    post = REVIEWS.to_post(ROW)
    assert post == SocialPost(
        post_id="3dy1x3-4395",
        platform="snappfood",
        author=Author(None),
        text="غذا سرد بود",
        created_at=datetime(2015, 10, 19, 19, 57, 16, tzinfo=UTC),
        attributes={"vendor": "3dy1x3", "rating": "4"},
    )
    assert post.account_key is None


def test_a_rating_without_words_is_a_post_with_empty_text():
    assert REVIEWS.to_post({**ROW, "text": None}).text == ""


def test_every_field_from_the_cells_of_a_csv_row():
    names = "post_id account_id handle display_name followers verified text created_at language conversation_id"
    names += (
        " in_reply_to_post_id in_reply_to_account_id mentions hashtags links media likes shares replies views permalink"
    )
    cells = '1|a|h|d|12.0|yes|hi|2015-02-24 11:35:52 -0800|en|c|p|q|@x, y|#t u|["https://a.example"]|photo|1| 2 |3.|4|l'
    reads = ColumnMap(
        {**{name: name for name in names.split()}, "declared.city": "town"}, constants={"platform": "forum"}
    )
    row = dict(zip(names.split(), cells.split("|"), strict=True)) | {"town": "Rasht"}
    assert reads.to_post(row) == SocialPost(
        post_id="1",
        platform="forum",
        author=Author("a", "h", "d", 12, True, {"city": "Rasht"}),
        text="hi",
        created_at=datetime(2015, 2, 24, 19, 35, 52, tzinfo=UTC),
        language="en",
        conversation_id="c",
        in_reply_to_post_id="p",
        in_reply_to_account_id="q",
        mentions=("x", "y"),
        hashtags=("t", "u"),
        links=("https://a.example",),
        media=("photo",),
        engagement=Engagement(1, 2, 3, 4),
        permalink="l",
    )
    optional = dict.fromkeys(set(row) - {"post_id", "text", "created_at"}, "")
    assert reads.to_post({**row, **optional}) == SocialPost(
        "1", "forum", Author(None), "hi", datetime(2015, 2, 24, 19, 35, 52, tzinfo=UTC)
    )


def test_a_row_of_another_shape_does_not_match():
    assert not REVIEWS.matches({"vendor": "a", "text": "b", "created": "c"})


@pytest.mark.parametrize(
    ("changes", "reason", "message"),
    [
        ({"comment_id": None}, "missing_field", "post_id: the column 'comment_id' is empty"),
        ({"comment_id": ""}, "missing_field", "post_id: the column 'comment_id' is empty"),
        ({"created": None}, "missing_field", "created_at is absent"),
        ({"created": "gestern"}, "bad_time", "created_at: is not a time in ISO 8601"),
        ({"created": 1445284636}, "wrong_type", "created_at: must be a time in ISO 8601"),
        ({"text": 5}, "wrong_type", "text must be text, not a number"),
        ({"rating": "\x00"}, "bad_text", "attributes.rating: holds a NUL character or a lone surrogate"),
    ],
)
def test_what_is_wrong_is_named(changes, reason, message):
    with pytest.raises(RecordError) as failure:
        REVIEWS.to_post({**ROW, **changes})
    assert (failure.value.reason, failure.value.message) == (reason, message)


@pytest.mark.parametrize("column", ["vendor", "comment_id", "text", "created"])
def test_a_needed_column_that_is_absent(column):
    with pytest.raises(RecordError) as failure:
        REVIEWS.to_post({name: cell for name, cell in ROW.items() if name != column})
    assert failure.value.reason == "missing_field"
    assert repr(column) in failure.value.message


@pytest.mark.parametrize("cell", ["many", "-1", "1e3", "1,200", "12.5"])
def test_a_count_that_is_no_whole_number(cell):
    reads = ColumnMap({**REVIEWS.columns, "likes": "n"}, REVIEWS.constants)
    with pytest.raises(RecordError) as failure:
        reads.to_post({**ROW, "n": cell})
    assert failure.value.reason == "wrong_type"
