"""Accounts that a text about oneself names: a link to a page, or "insta: sara.dizin"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.logic.text import fold, links

_PAGES = {
    "x": r"(?:x|twitter)\.com/(?!home|search|intent|share|hashtag|i/)@?({})",
    "instagram": r"(?:instagram\.com|instagr\.am)/(?!p/|reel/|explore)({})",
    "telegram": r"(?:t|telegram)\.me/(?!joinchat|\+|s/)({})",
    "facebook": r"(?:facebook|fb)\.com/(?!groups|events|pages|profile\.php|sharer)({})",
    "linkedin": r"linkedin\.com/in/({})",
    "bluesky": r"bsky\.app/profile/({})",
    "mastodon": r"[\w.-]+/@({})",
}
_HANDLE = r"[\w][\w.-]*"
_LINKS = {
    platform: re.compile(r"(?:https?://)?(?:www\.|m\.|mobile\.)?" + page.format(_HANDLE))
    for platform, page in _PAGES.items()
}
_WORDS = {
    "x": "twitter|توییتر|تویتر",
    "instagram": "instagram|insta|ig|اینستاگرام|اینستا",
    "telegram": "telegram|تلگرام",
}
# a sign between is needed, or a sentence about Instagram would name an account
_SAID = {
    platform: re.compile(rf"(?<!\w)(?:{words})\s*(?:[:：=|]\s*@?|@)([a-z0-9_][a-z0-9_.]*[a-z0-9_])")
    for platform, words in _WORDS.items()
}


def named_accounts(text: str) -> Iterator[str]:
    """Each account that the text names, as `platform:@handle` with the handle as `handle_key` gives it."""
    for link in links(text):
        for platform, page in _LINKS.items():
            if found := page.match(link.casefold()):
                yield f"{platform}:@{handle_key(found[1])}"
                break
    said = fold(text)
    for platform, pattern in _SAID.items():
        yield from (f"{platform}:@{handle_key(found[1])}" for found in pattern.finditer(said))


def handle_key(handle: str) -> str:
    """The form in which handles of all platforms are compared: casefolded, without @ and the server's name.

    `@Sara`, `sara@mastodon.example` and `sara.bsky.social` are `sara`.
    """
    return handle.strip().casefold().lstrip("@").partition("@")[0].removesuffix(".bsky.social").rstrip(".")
