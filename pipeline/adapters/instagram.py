"""Instagram Graph API: one comment (IG Comment), or one webhook notification of a new one.

https://developers.facebook.com/docs/instagram-platform/reference/instagram-media/comments
https://developers.facebook.com/docs/instagram-platform/webhooks

Instagram tells neither that a comment was edited nor that it was deleted. A notification has no time of
the comment: it is dated when it was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pydantic import Field

from pipeline.adapters.fields import Count, Id, Items, Name, Payload, Text, Time, read
from pipeline.adapters.graph_webhook import is_notification, only_change
from pipeline.adapters.marks import find_hashtags, find_links, find_mentions
from pipeline.records import Author, Engagement, SocialPost


class _From(Payload):
    id: Id
    username: Name | None = None


class _Media(Payload):
    id: Id
    permalink: Text | None = None
    media_product_type: Name | None = None


class _Reply(Payload):
    id: Id


class _Replies(Payload):
    data: Items[_Reply] = ()


class _Comment(Payload):
    id: Id
    text: Text
    timestamp: Time
    sender: _From | None = Field(default=None, alias="from")
    username: Name | None = None
    like_count: Count | None = None
    media: _Media | None = None
    parent_id: Id | None = None
    replies: _Replies | None = None


def matches(payload: Mapping[str, Any]) -> bool:
    """Whether this looks like an IG Comment or a notification; `text` and `timestamp` alone are too common to tell."""
    telling = ("username", "from", "media", "parent_id")
    comment = {"text", "timestamp"} <= payload.keys() and any(name in payload for name in telling)
    return comment or is_notification(payload, "instagram")


def to_post(payload: Mapping[str, Any]) -> SocialPost:
    """The comment, an answer to the comment `parent_id` or else to the media; RecordError names the field at fault.

    The account is `from.id`; where the token may not see it, the public `username` stands in for it.
    """
    if is_notification(payload, "instagram"):
        value, at = only_change(payload, "comments")
        payload = {**value, "timestamp": at.isoformat()}
    comment = read(_Comment, payload)
    media_id = comment.media.id if comment.media else None
    username = (comment.sender.username if comment.sender else None) or comment.username or None
    return SocialPost(
        post_id=comment.id,
        platform="instagram",
        author=Author(comment.sender.id if comment.sender else username, handle=username),
        text=comment.text,
        created_at=comment.timestamp,
        conversation_id=media_id,
        in_reply_to_post_id=comment.parent_id or media_id,
        mentions=find_mentions(comment.text),
        hashtags=find_hashtags(comment.text),
        links=find_links(comment.text),
        engagement=Engagement(
            likes=comment.like_count, replies=len(comment.replies.data) if comment.replies is not None else None
        ),
        permalink=_permalink(comment),
        attributes=_attributes(comment),
    )


def _permalink(comment: _Comment) -> str | None:
    if comment.media is None or not comment.media.permalink:
        return None
    return f"{comment.media.permalink.rstrip('/')}/c/{quote(comment.id, safe='')}/"


def _attributes(comment: _Comment) -> dict[str, str]:
    where = comment.media.media_product_type if comment.media else None
    return {"media_product_type": where} if where else {}
