"""The waves of complaints in real tweets, and how many injected ones are found, how soon, beside plain thresholds.

    shenava run --input airline_x_v2.jsonl.gz --config examples/airlines/config.yaml --output out/airlines
    PYTHONPATH=. python benchmarks/spikes.py --events out/airlines/enriched --plot waves.png

Real (`benchmarks/real_waves.py`): the complaints of the events as the pipeline's model judged them, by brand ×
category. People are counted, not posts. The tweets cover eight days only, so the second search trusts a habit after
three days; the default waits for two weeks.

Injected (`benchmarks/injected_waves.py`): each key goes on for weeks that are drawn from its own real profile by
hour of week, its days and its hours as bursty as the median brand's (its days of storm included, so this is hard).
Every four days a wave multiplies the rate for some hours; everybody complains once. A wave is found when an alert
starts before it is an hour over; any other alert is false. A brand that was hardly collected on most days has no
profile and is left out.

The thresholds look at the same windows, ask for the same minimum and keep the same cool-down. "Mean + 3σ" is
over all windows of eight weeks, "by hour of week" over those of the same hour (σ at least that of a Poisson
count). "Strict" raises the 3 until, on these very weeks, they give no more false alarms than Shenava does.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.injected_waves import CLASSES, FACTORS, HABIT, HOURS, Outcome, Score, compare, false_alarms
from benchmarks.real_waves import Complaints, burstiness, early_settings, profiles, read, real_waves
from models.evaluation.tables import table
from pipeline.logic.spikes import History

POSTS = (
    *(("below 5", 0.0, 5.0), ("5 to 10", 5.0, 10.0), ("10 to 20", 10.0, 20.0), ("20 to 40", 20.0, 40.0)),
    ("above 40", 40.0, float("inf")),
)
"""Injected waves by the posts to be expected beyond the usual."""
_BLUE, _ORANGE, _GREEN, _GREY = "#0072B2", "#D55E00", "#009E73", "#888888"


def compared(name: str, scores: Sequence[Score], wanted: Callable[[Outcome], bool]) -> list[str]:
    """A row: how many such waves, and what each way made of them."""
    return [name, str(sum(map(wanted, scores[0].outcomes))), *(each.show(wanted) for each in scores)]


def markdown(found: Mapping[str, Any], scores: Sequence[Score], keys: Mapping[str, int]) -> str:
    about, names = found["about"], [each.name for each in scores]
    real = [
        [
            wave["brand"],
            wave["category"],
            f"{wave['started_at']:%a %d %b %H:%M}",
            f"{wave['found_after_minutes']} min",
            f"{wave['lasted_hours']:.1f} h",
            f"{wave['observed']} / {wave['expected']:.1f}",
            f"{wave['p_value']:.0e}",
            str(wave["peak"]),
            f"{wave['complaints']} by {wave['authors']}",
            "yes" if wave["default"] else "no",
            ", ".join(wave["words"]),
        ]
        for wave in found["real"]
    ]
    by_size = [
        compared(f"×{factor}, {hours} h", scores, lambda o, at=(factor, hours): (o.wave.factor, o.wave.hours) == at)
        for factor, hours in product(FACTORS, HOURS)
    ]
    by_size.append(compared("all", scores, lambda _: True))
    by_posts = [
        compared(name, scores, lambda o, low=low, high=high: low <= o.wave.more < high) for name, low, high in POSTS
    ]
    by_class = [
        [kind, str(keys[kind])]
        + [scores[0].show(lambda o, at=(kind, factor): (o.kind, o.wave.factor) == at) for factor in FACTORS]
        for kind, *_ in CLASSES
        if kind in keys
    ]
    tested = about["tested_weeks"]
    false = [
        [kind, str(n * tested)] + [f"{each.false[kind] / n / tested:.3f}" for each in scores]
        for kind, n in ((kind, keys[kind]) for kind, *_ in CLASSES if kind in keys)
    ]
    n = sum(keys.values())
    false.append(["all", str(n * tested), *(f"{each.false.total() / n / tested:.3f}" for each in scores)])
    usual = [
        [f"{e['complaints_an_hour']:g}", f"{e['hourly']:g}", f"{e['daily']:g}", f"{e['false_waves_a_year']:.1f}"]
        for e in found["false_alarms"]
    ]
    header = ("brand", "category", "start", "found after", "lasted", "observed / expected", "p", "peak", "complaints")
    return "\n\n".join(
        [
            f"{about['complaints']:,} complaints, {about['first']:%Y-%m-%d %H:%M} to {about['last']:%Y-%m-%d %H:%M} "
            f"UTC; relative variance of hours {about['burstiness'][0]:.2f}, of days {about['burstiness'][1]:.2f}",
            f"## Real waves ({about['time_zone']}), a habit trusted after three days",
            table([*header, "by default too", "words"], real),
            f"## Injected waves in {n} keys over {tested} weeks: share found, median time to the alert",
            table(["wave", "waves", *names], by_size),
            "## The same by posts beyond the usual",
            table(["posts more", "waves", *names], by_posts),
            "## Shenava by complaints an hour of the key",
            table(["complaints an hour", "keys", *(f"×{factor}" for factor in FACTORS)], by_class),
            "## False alarms a week and key",
            table(["complaints an hour", "key-weeks", *names], false),
            f"## False waves a year on usual traffic, {about['years']} years each",
            table(["complaints an hour", "burstiness of hours", "of days", "false waves a year"], usual),
        ]
    )


def plain(outcome: Outcome) -> dict[str, Any]:
    """For JSON."""
    wave = outcome.wave
    numbers = {"factor": wave.factor, "hours": wave.hours, "more": wave.more, "minutes_to_alert": outcome.delay}
    return {"complaints_an_hour": outcome.kind, **numbers}


def draw(scores: Sequence[Score], complaints: Complaints, found: Mapping[str, Any], path: Path) -> None:
    """The real key with the highest peak and what it was expected to be; the shares found by factor."""
    figure = Figure(figsize=(9, 6.5), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1)
    if found["real"]:
        top = max(found["real"], key=lambda wave: wave["peak"])
        key, about = (top["brand"], top["category"]), found["about"]
        early, own = early_settings(about["time_zone"]), dict(complaints.by_key[key])
        _, readings = History(own, since=complaints.first).walked(complaints.last, early)
        times = [early.moment(each.bucket + 1) for each in readings]
        above.plot(
            times,
            [each.observed for each in readings],
            color=_BLUE,
            linewidth=1,
            label="people who complain in an hour",
        )
        above.plot(times, [each.expected for each in readings], color=_GREY, linewidth=1, label="expected")
        for wave in found["real"]:
            if (wave["brand"], wave["category"]) == key:
                end = wave["started_at"] + timedelta(hours=wave["lasted_hours"])
                above.axvspan(wave["started_at"], end, color=_ORANGE, alpha=0.25, linewidth=0)
        above.set_title(f"{key[0]}, {key[1]}: waves shaded", fontsize=9, loc="left")
        above.legend(fontsize=8, frameon=False)
    for result, colour in zip((scores[0], *scores[3::2]), (_BLUE, _ORANGE, _GREEN), strict=True):
        shares = [
            np.mean([each.delay is not None for each in result.outcomes if low <= each.wave.more < high] or [0])
            for _, low, high in POSTS
        ]
        names = [name for name, *_ in POSTS]
        below.plot(names, shares, color=colour, marker="o", markersize=4, linewidth=1.2, label=result.name)
    below.set(ylim=(0, 1), xlabel="posts beyond the usual in the wave", ylabel="share found")
    below.set_title("injected waves, at equally many false alarms", fontsize=9, loc="left")
    below.legend(fontsize=8, frameon=False)
    for panel in (above, below):
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=8)
    figure.savefig(path, dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=Path, required=True, help="folder of enriched events that `shenava run` wrote")
    parser.add_argument("--time-zone", default="America/New_York", help="IANA name; hours of the week are local")
    parser.add_argument("--weeks", type=int, default=24, help="simulated weeks with injected waves, after eight before")
    parser.add_argument("--years", type=int, default=2, help="years of usual traffic a row of the last table")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--plot", type=Path, help="write a picture (PNG) to this file")
    given = parser.parse_args()

    complaints = read(given.events)
    bursty = burstiness(complaints, given.time_zone)
    rates = profiles(complaints, given.time_zone)
    scores, keys = compare(rates, HABIT + given.weeks, bursty, given.seed)
    found = {
        "about": {
            **{"complaints": complaints.posts, "first": complaints.first, "last": complaints.last},
            "time_zone": given.time_zone,
            **{"burstiness": bursty, "tested_weeks": given.weeks, "years": given.years},
        },
        "real": real_waves(complaints, given.time_zone),
        "injected": [{"name": s.name, "false": s.false, "waves": [plain(o) for o in s.outcomes]} for s in scores],
        "false_alarms": false_alarms(given.years, given.seed),
    }
    print(json.dumps(found, default=str, indent=1) if given.json else markdown(found, scores, keys))
    if given.plot:
        draw(scores, complaints, found, given.plot)


if __name__ == "__main__":
    main()
