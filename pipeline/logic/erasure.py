"""A person taken out of records: what is theirs goes, what others wrote stays without their name.

It works on plain values, as they lie in JSON documents and Avro files, so that one rule serves every table and file,
also those that came after it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pipeline.logic.text import fold
from pipeline.logic.tombstones import MASK, is_distinctive, is_full_name
from pipeline.logic.wave_alerts import RULE as WAVE

_OF_POSTS = ("in_reply_to_post_id", "conversation_id")
"""Fields that name another post of the same platform."""
SHORTEST = 4
"""Characters of a name that is looked for alone."""
_PERSONAL = "account|account_id|in_reply_to_account_id|handle|display_name|username|screen_name|name|customer|subject"
_LEFT, _RIGHT = r"(?<!\w)(?<!\w[.\-])", r"(?!\w|[.\-]\w)"
VARIED = re.compile(r"[یيىكکهةۀە\s\u200c]+")
"""Letters that are typed in several ways, and the spaces."""
_LETTERS = {"ی": "[یيى]", "ک": "[کك]", "ه": "[هةۀە]"}


@dataclass(frozen=True)
class Person:
    """Everything by which a person can be known in what is kept."""

    accounts: frozenset[str] = frozenset()
    """Account keys, `platform:account_id`."""
    customers: frozenset[str] = frozenset()
    """Ids in the CRM."""
    handles: frozenset[str] = frozenset()
    """`platform:@handle`, in lower case."""
    names: frozenset[str] = frozenset()
    """Display names, as shown."""
    posts: frozenset[str] = frozenset()
    """Keys of the person's posts, `platform:post_id`."""
    stale: frozenset[str] = frozenset()
    """Customers that stay, whose derived records were made of these accounts too."""
    shared: frozenset[str] = field(default=frozenset(), compare=False)
    """Bare ids, handles and names that others bear too; folded. They are looked for in no text."""

    def joined(self, other: Person) -> Person:
        """What both know."""
        return Person(
            self.accounts | other.accounts,
            self.customers | other.customers,
            self.handles | other.handles,
            self.names | other.names,
            self.posts | other.posts,
            self.stale | other.stale,
            self.shared | other.shared,
        )

    def but_not(self, others: Iterable[str]) -> Person:
        """The same person; what others bear too (ids, handles, names) is looked for in no text."""
        return replace(self, shared=self.shared | {fold(each) for each in others})

    @property
    def subjects(self) -> frozenset[str]:
        """What tombstones are made for."""
        return self.accounts | self.customers

    @cached_property
    def words(self) -> tuple[str, ...]:
        """What is looked for in any text: account keys, distinctive ids and handles, names of several words."""
        bare = {each.partition(":")[2].lstrip("@") for each in self.accounts | self.handles} | self.customers
        found = {each for each in bare if is_distinctive(each)} | {each for each in self.names if is_full_name(each)}
        return tuple(sorted({*self.accounts, *(each for each in found if fold(each) not in self.shared)}))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds `words` in a text as whole words, whatever the case, the Arabic or Persian letter, the space."""
        return re.compile(rf"{_LEFT}(?:{'|'.join(map(_loosely, self.words)) or '(?!)'}){_RIGHT}", re.IGNORECASE)

    @cached_property
    def net(self) -> re.Pattern[str]:
        """Finds whatever may name them, and more: a cheap look before the thorough one."""
        bare = {each.partition(":")[2].lstrip("@") for each in self.accounts | self.handles} | self.customers
        # a name may be written with other letters of the same look: its longest part without any
        parts = {max(VARIED.split(name), key=len) or name for name in self.names}
        return re.compile("|".join(map(re.escape, sorted(filter(None, bare | parts)))) or "(?!)", re.IGNORECASE)

    @cached_property
    def evidence(self) -> re.Pattern[str]:
        """Finds what must not be left in a JSON text (unescaped): `words`; any handle after @; ids, handles and names
        as the whole value of a field that holds such.
        """
        bare = {each.partition(":")[2].lstrip("@") for each in self.accounts | self.handles}
        alone = [each for each in sorted(bare | self.names) if len(each) >= SHORTEST and fold(each) not in self.shared]
        choices = [f"{_LEFT}(?:{'|'.join(map(_loosely, self.words))}){_RIGHT}"] if self.words else []
        if alone:
            values = "|".join(_loosely(json.dumps(each, ensure_ascii=False)[1:-1]) for each in alone)
            choices += [rf'"(?:{_PERSONAL})": ?"@?(?:{values})"']
        called = [each for each in sorted(self.handles) if fold(each.partition("@")[2]) not in self.shared]
        called = [re.escape(each.partition("@")[2]) for each in called]
        if called:
            choices += [rf"(?<=@)(?:{'|'.join(called)}){_RIGHT}"]
        return re.compile("|".join(choices) or "(?!)", re.IGNORECASE)

    @cached_property
    def called(self) -> Mapping[str, re.Pattern[str]]:
        """By platform: finds a handle after @ or as a part of a link's path."""
        of: dict[str, list[str]] = {}
        for handle in sorted(self.handles):
            platform, _, name = handle.partition(":@")
            of.setdefault(platform, []).append(re.escape(name))
        return {
            platform: re.compile(rf"(?<=[@/])(?:{'|'.join(names)}){_RIGHT}", re.IGNORECASE)
            for platform, names in of.items()
        }

    def is_named_by(self, value: str) -> bool:
        """Whether this whole value is an account key, a `platform:@handle` or a customer's id of theirs."""
        return value in self.accounts or value in self.customers or value.lower() in self.handles


def concerns(record: Mapping[str, Any], person: Person) -> bool:
    """Whether `without` could change this record of a file; quick, and seldom wrongly yes."""
    if record.get("rule") == WAVE or _is_theirs(record, person):
        return True
    post = record.get("post")
    if isinstance(post, Mapping) and any(f"{post['platform']}:{post.get(name)}" in person.posts for name in _OF_POSTS):
        return True
    return bool(person.net.search(str(record)))


def without(record: Mapping[str, Any], person: Person) -> dict[str, Any] | None:
    """The record without the person; None when it is theirs. What does not name them comes back equal.

    Theirs is what an account or customer of theirs stands over (`account`, `customer`, `subject`, the author of
    `post`), what is about a post of theirs, and what holds such a record as one of its fields. A wave of complaints is
    many people's: it goes on without their sample. In everything else their names are masked, values and list items
    that are their keys go.
    """
    scrubbed = _scrub_mapping(record, person, "")
    return scrubbed if isinstance(scrubbed, dict) else None


def author(post: Mapping[str, Any]) -> str | None:
    """Account key of who wrote a `SocialPost` in plain values."""
    account_id = (post.get("author") or {}).get("account_id")
    return None if account_id is None else f"{post.get('platform')}:{account_id}"


def known_by(events: Iterable[Mapping[str, Any]], accounts: frozenset[str]) -> Person:
    """What enriched events tell of accounts: their posts, handles and names; and which of them others bear too."""
    handles, names, posts, others = set(), set(), set(), set()
    for event in events:
        post = event["post"]
        said = post.get("author") or {}
        account = author(post)
        if account in accounts:
            posts.add(f"{post['platform']}:{post['post_id']}")
            handles |= {f"{post['platform']}:@{said['handle'].lower()}"} if said.get("handle") else set()
            names |= {said["display_name"]} if said.get("display_name") else set()
        else:
            others |= {fold(each) for each in map(said.get, ("account_id", "handle", "display_name")) if each}
    return Person(accounts, handles=frozenset(handles), names=frozenset(names), posts=frozenset(posts)).but_not(others)


def written_forms(word: str) -> tuple[str, ...]:
    """How a word can stand in a JSON text: as it is, and with escapes."""
    return tuple(dict.fromkeys((word, json.dumps(word)[1:-1], json.dumps(word, ensure_ascii=False)[1:-1])))


def _is_theirs(record: Mapping[str, Any], person: Person) -> bool:
    if any(isinstance(record.get(name), str) and record[name] in person.subjects for name in ("account", "subject")):
        return True
    customer, post = record.get("customer"), record.get("post")
    if isinstance(customer, str) and customer in person.subjects:
        return True
    if isinstance(post, Mapping):
        return author(post) in person.accounts
    if "author" in record and "platform" in record:
        return author(record) in person.accounts
    key = post if isinstance(post, str) else f"{record.get('platform')}:{record.get('post_id')}"
    return key in person.posts


def _of_many(alert: Mapping[str, Any], person: Person) -> dict[str, Any]:
    """A wave whose first post to show is one that is not theirs."""
    samples = [each for each in alert.get("samples") or () if each["post"] not in person.posts]
    if f"{alert['platform']}:{alert['post_id']}" not in person.posts:
        return {**alert, "samples": samples}
    shown = samples[0] if samples else {"post": f"{alert['platform']}:{MASK}", "excerpt": "", "permalink": None}
    platform, _, post_id = str(shown["post"]).partition(":")
    same = {"excerpt": shown["excerpt"], "permalink": shown["permalink"]}
    return {**alert, "samples": samples, "platform": platform, "post_id": post_id, **same}


_GONE = object()
"""A value that its list or mapping must drop."""


def _scrub(value: Any, person: Person, platform: str) -> Any:
    if isinstance(value, str):
        return _scrub_text(value, person, platform)
    if isinstance(value, list | tuple):
        return [each for each in (_scrub(item, person, platform) for item in value) if each is not _GONE]
    if isinstance(value, Mapping):
        return _scrub_mapping(value, person, platform)
    return value


def _scrub_mapping(record: Mapping[str, Any], person: Person, platform: str) -> Any:
    if record.get("rule") == WAVE and "samples" in record:
        record = _of_many(record, person)
    elif _is_theirs(record, person):
        return _GONE
    platform = _platform(record) or platform
    kept: dict[str, Any] = {}
    for name, value in record.items():
        if person.is_named_by(name):
            continue
        if name == "in_reply_to_account_id" and value and f"{platform}:{value}" in person.accounts:
            kept |= {name: None, "in_reply_to_post_id": None}
        elif name in _OF_POSTS and (name in kept or (value and f"{platform}:{value}" in person.posts)):
            kept[name] = None
        elif name == "mentions" and isinstance(value, list):
            kept[name] = [each for each in value if not _is_mentioned(each, person, platform)]
        else:
            kept[name] = _scrub(value, person, platform)
            if kept[name] is _GONE and isinstance(value, Mapping):
                return _GONE
            if kept[name] is _GONE:
                kept[name] = MASK
    return kept


def _scrub_text(text: str, person: Person, platform: str) -> Any:
    if person.is_named_by(text):
        return _GONE
    text = person.pattern.sub(MASK, text)
    called = person.called.get(platform)
    return called.sub(MASK, text) if called else text


def _is_mentioned(mention: str, person: Person, platform: str) -> bool:
    keys = (mention, f"{platform}:{mention}", f"{platform}:@{mention.removeprefix('@')}")
    return any(person.is_named_by(key) for key in keys)


def _platform(record: Mapping[str, Any]) -> str:
    named, post = record.get("platform"), record.get("post")
    if isinstance(named, str):
        return named
    return post.partition(":")[0] if isinstance(post, str) else ""


def _loosely(word: str) -> str:
    """A pattern for a word as people type it."""
    parts = re.split(r"[\s\u200c]+", word.strip())
    return r"[\s\u200c]+".join("".join(_LETTERS.get(char, re.escape(char)) for char in part) for part in parts)
