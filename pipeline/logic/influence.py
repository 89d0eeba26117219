"""Who is listened to: the mention graph, and PageRank on it.

An edge goes from who wrote a post to each account that the post speaks to or about. Each author has one vote a round,
shared among those they mention in proportion to Σ decay of the posts that do: who mentions a thousand times has no
more to give than who mentions once. The rank is that of Page, Brin, Motwani and Winograd 1999 ("The PageRank
citation ranking", Stanford), found by power iteration:

    r(v) = (1 − d)/N + d·( Σ over u mentioning v of r(u)·w(u, v)/Σw(u, ·)  +  Σ of r(u) over who mentions nobody / N )

with d = 0.85. What is told is r·N: 1 is the average account of the graph, 5 is five times as much.
The brand's own accounts are left out: everybody speaks to them, and what they hear says nothing of customers.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from heapq import nsmallest

import numpy as np

DAMPING = 0.85
CLOSE_ENOUGH = 1e-10
"""Sum of changes of r in a round at which it ends."""
MOST_ROUNDS = 200


@dataclass(frozen=True, slots=True)
class Voice:
    """An account, and whom it mentions."""

    account: str
    """`platform:account_id`."""
    handle: str | None
    """By which others may mention it."""
    mentions: Mapping[str, float]
    """As `Contribution.mentions` names them → Σ decay of the posts that mention them, above 0."""


@dataclass(frozen=True, slots=True)
class Influence:
    """How much somebody is listened to."""

    rank: float
    """PageRank times the number of accounts: 1 is the average."""
    mentioned_by: int
    """Number of others who mention them."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """Somebody in the order of influence."""

    subject: str
    segment: str
    influence: float
    reach: int
    """Decides between equals."""


@dataclass
class MentionGraph:
    """The graph as it is gathered; it holds the names of accounts and three numbers an edge, no post."""

    own: Collection[str] = frozenset()
    """The brand's accounts, as `platform:account_id` or `platform:@handle`, casefolded."""
    subjects: Mapping[str, str] = field(default_factory=dict)
    """Account → customer, for those that are linked: a customer is one node."""
    _nodes: dict[str, int] = field(default_factory=dict)
    _handles: dict[str, str] = field(default_factory=dict)
    _from: array[int] = field(default_factory=lambda: array("q"))
    _to: array[int] = field(default_factory=lambda: array("q"))
    _weight: array[float] = field(default_factory=lambda: array("d"))

    def add(self, voice: Voice) -> None:
        """Take in an account, once."""
        named = f"{voice.account.partition(':')[0]}:@{voice.handle.casefold()}" if voice.handle else None
        if voice.account in self.own or named in self.own:
            return
        subject = self.subjects.get(voice.account, voice.account)
        if named:
            # of two accounts with one handle on one platform (one was renamed) the smaller gets what is said to it
            self._handles[named] = min(subject, self._handles.get(named, subject))
        author = self._node(subject)
        for mentioned, weight in voice.mentions.items():
            if mentioned not in self.own:
                self._from.append(author)
                self._to.append(self._node(self.subjects.get(mentioned, mentioned)))
                self._weight.append(weight)

    def influence(self) -> dict[str, Influence]:
        """Subject (customer, unlinked account, or who was only mentioned) → how much they are listened to."""
        names = list(self._nodes)
        # a handle that belongs to a known account is that account
        known = [self._handles.get(name, name) for name in names]
        kept = {name: number for number, name in enumerate(sorted(set(known)))}
        if not kept:
            return {}
        place = np.array([kept[name] for name in known], dtype=np.int64)
        source = place[np.array(self._from, dtype=np.int64)]
        target = place[np.array(self._to, dtype=np.int64)]
        weight = np.array(self._weight)
        others = source != target
        source, target, weight = source[others], target[others], weight[others]
        ranks = page_rank(source, target, weight, len(kept)) * len(kept)
        pairs = np.unique(np.stack([source, target]), axis=1)
        heard = np.bincount(pairs[1], minlength=len(kept))
        return {name: Influence(round(float(ranks[n]), 4), int(heard[n])) for name, n in kept.items()}

    def _node(self, name: str) -> int:
        return self._nodes.setdefault(name, len(self._nodes))


def page_rank(source: np.ndarray, target: np.ndarray, weight: np.ndarray, nodes: int) -> np.ndarray:
    """r of every node; they add up to 1.

    Args:
        source, target: of each edge, numbers of nodes below `nodes`; the same edge may come several times.
        weight: of each edge, above 0.
        nodes: at least 1.
    """
    given = np.bincount(source, weights=weight, minlength=nodes)
    share = weight / given[source]
    silent = given == 0
    rank = np.full(nodes, 1 / nodes)
    for _ in range(MOST_ROUNDS):
        heard = np.bincount(target, weights=rank[source] * share, minlength=nodes)
        new = (1 - DAMPING) / nodes + DAMPING * (heard + rank[silent].sum() / nodes)
        change = np.abs(new - rank).sum()
        rank = new
        if change < CLOSE_ENOUGH:
            break
    return rank


def foremost(subjects: Iterable[Ranked], segment: str, count: int = 5) -> list[Ranked]:
    """The most influential of a segment, reach deciding between equals."""
    theirs = (each for each in subjects if each.segment == segment)
    return nsmallest(count, theirs, key=lambda each: (-each.influence, -each.reach, each.subject))
