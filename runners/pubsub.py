"""Google's Pub/Sub clients as the commands use them: found, set for low latency, their errors in plain words.

The clients find a local server by PUBSUB_EMULATOR_HOST, Google's by the machine's credentials.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from google.api_core import exceptions, retry
from google.auth.exceptions import DefaultCredentialsError
from google.cloud import pubsub_v1
from google.cloud.pubsub_v1.types import BatchSettings, LimitExceededBehavior, PublisherOptions, PublishFlowControl

from pipeline.errors import ConfigError, ShenavaError, TransientError
from pipeline.io.pubsub_names import PubSubName

EMULATOR = "PUBSUB_EMULATOR_HOST"
ANSWER_WITHIN = 10.0
"""Seconds that a server has to answer one question."""
KEEP_TRYING = 60.0
"""Seconds after which a message that Pub/Sub does not take counts as failed."""

_ACK_DEADLINE = 60
_RETENTION = timedelta(days=7)
_AWAY = (exceptions.ServiceUnavailable, exceptions.DeadlineExceeded, exceptions.RetryError)
_WRONG = (exceptions.NotFound, exceptions.InvalidArgument, exceptions.PermissionDenied, exceptions.Unauthenticated)
# what passes by itself; the client's own list, tried for a minute instead of ten
_PASSING = (
    *(exceptions.Aborted, exceptions.Cancelled, exceptions.DeadlineExceeded, exceptions.InternalServerError),
    *(exceptions.ResourceExhausted, exceptions.ServiceUnavailable, exceptions.Unknown),
)


def publisher() -> pubsub_v1.PublisherClient:
    """A client that sends within 10 ms and waits when 2,000 messages or 32 MB are under way.

    Raises:
        ConfigError: there are no credentials.
    """
    with plain_errors("publishing"):
        return pubsub_v1.PublisherClient(
            BatchSettings(max_messages=100, max_bytes=1_000_000, max_latency=0.01),
            PublisherOptions(
                flow_control=PublishFlowControl(
                    message_limit=2_000, byte_limit=32_000_000, limit_exceeded_behavior=LimitExceededBehavior.BLOCK
                ),
                retry=retry.Retry(
                    retry.if_exception_type(*_PASSING), initial=0.1, maximum=5.0, multiplier=1.5, timeout=KEEP_TRYING
                ),
            ),
        )


def subscriber() -> pubsub_v1.SubscriberClient:
    """A client that reads; raises ConfigError when there are no credentials."""
    with plain_errors("reading"):
        return pubsub_v1.SubscriberClient()


def check_topic(client: pubsub_v1.PublisherClient, topic: PubSubName) -> None:
    """Raise ConfigError when there is no such topic, TransientError when nobody answers."""
    # a service account that may only publish may not ask; publishing itself will tell
    with plain_errors(f"--to {topic}", "start with --create to make it"), suppress(exceptions.PermissionDenied):
        client.get_topic(topic=topic.topic, retry=None, timeout=ANSWER_WITHIN)


def create(client: pubsub_v1.PublisherClient, topic: PubSubName, subscription: PubSubName) -> None:
    """Make the topic and a subscription to it, where they are missing.

    The subscription keeps messages for seven days, acknowledged ones too: a seek back in time needs them.
    """
    with plain_errors(f"--create {topic}"), suppress(exceptions.AlreadyExists):
        client.create_topic(name=topic.topic, retry=None, timeout=ANSWER_WITHIN)
    with plain_errors(f"--create {subscription}"), subscriber() as reader, suppress(exceptions.AlreadyExists):
        wanted = {
            "name": subscription.subscription,
            "topic": topic.topic,
            "ack_deadline_seconds": _ACK_DEADLINE,
            "retain_acked_messages": True,
            "message_retention_duration": _RETENTION,
        }
        reader.create_subscription(request=wanted, retry=None, timeout=ANSWER_WITHIN)


@contextmanager
def plain_errors(what: str, if_missing: str = "") -> Iterator[None]:
    """What the clients raise, as errors that say what to do.

    Args:
        what: what was tried; the message begins with it.
        if_missing: what to do when the topic or subscription does not exist.
    """
    try:
        yield
    except DefaultCredentialsError as error:
        raise ConfigError(
            f"{what}: no Google credentials here: set {EMULATOR} for a local server (scripts/pubsub-server), "
            "or run `gcloud auth application-default login`"
        ) from error
    except _AWAY as error:
        where = os.environ.get(EMULATOR)
        hint = f"{EMULATOR} says {where}: is that server running?" if where else "try again"
        raise TransientError(f"{what}: Pub/Sub does not answer; {hint}") from error
    except _WRONG as error:
        hint = f"; {if_missing}" if if_missing and isinstance(error, exceptions.NotFound) else ""
        raise ConfigError(f"{what}: {error.message}{hint}") from error
    except exceptions.GoogleAPICallError as error:
        raise ShenavaError(f"{what}: {error.message}") from error
