"""A record that breaks its contract is refused with the field at fault, and without its text."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

import schemas
from pipeline.errors import ConfigError, RecordError
from pipeline.records import Author, CustomerBrief, SocialPost, to_dict

SECRET = "شماره کارت من 6037 9911 2233 4455 است " * 30
AT = datetime(2025, 3, 20, tzinfo=UTC)
POST = SocialPost("1", "x", Author("7", followers=3, declared={"bio": "b"}), SECRET, AT, mentions=("a", "b"))
ALERT: dict[str, Any] = {
    **dict.fromkeys(("alert_id", "rule", "level", "department", "platform", "post_id"), "word"),
    **dict.fromkeys(("excerpt", "language", "model"), "word"),
    **{"brands": ["parsi"], "severity": 2, "created_at": AT, "due_at": AT, "reasons": []},
    "customer": to_dict(CustomerBrief(1, 1, 0, AT, None, ())),
}


def put(record: dict[str, Any], where: str, value: Any) -> dict[str, Any]:
    """A copy of the record with something else at a dotted place."""
    changed = copy.deepcopy(record)
    *parents, last = where.split(".")
    inner: Any = changed
    for parent in parents:
        inner = inner[parent]
    inner[last] = value
    return changed


def test_valid_records_pass_with_and_without_what_has_a_default() -> None:
    schemas.validate(to_dict(POST), "social_post")
    schemas.validate(ALERT, "alert")
    schemas.validate({key: value for key, value in ALERT.items() if key != "customer"}, "alert")


@pytest.mark.parametrize(
    ("where", "value", "reason", "message"),
    [
        ("post_id", 5, "wrong_type", "post_id: expected string, got int"),
        ("post_id", None, "wrong_type", "post_id: expected string, got null"),
        ("author", "me", "wrong_type", "author: expected record io.shenava.Author, got str"),
        ("author.followers", "3", "wrong_type", "author.followers: expected null or long, got str"),
        ("author.followers", True, "wrong_type", "author.followers: expected null or long, got bool"),
        (
            "author.followers",
            2**63,
            "wrong_type",
            "author.followers: expected null or long, got int of more than 64 bits",
        ),
        ("author.declared", ["a"], "wrong_type", "author.declared: expected map of string, got list"),
        ("author.declared.bio", 5, "wrong_type", "author.declared[bio]: expected string, got int"),
        ("author.age", 30, "unknown_field", "author: the schema has no field age"),
        ("sentiment", "neg", "unknown_field", "the record: the schema has no field sentiment"),
        ("mentions", "ab", "wrong_type", "mentions: expected array of string, got str"),
        ("mentions", ["a", None], "wrong_type", "mentions[1]: expected string, got null"),
        ("created_at", "2025-03-20", "wrong_type", "created_at: expected timestamp-micros, got str"),
        (
            "created_at",
            datetime(2025, 3, 20),
            "wrong_type",
            "created_at: expected timestamp-micros, got datetime without a time zone",
        ),
        ("engagement.likes", 1.5, "wrong_type", "engagement.likes: expected null or long, got float"),
    ],
)
def test_the_field_at_fault_is_named(where: str, value: Any, reason: str, message: str) -> None:
    with pytest.raises(RecordError) as caught:
        schemas.validate(put(to_dict(POST), where, value), "social_post")
    assert (caught.value.reason, caught.value.message) == (reason, message)


def test_a_missing_field_without_a_default_is_named() -> None:
    post = to_dict(POST)
    del post["created_at"]
    with pytest.raises(RecordError) as caught:
        schemas.validate(post, "social_post")
    assert caught.value.reason == "missing_field"
    assert caught.value.message == "created_at: expected timestamp-micros, the field is missing"


def test_the_field_below_an_optional_record_is_named() -> None:
    with pytest.raises(RecordError, match=r"^customer\.posts: expected long, got str$"):
        schemas.validate(put(ALERT, "customer.posts", "many"), "alert")


def test_the_field_below_a_shared_type_is_named() -> None:
    post = {"post": put(to_dict(POST), "author.verified", "yes")}
    with pytest.raises(RecordError, match=r"^post\.author\.verified: expected null or boolean, got str$"):
        schemas.validate(post, "enriched_post")


def test_no_text_of_a_post_gets_into_the_message() -> None:
    for where, value in (("text", SECRET.encode()), ("author.declared", {SECRET: 5}), (SECRET, "x"), ("links", SECRET)):
        with pytest.raises(RecordError) as caught:
            schemas.validate(put(to_dict(POST), where, value), "social_post")
        assert len(caught.value.message) < 120
        assert "4455" not in caught.value.message


def test_an_unknown_schema_is_a_matter_of_configuration() -> None:
    with pytest.raises(ConfigError, match="no schema is called 'posts'"):
        schemas.validate({}, "posts")
