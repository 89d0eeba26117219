"""Names (brands, interests) found in a text by their terms, on word borders, in one pass over the words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.errors import ConfigError
from pipeline.logic.text import fold, without_links

# What Persian glues to the end of a noun: plural, "my/your/our", the object marker, "and", "a".
_GLUED = """
ها های هایی هایم هایت هایش هام هات هاش هامون هاتون هاشون هایمان هایتان هایشان هارو هاو هامو هاتو هاشو هاست
مون تون شون مان تان شان مونو تونو شونو ام ات اش امو اتو اشو امون اتون اشون رو را مو تو شو م ت ش و ی ای یی یم یت یش
"""
_ENDINGS = frozenset(_GLUED.split())
# "کار" is not in "کارگر", but "کفشم" is my "کفش": one letter may be glued to words of three letters and more
_SHORTEST_WITH_A_LETTER = 3
_LONGEST_ENDING = max(map(len, _ENDINGS))

_ARABIC = r"\u0620-\u064a\u066e-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06ff\u0750-\u077f"
# A word ends where the script changes: people write "iphoneم" and "آیفون13". An emoji is a word of its own.
# The parts of a tag are words too; only the first of them carries the #.
_WORD = re.compile(rf"@[a-z0-9_](?:[a-z0-9_.]*[a-z0-9_])?|#?(?:[{_ARABIC}]+|[^\W_{_ARABIC}]+)|[^\w\s-]")
_PERSIAN_WORD = re.compile(rf"[{_ARABIC}]+")


@dataclass(frozen=True)
class Lexicon:
    """Terms by their first word; build it with `compile`. Plain data, so it pickles."""

    terms: Mapping[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]]
    """First word → (further words, names), the longest term first."""
    joined: Mapping[str, tuple[str, ...]]
    """A term without its spaces, as hashtags and handles are written → names."""
    starts: frozenset[str]
    """The first letters of all terms: most words of a post are ruled out by them."""

    @classmethod
    def compile(cls, entries: Mapping[str, Sequence[str]]) -> Lexicon:
        """The lexicon of name → terms.

        A term is matched whatever its case, Arabic or Persian letters, half-spaces, and as hashtag or whole
        handle; a term that starts with @ or # only as such. Several names may share a term.

        Raises:
            ConfigError: a term with nothing in it to match.
        """
        names: dict[tuple[str, ...], list[str]] = {}
        for name, terms in entries.items():
            for term in terms:
                words = tuple(_WORD.findall(fold(term)))
                if not any(word.strip("#@") for word in words):
                    raise ConfigError(f"{name}: the term {term!r} holds no letter, digit or sign to look for")
                names.setdefault(words, []).append(name)
        by_first: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
        for words, owners in sorted(names.items(), key=lambda item: -len(item[0])):
            by_first.setdefault(words[0], []).append((words[1:], tuple(dict.fromkeys(owners))))
        joined = {"".join(words): tuple(dict.fromkeys(of)) for words, of in names.items() if words[0][0] not in "#@"}
        starts = frozenset(_start(first) for first in by_first)
        return cls({first: tuple(rest) for first, rest in by_first.items()}, joined, starts)

    def find(self, text: str) -> tuple[str, ...]:
        """Names mentioned in the text, in order of first mention, each once.

        Where terms overlap the longest counts ("table tennis" is no "tennis"). Links are not read.
        """
        if not self.terms:
            return ()
        words = _WORD.findall(fold(without_links(text)))
        found: dict[str, None] = {}
        place = 0
        while place < len(words):
            length = 1
            if _start(words[place]) in self.starts:
                length, names = self._at(words, place)
                found.update(dict.fromkeys(names))
            place += max(length, 1)
        return tuple(found)

    def _at(self, words: Sequence[str], place: int) -> tuple[int, tuple[str, ...]]:
        """How many words the longest term at this place takes, and its names."""
        first = words[place]
        if first[0] == "@" and len(first) > 1:
            handle = first[1:].replace("_", "").replace(".", "")
            return 1, self._exactly(first) or self.joined.get(handle, ())
        best: tuple[int, tuple[str, ...]] = (0, ())
        for stem in _stems(first):
            for rest, names in self.terms.get(stem, ()):
                if len(rest) + 1 > best[0] and self._follows(words, place + 1, rest, whole=stem == first):
                    best = (len(rest) + 1, names)
        if not best[0] and first[0] == "#" and len(first) > 1:
            return self._tag(words, place)
        return best

    def _tag(self, words: Sequence[str], place: int) -> tuple[int, tuple[str, ...]]:
        tag = words[place][1:]
        length, names = self._at([tag, *words[place + 1 :]], 0)
        if length:
            return length, names
        return 1, next((self.joined[stem] for stem in _stems(tag) if stem in self.joined), ())

    def _exactly(self, word: str) -> tuple[str, ...]:
        return next((names for rest, names in self.terms.get(word, ()) if not rest), ())

    @staticmethod
    def _follows(words: Sequence[str], start: int, rest: Sequence[str], *, whole: bool) -> bool:
        """Whether the rest of a term stands there; only its last word may carry an ending."""
        if not rest:
            return True
        end = start + len(rest)
        if not whole or end > len(words) or tuple(words[start : end - 1]) != tuple(rest[:-1]):
            return False
        return rest[-1] in _stems(words[end - 1])


def _start(word: str) -> str:
    return word[1:3] if word[0] in "#@" and len(word) > 1 else word[:2]


def _stems(word: str) -> Iterator[str]:
    """The word, then the word without each ending that Persian may have glued to it."""
    yield word
    if not _PERSIAN_WORD.fullmatch(word):
        return
    for length in range(1, min(_LONGEST_ENDING, len(word) - 2) + 1):
        if word[-length:] in _ENDINGS and (length > 1 or len(word) > _SHORTEST_WITH_A_LETTER):
            yield word[:-length]
