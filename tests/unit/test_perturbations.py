"""What each perturbation makes of a post, and what it leaves alone."""

from __future__ import annotations

import pytest

from models.evaluation.names import NAMES, TEMPLATES
from models.evaluation.perturbations import PERTURBATIONS, variants


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("arabic_letters", "کیفم پاره شد", "كيفم پاره شد"),
        ("half_space_to_space", "نمی‌شه", "نمی شه"),
        ("half_space_dropped", "نمی‌شه", "نمیشه"),
        ("persian_digits", "3 days https://x.co/12 @shop_7", "۳ days https://x.co/12 @shop_7"),
        ("latin_digits", "۳ روز و ٤ ساعت", "3 روز و 4 ساعت"),
        ("elongation", "no refund #refundnowplease", "no refuuuuund #refundnowplease"),
        ("elongation", "خیلی بد", "خیلییییی بد"),
        ("kashida", "خیلی بد", "خـــیلی بد"),
        ("upper_case", "see http://a.b/C3, @Me", "SEE http://a.b/C3, @Me"),
        ("lower_case", "SEE http://a.b/C3, @Me", "see http://a.b/C3, @Me"),
        ("trailing_link", "bad", "bad https://t.co/3kQ9aZx7Lm"),
        ("trailing_handle", "bad", "bad @mina_rad"),
    ],
)
def test_each_changes_what_its_name_says(name, text, expected):
    assert PERTURBATIONS[name](text) == expected
    assert variants(text)[name] == expected


def test_only_what_changes_a_text_is_among_its_variants():
    assert set(variants("hm 😶")) == {"upper_case", "trailing_link", "trailing_handle"}
    assert set(variants("۳ بد")) == {"latin_digits", "kashida", "trailing_link", "trailing_handle"}
    assert set(variants("https://Example.com/Page_1")) == {"trailing_link", "trailing_handle"}


def test_names_are_fifty_of_a_kind_and_fit_six_sentences():
    assert len(NAMES) == 4
    for group, names in NAMES.items():
        assert len(set(names)) == len(names) == 50, group
        assert len(TEMPLATES[group]) == 6
        assert all(template.format(name="X") != template for template in TEMPLATES[group])
