"""Webhook notifications of the Graph API, by which Facebook and Instagram tell of comments.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started#event-notifications

`{"object": "page", "entry": [{"id", "time", "changes": [{"field", "value"}]}]}`. A notification can hold many
changes. Here one record is one post: whoever collects them splits a notification into one a change.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pipeline.adapters.fields import EpochAny, Items, Name, Payload, read
from pipeline.errors import RecordError


class _Change(Payload):
    field: Name
    value: dict[str, Any]


class _Entry(Payload):
    time: EpochAny
    changes: Items[_Change]


class _Notification(Payload):
    entry: Items[_Entry]


def is_notification(payload: Mapping[str, Any], about: str) -> bool:
    """Whether this looks like a notification about a `page` or about `instagram`."""
    return payload.get("object") == about and "entry" in payload


def only_change(payload: Mapping[str, Any], field: str) -> tuple[Mapping[str, Any], datetime]:
    """What changed and when the notification was sent.

    RecordError unknown_shape when the one change is of another field, or when there is not exactly one.
    """
    changes = [(change, entry.time) for entry in read(_Notification, payload).entry for change in entry.changes]
    if len(changes) != 1:
        raise RecordError("unknown_shape", f"entry: holds {len(changes)} changes; give one notification a change")
    change, at = changes[0]
    if change.field != field:
        raise RecordError("unknown_shape", f"entry: only changes of the field {field} are read")
    return change.value, at
