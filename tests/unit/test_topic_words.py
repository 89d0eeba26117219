"""What a wave is about: the words that set its posts apart, and nothing that could be anybody's."""

import pytest

from pipeline.logic.redaction import redact
from pipeline.logic.topic_words import topic_words

USUAL = (
    "the app is slow today",
    "my bag did not arrive",
    "nobody answers the phone",
    "the seat was broken and the flight was late",
    "where is my refund",
    "برنامه خیلی کند است",
    "چمدان من نرسیده",
    "کسی جواب تلفن را نمی‌دهد",
)


def test_words_of_many_posts_of_the_wave_and_few_others():
    wave = [
        "the flight to Boston is cancelled again",
        "Boston flight cancelled, nobody says why",
        "they cancelled us in Boston and the app is slow",
        "stuck again",
        "flight cancelled",
    ]
    assert topic_words(wave, USUAL * 5)[:2] == ("cancelled", "Boston")
    assert topic_words(wave, USUAL * 5, most=1) == ("cancelled",)


def test_a_word_that_is_as_usual_says_nothing():
    wave = [f"flight delayed {word}" for word in ("one", "two", "three", "four")]
    assert topic_words(wave, ["flight again", "flight", "my flight"] * 3) == ("delayed",)
    assert topic_words(["flight late"] * 6, ["flight late"] * 40) == ()


def test_the_more_posts_of_the_wave_hold_a_word_the_more_it_says():
    wave = ["luggage Boston"] * 4 + ["luggage"] * 6 + ["crew"] * 7
    assert topic_words(wave, USUAL * 3) == ("luggage", "crew", "Boston")


def test_the_fewer_others_hold_a_word_the_more_it_says():
    background = ["refund please"] * 12 + ["crew"] * 3 + ["nothing"] * 85
    assert topic_words(["refund crew gate"] * 4 + ["nothing"] * 4, background) == ("gate", "crew", "refund")


def test_a_word_must_be_in_three_posts_or_in_all_of_fewer():
    assert topic_words(["gate closed", "gate", "crew", "crew", "crew"], []) == ("crew",)
    assert topic_words(["gate closed", "gate"], USUAL) == ("gate",)
    assert topic_words(["gate gate gate", "crew", "bag"], USUAL) == ()
    assert topic_words([], USUAL) == ()


def test_function_words_never_show_even_without_a_background():
    english = ["I don't know why they didn’t tell us what it's about"] * 5
    persian = ["این را به ما نمی‌گن که چرا هنوز هم باید با این‌ها باشیم", "چرا این را به ما نگفتین که هم باید"] * 3
    assert set(topic_words(english, [], most=50)) == {"know", "tell"}
    assert not {"این", "را", "به", "ما", "که", "چرا", "هم", "باید", "می", "نمی"} & set(topic_words(persian, [], 50))


@pytest.mark.parametrize(
    "text",
    [
        "https://t.co/LM3opxkxch",
        "www.example.com/gate",
        "example.ir",
        "https://exa…",
        "@JetBlue",
        "hey,thanks@JetBlue",
        "@user@mastodon.social",
        redact("09121234567"),
        redact("ali@example.com"),
        redact("6037991234567893"),
        redact("IR820540102680020817909002"),
        redact("کد ملی 0012345679"),
        "12:30 2026 ۱۲۳",
        "a b ، ؟ … 😡",
        "&amp; &lt;",
    ],
)
def test_no_link_no_handle_no_mask_no_number(text):
    words = topic_words([f"{text} چمدان"] * 4, [], most=50)
    assert set(words) <= {"چمدان", "hey", "thanks", "کد", "ملی"}
    assert "چمدان" in words


def test_words_are_compared_folded_and_shown_as_mostly_written():
    wave = ["تأخير پرواز", "تاخیر پرواز‌ها", "تاخیر پروازِ", "تاخیر پرواز"]
    assert topic_words(wave, USUAL) == ("تاخیر", "پرواز")
    assert topic_words(["BOSTON", "Boston", "boston", "Boston"], USUAL) == ("Boston",)
    assert topic_words(["BOSTON", "Boston", "boston"], USUAL) == ("boston",)
    assert topic_words(["كيف", "کیف", "كيف", "کیف"], USUAL) == ("کیف",)


def test_a_half_space_parts_words_and_a_tag_is_a_word():
    wave = ["چمدان‌ها گم شد #چمدان_گمشده", "چمدان‌هایم #چمدان_گمشده", "چمدان‌ها #چمدان_گمشده"]
    assert topic_words(wave, USUAL) == ("چمدان_گمشده", "چمدان")


def test_possessives_and_marks_do_not_part_words():
    assert topic_words(["JetBlue's crew"] * 3 + ["JetBlue’s"] * 3, USUAL) == ("JetBlue", "crew")
    assert topic_words(["مُعَطَّل"] * 3, USUAL) == ("مُعَطَّل",)
