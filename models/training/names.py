"""Posts with a gap for a name, and the names that fill it: who is named must not decide what a post says.

The names differ from those of the test (`models/evaluation/names.py`), and so do the sentences.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import ConfigError

GAP = "{name}"
NAMES_EACH = 6
"""Names that a post is seen with; together they weigh as much as half of that many posts."""


def fill(path: Path) -> Iterator[dict[str, Any]]:
    """Rows as `data.read_rows` knows them: each pattern with NAMES_EACH names, the same ones every time.

    The file holds `names` (language → person, brand → a list) and `patterns` (text with one `{name}`,
    lang, of: person or brand, labels).

    Raises:
        ConfigError: the file is not so.
    """
    try:
        value = yaml.safe_load(path.read_text("utf-8"))
        names, patterns = value["names"], value["patterns"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise ConfigError(f"{path}: not a file of names and patterns: {error!r}") from error
    for number, pattern in enumerate(patterns, 1):
        try:
            before, after = pattern["text"].split(GAP)
            for i, name in enumerate(random.Random(number).sample(names[pattern["lang"]][pattern["of"]], NAMES_EACH)):
                yield {
                    "id": f"own-nm-{number:03}-{i}",
                    "text": before + name + after,
                    "lang": pattern["lang"],
                    "source": "own",
                    "weight": 0.5,
                    "labels": pattern["labels"],
                }
        except (KeyError, TypeError, ValueError) as error:
            wanted = f"it needs a text with one {GAP}, lang, of, labels, and {NAMES_EACH} names or more to choose from"
            raise ConfigError(f"{path}: pattern {number}: {wanted} ({error!r})") from error
