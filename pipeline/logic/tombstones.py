"""Tombstones: who asked to be forgotten, kept as salted hashes, and what that means for a post that comes again.

A tombstone is `HMAC-SHA-256(salt, "subject:" + account key or customer id)`. Beside it lie aliases of an account (its
handles, its names, its bare id), as `tombstone:alias`, so that lifting a tombstone finds them: with them what *others*
write to a forgotten person is kept without saying to whom. From hashes alone nobody can be listed; who has the salt
as well can test a guess.
"""

from __future__ import annotations

import csv
import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from pipeline.logic.text import fold
from pipeline.records import SocialPost

MASK = "[forgotten]"
"""Stands where a forgotten person was named."""
_CALLED = re.compile(r"(?<=[@/])\w[\w.\-]*(?:@[\w.\-]+)?")
_TOKEN = re.compile(r"(?P<mark>[@/\"'])?(?P<word>\w[\w.\-]*)")
_NAME_WORDS = 5
"""The longest name that is looked for in a text, in words."""
_WORD = re.compile(r"[^\W_]+")


def subject_hash(subject: str, salt: bytes) -> str:
    """The tombstone of an account key (`platform:account_id`) or of a customer id, 64 hexadecimal digits."""
    return _hash(f"subject:{subject}", salt)


def rows(subject: str, handles: Iterable[str], names: Iterable[str], salt: bytes) -> list[str]:
    """The tombstone of a subject and its aliases, as the table `forgotten` holds them.

    Args:
        handles: of the account, without the @.
        names: display names; those of one word are left out, for too many people bear them.
    """
    platform, _, account_id = subject.partition(":")
    stone = subject_hash(subject, salt)
    aliases = {_word(account_id)} if account_id else set()
    for handle in handles:
        aliases |= {_handle(platform, handle), _word(handle)}
    aliases |= {_name(fold(name)) for name in names if is_full_name(name)}
    return [stone, *sorted(f"{stone}:{_hash(alias, salt)}" for alias in aliases)]


def is_full_name(name: str) -> bool:
    """Whether a display name has two words at least, and so can be looked for in what others write."""
    return 2 <= len(_WORD.findall(fold(name))) <= _NAME_WORDS


def is_distinctive(word: str) -> bool:
    """Whether an id or a handle is hardly a word of any text: 8 characters, or 5 of which one is no letter."""
    return len(word) >= 8 or (len(word) >= 5 and not word.isalpha())


@dataclass(frozen=True)
class Tombstones:
    """Everybody who is forgotten, as of when it was read."""

    salt: bytes
    hashes: frozenset[str]
    """As the table `forgotten` holds them."""

    def __bool__(self) -> bool:
        return bool(self.hashes)

    def covers(self, subject: str | None) -> bool:
        """Whether this account key or customer id is forgotten."""
        return bool(self.hashes) and subject is not None and subject_hash(subject, self.salt) in self.hashes

    def without_forgotten(self, post: SocialPost) -> SocialPost | None:
        """The post without the names of forgotten people; None when it is one's own. Else the same object."""
        if not self.hashes:
            return post
        if self.covers(post.account_key):
            return None
        answers = bool(post.in_reply_to_account_id) and self.covers(f"{post.platform}:{post.in_reply_to_account_id}")
        mentions = tuple(each for each in post.mentions if not self._mentioned(post.platform, each))
        text = self._uncalled(post.text, post.platform)
        links = tuple(self._uncalled(each, post.platform) for each in post.links)
        if answers or len(mentions) < len(post.mentions) or text != post.text:
            text = self._unnamed(text)
        elif links == post.links:
            return post
        return replace(
            post,
            text=text,
            mentions=mentions,
            links=links,
            attributes={name: self._uncalled(value, post.platform) for name, value in post.attributes.items()},
            in_reply_to_account_id=None if answers else post.in_reply_to_account_id,
            in_reply_to_post_id=None if answers else post.in_reply_to_post_id,
        )

    def masked(self, payload: bytes) -> bytes:
        """The bytes of a record that names a forgotten person, without that name, so that it can be replayed."""
        return _TOKEN.sub(self._mask_token, payload.decode("utf-8", "surrogateescape")).encode(
            "utf-8", "surrogateescape"
        )

    def names_someone(self, payload: bytes, header: bool = False) -> bool:
        """Whether a record that nobody could read names a forgotten person: a value that is their id or handle,
        or one of these in a text where it is distinctive or called by @.

        Args:
            header: the record is a row of a CSV file.
        """
        if not self.hashes:
            return False
        text = payload.decode("utf-8", "replace")
        if any(self._knows(_word(value)) for value in _values(text, header)):
            return True
        return any(self._is_named(match) for match in _TOKEN.finditer(text))

    @cached_property
    def _aliases(self) -> frozenset[str]:
        return frozenset(each.partition(":")[2] for each in self.hashes if ":" in each)

    def _knows(self, alias: str) -> bool:
        return _hash(alias, self.salt) in self._aliases

    def _mentioned(self, platform: str, handle: str) -> bool:
        return self._knows(_handle(platform, handle)) or self.covers(f"{platform}:{handle}")

    def _uncalled(self, text: str, platform: str) -> str:
        """Without @handle and without links that lead to them."""
        if "@" not in text and "/" not in text:
            return text
        return _CALLED.sub(lambda match: MASK if self._mentioned(platform, match[0].rstrip(".-")) else match[0], text)

    def _unnamed(self, text: str) -> str:
        """Without the full names of forgotten people; asked only of a text that refers to one."""
        words = list(_WORD.finditer(text))
        for count in range(_NAME_WORDS, 1, -1):
            for first, last in zip(words, words[count - 1 :], strict=False):
                said = text[first.start() : last.end()]
                if MASK not in said and self._knows(_name(fold(said))):
                    return self._unnamed(text.replace(said, MASK))
        return text

    def _is_named(self, match: re.Match[str]) -> bool:
        word = match["word"].rstrip(".-")
        return (match["mark"] is not None or is_distinctive(word)) and self._knows(_word(word))

    def _mask_token(self, match: re.Match[str]) -> str:
        if not self._is_named(match):
            return match[0]
        # a number of JSON stays a number
        return (match["mark"] or "") + ("0" if match["word"].isdigit() else MASK)


def _values(text: str, header: bool) -> Iterator[str]:
    """The values of a JSON record or of a CSV row; none where it is neither."""
    if header:
        yield from (cell.strip() for row in csv.reader([text]) for cell in row)
        return
    try:
        value = json.loads(text)
    except ValueError:
        return
    yield from _scalars(value)


def _scalars(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _scalars(each)
    elif isinstance(value, list):
        for each in value:
            yield from _scalars(each)
    elif isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        yield str(value)


def _handle(platform: str, handle: str) -> str:
    return f"handle:{platform}:{handle.lower().removeprefix('@')}"


def _word(word: str) -> str:
    """An id or a handle where the platform is not known."""
    return f"word:{word.lower().removeprefix('@')}"


def _name(folded: str) -> str:
    return "name:" + " ".join(_WORD.findall(folded))


def _hash(text: str, salt: bytes) -> str:
    return hmac.digest(salt, text.encode("utf-8", "surrogatepass"), "sha256").hex()
