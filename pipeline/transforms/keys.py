"""How stateful steps key what they take."""

from __future__ import annotations

import zlib
from typing import Any

import apache_beam as beam

SHARDS = 1024
"""State by post lives in so many cells: the local streaming engine walks over all keys of a step again and again."""


def shard(post: str) -> int:
    """The cell of a post's key; the same in every process."""
    return zlib.crc32(post.encode()) % SHARDS


def pairs_of(kind: Any) -> beam.PTransform:
    """The same elements; state wants to know that they are pairs, which a flattened or tagged output does not say."""
    return beam.Map(lambda pair: pair).with_output_types(kind)
