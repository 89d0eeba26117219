"""What a person is asked to judge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Review:
    """A post that may be a complaint, but the model is not sure (`schemas/review.v1.avsc`)."""

    post: str
    """`SocialPost.key`."""
    version: str
    """`SocialPost.version`; of several reviews of a post the greatest counts."""
    platform: str
    created_at: datetime
    brands: tuple[str, ...]
    department: str
    """Whose it would be."""
    text: str
    """Redacted."""
    language: str
    permalink: str | None
    complaint_score: float
    """Calibrated probability that it is a complaint."""
    severity: int
    """That it would have, 0..4."""
    categories: tuple[str, ...]
    unsure: tuple[str, ...]
    """Heads that abstain."""
    followers: int | None
    model: str
