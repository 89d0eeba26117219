"""How well the kind of an account's next post is forecast (for `benchmarks/next_behaviour.py`).

Beside what ships there are the baselines (each smoothed as well as the training accounts allow) and other ways to
use the account's own posts, each with its own weight κ, likeliest on the training accounts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from benchmarks.behaviour_scores import Accounts, Difference, Floats, best, calibration, difference, folds
from pipeline.logic.behaviour_counts import Kind, Population, kind_of
from pipeline.logic.behaviour_prior import Prior, fit
from pipeline.logic.next_behaviour import Behaviour, kind_probabilities

SHIPPED = "row + own posts (ships)"
ROW = "row alone"
BASELINES = ("majority class", "last value", "population rate")
KINDS = tuple(Kind)
_WEIGHTS = np.geomspace(0.25, 256, 41)
_SHARES = np.linspace(0.02, 0.98, 49)
_SAME = np.eye(len(KINDS))


class Cases(NamedTuple):
    """Posts to forecast: shapes (n,) and (n, 5)."""

    account: np.ndarray[Any, Any]
    number: np.ndarray[Any, Any]
    """Posts of the account before this one."""
    is_last: np.ndarray[Any, Any]
    last: np.ndarray[Any, Any]
    """Kind of the post before."""
    true: np.ndarray[Any, Any]
    earlier: Floats
    """Posts before the last by kind."""
    after_same: Floats
    """Earlier posts that came right after a post of kind `last`, by kind."""

    def loss(self, chances: Floats) -> Floats:
        """Log loss of each, in nats."""
        return -np.log(chances[np.arange(len(self.true)), self.true])


class Kinds(NamedTuple):
    """What was found on one stream."""

    rows: list[dict[str, Any]]
    """One a way to forecast: last posts of accounts with at least two and three posts."""
    every: dict[str, Difference]
    """Log loss on every post after an account's first: one way less another."""
    every_posts: int
    calibration_error: float
    """Of the likeliest kind by what ships, on every post after the first."""
    curves: Mapping[str, list[tuple[float, float, int]]]
    """Kind → calibration of what ships, on the last posts."""
    every_curves: Mapping[str, list[tuple[float, float, int]]]
    """The same on every post after the first."""


def measure(accounts: Accounts) -> Kinds:
    """Every account forecast by a prior of other accounts."""
    parts, chances, start = [], [], 0
    for train, test in folds(accounts):
        cases = _cases(test, start)
        start += len(test)
        prior = _prior(train)
        shipped = np.array([_shipped(posts[:n], prior) for posts in test for n in range(1, len(posts))])
        parts.append(cases)
        chances.append({SHIPPED: shipped} | _others(_cases(train, 0), prior, cases))
    cases = Cases(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    every = {name: np.concatenate([each[name] for each in chances]) for name in chances[0]}
    rows = []
    for least in (2, 3):
        held = cases.is_last & (cases.number >= least - 1)
        rows += _scored(least, Cases(*(column[held] for column in cases)), {n: p[held] for n, p in every.items()})
    losses = {name: cases.loss(p) for name, p in every.items()}
    pairs = [(SHIPPED, ROW), ("row + own row (Dirichlet–Markov)", ROW), (SHIPPED, "row + own row (Dirichlet–Markov)")]
    compared = {f"{a} − {b}": difference(losses[a], losses[b], cases.account) for a, b in pairs}
    many = cases.number >= 5
    compared[f"{SHIPPED} − {ROW}, after five posts"] = difference(
        losses[SHIPPED][many], losses[ROW][many], cases.account[many]
    )
    sure, held = every[SHIPPED], cases.is_last
    error, _ = calibration(sure.max(axis=1), sure.argmax(axis=1) == cases.true)
    curves = _curves(sure[held], cases.true[held])
    return Kinds(rows, compared, len(cases.true), error, curves, _curves(sure, cases.true))


def _curves(chances: Floats, true: Floats) -> dict[str, list[tuple[float, float, int]]]:
    return {kind.value: calibration(chances[:, at], true == at)[1] for at, kind in enumerate(KINDS)}


def _scored(least: int, cases: Cases, chances: Mapping[str, Floats]) -> list[dict[str, Any]]:
    losses = {name: cases.loss(p) for name, p in chances.items()}
    briers = {name: ((p - _SAME[cases.true]) ** 2).sum(axis=1) for name, p in chances.items()}
    baseline, mark = best(losses, BASELINES), best(briers, BASELINES)
    return [
        {
            "least_posts": least,
            "accounts": len(cases.true),
            "name": name,
            "log_loss": float(losses[name].mean()),
            "brier": float(briers[name].mean()),
            "accuracy": float((p.argmax(axis=1) == cases.true).mean()),
            "calibration_error": calibration(p.max(axis=1), p.argmax(axis=1) == cases.true)[0],
            "best_baseline": baseline,
            "log_loss_to_best": difference(losses[name], losses[baseline], cases.account),
            "brier_to_best": difference(briers[name], briers[mark], cases.account),
            "log_loss_to_row": difference(losses[name], losses[ROW], cases.account),
        }
        for name, p in chances.items()
    ]


def _cases(accounts: Accounts, start: int) -> Cases:
    """Every post after an account's first; accounts are numbered from `start` on."""
    rows: list[tuple[Any, ...]] = []
    for number, posts in enumerate(accounts, start):
        kinds = [KINDS.index(kind_of(post)) for post in posts]
        earlier, moves = np.zeros(len(KINDS)), np.zeros((len(KINDS), len(KINDS)))
        for at in range(1, len(kinds)):
            last, true = kinds[at - 1], kinds[at]
            rows.append((number, at, at == len(kinds) - 1, last, true, earlier.copy(), moves[last].copy()))
            earlier[last] += 1
            moves[last, true] += 1
    return Cases(*(np.array(column) for column in zip(*rows, strict=True)))


def _prior(train: Accounts) -> Prior:
    return fit(Population.total(Population.of(posts, posts[-1].at) for posts in train))


def _shipped(past: Sequence[Any], prior: Prior) -> list[float]:
    told = kind_probabilities(Behaviour.of(past, past[-1].at), prior)
    return [told[kind] for kind in KINDS]


def _others(train: Cases, prior: Prior, test: Cases) -> dict[str, Floats]:
    table = np.array([[prior.rows[last][kind] for kind in KINDS] for last in KINDS])
    rate = np.bincount(train.true, minlength=len(KINDS)) + 1.0
    rate /= rate.sum()
    common, even = _SAME[rate.argmax()], np.full(len(KINDS), 1 / len(KINDS))

    def everywhere(row: Floats) -> Floats:
        return np.tile(row, (len(test.true), 1))

    def own(counts: Callable[[Cases], Floats], about: Callable[[Cases], Floats]) -> Floats:
        def drawn(cases: Cases, weight: float) -> Floats:
            seen = counts(cases)
            return (seen + weight * about(cases)) / (seen.sum(axis=1, keepdims=True) + weight)

        return drawn(test, min(_WEIGHTS, key=lambda weight: float(train.loss(drawn(train, weight)).mean())))

    def mixed(on: Callable[[Cases], Floats], other: Floats) -> Floats:
        def blend(cases: Cases, share: float) -> Floats:
            return (1 - share) * on(cases) + share * other

        return blend(test, min(_SHARES, key=lambda share: float(train.loss(blend(train, share)).mean())))

    return {
        "majority class": mixed(lambda cases: np.tile(common, (len(cases.true), 1)), even),
        "last value": mixed(lambda cases: _SAME[cases.last], rate),
        "population rate": everywhere(rate),
        ROW: table[test.last],
        "row + own row (Dirichlet–Markov)": own(lambda cases: cases.after_same, lambda cases: table[cases.last]),
        "rate + own posts (Dirichlet)": own(
            lambda cases: cases.earlier + _SAME[cases.last], lambda cases: np.tile(rate, (len(cases.true), 1))
        ),
    }
