"""Which delivery of a post is the newest, and whose post a deletion retracts."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from pipeline.logic.versions import resolved
from pipeline.records import Author, Engagement
from tests.builders import START, a_deletion, a_post

FIRST = a_post("1", text="late again", engagement=Engagement(likes=900))
EDIT = a_post("1", text="came after all", edited_at=START + timedelta(hours=1))
IN_ORDER = [
    a_post("1", text="late again"),
    a_post("1", text="late again", engagement=Engagement(likes=5, views=3)),
    FIRST,
    # edited within the second that the platform tells
    replace(EDIT, edited_at=START),
    EDIT,
    replace(EDIT, engagement=Engagement(likes=1)),
    replace(EDIT, edited_at=START + timedelta(hours=30)),
    a_deletion("1", hours=-900),
    a_deletion("1", hours=2),
]


def test_deletions_then_edits_then_engagement():
    for shuffled in list(permutations(IN_ORDER))[::9973]:
        assert sorted(shuffled, key=lambda post: post.version) == IN_ORDER


def test_deliveries_that_differ_only_in_their_words_have_an_order_all_the_same():
    one, other = a_post(text="a"), a_post(text="b")
    assert one.version != other.version
    assert one.version == a_post(text="a").version


def test_what_enrichment_adds_makes_no_other_version():
    assert replace(FIRST, links=("https://a.example",)).version == FIRST.version


def test_a_notice_without_an_author_takes_that_of_the_post():
    known = replace(FIRST, author=Author("7", "ali", "Ali", 12, True, {"bio": "b"}))
    notice = resolved(a_deletion("1", hours=5, account=None), [known, replace(EDIT, author=Author(None))])
    assert notice == replace(a_deletion("1", hours=5), author=Author("7", "ali"))
    assert notice.text == ""


@pytest.mark.parametrize("others", [[], [replace(FIRST, author=Author(None))]])
def test_a_notice_of_a_post_nobody_knows_stays_as_it_is(others):
    notice = a_deletion("1", account=None)
    assert resolved(notice, others) == notice


def test_a_notice_is_not_dated_before_the_post():
    assert resolved(a_deletion("1", hours=-9), [FIRST]).created_at == FIRST.created_at
    assert resolved(a_deletion("1", hours=9), [FIRST]).created_at == START + timedelta(hours=9)
