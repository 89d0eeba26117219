"""The people and posts of the sample, and each platform's own JSON for a post."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Payload = dict[str, Any]

MENTION = re.compile(r"(?<![\w/.])@([\w.]*\w)(@[\w.]*\w)?")
HASHTAG = re.compile(r"#([\w\u200c]+)")
LINK = re.compile(r"https?://\S+")
CHAT = {"id": -1001700900100, "title": "پارسی‌بازها | گپ خریداران", "username": "parsibaz_chat", "type": "supergroup"}
BRAND = {
    "x": ("ParsiShops", "900100"),
    "instagram": ("parsi.shops", "17841400900100"),
    "telegram": ("parsi_support", "900200"),
    "facebook": ("Parsi Shops", "100900100"),
    "mastodon": ("parsi", "1100900"),
    "bluesky": ("did:plc:parsishops0000000000000", "did:plc:parsishops0000000000000"),
    "webshop": ("parsi-care", "parsi-care"),
}


def draw(seed: str, count: int) -> int:
    """A number in [0, count) that depends on the seed alone."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8]) % count


@dataclass(frozen=True)
class Person:
    """One account on one platform."""

    platform: str
    handle: str
    name: str = ""
    followers: int = 0
    place: str = ""
    about: str = ""

    @property
    def is_brand(self) -> bool:
        return BRAND.get(self.platform, ("",))[0] == self.handle

    @property
    def account_id(self) -> str:
        if self.is_brand:
            return BRAND[self.platform][1]
        number = draw(f"{self.platform}:{self.handle}", 9 * 10**9) + 10**9
        if self.platform == "bluesky":
            digest = hashlib.sha256(self.handle.encode()).digest()
            return "did:plc:" + "".join("abcdefghijklmnopqrstuvwxyz234567"[byte % 32] for byte in digest[:24])
        prefix = {"instagram": "1784", "facebook": "6155", "mastodon": "10", "x": "", "telegram": ""}
        return f"{prefix[self.platform]}{number}" if self.platform in prefix else self.handle


@dataclass
class Post:
    """One post, as the source tells it."""

    at: datetime
    person: Person
    text: str
    label: str = "-"
    details: dict[str, str] = field(default_factory=dict)
    reply: Post | None = None
    number: int = 0
    """Place among the posts of its platform, in time order."""

    @property
    def platform(self) -> str:
        return self.person.platform

    @property
    def seed(self) -> str:
        return f"{self.at.isoformat()} {self.person.handle}"

    @property
    def root(self) -> Post:
        return self.reply.root if self.reply else self

    @property
    def post_id(self) -> str:
        """The id by which the pipeline knows the post: unique on its platform."""
        milliseconds = int(self.at.timestamp() * 1000)
        ids: Mapping[str, Callable[[], str]] = {
            "x": lambda: str(milliseconds - 1288834974657 << 22 | self.number),
            "instagram": lambda: str(17_950_000_000_000_000 + self.number * 10**8 + draw(self.seed, 10**8)),
            "telegram": lambda: f"{CHAT['id']}-{20_000 + self.number}",
            "facebook": lambda: f"{BRAND['facebook'][1]}{self.root.at:%m%d}_{7 * 10**14 + draw(self.seed, 10**13)}",
            "mastodon": lambda: str(milliseconds << 16 | self.number),
            "bluesky": lambda: f"at://{self.person.account_id}/app.bsky.feed.post/{self.record_key}",
            "webshop": lambda: f"ws-{48_000 + self.number}",
            "reviews": lambda: f"R-{70_000 + self.number}",
        }
        return ids[self.platform]()

    @property
    def record_key(self) -> str:
        number, key = int(self.at.timestamp() * 1_000_000) << 10 | self.number, ""
        while number:
            number, rest = divmod(number, 32)
            key = "234567abcdefghijklmnopqrstuvwxyz"[rest] + key
        return key

    @property
    def language(self) -> str:
        """What the platform thinks: it does not know Persian in Latin letters."""
        if "fin" in self.details or not self.text:
            return "und" if self.text else "zxx"
        return "fa" if re.search(r"[آ-ی]", self.text) else "en"

    def count(self, what: str, most: int = 6) -> int:
        """Likes, shares …: as the source says, else a few."""
        return int(self.details.get(what) or draw(f"{what} {self.seed}", most))


def iso(at: datetime, form: str = "%Y-%m-%dT%H:%M:%S.000Z") -> str:
    return at.astimezone(UTC).strftime(form)


def x(post: Post) -> Payload:
    short = {link: f"https://t.co/{hashlib.sha256(link.encode()).hexdigest()[:10]}" for link in LINK.findall(post.text)}
    text = LINK.sub(lambda match: short[match[0]], post.text)
    data: Payload = {
        "id": post.post_id,
        "text": text,
        "created_at": iso(post.at),
        "author_id": post.person.account_id,
        "conversation_id": post.root.post_id,
        "lang": post.language,
    }
    people = [post.person]
    if post.reply:
        data["in_reply_to_user_id"] = post.reply.person.account_id
        data["referenced_tweets"] = [{"type": "replied_to", "id": post.reply.post_id}]
        people.append(post.reply.person)
    likes, shares = post.count("likes", 9), post.count("rt", 2)
    data["public_metrics"] = {
        "retweet_count": shares,
        "reply_count": draw(post.seed, 4) + shares // 5,
        "like_count": likes,
        "quote_count": shares // 9,
        "impression_count": int(post.details.get("views", likes * 31 + post.person.followers // 4 + 17)),
    }
    data["entities"] = {
        "mentions": [{"username": match[1]} for match in MENTION.finditer(text)],
        "hashtags": [{"tag": tag} for tag in HASHTAG.findall(text)],
        "urls": [{"url": url, "expanded_url": link} for link, url in short.items()],
    }
    return {"data": data, "includes": {"users": [x_user(person) for person in dict.fromkeys(people)]}}


def x_user(person: Person) -> Payload:
    metrics = {
        "followers_count": person.followers,
        "following_count": 40 + draw(person.handle, 900),
        "tweet_count": 60 + draw(person.handle + "#", 21_000),
    }
    user = {"id": person.account_id, "username": person.handle, "name": person.name}
    if person.place:
        user["location"] = person.place
    return {**user, "description": person.about, "verified": person.followers > 100_000, "public_metrics": metrics}


def telegram(post: Post) -> Payload:
    return {"update_id": 551_200_000 + post.number, "message": telegram_message(post)}


def telegram_message(post: Post, nested: bool = False) -> Payload:
    first, _, last = post.person.name.partition(" ")
    sender: Payload = {"id": int(post.person.account_id), "is_bot": False, "first_name": first}
    if last:
        sender["last_name"] = last
    # many people have no user name
    if post.person.is_brand or draw(post.person.handle, 3):
        sender["username"] = post.person.handle
    sender["language_code"] = "fa" if re.search(r"[آ-ی]", post.person.name) else "en"
    message: Payload = {
        "message_id": 20_000 + post.number,
        "from": sender,
        "chat": CHAT,
        "date": int(post.at.timestamp()),
    }
    if post.reply and not nested:
        message["reply_to_message"] = telegram_message(post.reply, nested=True)
    photo, words, marks = "photo" in post.details, "text", "entities"
    if photo:
        words, marks = "caption", "caption_entities"
        name = hashlib.sha256(post.seed.encode()).hexdigest()
        message["photo"] = [
            {
                "file_id": f"AgACAgQ{name[:24]}{size}",
                "file_unique_id": name[24:36] + size,
                "width": wide,
                "height": high,
            }
            for size, wide, high in (("s", 90, 67), ("m", 320, 240), ("x", 800, 600))
        ]
    if post.text or not photo:
        message[words] = post.text
    found = [("url", match) for match in LINK.finditer(post.text)] + [
        ("mention", m) for m in MENTION.finditer(post.text)
    ]
    if found:
        message[marks] = [
            {"type": kind, "offset": utf16(post.text[: match.start()]), "length": utf16(match[0])}
            for kind, match in found
        ]
    return message


def utf16(text: str) -> int:
    """Length in UTF-16 units, as Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def instagram(post: Post) -> Payload:
    topic = post.root.details["m"]
    code = "C" + hashlib.sha256(topic.encode()).hexdigest()[:10]
    comment: Payload = {
        "id": post.post_id,
        "text": post.text,
        "timestamp": iso(post.at, "%Y-%m-%dT%H:%M:%S+0000"),
        "username": post.person.handle,
        "from": {"id": post.person.account_id, "username": post.person.handle},
        "like_count": post.count("likes"),
        "media": {"id": str(18_020_000_000_000_000 + draw(topic, 10**12)), "media_product_type": "FEED"},
    }
    if draw(topic, 3):
        comment["media"]["permalink"] = f"https://www.instagram.com/p/{code}/"
    if post.reply:
        comment["parent_id"] = post.root.post_id
    return comment


def facebook(post: Post) -> Payload:
    under, _, number = post.post_id.partition("_")
    comment: Payload = {
        "id": post.post_id,
        "message": post.text,
        "created_time": iso(post.at, "%Y-%m-%dT%H:%M:%S+0000"),
        "from": {"id": post.person.account_id, "name": post.person.name},
        "like_count": post.count("likes"),
        "comment_count": draw(post.seed, 3),
        "permalink_url": f"https://www.facebook.com/{BRAND['facebook'][1]}/posts/{under[-4:]}?comment_id={number}",
    }
    if post.reply:
        comment["parent"] = {"id": post.root.post_id}
    return comment


def mastodon(post: Post) -> Payload:
    account = mastodon_account(post.person)
    brand = Person("mastodon", "parsi", place="social.parsi.example")
    mentions = [mastodon_account(brand) for match in MENTION.finditer(post.text) if match[1] == brand.handle]
    body = html.escape(post.text, quote=False).replace("\n", "<br />")
    page = f"https://{brand.place}/@{brand.handle}"
    body = MENTION.sub(
        rf'<span class="h-card"><a href="{page}" class="u-url mention">@<span>\1</span></a></span>', body
    )
    tag_page = r"https://mastodon.example/tags/\1"
    body = HASHTAG.sub(rf'<a href="{tag_page}" class="mention hashtag" rel="tag">#<span>\1</span></a>', body)
    return {
        "id": post.post_id,
        "created_at": iso(post.at),
        "in_reply_to_id": post.reply.post_id if post.reply else None,
        "in_reply_to_account_id": post.reply.person.account_id if post.reply else None,
        "language": post.language,
        "uri": f"https://{post.person.place}/users/{post.person.handle}/statuses/{post.post_id}",
        "url": f"{account['url']}/{post.post_id}",
        "content": f"<p>{body}</p>",
        "account": account,
        "mentions": [{name: shown[name] for name in ("id", "username", "acct", "url")} for shown in mentions],
        "tags": [{"name": tag, "url": f"https://mastodon.example/tags/{tag}"} for tag in HASHTAG.findall(post.text)],
        "media_attachments": [],
        "replies_count": draw(post.seed, 4),
        "reblogs_count": post.count("rt", 5),
        "favourites_count": post.count("likes", 30),
        "visibility": "public",
    }


def mastodon_account(person: Person) -> Payload:
    home = person.place == "mastodon.example"
    return {
        "id": person.account_id,
        "username": person.handle,
        "acct": person.handle if home else f"{person.handle}@{person.place}",
        "display_name": person.name,
        "followers_count": person.followers,
        "note": f"<p>{html.escape(person.about)}</p>",
        "fields": [],
        "url": f"https://{person.place}/@{person.handle}",
    }


def bluesky(post: Post) -> Payload:
    record: Payload = {"$type": "app.bsky.feed.post", "text": post.text, "createdAt": iso(post.at)}
    record["langs"] = [post.language if post.language != "und" else "en"]
    if post.reply:
        record["reply"] = {"root": bluesky_reference(post.root), "parent": bluesky_reference(post.reply)}
    facets = [
        {
            "index": {"byteStart": len(post.text[: m.start()].encode()), "byteEnd": len(post.text[: m.end()].encode())},
            "features": [{"$type": "app.bsky.richtext.facet#link", "uri": m[0]}],
        }
        for m in LINK.finditer(post.text)
    ]
    if facets:
        record["facets"] = facets
    commit: Payload = {"rev": post.record_key[:-1] + "2", "operation": "create", "collection": "app.bsky.feed.post"}
    commit |= {"rkey": post.record_key, "record": record, "cid": bluesky_reference(post)["cid"]}
    seen = int(post.at.timestamp() * 1_000_000) + 180_000 + draw(post.seed, 900_000)
    return {"did": post.person.account_id, "time_us": seen, "kind": "commit", "commit": commit}


def bluesky_reference(post: Post) -> Payload:
    digest = hashlib.sha256(post.seed.encode()).digest()
    cid = "bafyrei" + "".join("abcdefghijklmnopqrstuvwxyz234567"[byte % 32] for byte in (digest + digest[::-1])[:52])
    return {"uri": post.post_id, "cid": cid}


def canonical(post: Post) -> Payload:
    flat: Payload = {
        "post_id": post.post_id,
        "platform": post.platform,
        "account_id": post.person.account_id,
        "handle": post.person.handle,
        "display_name": post.person.name or post.person.handle,
        "text": post.text,
        "created_at": post.at.isoformat(),
    }
    if post.person.followers:
        flat["followers"] = post.person.followers
    # the shop's old export did not name the language
    if post.language in ("fa", "en") and draw(post.seed, 2):
        flat["language"] = post.language
    if post.reply:
        flat["in_reply_to_post_id"] = post.reply.post_id
    if likes := post.count("likes", 4):
        flat["likes"] = likes
    if post.platform == "webshop":
        flat["permalink"] = f"https://parsi.example/p/{1000 + draw(post.seed, 900)}#comment-{post.number}"
        declared = {"city": post.person.place} if post.person.place else {}
        declared |= dict(pair.split("=", 1) for pair in post.person.about.split(";") if pair)
        if declared:
            flat["declared"] = declared
    return flat


FILES: Mapping[str, tuple[str, Callable[[Post], Payload]]] = {
    "x": ("x.jsonl", x),
    "telegram": ("telegram.jsonl", telegram),
    "instagram": ("instagram.jsonl", instagram),
    "facebook": ("facebook.jsonl", facebook),
    "mastodon": ("mastodon.jsonl", mastodon),
    "bluesky": ("bluesky.jsonl", bluesky),
    "webshop": ("canonical.jsonl", canonical),
}
