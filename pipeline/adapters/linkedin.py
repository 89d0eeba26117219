"""LinkedIn Community Management API: one post of the Posts API, or one comment of the Comments API.

https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api
https://learn.microsoft.com/linkedin/marketing/community-management/shares/comments-api

A post's id is its URN; a comment's is its number, because its URN names the thread now as an activity and now as a
share. Members are URNs without names. The APIs give no likes or comments with a post, and say nothing of what was
deleted: LinkedIn tells of that by webhook (organization social actions, COMMENT_DELETE), many at once, which are
not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from pydantic import Field

from pipeline.adapters.fields import Count, EpochMs, Id, Items, Name, Payload, Text, read, unique
from pipeline.adapters.marks import find_hashtags, find_links
from pipeline.records import Author, Engagement, SocialPost

_COMMENT = re.compile(r"urn:li:comment:\([^()]*,(\d+)\)", re.ASCII)
# "little text": @[Name](urn:li:…), {hashtag|\#|tag}, and a backslash before each sign that it reserves;
# lengths are bounded so that unclosed brackets cost no more than their number
_LITTLE = re.compile(
    r"@\[((?:\\.|[^\]\\]){0,200})\]\((urn:li:[^)]{0,200})\)"
    r"|\{hashtag\|\\?[#＃]\|([^{}|]{1,200})\}"
    r"|\\([|{}@\[\]()<>#*_~\\])"
)
_MEDIA = {"image": "photo", "video": "video", "document": "file"}


class _Medium(Payload):
    id: Name | None = None


class _Article(Payload):
    source: Text | None = None


class _Images(Payload):
    images: Items[_Medium] = ()


class _Content(Payload):
    media: _Medium | None = None
    multi_image: _Images | None = Field(default=None, alias="multiImage")
    article: _Article | None = None
    poll: dict[str, Any] | None = None


class _Reshared(Payload):
    parent: Id | None = None


class _State(Payload):
    edited: bool | None = Field(default=None, alias="isEditedByAuthor")


class _Post(Payload):
    id: Id
    author: Id
    commentary: Text | None = None
    created_at: EpochMs = Field(alias="createdAt")
    modified_at: EpochMs | None = Field(default=None, alias="lastModifiedAt")
    state: _State | None = Field(default=None, alias="lifecycleStateInfo")
    content: _Content | None = None
    reshared: _Reshared | None = Field(default=None, alias="reshareContext")


class _Moment(Payload):
    time: EpochMs


class _Value(Payload):
    text: Text


class _Likes(Payload):
    total: Count | None = Field(default=None, alias="totalLikes")


class _Replies(Payload):
    total: Count | None = Field(default=None, alias="aggregatedTotalComments")


class _Comment(Payload):
    id: Id
    actor: Id
    message: _Value
    created: _Moment
    modified: _Moment | None = Field(default=None, alias="lastModified")
    object: Id | None = None
    parent: Name | None = Field(default=None, alias="parentComment")
    likes: _Likes | None = Field(default=None, alias="likesSummary")
    replies: _Replies | None = Field(default=None, alias="commentsSummary")


def matches(payload: Mapping[str, Any]) -> bool:
    """Whether this looks like a post or a comment of the Community Management API."""
    return ("commentary" in payload and _is_urn(payload.get("author"))) or (
        _is_comment(payload) and _is_urn(payload["actor"])
    )


def to_post(payload: Mapping[str, Any]) -> SocialPost:
    """The post or comment as it now stands; RecordError names the field at fault."""
    return _comment(read(_Comment, payload)) if _is_comment(payload) else _post(read(_Post, payload))


def _is_urn(value: object) -> bool:
    return isinstance(value, str) and value.startswith("urn:li:")


def _is_comment(payload: Mapping[str, Any]) -> bool:
    return {"actor", "message", "created"} <= payload.keys()


def _post(post: _Post) -> SocialPost:
    text, mentions, hashtags = _plain(post.commentary or "")
    content = post.content or _Content()
    article = content.article.source if content.article else None
    edited = post.state is not None and post.state.edited
    original = post.reshared.parent if post.reshared else None
    return SocialPost(
        post_id=post.id,
        platform="linkedin",
        author=Author(post.author),
        text=text,
        created_at=post.created_at,
        conversation_id=post.id,
        mentions=mentions,
        hashtags=unique([*hashtags, *find_hashtags(text)]),
        links=unique([*find_links(text), article]),
        media=_media(content),
        permalink=f"https://www.linkedin.com/feed/update/{quote(post.id, safe=':')}/",
        attributes={"repost_of": original} if original else {},
        edited_at=_later(post.modified_at, post.created_at) if edited else None,
    )


def _comment(comment: _Comment) -> SocialPost:
    parent = _COMMENT.fullmatch(comment.parent or "")
    text = comment.message.text
    return SocialPost(
        post_id=comment.id,
        platform="linkedin",
        author=Author(comment.actor),
        text=text,
        created_at=comment.created.time,
        conversation_id=comment.object,
        in_reply_to_post_id=parent[1] if parent else comment.object,
        hashtags=find_hashtags(text),
        links=find_links(text),
        engagement=Engagement(
            likes=comment.likes.total if comment.likes else None,
            replies=comment.replies.total if comment.replies else None,
        ),
        edited_at=_later(comment.modified.time, comment.created.time) if comment.modified else None,
    )


def _later(modified: datetime | None, created: datetime) -> datetime | None:
    return modified if modified and modified > created else None


def _media(content: _Content) -> tuple[str, ...]:
    several = content.multi_image.images if content.multi_image else ()
    kinds = [
        _MEDIA.get((medium.id or "").removeprefix("urn:li:").partition(":")[0])
        for medium in (*([content.media] if content.media else []), *several)
    ]
    return unique([*kinds, "link" if content.article else None, "poll" if content.poll is not None else None])


def _plain(commentary: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The text as people see it, the names mentioned, and the hashtags.

    https://learn.microsoft.com/linkedin/marketing/community-management/shares/little-text-format
    """
    mentions: list[str] = []
    hashtags: list[str] = []

    def show(mark: re.Match[str]) -> str:
        name, urn, tag, sign = mark.groups()
        if urn:
            mentions.append(re.sub(r"\\(.)", r"\1", name))
            return mentions[-1]
        if tag is not None:
            hashtags.append(re.sub(r"\\(.)", r"\1", tag))
            return f"#{hashtags[-1]}"
        return sign

    return _LITTLE.sub(show, commentary), unique(mentions), unique(hashtags)
