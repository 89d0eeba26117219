"""Posts for tests, with everything defaulted that a test does not care about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from models.decoding import empty
from pipeline.records import (
    Author,
    Choice,
    Classification,
    EnrichedPost,
    Flag,
    Labels,
    ParsedPost,
    RawRecord,
    SocialPost,
)

START = datetime(2026, 10, 3, 8, 0, tzinfo=UTC)


def a_post(
    post_id: str = "1", *, hours: float = 0, account: str | None = "ali", text: str = "سلام", **more: Any
) -> SocialPost:
    """A post so many hours after START."""
    author = more.pop("author", Author(account, handle=account, followers=more.pop("followers", 10)))
    return SocialPost(
        post_id=post_id,
        platform=more.pop("platform", "x"),
        author=author,
        text=text,
        created_at=START + timedelta(hours=hours),
        **more,
    )


def a_deletion(post_id: str = "1", *, hours: float = 0, account: str | None = "ali", platform: str = "x") -> SocialPost:
    """The notice, so many hours after START, that a post was deleted."""
    at = START + timedelta(hours=hours)
    return SocialPost(post_id, platform, Author(account), text="", created_at=at, deleted=True)


def a_classification(
    *,
    severity: int = 0,
    categories: tuple[str, ...] = (),
    advocacy: bool = False,
    topics: tuple[str, ...] = (),
    intents: tuple[str, ...] = (),
    abstain: bool = False,
    promo: bool = False,
    sentiment: str = "neu",
) -> Classification:
    """What the guideline would say of a post; severity above 0 makes it a complaint."""
    nothing = empty("a-model")
    return replace(
        nothing,
        skipped=False,
        sentiment=Choice(sentiment, {"neg": 0.0, "neu": 0.0, "pos": 0.0, sentiment: 1.0}),
        complaint=Flag(severity > 0, 0.9 if severity else 0.1, abstain),
        severity=Choice(str(severity), {**nothing.severity.scores, "0": 0.0, str(severity): 1.0}),
        categories=Labels(categories, {**nothing.categories.scores, **dict.fromkeys(categories, 0.8)}),
        advocacy=Flag(advocacy, 0.9 if advocacy else 0.1),
        intents=Labels(intents, {**nothing.intents.scores, **dict.fromkeys(intents, 0.8)}),
        topics=Labels(topics, {**nothing.topics.scores, **dict.fromkeys(topics, 0.7)}),
        promo=Flag(promo, 0.9 if promo else 0.1),
    )


def an_enriched_post(
    post: SocialPost | None = None,
    said: Classification | None = None,
    *,
    own: bool = False,
    interests: tuple[str, ...] = (),
) -> EnrichedPost:
    """A post with what is said of it."""
    post = post or a_post()
    return EnrichedPost(
        post=post,
        classification=said or a_classification(),
        language="fa",
        brands=("Parsi",),
        interests=interests,
        is_brand_reply=own,
        redacted_text=post.text,
    )


def a_parsed_post(post: SocialPost | None = None, payload: bytes = b"{}", position: int = 1) -> ParsedPost:
    """A post with the record it came from."""
    return ParsedPost(post or a_post(), RawRecord(payload, "posts.jsonl", position))
