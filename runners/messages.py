"""Records of files as Pub/Sub messages, so that the streaming job reads of them what the file job would have read."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from pipeline.errors import RecordError
from pipeline.io.read_posts import cut
from pipeline.logic.parsing import ParseSettings, parse
from pipeline.records import RawRecord, iso_time


@dataclass(frozen=True, slots=True)
class Message:
    """What is published for one record."""

    data: bytes
    attributes: Mapping[str, str]
    """`source`: file name and line; `created_at`: time of the post, RFC 3339 in UTC, where it could be read."""
    at: datetime | None
    """When this version of the post was written; None when no post could be read from the record."""


def read_messages(file: str, settings: ParseSettings, now: datetime) -> Iterator[Message]:
    """A message a record of the file, in its order, damaged ones too: the pipeline dead-letters those.

    Args:
        file: any file that `expand_input` names.
        settings: how the pipeline will read the records; only their times are taken from it.
        now: aware; later posts have no time, as in the pipeline.
    """
    # gzip is recognised by its content, see unzip
    with FileSystems.open(file, compression_type=CompressionTypes.UNCOMPRESSED) as opened:
        for raw in cut(cast(BinaryIO, opened), file):
            yield to_message(raw, settings, now)


def to_message(raw: RawRecord, settings: ParseSettings, now: datetime) -> Message:
    """The message for one record; the arguments are those of `read_messages`."""
    # only the file's name: where it lies on this machine is nobody's business
    attributes = {"source": f"{PurePosixPath(raw.source).name}:{raw.position}"}
    at = None
    try:
        post = parse(raw, settings, now)
    except RecordError:
        # no time then; the pipeline will find the same and write the dead letter
        pass
    else:
        at = post.edited_at or post.created_at
        attributes["created_at"] = iso_time(post.created_at)
    return Message(_payload(raw), attributes, at)


def _payload(raw: RawRecord) -> bytes:
    """A CSV row as a JSON object, since a message has no header above it; anything else as it is."""
    cells = _cells(raw) if raw.header and raw.error is None else None
    if cells is None:
        return raw.payload
    return json.dumps(dict(zip(raw.header, cells, strict=True)), ensure_ascii=False).encode()


def _cells(raw: RawRecord) -> list[str] | None:
    """The cells below the header; None for a row that parsing would refuse."""
    try:
        rows = list(csv.reader([raw.payload.decode("utf-8-sig")], strict=True))
    except (UnicodeDecodeError, csv.Error):
        return None
    return rows[0] if len(rows) == 1 and len(rows[0]) == len(raw.header) else None
