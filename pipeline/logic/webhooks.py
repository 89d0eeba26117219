"""Webhooks: who is told of an alert or an action over HTTP, in which words, and how the receiver knows that it was us.

Headers, signature and envelope follow Standard Webhooks 1.0, so that its libraries verify them as they are:
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pipeline.records import Action, Alert, iso_time, to_json

ALERTS, ACTIONS = "alerts", "actions"
SECRET_PREFIX = "whsec_"
_SHORTEST_KEY, _LONGEST_KEY = 24, 64
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """A receiver and what it wants to hear of; an empty filter lets everything pass."""

    name: str
    url: str
    secret_env: str
    """Name of the environment variable with the secret."""
    send: frozenset[str]
    """ALERTS, ACTIONS or both."""
    departments: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()
    policies: frozenset[str] = frozenset()
    """Of actions; the other filters are of alerts."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one record says to a receiver."""

    record_id: str
    """`alert_id` or `action_id`."""
    revision: int
    type: str
    at: datetime
    """Event time of the record."""
    body: str
    """JSON; the same bytes at every try."""


def wants(subscription: Subscription, record: Alert | Action) -> bool:
    """Whether the receiver is to be told of the record."""

    def passes(allowed: frozenset[str], value: str) -> bool:
        return not allowed or value in allowed

    if isinstance(record, Action):
        return ACTIONS in subscription.send and passes(subscription.policies, record.policy)
    return (
        ALERTS in subscription.send
        and passes(subscription.departments, record.department)
        and passes(subscription.levels, record.level)
        and passes(subscription.rules, record.rule)
    )


def record_id(record: Alert | Action) -> str:
    """What stays the same over the revisions of a record."""
    return record.action_id if isinstance(record, Action) else record.alert_id


def no_longer_theirs(record: Alert | Action) -> Alert | Action:
    """What a receiver is told that knew an earlier revision and whose filters this one does not pass: it is withdrawn.

    Without what the post said, which is another department's business now.
    """
    if isinstance(record, Action):
        return replace(record, text="", reasons=(), withdrawn=True)
    return replace(record, excerpt="", words=(), samples=(), permalink=None, withdrawn=True)


def message(record: Alert | Action) -> Message:
    """The record in its envelope."""
    known = record_id(record)
    if isinstance(record, Action):
        kind, first, schema, at = "action", "proposed", "action.v1", record.at
    else:
        kind, first, schema, at = "alert", "raised", "alert.v1", record.raised_at or record.created_at
    what = "withdrawn" if record.withdrawn else "revised" if record.revision > 1 else first
    body = envelope(message_id(known, record.revision), f"{kind}.{what}", at, schema, to_json(record))
    return Message(known, record.revision, f"{kind}.{what}", at, body)


def message_id(record: str, revision: int) -> str:
    """Names a message for good, whatever is tried again; it holds no full stop, as the signature demands."""
    return f"{record}-{revision}"


def envelope(name: str, kind: str, at: datetime, schema: str | None, data: Mapping[str, Any]) -> str:
    """The body of a message. `timestamp` is when it happened, not when it is sent."""
    said = {"id": name, "type": kind, "timestamp": iso_time(at), "schema": schema, "data": data}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def keys_of(secrets: str) -> tuple[bytes, ...]:
    """The signing keys in `whsec_…` secrets, of which there may be several, with blanks between, while one is replaced.

    Raises:
        ValueError: it is none; the text does not repeat it.
    """
    keys = []
    for secret in secrets.split():
        try:
            key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not secret.startswith(SECRET_PREFIX) or not _SHORTEST_KEY <= len(key) <= _LONGEST_KEY:
            raise ValueError(f"a secret is {SECRET_PREFIX} and the base64 of {_SHORTEST_KEY} to {_LONGEST_KEY} bytes")
        keys.append(key)
    if not keys:
        raise ValueError("it is empty")
    return tuple(keys)


def headers(name: str, body: bytes, keys: Sequence[bytes], now: datetime) -> dict[str, str]:
    """What a request carries beside its body: HMAC-SHA256 of `id.timestamp.body`, once with each key.

    Args:
        now: of this try; receivers refuse what is minutes old, so that nobody can send it again.
    """
    sent_at = str(int(now.timestamp()))
    signed = b".".join((name.encode(), sent_at.encode(), body))
    signatures = (base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys)
    return {
        "webhook-id": name,
        "webhook-timestamp": sent_at,
        "webhook-signature": " ".join(f"v1,{each}" for each in signatures),
    }
