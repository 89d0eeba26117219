"""What one post means to the care of one customer: a complaint, an answer, a word of thanks, or something else.

A customer's cases and alerts are functions of the *set* of these facts. The post's key is a fact's identity; of
several versions of a post (an edit, a deletion) the newest counts, whatever came first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from pipeline.logic.profile import contribution, sentiment
from pipeline.records import Contribution, EnrichedPost


class Kind(StrEnum):
    """What a post is to a case."""

    COMPLAINT = "complaint"
    """About a brand of ours, and the model is sure of it."""
    REPLY = "reply"
    """The brand's own account speaks to the customer."""
    HAPPY = "happy"
    """The customer thanks, or sounds happy."""
    OTHER = "other"
    DELETED = "deleted"
    """The post is gone; what it once said counts for nothing."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One post, seen from the customer whom it concerns."""

    post: str
    """`SocialPost.key`."""
    at: datetime
    kind: Kind
    brands: tuple[str, ...]
    contribution: Contribution | None
    """What the post adds to the author's profile; None for replies and anonymous posts."""
    enriched: EnrichedPost | None
    """The event itself without raw text and scores, for what an alert shows; None where no alert can show it."""
    version: str
    """`SocialPost.version`, and what was said of it: a total order of the versions of one post."""
    sentiment: float = 0.0
    """P(pos) − P(neg), in −1..1."""
    reach: int = 0
    """Followers of the author, 0 when unknown."""
    promo: bool = False
    """An advert."""


def fact(enriched: EnrichedPost, brands: frozenset[str] | None) -> Fact:
    """The fact that a post is.

    Args:
        brands: whose complaints are ours to solve; None when the config names no brand.
    """
    post = enriched.post
    kind = _kind(enriched, brands)
    said = enriched.classification
    speaks = kind not in (Kind.REPLY, Kind.DELETED)
    shown = speaks and (said.complaint.label or said.advocacy.label or "churn" in said.intents.labels)
    return Fact(
        post=post.key,
        at=post.created_at,
        kind=kind,
        brands=enriched.brands,
        contribution=None if enriched.is_brand_reply or post.account_key is None else contribution(enriched),
        enriched=_bare(enriched) if shown else None,
        sentiment=sentiment(said),
        reach=post.author.followers or 0,
        promo=said.promo.label,
        version=f"{post.version} {hashlib.sha1(repr(said).encode()).hexdigest()[:12]}",
    )


def concerns_us(brands: Iterable[str], ours: frozenset[str] | None) -> bool:
    """Whether one of these brands is ours; every post concerns us when the config names no brand (None)."""
    return ours is None or not ours.isdisjoint(brands)


def newest(facts: Iterable[Fact]) -> list[Fact]:
    """One fact a post, the newest version, in order of time; deleted posts are left out."""
    return [each for each in latest(facts) if each.kind is not Kind.DELETED]


def latest(facts: Iterable[Fact]) -> list[Fact]:
    """One fact a post, the newest version or its deletion, in order of time."""
    kept: dict[str, Fact] = {}
    for each in facts:
        old = kept.get(each.post)
        if old is None or each.version > old.version:
            kept[each.post] = each
    return sorted(kept.values(), key=lambda f: (f.at, f.post))


def _kind(enriched: EnrichedPost, brands: frozenset[str] | None) -> Kind:
    said = enriched.classification
    if enriched.post.deleted:
        return Kind.DELETED
    if enriched.is_brand_reply:
        return Kind.REPLY
    if said.complaint.label:
        # what the model is unsure of goes to a person, not to a department with a deadline
        sure = concerns_us(enriched.brands, brands) and not said.complaint.abstain and not said.promo.label
        return Kind.COMPLAINT if sure else Kind.OTHER
    thanks = "thanks" in said.intents.labels
    return Kind.HAPPY if thanks or (said.sentiment.label == "pos" and not said.sentiment.abstain) else Kind.OTHER


def _bare(enriched: EnrichedPost) -> EnrichedPost:
    """State that lives for weeks holds the redacted text only, and of a decision what was decided."""
    said = enriched.classification
    return replace(
        enriched,
        post=replace(enriched.post, text="", attributes={}, links=(), hashtags=()),
        classification=replace(
            said,
            sentiment=replace(said.sentiment, scores={}),
            severity=replace(said.severity, scores={}),
            categories=replace(said.categories, scores={}),
            intents=replace(said.intents, scores={}),
            stage=replace(said.stage, scores={}),
            topics=replace(said.topics, scores={}),
        ),
    )
