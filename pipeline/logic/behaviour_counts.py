"""What is counted of posts for forecasts: which kind follows which, and how long silences last.

All of it is whole-number counts that add up over accounts. Those of one account are a pure function of the set of its
posts and of now, and do not add up: which post follows which is known only of all of them together. So the counts
of a customer with several accounts are those of the merged profile.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from operator import add
from typing import Any, NamedTuple

from pipeline.errors import ConfigError
from pipeline.records import Contribution

BOUNDS: tuple[int, ...] = (0, *(60 * 2**step for step in range(1, 20)))
"""Seconds of silence at which another rate begins: 0, two minutes, four … a year."""
_SECOND = timedelta(seconds=1)


class Kind(StrEnum):
    """What a post is, one each: the first of these that holds."""

    COMPLAINT = "complaint"
    ADVOCACY = "advocacy"
    QUESTION = "question"
    PURCHASE = "purchase"
    OTHER = "other"


class Step(NamedTuple):
    """A post seen from the one before."""

    last: Kind | None
    """Kind of the one before; None for an account's first post."""
    next: Kind
    own: int
    """Posts of kind `next` that the account had written before `last`."""
    earlier: int
    """All posts that it had written before `last`."""


@dataclass(frozen=True)
class Population:
    """Counts over accounts. `merge` is commutative and associative, `Population()` its identity."""

    accounts: int = 0
    steps: Mapping[Step, int] = field(default_factory=dict)
    posts: tuple[int, ...] = (0,) * len(BOUNDS)
    """Posts that ended a silence, by its length (`BOUNDS`)."""
    seconds: tuple[int, ...] = (0,) * len(BOUNDS)
    """Time spent silent, by how long the silence had lasted."""
    longest: int = 0
    """Seconds of the longest silence seen, ended or not."""

    @classmethod
    def of(cls, posts: Iterable[Contribution], until: datetime) -> Population:
        """One account, watched until then; later posts do not count. `posts` in any order, one a post."""
        past = in_order(posts, until)
        if not past:
            return cls()
        ended, seconds, longest = silences([each.at for each in past], until)
        return cls(1, Counter(_steps([kind_of(each) for each in past])), tuple(ended), tuple(seconds), longest)

    @classmethod
    def total(cls, populations: Iterable[Population]) -> Population:
        """All together. An account in two of them counts twice."""
        accounts = longest = 0
        steps: Counter[Step] = Counter()
        posts, seconds = [0] * len(BOUNDS), [0] * len(BOUNDS)
        for each in populations:
            accounts += each.accounts
            steps.update(each.steps)
            posts = list(map(add, posts, each.posts))
            seconds = list(map(add, seconds, each.seconds))
            longest = max(longest, each.longest)
        return cls(accounts, steps, tuple(posts), tuple(seconds), longest)

    def merge(self, other: Population) -> Population:
        """Both together."""
        return Population.total((self, other))

    def to_json(self) -> dict[str, Any]:
        """For `json`; steps are rows of last kind (or null), next kind, own, earlier, how often."""
        return {
            "accounts": self.accounts,
            "steps": sorted(
                ([*step, times] for step, times in self.steps.items()), key=lambda row: [row[0] or "", *row[1:]]
            ),
            "posts": list(self.posts),
            "seconds": list(self.seconds),
            "longest": self.longest,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Population:
        """From what `to_json` gave. Raises ConfigError where something is missing or of another shape."""
        try:
            steps = {
                Step(Kind(last) if last else None, Kind(after), int(own), int(earlier)): int(times)
                for last, after, own, earlier, times in value["steps"]
            }
            posts, seconds = (tuple(int(each) for each in value[name]) for name in ("posts", "seconds"))
            made = cls(int(value["accounts"]), steps, posts, seconds, int(value["longest"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"population: {type(error).__name__} {error}; count the accounts again") from error
        if not len(posts) == len(seconds) == len(BOUNDS):
            raise ConfigError(
                f"population: posts and seconds need {len(BOUNDS)} numbers each; count the accounts again"
            )
        return made


def kind_of(post: Contribution) -> Kind:
    """The kind of a post."""
    if post.complaint:
        return Kind.COMPLAINT
    if post.advocacy:
        return Kind.ADVOCACY
    return next((kind for kind in (Kind.QUESTION, Kind.PURCHASE) if kind in post.intents), Kind.OTHER)


def in_order(posts: Iterable[Contribution], until: datetime) -> list[Contribution]:
    """The posts up to then, oldest first."""
    return sorted((each for each in posts if each.at <= until), key=lambda each: (each.at, each.post))


def silences(times: Sequence[datetime], until: datetime) -> tuple[list[int], list[int], int]:
    """Of an account's silences by `BOUNDS`: how many ended, seconds spent; and the seconds of the longest.

    The last silence, from the last of `times` to `until`, has not ended. `times` must not be empty.
    """
    ended, seconds = [0] * len(BOUNDS), [0] * len(BOUNDS)
    lengths = [(after - before) // _SECOND for before, after in pairwise([*times, until])]
    for length in lengths[:-1]:
        ended[bisect_right(BOUNDS, length) - 1] += 1
    for length in lengths:
        for at, low in enumerate(BOUNDS[: bisect_right(BOUNDS, length)]):
            high = BOUNDS[at + 1] if at + 1 < len(BOUNDS) else length
            seconds[at] += min(length, high) - low
    return ended, seconds, max(lengths)


def _steps(kinds: Sequence[Kind]) -> Iterator[Step]:
    earlier: Counter[Kind] = Counter()
    yield Step(None, kinds[0], 0, 0)
    for last, after in pairwise(kinds):
        yield Step(last, after, earlier[after], earlier.total())
        earlier[last] += 1
