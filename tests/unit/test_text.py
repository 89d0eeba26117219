import pytest
import regex

from pipeline.logic.text import excerpt, fold, hashtags, links, mentions, strip_controls

FAMILY = "👨‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("كتاب‌هاي مشتري", "کتاب های مشتری"),
        ("ﻣﺸﺘﺮﻯ ﻛﺘﺎﺏ", "مشتری کتاب"),
        ("۱۲۳ ٤٥٦ １２", "123 456 12"),
        ("سلـــــام مُحَمَّد", "سلام محمد"),
        ("خانهٔ خانۀ", "خانه خانه"),
        ("مسأله مؤسسه", "مساله موسسه"),
        ("\u202eParsi\u202c\u200b\ufeff Shop\u00ad", "parsi shop"),
        ("  Straße\n\tTEST ", "strasse test"),
        ("❤️", "❤"),
        ("", ""),
        ("\u200c", ""),
    ],
)
def test_fold(text: str, expected: str) -> None:
    assert fold(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ببین https://parsi.ir/p/12?x=1، خوبه", ("https://parsi.ir/p/12?x=1",)),
        ("(see http://a.example/b).", ("http://a.example/b",)),
        ("https://fa.wikipedia.org/wiki/اسکی_(ورزش) خوب", ("https://fa.wikipedia.org/wiki/اسکی_(ورزش)",)),
        ("parsi.ir و t.me/joinchat/ab و WWW.X.IR", ("parsi.ir", "t.me/joinchat/ab", "WWW.X.IR")),
        ("https://a.b/c https://a.b/c", ("https://a.b/c",)),
        ("ali@parsi.com", ()),
        ("it was late.so angry", ()),
        ("version 2.0 costs 9.99", ()),
    ],
)
def test_links(text: str, expected: tuple[str, ...]) -> None:
    assert links(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".@united why", ("united",)),
        ("سلام@ParsiShopsخوبی", ("ParsiShops",)),
        ("@a.b_c. @a.b_c", ("a.b_c",)),
        ("@me@mastodon.social hi", ("me@mastodon.social",)),
        ("ali@parsi.com", ()),
        ("https://medium.com/@parsi", ()),
        ("@ nobody", ()),
    ],
)
def test_mentions(text: str, expected: tuple[str, ...]) -> None:
    assert mentions(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#پارسی_شاپ عالی", ("پارسی_شاپ",)),
        ("#پارسی‌شاپ‌ عالی", ("پارسی‌شاپ",)),
        ("#کفش#خرید", ("کفش", "خرید")),
        ("#مُد و #fail!", ("مُد", "fail")),
        ("#1 #۱۲ #7up", ("7up",)),
        ("&#39; http://x.example/#frag a#b", ()),
        ("＃سلام", ("سلام",)),
    ],
)
def test_hashtags(text: str, expected: tuple[str, ...]) -> None:
    assert hashtags(text) == expected


def test_strip_controls_keeps_what_words_and_emoji_are_made_of() -> None:
    kept = f"می‌خواهم\n\t{FAMILY}"
    assert strip_controls(f"\x00\u202e{kept}\u2066\ud800\x9f\r") == kept


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (100, f"سلام دنیا {FAMILY} می‌خواهم بروم"),
        (25, f"سلام دنیا {FAMILY}…"),
        (22, f"سلام دنیا {FAMILY}…"),
        (18, f"سلام دنیا {FAMILY}…"),
        (17, "سلام دنیا…"),
        (10, "سلام دنیا…"),
        (6, "سلام…"),
        (1, "…"),
    ],
)
def test_excerpt(limit: int, expected: str) -> None:
    assert excerpt(f" سلام  دنیا\n{FAMILY} می‌خواهم بروم", limit) == expected


def test_excerpt_cuts_one_long_word_between_graphemes() -> None:
    cut = excerpt("🇮🇷" * 20, 8)
    assert cut == "🇮🇷" * 3 + "…"
    assert regex.findall(r"\X", cut) == ["🇮🇷"] * 3 + ["…"]


def test_excerpt_leaves_no_open_bidi_override() -> None:
    assert excerpt("\u202eabc def", 6) == "abc…"


def test_excerpt_needs_room() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        excerpt("text", 0)
