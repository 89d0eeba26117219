"""A schema by its name, read from the package itself, so that it works from an installed wheel too."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import fastavro

from pipeline.errors import ConfigError

Schema = dict[str, Any]

PACKAGE: Traversable = files("schemas")
FILE_NAME = re.compile(r"(?P<name>[a-z][a-z_]*)\.v(?P<version>[1-9]\d*)\.avsc")


def contracts(directory: Traversable = PACKAGE) -> dict[str, tuple[int, ...]]:
    """Names of the schemas in a directory and the versions of each, ascending."""
    found: dict[str, list[int]] = {}
    for entry in directory.iterdir():
        if match := FILE_NAME.fullmatch(entry.name):
            found.setdefault(match["name"], []).append(int(match["version"]))
    return {name: tuple(sorted(found[name])) for name in sorted(found)}


@cache
def names() -> tuple[str, ...]:
    """Names of all schemas, sorted."""
    return tuple(contracts())


def versions(name: str, directory: Traversable = PACKAGE) -> tuple[int, ...]:
    """Versions of a schema, ascending.

    Raises:
        ConfigError: no schema has that name; the text lists those there are.
    """
    known = contracts(directory)
    if name not in known:
        raise ConfigError(f"no schema is called {name!r}; there are: {', '.join(known)}")
    return known[name]


@cache
def load(name: str, version: int | None = None) -> Schema:
    """The parsed schema, ready for fastavro's readers and writers. The result is shared: do not change it.

    Args:
        name: such as `social_post`.
        version: None for the latest.

    Raises:
        ConfigError: unknown name or version; the text lists those there are.
    """
    parsed: Schema = fastavro.parse_schema(raw(name, version))
    return parsed


def raw(name: str, version: int | None = None, directory: Traversable = PACKAGE) -> Schema:
    """The schema's definition as plain JSON values, self-contained, with docs and defaults.

    A file may name types of another file and lists that file in its `uses`; here the first mention
    of such a type is replaced by its definition, as Avro wants it, and `uses` is gone.

    Raises:
        ConfigError: unknown name or version; the text lists those there are.
    """
    known = versions(name, directory)
    version = known[-1] if version is None else version
    if version not in known:
        raise ConfigError(f"schema {name!r} has no version {version}; there are: {', '.join(map(str, known))}")
    text = directory.joinpath(f"{name}.v{version}.avsc").read_text(encoding="utf-8")
    definition: Schema = json.loads(text)
    foreign: dict[str, Schema] = {}
    for used in definition.pop("uses", []):
        used_name, _, used_version = used.rpartition(".v")
        found = raw(used_name, int(used_version), directory)
        foreign[f"{found['namespace']}.{found['name']}"] = found
    inlined: Schema = _inline(definition, foreign)
    return inlined


def _inline(node: Any, foreign: dict[str, Schema]) -> Any:
    """Replace the first mention of each foreign type, in document order, by its definition."""
    if isinstance(node, str):
        return foreign.pop(node, node)
    if isinstance(node, list):
        return [_inline(branch, foreign) for branch in node]
    # only these keys hold types: a doc or a default that reads like a type's name stays as it is
    changed = dict(node)
    for key in ("type", "items", "values"):
        if key in node:
            changed[key] = _inline(node[key], foreign)
    if "fields" in node:
        changed["fields"] = [_inline(field, foreign) for field in node["fields"]]
    return changed
