"""The pictures of the report, of its first slice. Colours: Okabe and Ito (2008), told apart by any eye."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from models.evaluation.tables import first_slice

_BLUE, _ORANGE, _GREEN, _GREY = "#0072B2", "#D55E00", "#009E73", "#888888"
_DPI = 130


def draw(found: Mapping[str, Any], output: Path) -> None:
    """Write calibration.png, thresholds.png and confusion.png; a picture without any panel is left out."""
    entries = found["scores"][first_slice(found)]["model"]
    calibration(entries, output / "calibration.png")
    thresholds(entries, found["thresholds"], output / "thresholds.png")
    confusion(entries, output / "confusion.png")


def calibration(entries: Sequence[Mapping[str, Any]], path: Path) -> None:
    """A reliability diagram a head (DeGroot and Fienberg 1983), with its expected calibration error."""
    figure, panels = _panels(len(entries), across=3, width=2.9, height=2.7)
    for panel, entry in zip(panels, entries, strict=True):
        bins = entry["reliability"]
        decisions = np.array([each["decisions"] for each in bins])
        panel.plot([0, 1], [0, 1], color=_GREY, linewidth=0.8, linestyle=(0, (4, 3)))
        confidence, right = ([each[name] for each in bins] for name in ("confidence", "right"))
        panel.plot(confidence, right, color=_BLUE, linewidth=1.2)
        panel.scatter(confidence, right, s=8 + 90 * decisions / max(decisions.sum(), 1), color=_BLUE, zorder=3)
        panel.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
        panel.set_title(f"{entry['head']}   ECE {entry['calibration_error']:.3f}", fontsize=9, loc="left")
    figure.supxlabel("probability given", fontsize=9)
    figure.supylabel("share right", fontsize=9)
    _save(figure, path)


def thresholds(entries: Sequence[Mapping[str, Any]], chosen: Mapping[str, Mapping[str, float]], path: Path) -> None:
    """Precision, recall and F1 of each flag against the threshold, the one in use marked."""
    flags = [entry for entry in entries if "threshold_curve" in entry]
    if not flags:
        path.unlink(missing_ok=True)
        return
    figure, panels = _panels(len(flags), across=3, width=3.1, height=2.8)
    lines = {"precision": (_BLUE, (0, (5, 2))), "recall": (_ORANGE, (0, (1, 1))), "f1": (_GREEN, "solid")}
    for panel, entry in zip(panels, flags, strict=True):
        curve, head = entry["threshold_curve"], entry["head"]
        for name, (colour, style) in lines.items():
            label = "F1" if name == "f1" else name
            # where nothing is given any more, precision is undefined: no line to 0
            values = np.where((name == "precision") & (np.array(curve["recall"]) == 0), np.nan, curve[name])
            panel.plot(curve["threshold"], values, color=colour, linestyle=style, linewidth=1.4, label=label)
        threshold = chosen.get(head, {}).get(head, 0.5)
        panel.axvline(threshold, color=_GREY, linewidth=1)
        panel.set(xlim=(0, 1), ylim=(0, 1.03), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
        panel.set_title(f"{head}   in use {threshold:.2f}", fontsize=9, loc="left")
    panels[0].legend(fontsize=8, frameon=False, loc="lower left")
    figure.supxlabel("threshold", fontsize=9)
    _save(figure, path)


def confusion(entries: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Given label (across) of each true label (down): shade is the share of the true label, numbers are rows."""
    shown = [entry for entry in entries if "confusion" in entry]
    if not shown:
        path.unlink(missing_ok=True)
        return
    figure, panels = _panels(len(shown), across=3, width=3.0, height=2.9)
    for panel, entry in zip(panels, shown, strict=True):
        labels = entry["confusion"]["labels"]
        counts = np.array(entry["confusion"]["true_by_given"])
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        panel.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (i, j), count in np.ndenumerate(counts):
            colour = "white" if shares[i, j] > 0.6 else "black"
            panel.text(j, i, f"{count:,}", ha="center", va="center", fontsize=8, color=colour)
        panel.set_xticks(range(len(labels)), labels)
        panel.set_yticks(range(len(labels)), labels)
        panel.tick_params(length=0)
        panel.spines[:].set_visible(False)
        panel.set_title(entry["head"], fontsize=9, loc="left")
    figure.supxlabel("given", fontsize=9)
    figure.supylabel("true", fontsize=9)
    _save(figure, path)


def _panels(count: int, across: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """So many equal panels, in rows; no state of pyplot is touched. Sizes of one panel in inches."""
    columns = min(count, across)
    rows = -(-count // columns)
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    FigureCanvasAgg(figure)
    panels = [figure.add_subplot(rows, columns, i + 1) for i in range(count)]
    for panel in panels:
        panel.tick_params(labelsize=8)
        panel.spines[["top", "right"]].set_visible(False)
    return figure, panels


def _save(figure: Figure, path: Path) -> None:
    # without the date and version that would make two runs differ
    figure.savefig(path, dpi=_DPI, metadata={"Software": None})
