"""What was told once and may have to be told again: alerts and actions carry a revision, and can be withdrawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from pipeline.records import Action, Alert

Told = TypeVar("Told", Alert, Action)


def revised(before: Mapping[str, Told], after: Mapping[str, Told], emptied: Callable[[Told], Told]) -> dict[str, Told]:
    """What has to be said when `before` was said and `after` holds, both by id: the new, the changed, the withdrawn.

    Args:
        after: as if told for the first time. What changed is said with the next revision.
        emptied: takes out of a record what its post said. What is no more comes back withdrawn and so emptied:
            perhaps its post was deleted, and what that said goes with it.
    """
    said = {}
    for key, record in after.items():
        old = before.get(key)
        if old is None:
            said[key] = record
        elif replace(old, revision=1) != record:
            said[key] = replace(record, revision=old.revision + 1)
    for key, old in before.items():
        if key not in after and not old.withdrawn:
            said[key] = replace(emptied(old), revision=old.revision + 1, withdrawn=True)
    return said
