import pickle

import pytest

from pipeline.errors import ConfigError
from pipeline.logic.lexicon import Lexicon

LEXICON = Lexicon.compile(
    {
        "parsi": ["Parsi", "پارسی", "پارسی شاپ", "@ParsiShops", "#پارسی_من"],
        "skiing": ["اسکی", "ski", "پیست دیزین", "🎿"],
        "tennis": ["تنیس", "tennis"],
        "table tennis": ["تنیس روی میز", "table tennis", "پینگ‌پنگ"],
        "shoes": ["کفش", "sneakers"],
        "fashion": ["H&M", "کفش"],
        "work": ["کار"],
        "car": ["BMW X5"],
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # letters, case, half-spaces
        ("عاشق اسکی هستم", ("skiing",)),
        ("اسكي در ديزين", ("skiing",)),
        ("SKI trip", ("skiing",)),
        ("پینگ پنگ", ("table tennis",)),
        ("پينگ‌پنگ", ("table tennis",)),
        ("bmw x۵ خریدم", ("car",)),
        ("H&M وسط شهر", ("fashion",)),
        ("فردا 🎿", ("skiing",)),
        # word borders
        ("پاراگلایدراسکین", ()),
        ("تنیسور", ()),
        ("skiing sky", ()),
        ("parsing", ()),
        ("اسکیت", ("skiing",)),
        ("کارت بانکی", ("work",)),
        ("بیکار", ()),
        ("تنیس، عالی؛ کفش؟", ("tennis", "shoes", "fashion")),
        ("iphoneم و tennisم", ("tennis",)),
        # endings
        *[(f"تنیس{glue}{ending} خوبه", ("tennis",)) for glue in ("", "‌", " ")
          for ending in ("ها", "های", "هام", "مون", "م", "ت", "ش", "رو", "و", "ی")],
        ("کفشامو گم کردم", ("shoes", "fashion")),
        ("پیست دیزینو بستن", ("skiing",)),
        ("پیست‌های دیزین", ()),
        # several words, the longest counts
        ("تنیس روی میز", ("table tennis",)),
        ("تنیس روی میزم و تنیس", ("table tennis", "tennis")),
        ("table-tennis", ("table tennis",)),
        ("table, tennis", ("tennis",)),
        # hashtags and handles
        ("#پارسی", ("parsi",)),
        ("#پارسی_شاپ", ("parsi",)),
        ("#پارسی‌شاپ", ("parsi",)),
        ("#پارسیشاپ", ("parsi",)),
        ("#تنیس_روی_میز", ("table tennis",)),
        ("#TableTennis", ("table tennis",)),
        ("#تنیسها", ("tennis",)),
        ("@ParsiShops جواب بده", ("parsi",)),
        ("سلام@parsishops", ("parsi",)),
        ("@parsi", ("parsi",)),
        ("@table_tennis", ("table tennis",)),
        ("@parsishops_fan", ()),
        ("ParsiShops without the mark", ()),
        ("#", ()),
        # order, once each, links unread
        ("ski tennis ski", ("skiing", "tennis")),
        ("https://shop.example/ski", ()),
        ("", ()),
    ],
)  # fmt: skip
def test_find(text: str, expected: tuple[str, ...]) -> None:
    assert LEXICON.find(text) == expected


def test_empty_lexicon_finds_nothing() -> None:
    assert Lexicon.compile({}).find("anything") == ()


def test_pickles() -> None:
    copy = pickle.loads(pickle.dumps(LEXICON))
    assert copy == LEXICON
    assert copy.find("تنیس") == ("tennis",)


@pytest.mark.parametrize("term", ["", "  ", "\u200c", "#", "-"])
def test_term_without_content_is_an_error(term: str) -> None:
    with pytest.raises(ConfigError, match="skiing"):
        Lexicon.compile({"skiing": [term]})
