"""Imports run one way: runners → pipeline.graph → transforms, io → store → logic, records."""

import ast
from pathlib import Path

import pytest

FORBIDDEN = {
    # logic is pure: no Beam, no edge of the system
    "pipeline/logic": (
        "apache_beam",
        "pipeline.transforms",
        "pipeline.io",
        "pipeline.store",
        "pipeline.graph",
        "pipeline.config",
    ),
    # the classifier comes in through the ports
    "pipeline": ("models", "runners", "torch", "transformers"),
    "pipeline/adapters": ("apache_beam", "pipeline.io", "pipeline.transforms", "pipeline.logic"),
    "pipeline/transforms": ("pipeline.io", "pipeline.store", "pipeline.graph", "sqlalchemy"),
    "pipeline/io": ("pipeline.transforms", "pipeline.graph", "sqlalchemy"),
    "pipeline/store": ("apache_beam", "pipeline.transforms", "pipeline.io", "pipeline.graph", "pipeline.config"),
    "models": ("runners", "pipeline.graph", "pipeline.io", "pipeline.transforms"),
    "schemas": ("models", "runners", "apache_beam", "pipeline.graph", "pipeline.io", "pipeline.transforms"),
}
FILES = [(folder, path) for folder in FORBIDDEN for path in sorted(Path(folder).rglob("*.py"))]


def imported(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


@pytest.mark.parametrize(("folder", "path"), FILES, ids=lambda value: str(value))
def test_no_import_against_the_stream(folder, path):
    wrong = [n for n in imported(path) for bad in FORBIDDEN[folder] if n == bad or n.startswith(bad + ".")]
    assert not wrong


def test_there_are_files_to_check():
    assert len(FILES) > 50
