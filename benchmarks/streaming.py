"""How soon an alert comes after its post, how many posts a second the streaming job does, and whether its memory grows.

    python benchmarks/streaming.py --rates 10,50,100,200 --seconds 60
    python benchmarks/streaming.py --rates "" --burst 0 --memory-minutes 30 --memory-days 360 --plot streaming.png

`shenava run` reads from the local Pub/Sub server as a process of its own, with runners/config/reference.yaml and
times of publication for its clock. The posts are texts of the sample and of real streams, none twice; a known share
are severe complaints. Latency is from the call that publishes a post to the arrival of the alert that escalates it.
A rate is sustained when at most the posts of five seconds are under way as the last one is sent; what is under way is
then waited for. "As fast as it can": posts a second while thousands wait. Publisher, server and job share the machine.

What a stream remembers of a post, it remembers for weeks. So in half an hour memory grows with the posts, whatever it
does later; with --memory-days the posts are written over so many days instead, severe ones are answered, and what is
over is laid aside: then it must level off.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jobs import server
from latency import at_rate, capacity, fast_clock, warm
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from postings import default_inputs, read_texts
from resident import Samples, growth, sampled
from rich.console import Console
from rich.progress import Progress

from models.evaluation.tables import table

_COLOURS = {"p50": "#0072B2", "p95": "#D55E00", "p99": "#009E73", "max": "#888888"}


def measure(given: argparse.Namespace) -> tuple[dict[str, Any], Samples]:
    """Everything for JSON, and the samples of memory."""
    texts = read_texts(given.posts or default_inputs())
    about = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), "texts": len(texts)}
    found: dict[str, Any] = {"about": about | {"model": given.model, "severe_share": given.alerting}}
    samples: Samples = []
    console = Console(stderr=True)
    job = {"texts": texts, "share": given.alerting, "model": given.model, "seed": given.seed}
    with tempfile.TemporaryDirectory() as place, server(), Progress(console=console, transient=True) as progress:
        if given.rates or given.burst:
            with warm(Path(place), "rates", **job) as bench:
                found["rates"] = []
                for rate in given.rates:
                    found["rates"].append(at_rate(bench, rate, given.seconds, progress))
                    console.print(" | ".join(_row(found["rates"][-1])))
                if given.burst:
                    found["capacity"] = capacity(bench, given.burst, progress)
        if given.memory_minutes:
            # a job of its own: what the rates left in memory would hide what grows
            seconds, days = given.memory_minutes * 60, timedelta(days=given.memory_days)
            clock = fast_clock(days, seconds) if days else None
            with warm(Path(place), "memory", clock=clock, **job) as bench, sampled(bench.job.memory_mb) as samples:
                steady = at_rate(bench, given.memory_rate, seconds, progress)
            found["memory"] = {"steady": steady, "days": given.memory_days, **growth(samples)}
    return found, samples


def machine() -> str:
    """The processor by name."""
    about = Path("/proc/cpuinfo").read_text("ascii", "replace")
    name = next((line.split(":", 1)[1].strip() for line in about.splitlines() if line.startswith("model name")), "")
    return name or platform.machine()


def markdown(found: Mapping[str, Any]) -> str:
    """The tables."""
    about = found["about"]
    parts = [f"{about['date']}, {about['machine']}, {about['texts']:,} texts, model {about['model'] or 'as it ships'}"]
    header = ["posts/s", "posts", "alerts of severe", *(f"{name} (s)" for name in _COLOURS)]
    header += ["processed/s", "under way at the end", "done after (s)", "sustained"]
    if rates := [*found.get("rates", []), *([found["memory"]["steady"]] if "memory" in found else [])]:
        parts.append(table(header, [_row(each) for each in rates]))
    if "capacity" in found:
        per_s = found["capacity"]["per_s"]
        told = f"{per_s:,} posts a second" if per_s else "it did not get through them"
        parts.append(f"As fast as it can, of {found['capacity']['posts']:,} posts: {told}")
    if "memory" in found:
        of = found["memory"]
        rows = [
            ("mean of the first third", f"{of['first_third_mb']:,} MB"),
            ("of the last", f"{of['last_third_mb']:,} MB"),
        ]
        rows += [("slope", f"{of['slope_mb_per_h']:+,} MB an hour"), ("peak", f"{of['peak_mb']:,} MB")]
        title = f"resident memory over {of['minutes']:g} minutes at {of['steady']['rate']:g} posts a second"
        title += f" of {of['days']:g} days" if of["days"] else ""
        parts.append(table((title, ""), rows))
    return "\n\n".join(parts)


def _row(step: Mapping[str, Any]) -> list[str]:
    latency = step["latency_s"] or {}
    drained = "never" if step["drained_s"] is None else f"{step['drained_s']:g}"
    late = f" (up to {step['late_s']:g} s late)" if step["late_s"] > 1 else ""
    return [
        *(f"{step['rate']:g}{late}", f"{step['posts']:,}", f"{step['alerts']:,} of {step['severe']:,}"),
        *(f"{latency[name]:.2f}" if name in latency else "–" for name in _COLOURS),
        *(f"{step['processed_per_s']:g}", f"{step['under_way']:,}", drained, "yes" if step["sustained"] else "no"),
    ]


def draw(found: Mapping[str, Any], samples: Samples, path: Path) -> None:
    """Latency by rate, and memory over time: what was measured of the two."""
    rates = [each for each in found.get("rates", []) if each["latency_s"]]
    figure = Figure(figsize=(9, 3.2 * (bool(rates) + bool(samples))), layout="constrained")
    FigureCanvasAgg(figure)
    panels = iter(figure.subplots(bool(rates) + bool(samples), 1, squeeze=False)[:, 0])
    if rates:
        panel = next(panels)
        for name, colour in _COLOURS.items():
            values = [each["latency_s"][name] for each in rates]
            panel.plot([each["rate"] for each in rates], values, color=colour, marker="o", linewidth=1.2, label=name)
        panel.set(yscale="log", xlabel="posts a second", ylabel="seconds from post to alert")
        panel.legend(fontsize=8, frameon=False)
    if samples:
        panel = next(panels)
        panel.plot([at / 60 for at, _ in samples], [size for _, size in samples], color=_COLOURS["p50"], linewidth=1.2)
        panel.set(xlabel="minutes", ylabel="resident memory, MB", ylim=(0, None))
        panel.set_title(f"{found['memory']['slope_mb_per_h']:+,} MB an hour", fontsize=9, loc="left")
    for panel in figure.axes:
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=8)
    figure.savefig(path, dpi=130)


def main() -> int:
    """Measure, print, draw; returns 0."""
    given = _parser().parse_args()
    found, samples = measure(given)
    print(json.dumps({**found, "memory_mb": samples}, indent=1) if given.json else markdown(found))
    if given.plot:
        draw(found, samples, given.plot)
    return 0


def _parser() -> argparse.ArgumentParser:
    def numbers(text: str) -> list[float]:
        return [float(each) for each in text.split(",") if each.strip()]

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=numbers, default="10,50,100,200", help="posts a second, one after the other")
    parser.add_argument("--seconds", type=float, default=60, help="how long each rate lasts")
    parser.add_argument("--burst", type=int, default=3_000, help="posts of the search for the highest rate, 0: none")
    parser.add_argument(
        "--posts", nargs="+", metavar="FILE", help="where texts come from (default: sample and streams)"
    )
    parser.add_argument("--alerting", type=float, default=0.05, help="share of severe complaints, as in the sample")
    parser.add_argument("--memory-minutes", type=float, default=0, help="length of the steady run for memory, 0: none")
    parser.add_argument("--memory-rate", type=float, default=10, help="its posts a second")
    parser.add_argument("--memory-days", type=float, default=0, help="days over which its posts are written, 0: now")
    parser.add_argument("--model", metavar="DIR", help="classifier of the job (default: the one that ships)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="write a picture (PNG) to this file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
