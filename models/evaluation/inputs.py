"""What is reported on, and what the baseline may learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.training import config as configs
from models.training import data
from models.training.data import Row, text_key
from pipeline.errors import ConfigError


@dataclass(frozen=True)
class Inputs:
    """Labelled rows, and the experiment's own rows without the texts of them."""

    reported: list[Row]
    train: list[Row]
    """Empty without an experiment."""
    calibration: list[Row]
    learned: int
    """How many of `reported` are among the experiment's training rows: on them a model trained so looks too good."""


def read(paths: Sequence[Path], config: Path | None) -> Inputs:
    """Rows of the files among `paths`, or the experiment's validation split where there is none.

    Args:
        paths: labelled files, and at most one directory, the data root of the experiment.
        config: the experiment's YAML; needed with a directory and of no use without.

    Raises:
        ConfigError: the one without the other, several directories, no rows, or an unreadable row.
    """
    roots = [path for path in paths if path.is_dir()]
    if len(roots) > 1:
        raise ConfigError(f"--data: {roots[0]} and {roots[1]} are both directories; one data root is allowed")
    if roots and config is None:
        raise ConfigError(f"--data {roots[0]} is a data root: name the experiment that it serves with --config")
    if config and not roots:
        raise ConfigError(f"--config {config} needs its data root: give the directory with --data, too")
    reported = [row for path in paths if not path.is_dir() for row in data.read_rows(path)]
    split = data.split(configs.load(config), roots[0]) if config else None
    if split and len(paths) == 1:
        reported = split.validation
    if not any(row.labels for row in reported):
        raise ConfigError(f"--data {' '.join(map(str, paths))}: no labelled row to report on")
    if not split:
        return Inputs(reported, [], [], 0)
    texts = {text_key(row.text) for row in reported}
    keyed = [(text_key(row.text), row) for row in split.train]
    learned = texts & {key for key, _ in keyed}
    return Inputs(
        reported=reported,
        train=[row for key, row in keyed if key not in texts],
        calibration=[row for row in split.calibration if text_key(row.text) not in texts],
        learned=sum(text_key(row.text) in learned for row in reported),
    )
