from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.logic.consent import consented
from pipeline.records import ANY, Consent
from tests.builders import START

DAY = timedelta(days=1)


def said(given, days=0, channel="email", purpose="marketing"):
    return Consent(channel, purpose, given, START + days * DAY)


def test_nothing_known_is_no_consent():
    assert not consented([], "email", "marketing")


def test_a_word_holds_for_its_purpose_and_channel_alone():
    assert consented([said(True)], "email", "marketing")
    assert not consented([said(True)], "sms", "marketing")
    assert not consented([said(True)], "email", "service")


def test_a_channel_is_the_same_however_the_crm_spells_it():
    assert consented([said(True, channel="E-Mail")], "email", "marketing")
    assert not consented([said(True, channel="E-Mail")], "mail", "marketing")


def test_a_word_on_every_channel_holds_where_none_was_said_on_this_one():
    words = [said(True, channel=ANY), said(False, channel="sms")]
    assert consented(words, "email", "marketing")
    assert not consented([said(True, 9, channel=ANY), said(False, 0, channel="sms")], "sms", "marketing")


def test_the_latest_word_up_to_the_moment_counts():
    words = [said(True, 0), said(False, 2), said(True, 5)]
    answers = [consented(words, "email", "marketing", START + days * DAY) for days in (-1, 0, 1, 2, 4, 5)]
    assert answers == [False, True, True, False, False, True]


@given(st.permutations([said(True, 3), said(False, 3), said(True, 1)]))
def test_of_a_yes_and_a_no_at_once_the_no_counts_in_any_order(words):
    assert not consented(words, "email", "marketing")
