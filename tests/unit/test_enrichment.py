from pipeline.logic.enrichment import EnrichSettings, enrich, own_brand
from pipeline.logic.lexicon import Lexicon
from pipeline.records import Author
from tests.builders import a_classification, a_post

SETTINGS = EnrichSettings(
    brands=Lexicon.compile({"Parsi": ["Parsi", "پارسی", "ParsiShops"], "Rahavard": ["رهاورد"]}),
    interests=Lexicon.compile({"skiing": ["اسکی", "skiing"], "tennis": ["تنیس"]}),
    own_accounts={"x:900100": "Parsi", "x:@parsishops": "Parsi"},
    channels={"instagram": "Parsi"},
)


def enriched(text="سلام", **post):
    return enrich(a_post(text=text, **post), a_classification(), SETTINGS)


def test_brands_named_in_the_text_are_found_once_in_order():
    assert enriched("رهاورد ارزون‌تر از پارسیه، parsi گرونه").brands == ("Rahavard", "Parsi")


def test_an_answer_to_the_brand_concerns_the_brand():
    assert enriched(in_reply_to_account_id="900100").brands == ("Parsi",)
    assert enriched(mentions=("ParsiShops",)).brands == ("Parsi",)


def test_a_post_on_the_brands_own_page_concerns_it_unless_it_names_another():
    assert enriched(platform="instagram").brands == ("Parsi",)
    assert enriched("رهاورد بهتره", platform="instagram").brands == ("Rahavard",)
    assert enriched(platform="x").brands == ()


def test_own_accounts_are_known_by_id_and_by_handle():
    assert own_brand(a_post(author=Author("900100")), SETTINGS) == "Parsi"
    assert own_brand(a_post(author=Author("77", handle="ParsiShops")), SETTINGS) == "Parsi"
    assert own_brand(a_post(author=Author("900100"), platform="telegram"), SETTINGS) is None
    assert enriched(author=Author("900100")).is_brand_reply


def test_interests_language_links_and_redaction():
    post = enriched("آخر هفته میرم اسکی، زنگ بزن ۰۹۱۲۳۴۵۶۷۸۹ https://example.com/a")
    assert post.interests == ("skiing",)
    assert post.language == "fa"
    assert post.post.links == ("https://example.com/a",)
    assert "۰۹۱۲" not in post.redacted_text
    assert "[phone]" in post.redacted_text


def test_links_that_the_platform_gave_are_kept():
    assert enriched("https://t.co/x", links=("https://example.com",)).post.links == ("https://example.com",)
