import hashlib
import hmac

import pytest

from pipeline.logic.contacts import hashed_contacts, hashed_email, hashed_phone, normal_email, normal_phone

SALT = b"a salt for tests only"


@pytest.mark.parametrize(
    "written",
    [
        "sara@example.com",
        "  Sara@Example.COM ",
        "mailto:sara@example.com",
        "sara@example.com\u200f",
        "\ufeffsara@example.com",
    ],
)
def test_one_address_has_one_form(written):
    assert normal_email(written) == "sara@example.com"


def test_dots_and_tags_of_an_address_stay():
    assert normal_email("s.ara+shop@example.com") == "s.ara+shop@example.com"


@pytest.mark.parametrize(
    "wrong", ["", "zahra", "zahra@", "@zahra.com", "zahra@shop", "a@zahra@shop.com", "zahra @shop.com"]
)
def test_what_is_no_address_is_refused_without_being_quoted(wrong):
    with pytest.raises(ValueError, match="no e-mail address") as caught:
        normal_email(wrong)
    assert "zahra" not in str(caught.value)


@pytest.mark.parametrize(
    "written",
    [
        *("+98 912 000 0011", "0912 000 0011", "00989120000011", "0912-000-0011", "tel:+989120000011"),
        *("۰۹۱۲۰۰۰۰۰۱۱", "٠٩١٢ ٠٠٠ ٠٠١١", "\u200e+98 (912) 000 0011", "۰۹۱۲\u200c۰۰۰\u200c۰۰۱۱"),
    ],
)
def test_one_number_has_one_form_in_whatever_digits(written):
    assert normal_phone(written, "IR") == "+989120000011"


def test_the_region_says_what_a_number_without_country_code_is():
    assert normal_phone("(650) 253-0000", "US") == "+16502530000"
    with pytest.raises(ValueError, match="no phone number in IR"):
        normal_phone("(650) 253-0000", "IR")


@pytest.mark.parametrize("wrong", ["", "سلام", "12", "0912", "+98 912 000 00112233"])
def test_what_is_no_number_is_refused(wrong):
    with pytest.raises(ValueError, match=r"no phone number in IR.*\+98"):
        normal_phone(wrong, "IR")


def test_a_hash_is_hmac_sha_256_of_the_normal_form():
    expected = hmac.new(SALT, b"sara@example.com", hashlib.sha256).hexdigest()
    assert hashed_email("Sara@Example.com", SALT) == f"email:{expected}"
    expected = hmac.new(SALT, b"+989120000011", hashlib.sha256).hexdigest()
    assert hashed_phone("۰۹۱۲۰۰۰۰۰۱۱", SALT) == f"phone:{expected}"


def test_another_salt_gives_another_hash():
    assert hashed_email("sara@example.com", SALT) != hashed_email("sara@example.com", b"another")


def test_addresses_in_a_text_about_oneself_are_found():
    bio = "Press: Nora@example.com · تماس ۰۹۱۲ ۰۰۰ ۰۰۱۱ · born 1367"
    assert set(hashed_contacts(bio, SALT)) == {
        hashed_email("nora@example.com", SALT),
        hashed_phone("09120000011", SALT),
    }
    assert list(hashed_contacts("skier first, accountant second", SALT)) == []
