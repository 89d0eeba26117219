"""Reads files of posts, from the local disk or any other Beam filesystem.

A path names one file, a glob, or a directory that is searched with everything below it.

| extension (and each with .gz) | read as                                  |
|-------------------------------|------------------------------------------|
| .jsonl .ndjson .json          | JSON Lines                               |
| .csv                          | CSV with a header                        |
| .avro                         | Avro object container file               |
| any other                     | JSON Lines if named; ignored in a directory |
"""

from __future__ import annotations

from collections.abc import Iterator
from glob import escape
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import apache_beam as beam
from apache_beam.io import fileio
from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems

from pipeline.errors import ConfigError
from pipeline.logic.cutting import cut_avro, cut_lines, cut_rows, unzip
from pipeline.metrics import counter
from pipeline.records import RawRecord

_CUTTERS = {".jsonl": cut_lines, ".ndjson": cut_lines, ".json": cut_lines, ".csv": cut_rows, ".avro": cut_avro}
EXTENSIONS = tuple(_CUTTERS)
"""What is read in a directory, each also with .gz."""


class ReadPosts(beam.PTransform):
    """Reads every record of the files that a path names.

    Input: PBegin. Output: PCollection[RawRecord], each with the original bytes, the file and the line.
    Failures: none apart; what cannot be cut out cleanly is a RawRecord whose `error` says why, so that
    parsing dead-letters it like any other. A file that cannot be opened fails the bundle.
    Guarantees: every byte of a file but blank lines and the CSV header is in some record (only the first
    64 kB of a line over 8 MB); no order; global window, no timestamps. Counts read.records.
    """

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path

    def expand(self, pbegin: beam.pvalue.PBegin) -> beam.PCollection[RawRecord]:
        return (
            pbegin
            | "Name the input" >> beam.Create([self._path])
            | "List files" >> beam.FlatMap(expand_input).with_output_types(str)
            # one worker may have listed all files: let many read them, and many more parse them
            | "Spread files" >> beam.Reshuffle()
            | "Open files" >> fileio.ReadMatches()
            | "Cut records" >> beam.ParDo(_CutFn()).with_output_types(RawRecord)
            | "Spread records" >> beam.Reshuffle()
        )


def expand_input(path: str) -> list[str]:
    """The files that `path` names, sorted; ConfigError names the path when there is none to read."""
    if not path.strip():
        raise ConfigError("input: the path is empty")
    try:
        if _has_wildcard(path) and not FileSystems.exists(path):
            return _found(path, _match(path))
        inside = _match(escape(path.rstrip("/")) + "/**")
        if inside or ("://" not in path and Path(path).is_dir()):
            supported = [name for name in inside if _extension(name) in _CUTTERS]
            return _found(path, supported, f" in this directory with {', '.join(EXTENSIONS)} (or each with .gz)")
        return _found(path, [path] if FileSystems.exists(path) else [])
    except (BeamIOError, ValueError) as error:
        raise ConfigError(f"input {path!r}: {error}") from error


def cut(opened: BinaryIO, name: str) -> Iterator[RawRecord]:
    """The records of an opened file, gzipped or not, cut as its name's extension says."""
    return _CUTTERS.get(_extension(name), cut_lines)(unzip(opened), name)


class _CutFn(beam.DoFn):
    def process(self, file: fileio.ReadableFile) -> Iterator[RawRecord]:
        name = file.metadata.path
        # gzip is recognised by its content, see unzip
        with file.open(compression_type=CompressionTypes.UNCOMPRESSED) as opened:
            for record in cut(opened, name):
                counter("read.records").inc()
                yield record


def _has_wildcard(path: str) -> bool:
    return any(sign in path for sign in "*?[")


def _extension(name: str) -> str:
    return PurePosixPath(name.lower().removesuffix(".gz")).suffix


def _match(pattern: str) -> list[str]:
    # Beam finds nothing for a local glob that names no directory before its first wildcard
    here = "./" if "://" not in pattern and not pattern.startswith(("/", ".")) else ""
    found = FileSystems.match([here + pattern])[0].metadata_list
    return sorted(file.path.removeprefix(here) for file in found)


def _found(path: str, names: list[str], where: str = "") -> list[str]:
    if not names:
        raise ConfigError(f"input {path!r}: no file{where}")
    return names
