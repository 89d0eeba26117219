"""What is usual among all accounts: which kind of post follows which, and how silence ends. The prior of forecasts.

Kinds. Row i of the population's transitions is N_ij posts of kind j right after a post of kind i:

    marginal   q_j    = (N_·j + 1) / (N + 5)
    row        p_j(i) = (N_ij + 5·q_j) / (N_i· + 5)

An account's own posts are drawn towards the row of its last one with weight κ (`next_behaviour.py`). κ is the one
that makes the posts of all accounts, each told in advance from the account's earlier ones, likeliest. This is
the marginal likelihood (empirical Bayes; for one Dirichlet that of the Dirichlet-multinomial, Minka 2000,
"Estimating a Dirichlet distribution").

Time. Posts come in bursts: half of them within half an hour of the one before, others after days. So time is
counted on a clock that runs as people in general do: its rate at a silence s is the population's number of posts
that ended a silence of that length, by the seconds spent in it (piecewise exponential, bounds double from two
minutes on; neighbours share a rate until ten posts stand behind it; what is left at the long end is Gamma with the
weight of one post about the rate before). On this clock an account is a Poisson process with a rate of its own, about
1 (a shared Gamma frailty: Clayton 1978, Biometrika 65:141).

The counts: `behaviour_counts.py`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import log

from pipeline.logic.behaviour_counts import BOUNDS, Kind, Population, Step

_MARGINAL_WEIGHT = 5.0
"""Posts that the prior "a row is as the marginal" counts for."""
_ENOUGH = 10
"""Posts that a length of silence needs for a rate of its own."""
_FIRST_GUESS = 1 / (7 * 86_400)
"""Posts a second in a population nobody has seen: one a week."""
_WEIGHTS = tuple(2.0 ** (step / 4) for step in range(-8, 33))
"""Candidates for κ, 0.25 to 256 posts."""


@dataclass(frozen=True)
class Prior:
    """What a population teaches (`fit`)."""

    rows: Mapping[Kind | None, Mapping[Kind, float]]
    """Kind of the last post (None: no post yet) → probability of each kind for the next."""
    weight: float
    """κ: posts that a row counts for beside an account's own."""
    rates: tuple[float, ...]
    """Posts a second, by how long the silence has lasted (`BOUNDS`)."""
    longest: int
    """Seconds of silence beyond which nothing was seen."""

    @cached_property
    def _passed(self) -> list[float]:
        """The clock at each of `BOUNDS`."""
        passed = [0.0]
        for rate, (low, high) in zip(self.rates, pairwise(BOUNDS), strict=False):
            passed.append(passed[-1] + rate * (high - low))
        return passed

    def rate(self, silence: float) -> float:
        """Posts a second after so many seconds of silence."""
        return self.rates[bisect_right(BOUNDS, silence) - 1]

    def clock(self, silence: float) -> float:
        """Posts to be expected in a silence of so many seconds, were it not ended by the first."""
        at = bisect_right(BOUNDS, silence) - 1
        return self._passed[at] + self.rates[at] * (silence - BOUNDS[at])

    def silence(self, clock: float) -> float:
        """The seconds at which the clock shows this; the inverse of `clock`."""
        at = bisect_right(self._passed, clock) - 1
        return BOUNDS[at] + (clock - self._passed[at]) / self.rates[at]


def fit(population: Population) -> Prior:
    """The prior that a population is; of an empty one all kinds are as likely, and a post a week is usual."""
    rows = _rows(population.steps)
    weight = max(_WEIGHTS, key=lambda weight: _evidence(population.steps, rows, weight))
    return Prior(rows, weight, _rates(population.posts, population.seconds), population.longest)


def _rows(steps: Mapping[Step, int]) -> dict[Kind | None, dict[Kind, float]]:
    counts = {last: dict.fromkeys(Kind, 0) for last in (None, *Kind)}
    for step, times in steps.items():
        counts[step.last][step.next] += times
    marginal = {kind: sum(row[kind] for row in counts.values()) + 1 for kind in Kind}
    whole = sum(marginal.values())
    return {
        last: {
            kind: (row[kind] + _MARGINAL_WEIGHT * marginal[kind] / whole) / (sum(row.values()) + _MARGINAL_WEIGHT)
            for kind in Kind
        }
        for last, row in counts.items()
    }


def _evidence(steps: Mapping[Step, int], rows: Mapping[Kind | None, Mapping[Kind, float]], weight: float) -> float:
    """Log likelihood of every post given the account's earlier ones."""
    return sum(
        times * log((step.own + weight * rows[step.last][step.next]) / (step.earlier + weight))
        for step, times in steps.items()
    )


def _rates(posts: Sequence[int], seconds: Sequence[int]) -> tuple[float, ...]:
    """Posts a second by length of silence; a post takes a second, so that many at one moment make no endless rate."""
    rates: list[float] = []
    ended, time = 0, 0
    for at in range(len(posts)):
        ended, time = ended + posts[at], time + seconds[at]
        if ended >= _ENOUGH:
            rates += [ended / (time + ended)] * (at + 1 - len(rates))
            ended, time = 0, 0
    before = rates[-1] if rates else _FIRST_GUESS
    return (*rates, *[(ended + 1) / (time + 1 / before)] * (len(posts) - len(rates)))
