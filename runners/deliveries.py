"""Senders of webhooks: a thread a receiver, so that a slow one keeps nobody waiting."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from pipeline.clock import system_clock
from pipeline.errors import ConfigError, TransientError
from pipeline.io.call_webhooks import WebhookCaller
from pipeline.logic.webhooks import Subscription, keys_of
from pipeline.store.dispatch import Dispatch
from pipeline.store.outbox import Outbox
from runners import logs

POLL_S = 1.0
"""Between two looks into the outbox."""
STORE_AWAY_S = 5.0
FINISH_S = 30.0
"""How long a run waits at its end for what is due; the rest stays in the outbox."""
TIDY_S = 3600.0
Receivers = Sequence[tuple[Subscription, tuple[bytes, ...]]]
"""With their signing keys."""
_log = logging.getLogger(f"{logs.OWN}.webhooks")


def receivers(subscriptions: Sequence[Subscription], environment: Mapping[str, str]) -> Receivers:
    """The subscriptions with the secrets of the environment.

    Raises:
        ConfigError: naming the webhook and the variable whose secret is missing or is none; never the secret.
    """
    found = []
    for each in subscriptions:
        where = f"webhooks.{each.name}.secret_env: {each.secret_env}"
        if each.secret_env not in environment:
            raise ConfigError(f"{where} is not in the environment; `shenava webhooks verify` says how to make a secret")
        try:
            found.append((each, keys_of(environment[each.secret_env])))
        except ValueError as error:
            raise ConfigError(f"{where} holds no secret: {error}") from None
    return found


@contextmanager
def delivering(store: str, to: Receivers) -> Iterator[None]:
    """Deliver in the background while the block runs, and at its end for FINISH_S more as long as anything is due."""
    senders = _Senders(store, to)
    senders.start()
    try:
        yield
    finally:
        senders.finish(FINISH_S)


def deliver_due(store: str, to: Receivers, within: float = FINISH_S) -> Counter[tuple[str, str]]:
    """Deliver what is due, for so many seconds at most; returns how often a (receiver, state) came of it."""
    senders = _Senders(store, to)
    senders.start()
    senders.finish(within)
    return senders.done


class _Senders:
    def __init__(self, store: str, to: Receivers) -> None:
        self.done: Counter[tuple[str, str]] = Counter()
        self._outbox, self._dispatch = Outbox(store), Dispatch(store)
        self._finishing, self._stopping = threading.Event(), threading.Event()
        self._threads = [
            threading.Thread(target=self._send, args=(each, keys), name=f"webhook {each.name}", daemon=True)
            for each, keys in to
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def finish(self, within: float) -> None:
        """Wait until nothing is due, or so many seconds; a call that is under way then is left to end by itself."""
        until = time.monotonic() + within
        self._finishing.set()
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._stopping.set()
        if any(thread.is_alive() for thread in self._threads):
            _log.warning("webhooks are left for the next sender", extra=logs.fields(waited_s=within))
        else:
            self._outbox.close()
            self._dispatch.close()

    def _send(self, subscription: Subscription, keys: tuple[bytes, ...]) -> None:
        caller = WebhookCaller(self._dispatch, subscription, keys, system_clock)
        tidied, wait = -TIDY_S, POLL_S
        while not self._stopping.is_set():
            try:
                if time.monotonic() - tidied >= TIDY_S:
                    self._outbox.forget_old(datetime.now(UTC))
                    tidied = time.monotonic()
                state = caller.call_next()
            except TransientError as error:
                # PostgreSQL's further lines may quote a row
                reason = str(error).partition("\n")[0]
                _log.warning("webhooks wait for the store", extra=logs.fields(reason=reason))
                state, wait = None, STORE_AWAY_S
            except Exception:
                # a defect, told loudly; but neither the pipeline nor the other receivers pay for it
                _log.critical("a webhook failed for an unknown reason", exc_info=True)
                state, wait = None, STORE_AWAY_S
            if state is not None:
                self.done[subscription.name, state] += 1
            elif self._finishing.is_set():
                break
            else:
                self._finishing.wait(wait)
                wait = POLL_S
        with suppress(TransientError):
            caller.release()
