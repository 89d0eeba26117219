"""Writes posts/, labels.jsonl and expected.json from the hand-written source/: python examples/parsi/build.py

The same source gives the same bytes: ids and small counters come from hashes, nothing from a clock.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from payloads import FILES, Person, Post, canonical, draw

HERE = Path(__file__).parent
SOURCE, POSTS = HERE / "source", HERE / "posts"
TEHRAN = timezone(timedelta(hours=3, minutes=30))
PLATFORMS = dict(
    zip("xitfmbw", ("x", "instagram", "telegram", "facebook", "mastodon", "bluesky", "webshop"), strict=True)
)
CATEGORIES = {
    "d": "delivery",
    "b": "billing",
    "q": "quality",
    "s": "service",
    "t": "technical",
    "f": "fraud",
    "v": "availability",
    "p": "policy",
    "o": "other",
}
REVIEWS = "reviews.csv"
COLUMNS = ("review_id", "written_at", "customer", "city", "product", "stars", "comment")


class Delivery(NamedTuple):
    """One record on its way into a file: it is written when it arrives."""

    arrives: datetime
    order: int
    file: str
    record: bytes
    broken: str = ""


def rows(name: str, columns: int) -> Iterator[list[str]]:
    """The lines of a source file as cells, without the head line and the remarks."""
    for line in (SOURCE / name).read_text(encoding="utf-8").splitlines()[1:]:
        if line and not line.startswith("#"):
            cells = line.split("\t")
            yield cells + [""] * (columns - len(cells))


def local(moment: str, seed: str = "") -> datetime:
    """'05 14:22' of October 2026 in Tehran; the seed gives the seconds."""
    day, clock = moment.split()
    return datetime.fromisoformat(f"2026-10-{day}T{clock}:{draw(moment + seed, 60):02}").replace(tzinfo=TEHRAN)


def details(cell: str) -> dict[str, str]:
    """'k=w01 likes=3 photo' as a mapping; a bare word stands for itself."""
    return {word.partition("=")[0]: word.partition("=")[2] or word for word in cell.split()}


def read_people() -> dict[str, Person]:
    """Source account, for example x:sara_powder -> the person; where a platform shows no names there are no rows."""
    people = {}
    for account, name, followers, place, about in rows("people.tsv", 5):
        platform, _, handle = account.partition(":")
        people[account] = Person(PLATFORMS[platform], handle, name, int(followers or 0), place, about)
    return people


def read_posts() -> list[Post]:
    """All posts in time order, numbered within their platform, replies linked."""
    people, posts = read_people(), []
    for path in sorted(SOURCE.glob("*.tsv")):
        if path.name in ("people.tsv", "reviews.tsv"):
            continue
        for moment, account, label, text, extra in rows(path.name, 5):
            platform, _, handle = account.partition(":")
            person = people.get(account) or Person(PLATFORMS[platform], handle)
            assert person.name or platform in "ib", f"{account} is not in people.tsv"
            at = local(moment, account + text).astimezone(UTC)
            posts.append(Post(at, person, text.replace("\\n", "\n"), label, details(extra)))
    for moment, customer, city, product, stars, label, comment, extra in rows("reviews.tsv", 8):
        person = Person("reviews", customer, place=city)
        about = {"product": product, "stars": stars, **details(extra)}
        posts.append(Post(local(moment, comment).astimezone(UTC), person, comment.replace("\\n", "\n"), label, about))
    posts.sort(key=attrgetter("at"))
    named = {post.details["k"]: post for post in posts if "k" in post.details}
    count: dict[str, int] = {}
    for post in posts:
        post.number = count[post.platform] = count.get(post.platform, 0) + 1
        if "re" in post.details:
            post.reply = named[post.details["re"]]
            assert post.reply.platform == post.platform, f"a reply across platforms: {post}"
            assert post.reply.at < post.at, f"a reply before its post: {post}"
    return posts


def record(post: Post, file: str = "") -> tuple[str, bytes]:
    """The file a post belongs to, and its line there."""
    if post.platform == "reviews":
        text = io.StringIO()
        local_time = post.at.astimezone(TEHRAN).strftime("%Y-%m-%d %H:%M:%S")
        about = (post.person.place, post.details["product"], post.details["stars"])
        row = (post.post_id, local_time, post.person.handle, *about, post.text)
        csv.writer(text, lineterminator="\n").writerow(row)
        return REVIEWS, text.getvalue().removesuffix("\n").encode()
    home, payload = FILES[post.platform]
    form = canonical if file else payload
    return file or home, json.dumps(form(post), ensure_ascii=False).encode()


def deliveries(posts: list[Post]) -> list[Delivery]:
    """Every record of every file in the order of arrival: late ones, second copies and broken ones too."""
    plan = yaml.safe_load((SOURCE / "deliveries.yaml").read_text(encoding="utf-8"))
    named = {post.details["k"]: post for post in posts if "k" in post.details}
    late = {entry["post"]: timedelta(hours=entry["hours"]) for entry in plan["late"]}
    found: list[Delivery] = []
    for post in posts:
        arrives = post.at + late.get(post.details.get("k", ""), timedelta())
        found.append(Delivery(arrives, len(found), *record(post)))
    for entry in plan["again"]:
        post = named[entry["post"]]
        arrives = post.at + timedelta(hours=entry["hours"])
        if "likes" in entry:
            post = replace(post, details={**post.details, "likes": str(post.count("likes") + entry["likes"])})
        found.append(Delivery(arrives, len(found), *record(post, entry.get("file", ""))))
    for entry in plan["broken"]:
        raw = entry["raw"].encode(entry.get("encoding", "utf-8"))
        found.append(Delivery(local(entry["time"]), len(found), entry["file"], raw, entry["what"]))
    assert (len(plan["again"]), len(plan["broken"])) == (14, 12)
    return sorted(found, key=itemgetter(0, 1))


def label(post: Post) -> dict[str, Any]:
    """'2ds+a' -> severity 2, delivery and service, advocacy."""
    match = re.fullmatch(r"([0-4]?)([a-z]*?)(\+?a)?p?", post.label)
    assert match, f"no such label: {post.label}"
    severity = int(match[1] or 0)
    return {
        "platform": post.platform,
        "post_id": post.post_id,
        "complaint": int(severity > 0),
        "severity": severity,
        "categories": [CATEGORIES[letter] for letter in match[2]],
        "advocacy": int(bool(match[3])),
    }


def write_lines(path: Path, lines: list[bytes]) -> None:
    path.write_bytes(b"".join(line + b"\n" for line in lines))


def main() -> None:
    """Writes everything and checks that the numbers agree."""
    posts = read_posts()
    arrived = deliveries(posts)
    keys = {(post.platform, post.post_id) for post in posts}
    assert len(keys) == len(posts) == len(arrived) - 14 - 12
    broken, by_file = [], {}
    POSTS.mkdir(exist_ok=True)
    for file in sorted({delivery.file for delivery in arrived}):
        lines = [",".join(COLUMNS).encode()] if file == REVIEWS else []
        mine = [delivery for delivery in arrived if delivery.file == file]
        by_file[file] = len(mine)
        for delivery in mine:
            if delivery.broken:
                start = 1 + sum(line.count(b"\n") + 1 for line in lines)
                broken.append({"file": file, "line": start, "what": delivery.broken})
            lines.append(delivery.record)
        write_lines(POSTS / file, lines)
    labelled = [json.dumps(label(post)).encode() for post in posts if post.label != "-"]
    write_lines(HERE / "labels.jsonl", labelled)
    expected = {
        "records_in": len(arrived),
        "by_file": by_file,
        "duplicates": 14,
        "broken": broken,
        "posts": len(posts),
        "accounts": len({(post.platform, post.person.account_id) for post in posts}),
        "brand_posts": sum(post.person.is_brand for post in posts),
        "empty_text": sum(not post.text for post in posts),
    }
    text = json.dumps(expected, ensure_ascii=False, indent=2) + "\n"
    (HERE / "expected.json").write_text(text, encoding="utf-8")
    print(f"{len(arrived)} records: {len(posts)} posts, 14 second copies, 12 broken; {expected['accounts']} accounts")


if __name__ == "__main__":
    main()
