"""X (Twitter) API v2: one post object, `{"data": {...}, "includes": {...}}`, or one notice of deletion.

https://docs.x.com/x-api/fundamentals/data-dictionary · https://docs.x.com/x-api/compliance/streams/introduction

Each edit of a post has an id of its own; all versions list the ids of the chain, oldest first
(https://docs.x.com/x-api/fundamentals/edit-posts). The first of them is the post's id here. A reply or quote names
the version it was written under.

Notices of deletion come as `{"data": {"delete": {"tweet": {"id", "author_id"}, "event_at"}}}` (API v2) or as
`{"delete": {"status": {"id", "user_id"}, "timestamp_ms"}}` (compliance firehose, v1.1 streams). Deleting one version
deletes the chain, but a notice names one id: that of a later version finds no post here. Other compliance events
(withheld, drop, undrop, tweet_edit, those about users) are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from pydantic import Field

from pipeline.adapters.fields import Count, EpochMs, Id, Items, Name, Payload, Text, Time, deletion, read, unique
from pipeline.adapters.times import EARLIEST, read_epoch
from pipeline.errors import RecordError
from pipeline.records import Author, Engagement, SocialPost

_TOP_FIELDS = {"data", "includes", "errors", "meta", "matching_rules"}
_OTHER_EVENTS = {"tweet_edit", "withheld", "drop", "undrop"}
_EDITABLE = timedelta(hours=1)
"""How long a post can be edited, by a generous count."""
_SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
_MEDIA = {"photo": "photo", "video": "video", "animated_gif": "video"}


class _Mention(Payload):
    username: Name


class _Hashtag(Payload):
    tag: Name


class _Url(Payload):
    url: Text | None = None
    expanded_url: Text | None = None
    unwound_url: Text | None = None


class _Entities(Payload):
    mentions: Items[_Mention] = ()
    hashtags: Items[_Hashtag] = ()
    urls: Items[_Url] = ()


class _Metrics(Payload):
    like_count: Count | None = None
    retweet_count: Count | None = None
    quote_count: Count | None = None
    reply_count: Count | None = None
    impression_count: Count | None = None


class _Reference(Payload):
    type: Name
    id: Id


class _Attachments(Payload):
    media_keys: Items[Id] = ()
    poll_ids: Items[Id] = ()


class _Note(Payload):
    text: Text
    entities: _Entities | None = None


class _Geo(Payload):
    place_id: Id | None = None


class _Post(Payload):
    id: Id
    text: Text
    created_at: Time
    author_id: Id | None = None
    lang: Name | None = None
    conversation_id: Id | None = None
    in_reply_to_user_id: Id | None = None
    entities: _Entities | None = None
    public_metrics: _Metrics | None = None
    referenced_tweets: Items[_Reference] = ()
    attachments: _Attachments | None = None
    note_tweet: _Note | None = None
    edit_history_tweet_ids: Items[Id] = ()
    source: Name | None = None
    geo: _Geo | None = None


class _UserMetrics(Payload):
    followers_count: Count | None = None


class _User(Payload):
    id: Id
    username: Name | None = None
    name: Name | None = None
    verified: bool | None = None
    location: Text | None = None
    description: Text | None = None
    url: Text | None = None
    public_metrics: _UserMetrics | None = None


class _Media(Payload):
    media_key: Id
    type: Name | None = None


class _Place(Payload):
    id: Id
    full_name: Name | None = None


class _Includes(Payload):
    users: Items[_User] = ()
    media: Items[_Media] = ()
    places: Items[_Place] = ()


class _Response(Payload):
    data: _Post
    includes: _Includes = Field(default_factory=_Includes)


class _Tweet(Payload):
    id: Id
    author_id: Id | None = None


class _Status(Payload):
    id: Id
    user_id: Id | None = None


class _Deletion(Payload):
    tweet: _Tweet | None = None
    event_at: Time | None = None
    status: _Status | None = None
    timestamp_ms: EpochMs | None = None


class _Notice(Payload):
    delete: _Deletion


def matches(payload: Mapping[str, Any]) -> bool:
    """Whether this looks like a post object of the X API v2, or like a notice of deletion."""
    return ("data" in payload and payload.keys() <= _TOP_FIELDS) or payload.keys() == {"delete"}


def to_post(payload: Mapping[str, Any]) -> SocialPost:
    """The post as it now stands; of a long post the whole text. RecordError names the field at fault."""
    data = payload.get("data")
    told = data if isinstance(data, Mapping) and "delete" not in payload else payload
    if "delete" in told:
        return _deletion(read(_Notice, told).delete)
    if _OTHER_EVENTS & told.keys():
        raise RecordError("unknown_shape", "data: of compliance events only delete is read")
    response = read(_Response, payload)
    post, includes = response.data, response.includes
    user = next((user for user in includes.users if user.id == post.author_id), None)
    # `text` of a long post ends after 280 characters
    text, entities = post.text, post.entities or _Entities()
    if post.note_tweet:
        text, entities = post.note_tweet.text, post.note_tweet.entities or entities
    referenced = {reference.type: reference.id for reference in post.referenced_tweets}
    first = post.edit_history_tweet_ids[0] if post.edit_history_tweet_ids else post.id
    created_at, edited_at = _times(post, first)
    return SocialPost(
        post_id=first,
        platform="x",
        author=_author(post.author_id, user),
        text=text,
        created_at=created_at,
        language=post.lang or None,
        conversation_id=post.conversation_id,
        in_reply_to_post_id=referenced.get("replied_to"),
        in_reply_to_account_id=post.in_reply_to_user_id,
        mentions=unique(mention.username for mention in entities.mentions),
        hashtags=unique(hashtag.tag for hashtag in entities.hashtags),
        links=unique(url.unwound_url or url.expanded_url or url.url for url in entities.urls),
        media=unique(_media(post, includes)),
        engagement=_engagement(post.public_metrics or _Metrics()),
        permalink=_permalink(post.id, user),
        attributes=dict(_attributes(post, includes, referenced)),
        edited_at=edited_at,
    )


def _times(post: _Post, first: str) -> tuple[datetime, datetime | None]:
    """When the first version of the post was written, and when this one was if it is a later one."""
    if post.id == first:
        return post.created_at, None
    began, written = _by_id(first), _by_id(post.id) or post.created_at
    if began and began <= written <= began + _EDITABLE and abs(post.created_at - began) <= _EDITABLE:
        # X tells times of posts in whole seconds
        return began.replace(microsecond=0), written
    return post.created_at, post.created_at


def _by_id(post_id: str) -> datetime | None:
    """The time in an id (https://docs.x.com/fundamentals/x-ids); None when it is no such id."""
    if not post_id.isdecimal() or len(post_id) > 20:
        return None
    try:
        return read_epoch((int(post_id) >> 22) + _SNOWFLAKE_EPOCH_MS, 1000)
    except ValueError:
        return None


def _deletion(told: _Deletion) -> SocialPost:
    if told.tweet:
        post_id, author_id = told.tweet.id, told.tweet.author_id
    elif told.status:
        post_id, author_id = told.status.id, told.status.user_id
    else:
        raise RecordError("missing_field", "delete.tweet is absent, and so is delete.status")
    return deletion("x", post_id, told.event_at or told.timestamp_ms or _by_id(post_id) or EARLIEST, Author(author_id))


def _author(author_id: str | None, user: _User | None) -> Author:
    if user is None:
        return Author(author_id)
    stated = {"location": user.location, "bio": user.description, "website": user.url}
    return Author(
        account_id=author_id,
        handle=user.username or None,
        display_name=user.name or None,
        followers=user.public_metrics.followers_count if user.public_metrics else None,
        verified=user.verified,
        declared={name: value for name, value in stated.items() if value and value.strip()},
    )


def _media(post: _Post, includes: _Includes) -> Iterator[str | None]:
    attached = post.attachments or _Attachments()
    kinds = {media.media_key: media.type for media in includes.media}
    for key in attached.media_keys:
        yield _MEDIA.get(kinds.get(key) or "")
    if attached.poll_ids:
        yield "poll"


def _engagement(metrics: _Metrics) -> Engagement:
    # a quote passes a post on just as a repost does
    passed_on = [count for count in (metrics.retweet_count, metrics.quote_count) if count is not None]
    return Engagement(
        likes=metrics.like_count,
        shares=sum(passed_on) if passed_on else None,
        replies=metrics.reply_count,
        views=metrics.impression_count,
    )


def _permalink(post_id: str, user: _User | None) -> str:
    # X redirects i/web/status/<id> to the author's page
    where = quote(user.username, safe="") if user and user.username else "i/web"
    return f"https://x.com/{where}/status/{quote(post_id, safe='')}"


def _attributes(post: _Post, includes: _Includes, referenced: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if post.source:
        yield "source", post.source
    if "quoted" in referenced:
        yield "quote_of", referenced["quoted"]
    if "retweeted" in referenced:
        yield "repost_of", referenced["retweeted"]
    place_id = post.geo.place_id if post.geo else None
    for place in includes.places:
        if place.id == place_id and place.full_name:
            yield "place", place.full_name
