"""From the bytes of one record to a SocialPost, or to the reason why not.

Reasons beside those of `pipeline.adapters.fields`: unreadable, bad_encoding, bad_row, unknown_shape.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.adapters import ADAPTERS, Adapter, detect
from pipeline.adapters.columns import FIELDS, NEEDED, ColumnMap
from pipeline.adapters.fields import read_json
from pipeline.adapters.times import EARLIEST
from pipeline.errors import ConfigError, RecordError
from pipeline.records import RawRecord, SocialPost

AHEAD = timedelta(days=1)
"""How far a platform's clock may run before ours."""


@dataclass(frozen=True)
class ParseSettings:
    """How to read records. ConfigError names the setting that is wrong."""

    format: str = "auto"
    """A name of `ADAPTERS`, `columns`, or `auto`: the column map where it fits, else what `detect` says."""
    columns: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    """Post field -> column, see `ColumnMap`."""
    constants: Mapping[str, str] = field(default_factory=dict)
    """Post field -> value for every row of the column map."""
    attributes: Sequence[str] = ()
    """Columns kept as attributes by the column map."""
    time_zone: str = "UTC"
    """IANA name; the zone of the column map's times without an offset."""

    def __post_init__(self) -> None:
        known = ("auto", "columns", *ADAPTERS)
        if self.format not in known:
            raise ConfigError(f"format: {self.format!r} is none of {', '.join(known)}")
        for setting, names in (("columns", self.columns), ("constants", self.constants)):
            for name in names:
                if name not in FIELDS and not (setting == "columns" and name.startswith("declared.")):
                    raise ConfigError(f"{setting}.{name}: no such post field; there are {', '.join(sorted(FIELDS))}")
        missing = [name for name in NEEDED if name not in self.columns and name not in self.constants]
        if missing and (self.columns or self.format == "columns"):
            raise ConfigError(f"columns.{missing[0]}: the column map needs a column or a constant for it")
        try:
            ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError):
            raise ConfigError(f"time_zone: {self.time_zone!r} is no IANA time zone such as Asia/Tehran") from None

    @cached_property
    def column_map(self) -> ColumnMap | None:
        """The configured column map, if there is one."""
        return self._map(self.columns) if self.columns else None

    def header_map(self, header: Sequence[str]) -> ColumnMap:
        """The map of a CSV file whose columns bear the names of post fields."""
        return self._map({name: name for name in header if name in FIELDS or name.startswith("declared.")})

    def _map(self, columns: Mapping[str, str | Sequence[str]]) -> ColumnMap:
        return ColumnMap(columns, self.constants, self.attributes, ZoneInfo(self.time_zone))


def parse(raw: RawRecord, config: ParseSettings, now: datetime) -> SocialPost:
    """The post in `raw`; RecordError gives the reason when there is none.

    `now` is aware: a post dated or edited more than a day after it, or before 2000, is bad_time. No other
    input makes it raise anything but RecordError.
    """
    if raw.error is not None:
        raise RecordError("unreadable", raw.error)
    try:
        # a byte order mark may stand before the first record of a file
        text = raw.payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecordError("bad_encoding", f"byte {error.start + 1} is not UTF-8") from None
    payload = _read_row(text, raw.header) if raw.header else read_json(text)
    post = _choose(payload, raw, config).to_post(payload)
    for name, at in (("created_at", post.created_at), ("edited_at", post.edited_at)):
        if at and not EARLIEST <= at <= now + AHEAD:
            raise RecordError("bad_time", f"{name}: {at:%Y-%m-%d} lies before 2000 or in the future")
    return post


def _choose(payload: Mapping[str, Any], raw: RawRecord, config: ParseSettings) -> Adapter:
    if config.format in ADAPTERS:
        return ADAPTERS[config.format]
    columns = config.column_map
    # what the user configured comes before any guess
    if columns and (config.format == "columns" or columns.matches(payload)):
        return columns
    if raw.header:
        return columns or config.header_map(raw.header)
    return detect(payload)


def _read_row(text: str, header: Sequence[str]) -> Mapping[str, str]:
    try:
        # strict: a stray quote would otherwise move words from one column into another unseen
        rows = list(csv.reader([text], strict=True))
    except csv.Error as error:
        raise RecordError("bad_row", f"is no CSV row: {error}") from None
    if len(rows) != 1:
        raise RecordError("bad_row", f"holds {len(rows)} CSV rows instead of one")
    if len(rows[0]) != len(header):
        raise RecordError("bad_row", f"has {len(rows[0])} columns, the header {len(header)}")
    return dict(zip(header, rows[0], strict=True))
