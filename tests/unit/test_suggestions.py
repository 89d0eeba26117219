from dataclasses import replace

import pytest

from pipeline.logic import suggestions
from pipeline.logic.clues import Clues, clues
from pipeline.logic.contacts import hashed_email, hashed_phone
from pipeline.logic.named_accounts import handle_key, named_accounts
from pipeline.logic.profile import Fold, ProfileSettings
from pipeline.logic.suggestions import suggest
from pipeline.records import Author
from tests.builders import a_post, an_enriched_post

SALT = b"a salt for tests only"


def found(accounts, links=None, contacts=(), parted=()):
    return suggest(accounts, links or {}, contacts, parted)


def only(*given, **more):
    (one,) = found(*given, **more)
    return one


def profile(author, *texts, platform="x", mentions=()):
    fold = Fold()
    for number, text in enumerate(texts or ("سلام",)):
        post = a_post(str(number), hours=number, platform=platform, author=author, text=text, mentions=mentions)
        fold.add(an_enriched_post(post))
    return fold.profile(f"{platform}:{author.account_id}", ProfileSettings())


def test_the_same_handle_on_two_platforms():
    one = only([Clues("x:1", "Kaveh_Codes"), Clues("mastodon:2", "kaveh_codes@hachyderm.example")])
    assert (one.kind, one.first, one.second) == ("accounts", "mastodon:2", "x:1")
    assert one.confidence == suggestions.SAME_LONG_HANDLE
    assert one.reasons == ("mastodon:@kaveh_codes@hachyderm.example and x:@Kaveh_Codes have the same handle",)


def test_a_shorter_handle_is_less_sure_and_signs_less_still():
    short = only([Clues("x:1", "golnar"), Clues("instagram:2", "golnar")])
    signs = only([Clues("x:1", "sara_dizin"), Clues("instagram:2", "sara.dizin")])
    assert suggestions.SAME_HANDLE == short.confidence > signs.confidence == suggestions.SIMILAR_HANDLE


def test_the_name_shown_may_be_the_handle_elsewhere():
    one = only([Clues("x:1", "noraintehran", "Nora Vance"), Clues("instagram:2", "nora.vance")])
    assert one.confidence == suggestions.NAME_IS_HANDLE
    assert one.reasons == ("the name of x:@noraintehran is the handle of instagram:@nora.vance",)


@pytest.mark.parametrize("handle", ["ali", "ali_1", "support", "maryam", "maryam_88", "123456", "__", None])
def test_short_and_common_handles_say_nothing(handle):
    assert found([Clues("x:1", handle), Clues("instagram:2", handle)]) == []


def test_two_accounts_of_one_platform_do_not_have_one_handle():
    assert found([Clues("mastodon:1", "golden_hour@a.example"), Clues("mastodon:2", "golden_hour@b.example")]) == []


def test_a_handle_of_many_says_nothing():
    many = [Clues(f"{platform}:1", "winterfell") for platform in ("x", "instagram", "telegram", "facebook", "bluesky")]
    assert found(many) == []
    assert len(found(many[:4])) == 6


def test_an_account_that_declares_a_customers_address():
    author = Author("1", "nora", declared={"bio": "Cook. Press: NORA@example.com"})
    one = only([clues(profile(author), SALT)], contacts=[(hashed_email("nora@example.com", SALT), "1005")])
    assert (one.kind, one.first, one.second) == ("account and customer", "x:1", "1005")
    assert one.confidence == suggestions.SAME_EMAIL
    assert one.reasons == ("customer 1005 and x:@nora have the same e-mail address",)
    assert (
        found([clues(profile(author), SALT)], {"x:1": "1005"}, [(hashed_email("nora@example.com", SALT), "1005")]) == []
    )


def test_two_customers_with_one_address_may_be_one():
    phone, email = hashed_phone("09120000011", SALT), hashed_email("a@example.com", SALT)
    by_phone = only([], contacts=[(phone, "1"), (phone, "2")])
    assert (by_phone.kind, by_phone.first, by_phone.second) == ("customers", "1", "2")
    assert by_phone.confidence == suggestions.SAME_PHONE
    both = only([], contacts=[(phone, "1"), (phone, "2"), (email, "1"), (email, "2")])
    assert both.confidence == pytest.approx(1 - (1 - 0.95) * (1 - 0.7), abs=0.01)
    assert [reason.rpartition(" ")[2] for reason in both.reasons] == ["address", "number"], "the strongest first"


def test_a_switchboard_says_nothing():
    phone = hashed_phone("09120000011", SALT)
    assert found([], contacts=[(phone, str(number)) for number in range(5)]) == []


def test_a_link_to_a_page_names_the_other_account():
    one = replace(
        clues(profile(Author("1", "sara_powder", declared={"website": "https://instagram.com/Sara.Dizin/"})), SALT)
    )
    other = clues(profile(Author("2", "sara.dizin"), platform="instagram"), SALT)
    there = only([one, other])
    assert there.confidence == suggestions.NAMES_THE_OTHER
    assert there.reasons == ("x:@sara_powder names instagram:@sara.dizin in what they say of themselves",)
    back = clues(
        profile(Author("2", "sara.dizin", declared={"bio": "twitter: @sara_powder"}), platform="instagram"), SALT
    )
    assert only([one, back]).confidence == suggestions.NAMES_EACH_OTHER


def test_accounts_of_one_name_that_mention_each_other():
    one = clues(profile(Author("1", "ali_at_work", "علي رضایی"), mentions=("ali_home",)), SALT)
    other = clues(profile(Author("2", "ali_home", "علی رضایی"), mentions=("ALI_at_work",)), SALT)
    assert only([one, other]).confidence == suggestions.MENTION_EACH_OTHER
    assert found([one, replace(other, mentions=frozenset())]) == [], "anybody can mention somebody"
    assert found([one, replace(other, name="علی")]) == []


def test_an_account_that_is_linked_speaks_for_its_customer():
    pair = [Clues("x:1", "kaveh_codes"), Clues("instagram:2", "kaveh_codes")]
    one = only(pair, {"x:1": "1001"})
    assert (one.kind, one.first, one.second) == ("account and customer", "instagram:2", "1001")
    two = only(pair, {"x:1": "1001", "instagram:2": "1002"})
    assert (two.kind, two.first, two.second) == ("customers", "1001", "1002")
    assert found(pair, {"x:1": "1001", "instagram:2": "1001"}) == []


def test_what_was_parted_by_hand_is_not_suggested_again():
    pair = [Clues("x:1", "kaveh_codes"), Clues("instagram:2", "kaveh_codes")]
    assert found(pair, {"x:1": "1001"}, parted={("instagram:2", "1001")}) == []
    assert len(found(pair, {"x:1": "1002"}, parted={("instagram:2", "1001")})) == 1


def test_the_surest_comes_first_and_the_order_of_accounts_does_not_matter():
    several = [
        Clues("x:1", "golnar"),
        Clues("instagram:2", "golnar"),
        Clues("x:3", "shifteshab"),
        Clues("bluesky:4", "shifteshab.bsky.social"),
    ]
    expected = found(several)
    assert [each.first for each in expected] == ["bluesky:4", "instagram:2"]
    assert found(several[::-1]) == expected


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("https://twitter.com/Kaveh_Codes", ["x:@kaveh_codes"]),
        (
            "see x.com/kaveh_codes and https://www.instagram.com/kaveh.c/?hl=fa",
            ["x:@kaveh_codes", "instagram:@kaveh.c"],
        ),
        ("https://t.me/khanjoon", ["telegram:@khanjoon"]),
        ("https://photog.example/@golden_hour", ["mastodon:@golden_hour"]),
        ("https://bsky.app/profile/sara.bsky.social", ["bluesky:@sara"]),
        ("اینستا: sara.dizin | تلگرام @sara_d", ["instagram:@sara.dizin", "telegram:@sara_d"]),
        ("insta:sara.dizin", ["instagram:@sara.dizin"]),
        ("I love instagram filters", []),
        ("https://instagram.com/p/abc123", []),
        ("https://x.com/search?q=a", []),
        ("https://parsi.example/@", []),
    ],
)
def test_accounts_that_a_text_names(text, named):
    assert list(named_accounts(text)) == named


@pytest.mark.parametrize("written", ["sara", "@Sara", "sara@mastodon.example", "sara.bsky.social", " SARA "])
def test_one_handle_has_one_form_on_every_platform(written):
    assert handle_key(written) == "sara"
