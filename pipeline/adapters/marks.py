"""Hashtags, mentions and links in the text, for platforms whose payload does not list them."""

from __future__ import annotations

import re

from pipeline.adapters.fields import MAX_NAME, unique

# U+200C, the zero-width non-joiner, stands inside Persian words
_HASHTAG = re.compile(r"(?<![\w&/#])[#＃]([\w\u200c]+)")
_MENTION = re.compile(r"(?<![\w@/.])@([A-Za-z0-9_](?:[A-Za-z0-9_.]*[A-Za-z0-9_])?)")
_LINK = re.compile(r"https?://[^\s<>\"'«»\u200c]+", re.IGNORECASE)
_AFTER_A_LINK = ".,;:!?)]}،؛؟…"


def find_hashtags(text: str) -> tuple[str, ...]:
    """The hashtags without their #, each once; a bare number (#1) is none."""
    return unique(tag for tag in _HASHTAG.findall(text) if not tag.isdigit() and len(tag) <= MAX_NAME)


def find_mentions(text: str) -> tuple[str, ...]:
    """The handles after an @, each once; the @ of an e-mail address is none."""
    return unique(handle for handle in _MENTION.findall(text) if len(handle) <= MAX_NAME)


def find_links(text: str) -> tuple[str, ...]:
    """The web addresses, each once, without the punctuation of the sentence round them."""
    return unique(link.rstrip(_AFTER_A_LINK) for link in _LINK.findall(text) if len(link) <= MAX_NAME)
