"""What Shenava adds to a classified post: language, brands, fine interests, redacted text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline.logic import language, redaction, text
from pipeline.logic.lexicon import Lexicon
from pipeline.records import Classification, EnrichedPost, SocialPost


@dataclass(frozen=True)
class EnrichSettings:
    """The company's brands and interests, compiled from the config."""

    brands: Lexicon
    interests: Lexicon
    own_accounts: Mapping[str, str] = field(default_factory=dict)
    """`platform:account_id` (or `platform:@handle`) of the brand's own accounts → brand."""
    channels: Mapping[str, str] = field(default_factory=dict)
    """Platform → brand of a post there that names none, where the input is the brand's own pages."""


def enrich(post: SocialPost, classification: Classification, settings: EnrichSettings) -> EnrichedPost:
    """The post with everything that can be read off it. Pure; raises nothing for a parsed post."""
    own = own_brand(post, settings)
    return EnrichedPost(
        post=post if post.links else _with_links(post),
        classification=classification,
        language=language.detect(post.text, post.language),
        brands=_brands(post, own, settings),
        interests=settings.interests.find(post.text),
        is_brand_reply=own is not None,
        redacted_text=redaction.redact(post.text),
    )


def own_brand(post: SocialPost, settings: EnrichSettings) -> str | None:
    """The brand whose own account wrote the post, if one did."""
    handle = (post.author.handle or "").casefold()
    by_id = settings.own_accounts.get(post.account_key or "")
    return by_id or settings.own_accounts.get(f"{post.platform}:@{handle}")


def _brands(post: SocialPost, own: str | None, settings: EnrichSettings) -> tuple[str, ...]:
    """Brands named in the text, mentioned, answered, or speaking; each once, in that order."""
    named = list(settings.brands.find(post.text))
    named += [settings.own_accounts.get(f"{post.platform}:@{handle.casefold()}", "") for handle in post.mentions]
    named.append(settings.own_accounts.get(f"{post.platform}:{post.in_reply_to_account_id}", ""))
    named.append(own or "")
    found = tuple(dict.fromkeys(name for name in named if name))
    return found or ((settings.channels[post.platform],) if post.platform in settings.channels else ())


def _with_links(post: SocialPost) -> SocialPost:
    found = text.links(post.text)
    return replace(post, links=tuple(found)) if found else post
