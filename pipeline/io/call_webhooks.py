"""Messages of the outbox to one receiver over HTTP, one after another."""

from __future__ import annotations

import logging
import random
import socket
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime

import requests

from pipeline.logic.webhook_retries import DELIVERED, PENDING, Answer, after, retry_after
from pipeline.logic.webhooks import Subscription, headers
from pipeline.metrics import counter
from pipeline.ports import Clock
from pipeline.store.dispatch import Dispatch

_CONNECT_WITHIN_S, _ANSWER_WITHIN_S = 5.0, 15.0
_PROBLEMS: tuple[tuple[type[Exception], str], ...] = (
    (requests.Timeout, "timeout"),
    (requests.exceptions.SSLError, "tls"),
    (requests.exceptions.ProxyError, "proxy"),
    (requests.ConnectionError, "connection"),
)
_log = logging.getLogger("shenava.webhooks")


def post(url: str, name: str, body: bytes, keys: Sequence[bytes], now: datetime) -> Answer:
    """Send one message and say what came back. Never raises for what the network or the receiver does.

    Args:
        name: of the message, for the header `webhook-id`.
        keys: to sign with, see `logic.webhooks.keys_of`.
    """
    said = headers(name, body, keys, now) | {"Content-Type": "application/json", "User-Agent": "shenava-webhooks/1"}
    try:
        # a redirect could lead the message to somebody who was never named; the answer's body is not read
        with requests.post(
            url,
            body,
            headers=said,
            timeout=(_CONNECT_WITHIN_S, _ANSWER_WITHIN_S),
            allow_redirects=False,
            stream=True,
        ) as answer:
            return Answer(answer.status_code, None, retry_after(answer.headers.get("Retry-After"), now))
    except requests.RequestException as error:
        # the error's own text would quote the URL
        problem = next((word for kind, word in _PROBLEMS if isinstance(error, kind)), type(error).__name__)
        return Answer(None, problem)


class WebhookCaller:
    """Makes the deliveries to one receiver; a caller is one thread's."""

    def __init__(
        self,
        dispatch: Dispatch,
        subscription: Subscription,
        keys: Sequence[bytes],
        clock: Clock,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """
        Args:
            chance: gives a number of 0..1 for the jitter of waits.
        """
        self._dispatch, self._to, self._keys, self._clock, self._chance = dispatch, subscription, keys, clock, chance
        self._name = f"{socket.gethostname()} {uuid.uuid4().hex[:8]}"

    def call_next(self) -> str | None:
        """Make one delivery; returns its state afterwards, or None when there is nothing to do now.

        Raises:
            TransientError: the store is away. A message that was sent and could not be marked goes out again later.
        """
        webhook, now = self._to.name, self._clock()
        due = self._dispatch.next_due(webhook)
        claimed = self._dispatch.claim(webhook, self._name, now) if due and due <= now else None
        if claimed is None:
            return None
        answer = post(self._to.url, claimed.delivery.id, claimed.body.encode(), self._keys, now)
        now = self._clock()
        standing = after(answer, claimed.standing, now, self._chance())
        self._dispatch.settle(claimed, answer, standing, self._name, now)
        outcome = "put_off" if standing.state == PENDING else standing.state
        counter(f"webhooks.{outcome}.{webhook}").inc()
        said = {"webhook": webhook, "id": claimed.delivery.id, "state": standing.state, "attempts": standing.attempts}
        said |= {"status": answer.status, "problem": answer.problem}
        if standing.state == DELIVERED:
            _log.debug("a webhook was delivered", extra={"fields": said})
        else:
            _log.warning("a webhook was not taken", extra={"fields": said})
        return standing.state

    def release(self) -> None:
        """Let other senders have the receiver. Raises TransientError; then they have it when the lease runs out."""
        self._dispatch.release(self._to.name, self._name)
