"""Facebook Graph API: one comment under a page's post.

https://developers.facebook.com/docs/graph-api/reference/comment
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pydantic import Field

from pipeline.adapters.fields import Count, Id, Items, Name, Payload, Text, Time, read, unique
from pipeline.adapters.marks import find_hashtags, find_links
from pipeline.records import Author, Engagement, SocialPost

_MEDIA = {
    "photo": "photo",
    "sticker": "photo",
    "video_inline": "video",
    "video_autoplay": "video",
    "animated_image_video": "video",
    "animated_image_share": "video",
    "share": "link",
}


class _Person(Payload):
    id: Id
    name: Name | None = None


class _Parent(Payload):
    id: Id
    sender: _Person | None = Field(default=None, alias="from")


class _Object(Payload):
    id: Id


class _Tag(Payload):
    name: Name | None = None


class _Attachment(Payload):
    type: Name | None = None
    url: Text | None = None


class _Comment(Payload):
    id: Id
    message: Text
    created_time: Time
    sender: _Person | None = Field(default=None, alias="from")
    like_count: Count | None = None
    comment_count: Count | None = None
    parent: _Parent | None = None
    object: _Object | None = None
    message_tags: Items[_Tag] = ()
    attachment: _Attachment | None = None
    permalink_url: Text | None = None


def matches(payload: Mapping[str, Any]) -> bool:
    """Whether this looks like a Graph comment of Facebook."""
    return {"message", "created_time"} <= payload.keys()


def to_post(payload: Mapping[str, Any]) -> SocialPost:
    """The comment, an answer to its parent comment or else to the post; RecordError names the field at fault.

    A comment's id is `<post id>_<comment id>`, so the post it stands under is read from it.
    """
    comment = read(_Comment, payload)
    under, _, number = comment.id.rpartition("_")
    discussed = under or (comment.object.id if comment.object else None)
    attachment = comment.attachment or _Attachment()
    kind = _MEDIA.get(attachment.type or "")
    parent = comment.parent
    return SocialPost(
        post_id=comment.id,
        platform="facebook",
        author=Author(comment.sender.id, display_name=comment.sender.name or None) if comment.sender else Author(None),
        text=comment.message,
        created_at=comment.created_time,
        conversation_id=discussed,
        in_reply_to_post_id=parent.id if parent else discussed,
        in_reply_to_account_id=parent.sender.id if parent and parent.sender else None,
        mentions=unique(tag.name for tag in comment.message_tags),
        hashtags=find_hashtags(comment.message),
        links=unique([*find_links(comment.message), attachment.url if kind == "link" else None]),
        media=unique([kind]),
        engagement=Engagement(likes=comment.like_count, replies=comment.comment_count),
        permalink=comment.permalink_url or _permalink(under, number),
    )


def _permalink(under: str, number: str) -> str:
    if not under:
        return f"https://www.facebook.com/{quote(number, safe='')}"
    return f"https://www.facebook.com/{quote(under, safe='')}?comment_id={quote(number, safe='')}"
