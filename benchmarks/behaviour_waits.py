"""Ways to forecast the time of an account's next post (for `benchmarks/behaviour_times.py`). Seconds throughout.

What ships, and beside it the exponential with the population's rate; the last gap (log-normal about it, as wide as
gaps of training accounts are about their last one; who has no gap yet gets the log-normal of all gaps); the
Gamma–Poisson on the wall clock (an account writes at a constant rate of its own: Lomax); the population's clock alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln
from scipy.stats import norm

from benchmarks.behaviour_scores import Accounts, Floats
from pipeline.logic.behaviour_counts import Kind, Population, kind_of
from pipeline.logic.behaviour_prior import Prior, fit
from pipeline.logic.next_behaviour import Behaviour, Wait, wait
from pipeline.records import Contribution

SHIPPED, CLOCK = "clock + own rate (ships)", "clock alone"
RATE, LAST_GAP = "population rate", "last gap"
SHORTEST = 60.0
"""What comes sooner counts as a minute: of the logarithm of a second nobody has anything."""
DAY = 86400.0
_SURE = 1e12
"""Weight of "as people in general do" that no posts can move."""


@dataclass(frozen=True)
class Lasting:
    """A distribution of the wait, as `next_behaviour.Wait` is one."""

    survival: Callable[[float], float]
    log_density: Callable[[float], float]
    quantile: Callable[[float], float]


class Learnt:
    """What the training accounts, each watched until then, teach each way to forecast."""

    def __init__(self, train: Accounts, until: Sequence[datetime]) -> None:
        self.prior: Prior = fit(Population.total(map(Population.of, train, until)))
        self._train = train
        self._watched = np.array([seconds(posts[0].at, end) for posts, end in zip(train, until, strict=True)])
        self._ended = np.array([len(posts) - 1.0 for posts in train])
        self._rate = self._ended.sum() / self._watched.sum()
        self._shape, self._scale = _gamma(self._ended[self._watched > 0], self._watched[self._watched > 0])
        logs = [np.log([max(seconds(a.at, b.at), SHORTEST) for a, b in pairwise(posts)]) for posts in train]
        every = np.concatenate(logs)
        self._middle, self._wide = float(every.mean()), float(every.std())
        self._about_last = float(np.sqrt(np.mean(np.concatenate([np.diff(each) ** 2 for each in logs]))))

    def kinds(self) -> dict[Kind, tuple[float, float]]:
        """Posts a second of each kind after an account's first, and the kind's share of all posts."""
        counts, first = dict.fromkeys(Kind, 0.5), dict.fromkeys(Kind, 0.5)
        for posts in self._train:
            for number, post in enumerate(posts):
                counts[kind_of(post)] += 1
                first[kind_of(post)] += number == 0
        whole = sum(counts.values())
        return {k: ((counts[k] - first[k] + 0.5) / self._watched.sum(), counts[k] / whole) for k in Kind}

    def tell(self, past: Sequence[Contribution], now: datetime) -> dict[str, Wait | Lasting]:
        """The wait of an account, by each way."""
        behaviour = Behaviour.of(past, now)
        silence, watched, ended = behaviour.silence, seconds(past[0].at, now), len(past) - 1
        shipped = wait(behaviour, self.prior)
        last, wide = self._middle, self._wide
        if ended:
            last, wide = float(np.log(max(seconds(past[-2].at, past[-1].at), SHORTEST))), self._about_last
        return {
            SHIPPED: shipped,
            RATE: exponential(self._rate),
            LAST_GAP: _log_normal(last, wide, silence),
            "Gamma–Poisson, wall clock": _lomax(self._shape + ended, self._scale + watched),
            CLOCK: Wait(self.prior, silence, _SURE, _SURE),
        }


def exponential(rate: float) -> Lasting:
    return Lasting(
        lambda t: float(np.exp(-rate * t)), lambda t: float(np.log(rate) - rate * t), lambda p: -np.log1p(-p) / rate
    )


def _lomax(shape: float, scale: float) -> Lasting:
    return Lasting(
        lambda t: float(np.exp(-shape * np.log1p(t / scale))),
        lambda t: float(np.log(shape / scale) - (shape + 1) * np.log1p(t / scale)),
        lambda p: float(scale * np.expm1(-np.log1p(-p) / shape)),
    )


def _log_normal(middle: float, wide: float, silence: float) -> Lasting:
    """What is left of a gap that has lasted `silence` already."""

    def z(t: float) -> float:
        return float((np.log(max(silence + t, 1e-9)) - middle) / wide)

    beyond = float(norm.logsf(z(0)))
    return Lasting(
        lambda t: float(np.exp(norm.logsf(z(t)) - beyond)),
        lambda t: float(norm.logpdf(z(t)) - np.log(wide * max(silence + t, 1e-9)) - beyond),
        lambda p: float(np.exp(middle + wide * norm.isf((1 - p) * np.exp(beyond)))) - silence,
    )


def _gamma(ended: Floats, watched: Floats) -> tuple[float, float]:
    """Shape and scale (seconds) of the rates of accounts: those that make their counts likeliest."""

    def loss(logs: Floats) -> float:
        shape, scale = np.exp(logs)
        ways = gammaln(shape + ended) - gammaln(shape)
        return float(-(shape * np.log(scale) + ways - (shape + ended) * np.log(scale + watched)).mean())

    shape, scale = np.exp(minimize(loss, [0.0, np.log(DAY)], method="Nelder-Mead").x)
    return float(shape), float(scale)


def seconds(start: datetime, end: datetime) -> float:
    """From start to end."""
    return (end - start) / timedelta(seconds=1)
