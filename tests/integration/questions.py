"""The questions of examples/questions by name."""

from __future__ import annotations

import re
from pathlib import Path

QUESTIONS = Path(__file__).parents[2] / "examples" / "questions"
_HEAD = re.compile(r"^-- question: ([a-z-]+): .*$", re.MULTILINE)


def queries(dialect: str) -> dict[str, str]:
    """The queries of `duckdb` or `bigquery`, in their order."""
    _, *parts = _HEAD.split((QUESTIONS / f"{dialect}.sql").read_text("utf-8"))
    return {name: query.strip().rstrip(";") for name, query in zip(parts[::2], parts[1::2], strict=True)}
