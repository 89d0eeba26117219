"""What is said of a post: the classifier's labels, its language, brands and interests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.records.posts import ParsedPost, SocialPost


@dataclass(frozen=True, slots=True)
class Choice:
    """Exactly one label out of a head's labels (sentiment, severity, stage)."""

    label: str
    scores: Mapping[str, float]
    abstain: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no with the calibrated probability of yes (complaint, advocacy, promo)."""

    label: bool
    score: float
    abstain: bool = False


@dataclass(frozen=True, slots=True)
class Labels:
    """Any number of a head's labels, likeliest first (categories, intents, topics)."""

    labels: tuple[str, ...]
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Classification:
    """What the classifier says of one post; the label names are the annotation guideline's."""

    sentiment: Choice
    complaint: Flag
    severity: Choice
    """`0` when there is no complaint, else `1`..`4`."""
    categories: Labels
    """Empty when there is no complaint."""
    advocacy: Flag
    intents: Labels
    stage: Choice
    topics: Labels
    promo: Flag
    model: str
    """Name and version of the model that decided."""
    truncated: bool = False
    """The text was longer than the model reads; only its beginning was judged."""
    skipped: bool = False
    """The text was empty and was not sent to the model."""


@dataclass(frozen=True, slots=True)
class ClassifiedPost:
    """A parsed post and what the classifier says of it."""

    parsed: ParsedPost
    classification: Classification


@dataclass(frozen=True, slots=True)
class EnrichedPost:
    """The post, what it says and whom it concerns (`schemas/enriched_post.v1.avsc`)."""

    post: SocialPost
    classification: Classification
    language: str
    """Detected: fa, en, ar …, `fa-latn` for Finglish, `und` when there is nothing to go by."""
    brands: tuple[str, ...]
    interests: tuple[str, ...]
    """Fine interests of the config's lexicon, for example skiing."""
    is_brand_reply: bool
    """The author is one of the brand's own accounts."""
    redacted_text: str
    """The text with phone numbers, e-mails, card, bank and national numbers masked."""
