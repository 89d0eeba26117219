"""A contract as a Pub/Sub schema resource."""

from __future__ import annotations

import json

from pipeline.errors import ConfigError
from schemas.loading import raw

LARGEST_DEFINITION_BYTES = 300 * 1024


def pubsub_schema(name: str, version: int | None = None) -> str:
    """The definition of a Pub/Sub schema of type AVRO, as compact self-contained JSON.

    What the service allows (https://cloud.google.com/pubsub/docs/schemas):

    - one top-level type and no imports: types of other files are written out in place;
    - a definition of at most 300 KB, at most 20 revisions of a schema, 10,000 schemas a project;
    - a new revision may only add or remove optional fields (fields with a default), which
      `schemas.compatibility` allows too. Anything else is a new version here and a new schema there;
    - the topic checks each message in its one encoding, JSON or BINARY. Use BINARY
      (`fastavro.schemaless_writer`, no file header): in Avro's JSON encoding every optional value is
      wrapped (`{"string": "fa"}`) and times are bare microseconds;
    - the service checks the types, not the docs: the ranges and allowed values are ours to keep;
    - a message is at most 10 MB, whatever its schema says.

    Args:
        name: such as `enriched_post`.
        version: None for the latest.

    Raises:
        ConfigError: no such schema, or its definition is larger than Pub/Sub takes.
    """
    definition = json.dumps(raw(name, version), ensure_ascii=False, separators=(",", ":"))
    size = len(definition.encode())
    if size > LARGEST_DEFINITION_BYTES:
        raise ConfigError(f"schema {name!r} has {size:,} bytes; Pub/Sub takes at most {LARGEST_DEFINITION_BYTES:,}")
    return definition
