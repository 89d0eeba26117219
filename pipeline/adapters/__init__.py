"""One small module a platform: raw JSON -> SocialPost.

An adapter has two functions, `matches(payload)` and `to_post(payload)`. To add a platform, write the module
and name it in `ADAPTERS`. `columns.ColumnMap` is an adapter too, made from the configuration.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

from pipeline.adapters import bluesky, canonical, facebook, instagram, linkedin, mastodon, telegram, x
from pipeline.errors import RecordError
from pipeline.records import SocialPost


class Adapter(Protocol):
    """What a platform's module offers."""

    def matches(self, payload: Mapping[str, Any], /) -> bool:
        """Whether the payload has this platform's telling fields; cheap, never raises."""

    def to_post(self, payload: Mapping[str, Any], /) -> SocialPost:
        """The post; RecordError names the field at fault."""


# in the order they are asked: the most telling shapes first, Graph comments share names with many exports
ADAPTERS: Mapping[str, Adapter] = {
    "canonical": canonical,
    "x": x,
    "telegram": telegram,
    "bluesky": bluesky,
    "mastodon": mastodon,
    "linkedin": linkedin,
    "facebook": facebook,
    "instagram": instagram,
}


def detect(payload: Mapping[str, Any]) -> Adapter:
    """The first adapter that knows the payload; RecordError unknown_shape, naming its fields, when none does."""
    for adapter in ADAPTERS.values():
        if adapter.matches(payload):
            return adapter
    # a key could hold anything: show only what looks like a field name
    names = [key for key in payload if re.fullmatch(r"[A-Za-z_$][\w.-]{0,39}", key, re.ASCII)][:8]
    raise RecordError(
        "unknown_shape", f"no platform has a record with the fields {', '.join(names) or '(none)'}; name a --format"
    )
