"""What a wave is about: the words that many of its posts have and few others.

A word is scored by how many posts hold it, with the z-score of the smoothed log-odds ratio of Monroe, Colaresi and
Quinn 2008 ("Fightin' Words", Political Analysis 16:372). Its informative prior is the share of all posts that hold the
word: it draws rare words towards no difference, and a word that the background happens not to hold is not taken for
one that it never holds.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache
from html import unescape
from math import log, sqrt

from pipeline.logic.text import INVISIBLE, ZWNJ, fold, without_links, without_mentions

FEWEST_POSTS = 3
"""Of the wave that must hold a word; all of them when there are fewer."""
_CLEAR = 1.0
"""Standard errors by which a word must be more frequent than in the background."""
_PRIOR = 30.0
"""Posts that the prior counts for."""
_UNSEEN, _UNSEEN_SHARE = 10.0, 0.02
"""Posts that a background is taken to have beside its own, and the share of them that hold any given word."""

_MASK = re.compile(r"\[(?:phone|email|card|iban|national-id)\]")
# cut at the end of an excerpt, or written without a space before it
_TORN = re.compile(r"\b(?:https?|www)\b\S*|[@＠][\w.-]*", re.IGNORECASE | re.ASCII)
_DROPPED = re.compile(f"[{INVISIBLE}]+")
# marks are no letters to `re`; the "s" of "JetBlue's" is a word of one letter, and those are left out
_MARK = "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
_WORD = re.compile(rf"[^\W_][\w{_MARK}]*(?:['’](?!s\b)\w+)*")
_LETTER = re.compile(r"[^\W\d_]")


def _folded(words: str) -> frozenset[str]:
    return frozenset(map(fold, words.split()))


# closed classes only (pronouns, particles, auxiliaries …): a small background does not know how common they are
_FUNCTION_WORDS = _folded("""
از به با بی بر در تا که را رو و یا هم نه نیز اما ولی اگر اگه پس چون برای واسه مثل بدون بین روی زیر توی تو پیش بعد قبل
این اون آن همین همون اینا اینها آنها اینکه اینجا اونجا الان من ما شما او ایشان ایشون خود خودم خودش خودتون مرا منو
چه چی چرا چطور چطوری کی کجا کدام کدوم چند هر هیچ هیچی همه همش خیلی فقط دیگه دیگر باز هنوز یک یه یکی
است هست هستم هستید هستند هستن نیست نیستم بود بودم بودن نبود باشه باشد باید نباید شد شده نشده میشه نمیشه شه نشه
کرد کردم کردن کرده کنم کنه کنید کنند کنن میکنم میکنه میکنید میکنن نمیکنه دارم داره دارید دارن دارد ندارم نداره
می نمی ها های هایی ام ات اش مون تون شون تر ترین ای
a about after all also am an and any are aren't as at be because been before being but by can can't could couldn't did
didn't do does doesn't doing don't even for from get gets getting got had has hasn't have haven't having he her here
him his how i i'd i'll i'm i've if in into is isn't it its just let me more most my no not now of off on one only or
other our out over re she should since so some still such than that the their them then there these they they're this
those through to too until up us very was wasn't we we're we've were what when where which while who why will with
won't would wouldn't you you'll you're you've your im ive dont cant wont didnt
ke va ba ro ra az baraye ham ye yek na man shoma ma un oon inke chera chi age vali hast nist shod shode dare mishe
""")


def topic_words(wave: Sequence[str], background: Sequence[str], most: int = 5) -> tuple[str, ...]:
    """The words that set the wave's posts apart from others, the most telling first, as they are mostly written.

    Args:
        wave: redacted texts of its posts.
        background: of other posts of the same key.
        most: words at most.

    Links, handles, redaction masks and function words of Persian and English are left out. Words are one when they
    fold to the same (`text.fold`); a half-space parts words as a space does. Order and place of the posts in either
    list do not matter.
    """
    inside, outside = [_words(text) for text in wave], [_words(text) for text in background]
    here = Counter(word for words in inside for word in words)
    there = Counter(word for words in outside for word in words)
    fewest = min(FEWEST_POSTS, len(inside))
    scores = {
        word: _score((count, len(inside)), (there[word], len(outside)))
        for word, count in here.items()
        if count >= fewest
    }
    telling = sorted((word for word in scores if scores[word] >= _CLEAR), key=lambda word: (-scores[word], word))
    return tuple(_as_written(word, inside) for word in telling[:most])


def _score(wave: tuple[int, int], background: tuple[int, int]) -> float:
    """z of a word; both are (posts that hold it, posts)."""
    others = (background[0] + _UNSEEN * _UNSEEN_SHARE, background[1] + _UNSEEN)
    share = (wave[0] + others[0]) / (wave[1] + others[1])
    odds, variance = [], 0.0
    for holding, posts in (wave, others):
        # of each the posts with and without the word, as the prior sees them
        with_it, without = holding + _PRIOR * share, posts - holding + _PRIOR * (1 - share)
        odds.append(log(with_it / without))
        # the paper leaves the second term out, for a word is rare among words; among posts it need not be
        variance += 1 / with_it + 1 / without
    return (odds[0] - odds[1]) / sqrt(variance)


def _words(text: str) -> dict[str, set[str]]:
    """Folded words of a text, each with the ways it is written there."""
    found: dict[str, set[str]] = defaultdict(set)
    text = _DROPPED.sub("", unescape(text)).replace(ZWNJ, " ")
    text = _MASK.sub(" ", _TORN.sub(" ", without_mentions(without_links(text))))
    for written in _WORD.findall(text):
        if word := _word(written):
            found[word].add(written)
    return dict(found)


# posts say the same words again and again, and folding a Persian one is slow
@lru_cache(maxsize=20_000)
def _word(written: str) -> str | None:
    """What is compared; None of what tells nothing."""
    word = fold(written).replace("’", "'")
    return word if len(word) > 1 and _LETTER.search(word) and word not in _FUNCTION_WORDS else None


def _as_written(word: str, posts: Sequence[dict[str, set[str]]]) -> str:
    forms = Counter(written for words in posts for written in words.get(word, ()))
    # of equally many the last one: small letters, and the Persian code points of yeh and kaf
    return max(forms, key=lambda written: (forms[written], written))
