"""How well an account's next post is forecast, its kind and its time, beside simple baselines, on real accounts.

    shenava run --input airline_x_v2.jsonl.gz --config examples/airlines/config.yaml --output out/airlines
    shenava run --input examples/parsi/posts --config runners/config/reference.yaml --output out/parsi
    PYTHONPATH=. python benchmarks/next_behaviour.py --events out/airlines/enriched --events out/parsi/enriched \\
        --plot docs/images/next-behaviour.png

Kinds are what the pipeline's model said of each post; no human label is used. Brand replies and anonymous posts are
left out. Every account is forecast by a prior of other accounts (five folds over accounts).

Kind (`benchmarks/behaviour_kinds.py`): the last post of each account with at least two, and three, posts.
Time (`benchmarks/behaviour_times.py`): the wait for those last posts; and at six moments, evenly over the file after
its first quarter, the wait of every account seen so far, with only what was known at that moment.

Differences come with the 95 % interval of a paired bootstrap over accounts; less is better.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.behaviour_kinds import measure
from benchmarks.behaviour_scores import Accounts, read
from benchmarks.behaviour_times import as_of, of_last_posts
from models.evaluation.tables import table

_COLOURS = {"complaint": "#D55E00", "other": "#888888", "question": "#0072B2", "advocacy": "#009E73"}
_AMONG = ("posts", "accounts")
_TO_BEST = ("log score − best", "error − best")
_FEW = 20
"""Points of fewer posts are not drawn."""


def measured(accounts: Accounts) -> dict[str, Any]:
    first, last = min(posts[0].at for posts in accounts), max(posts[-1].at for posts in accounts)
    moments = [first + (last - first) * step / 8 for step in range(2, 8)]
    return {
        "accounts": len(accounts),
        "posts": sum(map(len, accounts)),
        "first": first,
        "last": last,
        "kinds": measure(accounts)._asdict(),
        "last_posts": [row for least in (2, 3) for row in of_last_posts(accounts, least)],
        "as_of": as_of(accounts, moments),
    }


def markdown(found: Mapping[str, Any]) -> str:
    kinds, now = found["kinds"], found["as_of"]
    of_kinds = [
        [
            *(row["name"], f"≥ {row['least_posts']}", f"{row['accounts']:,}"),
            *(f"{row['log_loss']:.3f}", f"{row['brier']:.3f}", f"{row['accuracy']:.3f}"),
            *(f"{row['calibration_error']:.3f}", str(row["log_loss_to_best"]), str(row["brier_to_best"])),
        ]
        for row in kinds["rows"]
    ]
    times = [
        [
            *(row["name"], f"≥ {row['least_posts']}", f"{row['accounts']:,}", f"{row['log_score']:.3f}"),
            *(f"{row['error']:.3f}", f"{row['covered']:.1%}", str(row["log_score_to_best"]), str(row["error_to_best"])),
        ]
        for row in found["last_posts"]
    ]
    asked = [
        [
            *(row["name"], f"{row['log_score']:.3f}", f"{row['brier_day']:.4f}"),
            *(str(row["log_score_to_best"]), str(row["brier_to_best"]), str(row["log_score_to_clock"])),
        ]
        for row in now["rows"]
    ]
    of_kind = [
        [
            *(row["kind"], f"{row['came']:,}", *(f"{each:.4f}" for each in row["log_score"].values())),
            *(str(row["to_rate"]), f"{row['to_best']} ({row['best_baseline']})"),
        ]
        for row in now["kinds"]
    ]
    baseline = kinds["rows"][0]["best_baseline"], found["last_posts"][0]["best_baseline"]
    return "\n\n".join(
        [
            f"{found['posts']:,} posts of {found['accounts']:,} accounts, {found['first']:%Y-%m-%d} to "
            f"{found['last']:%Y-%m-%d}",
            f"## Kind of the last post; differences to the best baseline (log loss: {baseline[0]})",
            table(
                [
                    "forecast",
                    "posts",
                    "accounts",
                    "log loss",
                    "Brier",
                    "accuracy",
                    "ECE",
                    "log loss − best",
                    "Brier − best",
                ],
                of_kinds,
            ),
            f"## Kind of every post after the first ({kinds['every_posts']:,}; ECE {kinds['calibration_error']:.3f}): "
            "difference of the log loss",
            table(["", "difference"], [[name, str(each)] for name, each in kinds["every"].items()]),
            f"## Wait for the last post; differences to {baseline[1][0]} (log score) and {baseline[1][1]} (error)",
            table(
                ["forecast", *_AMONG, "log score", "error, log hours", "in the 80 % interval", *_TO_BEST],
                times,
            ),
            f"## As of now: asked {now['asked']:,} times, {now['again']:,} wrote again "
            f"while the file lasts, {now['told_again']:,.0f} were told to; within a day "
            f"{now['within_a_day']:.1%}, told {now['told_within_a_day']:.1%}, ECE {now['day_calibration_error']:.3f}; "
            f"best baseline {now['rows'][0]['best_baseline']}",
            table(
                [
                    "forecast",
                    "log score",
                    "Brier, within a day",
                    "log score − best",
                    "Brier − best",
                    "log score − clock",
                ],
                asked,
            ),
            "## As of now: the next post of a kind",
            table(["kind", "came", *now["kinds"][0]["log_score"], "ships − rate of the kind", "ships − best"], of_kind),
        ]
    )


def draw(found: Mapping[str, Any], path: Path) -> None:
    """How often came what was told, of the first stream."""
    figure = Figure(figsize=(12, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    left, middle, right = figure.subplots(1, 3)
    for kind, colour in _COLOURS.items():
        _curve(left, found["kinds"]["every_curves"][kind], colour, kind)
        _curve(middle, found["kinds"]["curves"][kind], colour, kind)
    left.set_title("kind of every post after the first", fontsize=9, loc="left")
    left.legend(fontsize=8, frameon=False, loc="upper left")
    middle.set_title("kind of the last post", fontsize=9, loc="left")
    _curve(right, found["as_of"]["day_curve"], _COLOURS["question"], "")
    right.set_title("a post within a day, as of now", fontsize=9, loc="left")
    for panel in (left, middle, right):
        panel.plot([0, 1], [0, 1], color="#BBBBBB", linewidth=0.8, zorder=0)
        panel.set(xlim=(0, 1), ylim=(0, 1), xlabel="probability told", ylabel="share that came")
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=8)
    figure.savefig(path, dpi=130)


def _curve(panel: Any, bins: list[tuple[float, float, int]], colour: str, name: str) -> None:
    points = [each for each in bins if each[2] >= _FEW]
    chances, shares, numbers = zip(*points, strict=True)
    panel.plot(chances, shares, color=colour, linewidth=1, label=name)
    panel.scatter(chances, shares, s=[6 + 90 * n / sum(numbers) for n in numbers], color=colour)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--events",
        type=Path,
        required=True,
        action="append",
        help="folder of enriched events that `shenava run` wrote; again for another stream",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--plot", type=Path, help="write a picture (PNG) of the first stream to this file")
    given = parser.parse_args()

    found = {str(folder): measured(read(folder)) for folder in given.events}
    if given.json:
        print(json.dumps(found, default=str, indent=1))
    else:
        print("\n\n".join(f"# {folder}\n\n{markdown(each)}" for folder, each in found.items()))
    if given.plot:
        draw(found[str(given.events[0])], given.plot)


if __name__ == "__main__":
    main()
