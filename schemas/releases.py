"""The frozen copies in `released/`, and whether the working files still honour them.

`social_post.v1.avsc` is the working file of version 1; `released/social_post.v1.r1.avsc`, `.r2` … are
what was released of it, never edited. A version may grow by compatible changes, each a new revision,
and is compared with *every* revision, because files of all of them lie in the warehouse. A change
that is not compatible needs a new version: a file `social_post.v2.avsc` beside the first.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ConfigError
from schemas.compatibility import Incompatibility, check
from schemas.loading import Schema, contracts, raw

HERE = Path(__file__).parent
_RELEASED = re.compile(r"(?P<contract>[a-z][a-z_]*\.v\d+)\.r(?P<revision>\d+)\.avsc")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a working file stands to what was released of it."""

    contract: str
    """Such as `social_post.v1`."""
    revision: int
    """The latest released revision; 0 when there is none."""
    changed: bool
    """The working file differs from the latest revision (docs count)."""
    removed: bool
    """It was released, and the working file is gone."""
    problems: tuple[tuple[int, Incompatibility], ...]
    """Each with the revision it breaks."""

    @property
    def broken(self) -> bool:
        """The working file cannot be released as it is."""
        return self.removed or bool(self.problems)


def standings(directory: Path = HERE) -> list[Standing]:
    """How each contract, working or released, stands; sorted by name."""
    working = _working(directory)
    released = _released(directory)
    return [_standing(contract, working, released) for contract in sorted(working.keys() | released.keys())]


def release(directory: Path = HERE) -> list[Path]:
    """Freeze every working file that differs from its latest revision; returns the files written.

    Raises:
        ConfigError: a contract is broken; then nothing at all is written.
    """
    found = standings(directory)
    if broken := [standing.contract for standing in found if standing.broken]:
        raise ConfigError(f"not released: {', '.join(broken)} cannot be read by old or new readers (see `check`)")
    working = _working(directory)
    written = []
    for standing in found:
        if standing.changed:
            path = directory / "released" / f"{standing.contract}.r{standing.revision + 1}.avsc"
            path.parent.mkdir(exist_ok=True)
            text = json.dumps(working[standing.contract], ensure_ascii=False, indent=2)
            path.write_text(text + "\n", encoding="utf-8")
            written.append(path)
    return written


def _standing(contract: str, working: dict[str, Schema], released: dict[str, dict[int, Schema]]) -> Standing:
    revisions = released.get(contract, {})
    latest = max(revisions, default=0)
    if contract not in working:
        return Standing(contract, latest, changed=True, removed=True, problems=())
    schema = working[contract]
    problems = tuple(
        (revision, problem) for revision in sorted(revisions) for problem in check(revisions[revision], schema)
    )
    return Standing(contract, latest, changed=revisions.get(latest) != schema, removed=False, problems=problems)


def _working(directory: Path) -> dict[str, Schema]:
    found = contracts(directory)
    return {f"{name}.v{version}": raw(name, version, directory) for name in found for version in found[name]}


def _released(directory: Path) -> dict[str, dict[int, Schema]]:
    found: dict[str, dict[int, Schema]] = {}
    for path in sorted((directory / "released").glob("*.avsc")):
        match = _RELEASED.fullmatch(path.name)
        if match is None:
            raise ConfigError(f"{path}: a released schema is called like social_post.v1.r1.avsc")
        schema = json.loads(path.read_text(encoding="utf-8"))
        found.setdefault(match["contract"], {})[int(match["revision"])] = schema
    return found
