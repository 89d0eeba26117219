"""Which delivery of a post is the newest, and whose post a deletion retracts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pipeline.records import Author, SocialPost


def resolved(notice: SocialPost, others: Iterable[SocialPost]) -> SocialPost:
    """A notice of deletion with what other deliveries of the same post know and it does not say.

    Some platforms name only the post (Mastodon). Then its author is that of the newest delivery that names
    one, by account and handle alone. A notice is never dated before the post.
    """
    known = sorted(others, key=lambda post: post.version)
    author, at = notice.author, max([notice.created_at, *(post.created_at for post in known)])
    if author.account_id is None:
        author = next((post.author for post in reversed(known) if post.author.account_id is not None), author)
    return replace(notice, author=Author(author.account_id, author.handle), created_at=at)
