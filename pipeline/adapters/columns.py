"""Any flat JSON object or CSV row, through a map from post field to column."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from pipeline.adapters.canonical import EngagementFields, FlatPost, build_post
from pipeline.adapters.fields import attribute_text, read
from pipeline.adapters.times import read_time
from pipeline.errors import RecordError
from pipeline.records import SocialPost

FIELDS = frozenset(FlatPost.model_fields) - {"declared", "attributes"}
"""The post fields a column can fill; `declared.<name>` fills one declared attribute."""
NEEDED = ("post_id", "platform", "text", "created_at")
"""The fields without which there is no post: each needs a column or a constant."""

_COUNTS = frozenset(EngagementFields.model_fields) | {"followers"}
_TIMES = ("created_at", "edited_at")
_FLAGS = ("verified", "deleted")
_LISTS = {"mentions": "@", "hashtags": "#", "links": "", "media": ""}
_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True)
class ColumnMap:
    """Reads rows of one shape. Same two functions as every adapter."""

    columns: Mapping[str, str | Sequence[str]]
    """Post field -> column; several columns of a post_id are joined with '-'."""
    constants: Mapping[str, str] = field(default_factory=dict)
    """Post field -> the value it has in every row, for example the platform."""
    attributes: Sequence[str] = ()
    """Columns kept as `SocialPost.attributes`."""
    zone: tzinfo = UTC
    """Where the clock of times without an offset hangs."""

    def matches(self, payload: Mapping[str, Any]) -> bool:
        """Whether the payload has the columns of every needed field."""
        return all(name in payload for needed in NEEDED for name in self._names(needed))

    def to_post(self, payload: Mapping[str, Any]) -> SocialPost:
        """The post of this row; RecordError names the post field at fault.

        A text that is null gives an empty text (a rating without words is a post too); a null or empty
        cell of any other optional field is the same as no column. Raises missing_field for an absent
        column of a needed field.
        """
        values: dict[str, Any] = dict(self.constants)
        declared: dict[str, str] = {}
        for target in self.columns:
            cell = self._cell(target, payload)
            if target == "text":
                values[target] = "" if cell is None else cell
            elif cell is None or cell == "":
                continue
            elif target.startswith("declared."):
                declared[target.removeprefix("declared.")] = attribute_text(cell)
            else:
                values[target] = self._convert(target, cell)
        kept = {name: payload[name] for name in self.attributes if payload.get(name) not in (None, "", [], {})}
        post = read(FlatPost, {**values, "declared": declared, "attributes": kept})
        return build_post(post, post, post)

    def _names(self, target: str) -> Sequence[str]:
        column = self.columns.get(target, ())
        return (column,) if isinstance(column, str) else column

    def _cell(self, target: str, payload: Mapping[str, Any]) -> Any:
        names = self._names(target)
        for name in names:
            if target in NEEDED and name not in payload:
                raise RecordError("missing_field", f"{target}: the column {name!r} is absent")
        cells = [payload.get(name) for name in names]
        if len(cells) == 1:
            return cells[0]
        for name, cell in zip(names, cells, strict=True):
            # half an id would make different posts look like one
            if cell is None or cell == "":
                raise RecordError("missing_field", f"{target}: the column {name!r} is empty")
            if isinstance(cell, bool) or not isinstance(cell, str | int):
                raise RecordError("wrong_type", f"{target}: the column {name!r} must be text or a whole number")
        return "-".join(str(cell) for cell in cells)

    def _convert(self, target: str, cell: Any) -> Any:
        if not isinstance(cell, str):
            return cell
        if target in _TIMES:
            return self._iso(target, cell)
        if target in _COUNTS:
            # pandas writes a whole number as 12.0 when another row has none
            digits = re.fullmatch(r"\s*(\d{1,19})(?:\.0*)?\s*", cell, re.ASCII)
            return int(digits[1]) if digits else cell
        if target in _FLAGS:
            return _TRUTH.get(cell.strip().lower(), cell)
        if target in _LISTS:
            return [item.removeprefix(_LISTS[target]) if isinstance(item, str) else item for item in _items(cell)]
        return cell

    def _iso(self, target: str, cell: str) -> str:
        try:
            moment: datetime = read_time(cell, self.zone)
        except ValueError as error:
            raise RecordError("bad_time", f"{target}: {error}") from None
        return moment.isoformat()


def _items(cell: str) -> list[Any]:
    """A cell with several values: a JSON list, or words parted by blanks, commas or semicolons."""
    if cell.lstrip().startswith("["):
        try:
            listed = json.loads(cell)
        except (ValueError, RecursionError):
            listed = None
        if isinstance(listed, list):
            return listed
    return [item for item in re.split(r"[\s,;،]+", cell) if item]
