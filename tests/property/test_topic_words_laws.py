"""Laws of topic words."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.logic.redaction import findings
from pipeline.logic.text import fold
from pipeline.logic.topic_words import topic_words

_WORDS = st.sampled_from(["gate", "Gate", "پرواز", "پرواز‌ها", "تأخیر", "تاخير", "the", "که", "https://t.co/x", "@ali"])
_POSTS = st.lists(st.lists(_WORDS, max_size=6).map(" ".join) | st.text(max_size=20), max_size=12)


@given(_POSTS, _POSTS, st.randoms(use_true_random=False))
def test_the_order_of_posts_changes_nothing(wave, background, random):
    words = topic_words(wave, background)
    random.shuffle(wave)
    random.shuffle(background)
    assert topic_words(wave, background) == words


@given(_POSTS, _POSTS, st.integers(0, 7))
def test_words_are_different_words_of_the_wave_and_harmless(wave, background, most):
    words = topic_words(wave, background, most)
    assert len({fold(word) for word in words}) == len(words) <= most
    for word in words:
        assert sum(fold(word) in fold(post) for post in wave) >= min(3, len(wave))
        assert not findings(word)
        assert "@" not in word
        assert "/" not in word
