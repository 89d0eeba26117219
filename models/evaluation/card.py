"""The model card: a hand-written text with the measured numbers filled in."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.evaluation.report import as_markdown
from models.training import config as configs
from models.training import data

CARDS = Path(__file__).parents[1] / "cards"


def write(config_path: Path, root: Path, directory: Path, found: Mapping[str, Any]) -> None:
    """Write README.md of the model directory from `models/cards/NAME.md`, or a bare card without one.

    Args:
        config_path, root: the experiment and the data that `found` was measured with.
        found: what `report.run` returned.
    """
    config = configs.load(config_path)
    template = CARDS / f"{config.name}.md"
    bare = f"# {config.name}\n\n<!-- table -->\n\n<!-- training -->\n\n`<!-- command -->`\n"
    text = template.read_text("utf-8") if template.exists() else bare
    learned = data.split(config, root).train
    rows = len({row.id for row in learned})
    for mark, value in {
        "<!-- table -->": f"{as_markdown(found)}\n\nMeasured {datetime.now(UTC):%Y-%m-%d} on {platform.machine()}.",
        "<!-- training -->": f"{rows:,} rows, {len(learned):,} with repetition, in batches of {config.batch}.",
        "<!-- command -->": f"shenava evaluate --config {config_path} --data DATA --model {directory} --card",
    }.items():
        text = text.replace(mark, value)
    (directory / "README.md").write_text(text, "utf-8")
