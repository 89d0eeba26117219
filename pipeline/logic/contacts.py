"""E-mail addresses and phone numbers as they are compared: normalised, then hashed with the company's salt.

The hash is HMAC-SHA-256 (RFC 2104) of the normalised address, keyed with the salt, as hex after `email:` or `phone:`.
Phone numbers are so few that all of them can be tried: who has the salt can undo a hash, so guard it as a password.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterator

import phonenumbers

from pipeline.logic.redaction import findings, plain

EMAIL = "email"
PHONE = "phone"
DEFAULT_REGION = "IR"
"""Country of phone numbers that are written without their country code, ISO 3166."""
REGIONS = frozenset(phonenumbers.SUPPORTED_REGIONS)

_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"]+@(?:[^\s@<>()\[\],;:\".]+\.)+[^\s@<>()\[\],;:\".\d]{2,}")


def normal_email(text: str) -> str:
    """The address in lower case, without invisible marks and `mailto:`; dots and +tags stay as they are.

    Raises:
        ValueError: it is no e-mail address. The text of the error does not quote it.
    """
    address = unicodedata.normalize("NFKC", plain(text)[0]).strip().casefold().removeprefix("mailto:")
    if not _ADDRESS.fullmatch(address):
        raise ValueError("no e-mail address, such as sara@example.com")
    return address


def normal_phone(text: str, region: str = DEFAULT_REGION) -> str:
    """The number in the form +989120000000 (E.164); digits may be Latin, Persian or Arabic.

    Args:
        region: country of a number without country code, one of REGIONS.

    Raises:
        ValueError: no such number can exist there. The text of the error does not quote it.
    """
    try:
        number = phonenumbers.parse(plain(text)[0].strip().removeprefix("tel:"), region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise ValueError(f"no phone number in {region}, and none with its country code, such as +98 912 000 0011")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def hashed_email(text: str, salt: bytes) -> str:
    """`email:` and the hash of an address; raises ValueError as `normal_email`."""
    return _hashed(EMAIL, normal_email(text), salt)


def hashed_phone(text: str, salt: bytes, region: str = DEFAULT_REGION) -> str:
    """`phone:` and the hash of a number; raises ValueError as `normal_phone`."""
    return _hashed(PHONE, normal_phone(text, region), salt)


def hashed_contacts(text: str, salt: bytes, region: str = DEFAULT_REGION) -> Iterator[str]:
    """The hash of each e-mail address and phone number that a text holds; what only looks like one is left out."""
    for found in findings(text):
        written = text[found.start : found.end]
        try:
            if found.kind == EMAIL:
                yield hashed_email(written, salt)
            elif found.kind == PHONE:
                yield hashed_phone(written, salt, region)
        except ValueError:
            continue


def _hashed(kind: str, address: str, salt: bytes) -> str:
    return f"{kind}:{hmac.new(salt, address.encode(), hashlib.sha256).hexdigest()}"
