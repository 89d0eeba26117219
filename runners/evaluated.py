"""What an evaluation found, on one screen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table

from models.evaluation import tables


def show(found: Mapping[str, Any], output: Path, console: Console | None = None) -> None:
    """Print the headline metric of each head by slice, the difference to the baseline, and where the rest lies."""
    console = console or Console(highlight=False)
    blocks: list[Any] = [_numbers(found), _footnote(found)]
    if note := tables.learned_note(found):
        blocks.append(f"[bold]careful:[/] {note}")
    blocks.append(_places(output))
    console.print(Panel(Group(*blocks), title=f"Evaluation · {found['model']}", expand=False))


def _numbers(found: Mapping[str, Any]) -> Table:
    first, *others = found["scores"]
    baseline = _has_baseline(found)
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("head", no_wrap=True)
    # the numbers stay whole on a narrow terminal; the names of the slices wrap
    for name in (first, "95 %", *(["less TF-IDF"] if baseline else []), *others, "ECE"):
        table.add_column(name, justify="right", min_width=9 if name == "95 %" else 6)
    for entry in found["scores"][first]["model"]:
        low, high = entry["interval"]
        cells = [f"[bold]{entry['value']:.3f}[/]", f"{low:.2f}–{high:.2f}"]
        if baseline:
            cells.append(_difference(entry))
        cells += [tables.value_of(found, name, "model", entry["head"]) for name in others]
        table.add_row(entry["head"], *cells, f"{entry['calibration_error']:.3f}")
    rows = [f"{found['rows'][name]:,}" for name in found["scores"]]
    table.add_row("[dim]rows[/]", rows[0], "", *([""] if baseline else []), *rows[1:], "")
    return table


def _difference(entry: Mapping[str, Any]) -> str:
    """The difference to the baseline, starred when its interval does not hold 0."""
    difference = entry["difference"]
    low, high = difference["interval"]
    return f"{difference['value']:+.3f}{'*' if low > 0 or high < 0 else ' '}"


def _footnote(found: Mapping[str, Any]) -> str:
    by_metric: dict[str, list[str]] = {}
    for entry in found["scores"][tables.first_slice(found)]["model"]:
        by_metric.setdefault(entry["metric"], []).append(entry["head"])
    lines = [f"{metric}: {', '.join(heads)}" for metric, heads in by_metric.items()]
    lines.append("95 %: bootstrap interval · ECE: expected calibration error")
    if _has_baseline(found):
        lines.append("less TF-IDF: difference to the baseline, * when its paired interval leaves out 0")
    elif not found["config"]:
        lines.append("no baseline: its training rows come with --config and the data root")
    return "\n[dim]" + "\n".join(lines) + "[/]\n"


def _has_baseline(found: Mapping[str, Any]) -> bool:
    return "baseline" in found["scores"][tables.first_slice(found)]


def _places(output: Path) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(overflow="fold")
    for name, files in {
        "report": ("report.md", "report.json"),
        "pictures": ("calibration.png", "thresholds.png", "confusion.png"),
        "worst errors": ("errors.html",),
    }.items():
        written = [str(output / file) for file in files if (output / file).exists()]
        table.add_row(f"[bold]{name}[/]", "\n".join(written))
    return table
