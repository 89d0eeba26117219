from datetime import date

import pytest

from models.labels import TOPICS
from pipeline.logic.templates import TOPICS_FA, date_shown, fill, language_of, name_shown, persian_name, placeholders


def test_placeholders_are_found_and_filled():
    template = "{name} عزیز، {brand} {{۱}} {name}"
    assert placeholders(template) == ("name", "brand", "name")
    assert fill(template, {"name": "سارا", "brand": "{date}"}) == "سارا عزیز، {date} {۱} سارا"


@pytest.mark.parametrize("wrong", ["{nam}", "{}", "{0}", "{name!r}", "{name:>9}", "{name.upper}", "{name[0]}"])
def test_unknown_placeholders_are_refused(wrong):
    with pytest.raises(
        ValueError, match=r"unknown placeholder .*there are \{name\}, \{brand\}, \{interest\}, \{date\}"
    ):
        placeholders(f"Hello {wrong}")


@pytest.mark.parametrize("wrong", ["{name", "name}", "{"])
def test_a_brace_that_is_not_closed_is_refused(wrong):
    with pytest.raises(ValueError):  # noqa: PT011 (the words are Python's)
        placeholders(wrong)


@pytest.mark.parametrize(("language", "text"), [("fa", "fa"), ("fa-latn", "fa"), ("en", "en"), ("ar", "en")])
def test_who_writes_persian_is_written_to_in_persian(language, text):
    assert language_of(language) == text


def test_dates_are_jalali_with_persian_digits_in_persian():
    assert date_shown(date(2026, 10, 4), "fa") == "۱۲ مهر ۱۴۰۵"
    assert date_shown(date(2026, 3, 21), "fa") == "۱ فروردین ۱۴۰۵"
    assert date_shown(date(2026, 10, 4), "en") == "4 October 2026"


def test_a_display_name_is_shown_only_if_it_is_a_name():
    assert name_shown(" سارا‌جان\n🎿 ", "fa") == "سارا‌جان 🎿"
    assert name_shown("Ali {brand}", "en") == "Ali {brand}"
    for no_name in (None, "", "🎿🎿", "buy at evil.com", "@ali", "Ali 0912 345 6789", "x" * 41, "\u202e"):
        assert name_shown(no_name, "fa") == "دوست", no_name
        assert name_shown(no_name, "en") == "friend"


def test_every_topic_has_a_persian_name():
    assert tuple(TOPICS_FA) == TOPICS
    assert persian_name("skiing", ["ski", "اسکی", "دیزین"]) == "اسکی"
    assert persian_name("sports", []) == "ورزش"
    assert persian_name("polo", ["polo"]) == "polo"
