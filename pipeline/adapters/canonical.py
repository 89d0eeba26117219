"""Shenava's own form of a post, for everybody who writes an exporter.

Flat: the fields of SocialPost with the author's (account_id, handle …) and the counters (likes …) beside
them. Nested: what `records.to_dict` writes, with `author` and `engagement` as objects. Times are ISO 8601
with an offset.

A later version of a post comes under the same `post_id` with `edited_at`, and keeps its `created_at`. A deletion
is `"deleted": true` with `post_id` and `platform`, `created_at` as the time of the notice and the account
where they are known; whatever else it holds is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from pipeline.adapters.fields import Count, Id, Items, Name, Payload, Text, Time, attribute_text, deletion, read
from pipeline.adapters.times import EARLIEST
from pipeline.records import Author, Engagement, SocialPost

Media = Literal["photo", "video", "audio", "file", "link", "poll"]
_OF_A_DELETION = ("post_id", "platform", "deleted", "author", "account_id", "handle")
Platform = Annotated[Name, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,49}$")]
"""A lower-case word: it begins every key of a post and of an account."""


def _all_texts(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: attribute_text(item) for name, item in value.items() if item is not None}
    return {} if value is None else value


_Attributes = Annotated[dict[Name, Text], BeforeValidator(_all_texts)]


class AuthorFields(Payload):
    """The author, flat or as an object."""

    account_id: Id | None = None
    handle: Name | None = None
    display_name: Name | None = None
    followers: Count | None = None
    verified: bool | None = None
    declared: _Attributes = Field(default_factory=dict)


class EngagementFields(Payload):
    """The counters, flat or as an object."""

    likes: Count | None = None
    shares: Count | None = None
    replies: Count | None = None
    views: Count | None = None


class PostFields(Payload):
    """What is the same in both forms."""

    post_id: Id
    platform: Platform
    text: Text
    created_at: Time
    language: Name | None = None
    conversation_id: Id | None = None
    in_reply_to_post_id: Id | None = None
    in_reply_to_account_id: Id | None = None
    mentions: Items[Name] = ()
    hashtags: Items[Name] = ()
    links: Items[Text] = ()
    media: Items[Media] = ()
    permalink: Text | None = None
    attributes: _Attributes = Field(default_factory=dict)
    edited_at: Time | None = None
    deleted: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _only_what_a_deletion_tells(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or value.get("deleted") is not True:
            return value
        at = value.get("created_at") or value.get("edited_at") or EARLIEST.isoformat()
        return {name: value[name] for name in _OF_A_DELETION if name in value} | {"text": "", "created_at": at}


class FlatPost(PostFields, AuthorFields, EngagementFields):
    """All fields side by side."""


class _NestedPost(PostFields):
    author: AuthorFields
    engagement: EngagementFields = Field(default_factory=EngagementFields)


def matches(payload: Mapping[str, Any]) -> bool:
    """Whether this names itself as Shenava's own form."""
    return "post_id" in payload and "platform" in payload


def to_post(payload: Mapping[str, Any]) -> SocialPost:
    """The post; numbers among the attributes become text. RecordError names the field at fault."""
    if "author" in payload:
        nested = read(_NestedPost, payload)
        return build_post(nested, nested.author, nested.engagement)
    flat = read(FlatPost, payload)
    return build_post(flat, flat, flat)


def build_post(post: PostFields, author: AuthorFields, engagement: EngagementFields) -> SocialPost:
    """The record from checked fields."""
    if post.deleted:
        return deletion(post.platform, post.post_id, post.created_at, Author(author.account_id, author.handle))
    return SocialPost(
        post_id=post.post_id,
        platform=post.platform,
        author=Author(
            account_id=author.account_id,
            handle=author.handle,
            display_name=author.display_name,
            followers=author.followers,
            verified=author.verified,
            declared=dict(author.declared),
        ),
        text=post.text,
        created_at=post.created_at,
        language=post.language,
        conversation_id=post.conversation_id,
        in_reply_to_post_id=post.in_reply_to_post_id,
        in_reply_to_account_id=post.in_reply_to_account_id,
        mentions=post.mentions,
        hashtags=post.hashtags,
        links=post.links,
        media=post.media,
        engagement=Engagement(engagement.likes, engagement.shares, engagement.replies, engagement.views),
        permalink=post.permalink,
        attributes=dict(post.attributes),
        edited_at=post.edited_at,
    )
