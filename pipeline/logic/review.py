"""Which posts a person should judge before anybody acts on them."""

from __future__ import annotations

from pipeline.logic.alerts import AlertSettings
from pipeline.logic.facts import concerns_us
from pipeline.records import EnrichedPost, Review

_HEADS = ("complaint", "sentiment", "advocacy", "stage", "promo")


def review(enriched: EnrichedPost, settings: AlertSettings) -> Review | None:
    """The post for review when only the model's doubt keeps it from being escalated; else None.

    Deleted posts, the brand's own posts, adverts that are sure to be ones and posts about somebody else's brand are
    not asked about.
    """
    post, said = enriched.post, enriched.classification
    advert = said.promo.label and not said.promo.abstain
    if not said.complaint.abstain or post.deleted or enriched.is_brand_reply or advert:
        return None
    if not concerns_us(enriched.brands, settings.brands):
        return None
    return Review(
        post=post.key,
        version=post.version,
        platform=post.platform,
        created_at=post.created_at,
        brands=enriched.brands,
        department=settings.department(said.categories.labels).name,
        text=enriched.redacted_text,
        language=enriched.language,
        permalink=post.permalink,
        complaint_score=said.complaint.score,
        severity=int(said.severity.label),
        categories=said.categories.labels,
        unsure=tuple(head for head in _HEADS if getattr(said, head).abstain),
        followers=post.author.followers,
        model=said.model,
    )
