"""Facebook Graph API: one comment under a page's post, or one webhook notification about one.

https://developers.facebook.com/docs/graph-api/reference/comment
https://developers.facebook.com/docs/graph-api/webhooks/reference/page/#feed

Of the field `feed` the item `comment` is read with the verbs add, edited and remove. A comment that the page hides
is not deleted: its author still sees it. A Graph comment itself does not tell that it was edited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from pydantic import Field

from pipeline.adapters.fields import Count, Epoch, Id, Items, Name, Payload, Text, Time, deletion, read, unique
from pipeline.adapters.graph_webhook import is_notification, only_change
from pipeline.adapters.marks import find_hashtags, find_links
from pipeline.errors import RecordError
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


class _FeedChange(Payload):
    item: Name
    verb: Name


class _CommentChange(Payload):
    comment_id: Id
    post_id: Id | None = None
    parent_id: Id | None = None
    created_time: Epoch | None = None
    message: Text | None = None
    sender: _Person | None = Field(default=None, alias="from")


def matches(payload: Mapping[str, Any]) -> bool:
    """Whether this looks like a Graph comment of Facebook, or like a notification about a page."""
    return {"message", "created_time"} <= payload.keys() or is_notification(payload, "page")


def to_post(payload: Mapping[str, Any]) -> SocialPost:
    """The comment, an answer to its parent comment or else to the post; RecordError names the field at fault.

    A comment's id is `<post id>_<comment id>`, so the post it stands under is read from it.
    """
    if is_notification(payload, "page"):
        return _changed(*only_change(payload, "feed"))
    return _to_post(read(_Comment, payload))


def _changed(value: Mapping[str, Any], at: datetime) -> SocialPost:
    change = read(_FeedChange, value)
    if change.item != "comment" or change.verb not in ("add", "edited", "remove"):
        raise RecordError("unknown_shape", "entry: only a comment's add, edited and remove are read")
    told = read(_CommentChange, value)
    if change.verb == "remove":
        return deletion("facebook", told.comment_id, at, Author(told.sender.id) if told.sender else None)
    comment = {
        "id": told.comment_id,
        # a picture without words has no message
        "message": told.message or "",
        "created_time": (told.created_time or at).isoformat(),
        "from": value.get("from"),
        "parent": {"id": told.parent_id} if told.parent_id and told.parent_id != told.post_id else None,
    }
    return replace(_to_post(read(_Comment, comment)), edited_at=at if change.verb == "edited" else None)


def _to_post(comment: _Comment) -> SocialPost:
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
