"""How well the time of an account's next post is forecast (for `benchmarks/next_behaviour.py`).

Two questions. *Last posts*: an account that did write again is asked, right at the post before its last one, when.
Everything is learnt from such silences only, those that a post ended. *As of now*: at a moment every account seen so
far is asked, and most never write again while the file lasts, so their silence is censored; a company asks like this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from math import inf
from typing import Any

import numpy as np

from benchmarks.behaviour_scores import Accounts, best, calibration, difference, folds
from benchmarks.behaviour_waits import CLOCK, DAY, LAST_GAP, RATE, SHIPPED, SHORTEST, Learnt, exponential, seconds
from pipeline.logic.behaviour_counts import Kind, kind_of
from pipeline.logic.next_behaviour import Behaviour, kind_probabilities

BASELINES = (RATE, LAST_GAP)
_KIND_BASELINES = ("rate of the kind", "clock, rate of the kind")
_HOUR = 3600.0


def of_last_posts(accounts: Accounts, least: int) -> list[dict[str, Any]]:
    """One row a way to forecast, on accounts with at least so many posts."""
    columns: dict[str, list[list[float]]] = {}
    for train, test in folds(accounts):
        learnt = Learnt(train, [posts[-1].at for posts in train])
        for posts in test:
            if len(posts) >= least:
                gap = max(seconds(posts[-2].at, posts[-1].at), SHORTEST)
                for name, told in learnt.tell(posts[:-1], posts[-2].at).items():
                    low, middle, high = (told.quantile(share) for share in (0.1, 0.5, 0.9))
                    off = abs(np.log(max(middle, SHORTEST) / gap))
                    score = [-told.log_density(gap) - np.log(_HOUR), off, low <= gap <= high]
                    columns.setdefault(name, []).append([float(each) for each in score])
    scores = {name: np.array(rows) for name, rows in columns.items()}
    losses, off = ({name: rows[:, at] for name, rows in scores.items()} for at in (0, 1))
    every = range(len(losses[SHIPPED]))
    sharpest, nearest = best(losses, BASELINES), best(off, BASELINES)
    return [
        {
            "least_posts": least,
            "accounts": len(every),
            "name": name,
            "log_score": float(losses[name].mean()),
            "error": float(off[name].mean()),
            "covered": float(rows[:, 2].mean()),
            "best_baseline": [sharpest, nearest],
            "log_score_to_best": difference(losses[name], losses[sharpest], every),
            "error_to_best": difference(off[name], off[nearest], every),
            "log_score_to_clock": difference(losses[name], losses[CLOCK], every),
        }
        for name, rows in scores.items()
    ]


def as_of(accounts: Accounts, moments: Sequence[datetime]) -> dict[str, Any]:
    """Every account seen by each moment asked for its next post, and for its next one of each kind."""
    end = max(posts[-1].at for posts in accounts)
    asked: list[int] = []
    losses: dict[str, list[float]] = {}
    by_kind: dict[Kind, dict[str, list[float]]] = {kind: {} for kind in Kind}
    in_time: dict[Kind, int] = dict.fromkeys(Kind, 0)
    again, told_again = 0, 0.0
    days: list[tuple[float, bool]] = []
    briers: dict[str, list[float]] = {}
    of_briers: list[int] = []
    for now in moments:
        seen = [(at, posts) for at, posts in enumerate(accounts) if posts[0].at <= now]
        for train, test in folds(seen):
            learnt = Learnt([_until(posts, now) for _, posts in train], [now] * len(train))
            rates = learnt.kinds()
            for at, posts in test:
                past = _until(posts, now)
                future = posts[len(past) :]
                came, left = seconds(now, future[0].at) if future else inf, seconds(now, end)
                told = learnt.tell(past, now)
                asked.append(at)
                again += came < inf
                told_again += 1 - told[SHIPPED].survival(left)
                for name, each in told.items():
                    losses.setdefault(name, []).append(_loss(each, came, left))
                if left >= DAY:
                    of_briers.append(at)
                    for name, each in told.items():
                        briers.setdefault(name, []).append((1 - each.survival(DAY) - (came <= DAY)) ** 2)
                    days.append((1 - told[SHIPPED].survival(DAY), came <= DAY))
                shares = kind_probabilities(Behaviour.of(past, now), learnt.prior)
                for kind, (rate, share) in rates.items():
                    first = next((seconds(now, post.at) for post in future if kind_of(post) is kind), inf)
                    in_time[kind] += first < inf
                    ways = {
                        SHIPPED: replace(told[SHIPPED], share=shares[kind]),
                        "rate of the kind": exponential(rate),
                        "clock, rate of the kind": replace(told[CLOCK], share=share),
                    }
                    for name, each in ways.items():
                        by_kind[kind].setdefault(name, []).append(_loss(each, first, left))
    scores = {name: np.array(each) for name, each in losses.items()}
    squares = {name: np.array(each) for name, each in briers.items()}
    mark, square = best(scores, BASELINES), best(squares, BASELINES)
    chances = np.array([chance for chance, _ in days])
    error, curve = calibration(chances, np.array([came for _, came in days]))
    return {
        "asked": len(asked),
        "again": again,
        "told_again": told_again,
        "within_a_day": float(np.mean([came for _, came in days])),
        "told_within_a_day": float(chances.mean()),
        "day_calibration_error": error,
        "day_curve": curve,
        "rows": [
            {
                "name": name,
                "log_score": float(each.mean()),
                "brier_day": float(squares[name].mean()),
                "best_baseline": mark,
                "log_score_to_best": difference(each, scores[mark], asked),
                "brier_to_best": difference(squares[name], squares[square], of_briers),
                "log_score_to_clock": difference(each, scores[CLOCK], asked),
            }
            for name, each in scores.items()
        ],
        "kinds": [_of_kind(kind, in_time[kind], ways, asked) for kind, ways in by_kind.items()],
    }


def _of_kind(kind: Kind, came: int, ways: dict[str, list[float]], asked: Sequence[int]) -> dict[str, Any]:
    scores = {name: np.array(each) for name, each in ways.items()}
    mark = best(scores, _KIND_BASELINES)
    return {
        "kind": kind.value,
        "came": came,
        "log_score": {name: float(each.mean()) for name, each in scores.items()},
        "best_baseline": mark,
        "to_best": difference(scores[SHIPPED], scores[mark], asked),
        "to_rate": difference(scores[SHIPPED], scores["rate of the kind"], asked),
    }


def _loss(told: Any, came: float, left: float) -> float:
    """Negative log of density (an hour) or, where it had not come when the file ended, of survival."""
    if came < inf:
        return -float(told.log_density(came)) - float(np.log(_HOUR))
    return -float(np.log(max(told.survival(left), 1e-300)))


def _until(posts: Sequence[Any], now: datetime) -> tuple[Any, ...]:
    return tuple(post for post in posts if post.at <= now)
