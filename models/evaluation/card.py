"""The model card: a hand-written text with the measured numbers filled in."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.evaluation.tables import as_markdown
from pipeline.errors import ConfigError

CARDS = Path(__file__).parents[1] / "cards"


def check(config: Path | None, data: Sequence[Path], model: str) -> None:
    """Raise ConfigError unless the card of a model directory is asked for, of an experiment's validation split."""
    if not Path(model).is_dir():
        raise ConfigError(f"--card writes into the model's directory, and --model {model} is none")
    if config is None or len(data) != 1 or not data[0].is_dir():
        raise ConfigError("--card reports the validation split: give --config and, in --data, its data root alone")


def write(config_path: Path, directory: Path, found: Mapping[str, Any]) -> None:
    """Write README.md of the model directory from `models/cards/NAME.md`, or a bare card without one.

    Args:
        config_path: the experiment whose validation split and baseline rows `found` was measured with.
        found: what `report.run` returned; the name of its model names the card.
    """
    template = CARDS / f"{found['model']}.md"
    bare = f"# {found['model']}\n\n<!-- table -->\n\n`<!-- command -->`\n"
    text = template.read_text("utf-8") if template.exists() else bare
    for mark, value in {
        "<!-- table -->": f"{as_markdown(found)}\n\nMeasured {datetime.now(UTC):%Y-%m-%d} on {platform.machine()}.",
        "<!-- command -->": f"shenava evaluate --config {config_path} --data DATA --model {directory} --card",
    }.items():
        text = text.replace(mark, value)
    (directory / "README.md").write_text(text, "utf-8")
