"""Records onto a Pub/Sub topic."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.cloud import pubsub_v1

from pipeline.errors import TransientError
from pipeline.io.pubsub_names import PubSubName
from pipeline.metrics import counter
from pipeline.records import to_json

Attributes = Callable[[Any], Mapping[str, str]]
_ANSWER_WITHIN_S = 60.0


class TopicSink:
    """One message a record: its JSON, with attributes to filter by.

    What is written again is published again, so readers go by the id in the attributes. Counts `publish.<topic>`.
    """

    _client: pubsub_v1.PublisherClient

    def __init__(self, topic: PubSubName, attributes: Attributes) -> None:
        self._topic, self._attributes = topic, attributes

    def open(self) -> None:
        self._client = pubsub_v1.PublisherClient(
            pubsub_v1.types.BatchSettings(max_messages=100, max_bytes=1_000_000, max_latency=0.005)
        )

    def write(self, records: Sequence[Any]) -> None:
        sent = [self._client.publish(self._topic.topic, _body(each), **self._attributes(each)) for each in records]
        for sending in sent:
            try:
                sending.result(timeout=_ANSWER_WITHIN_S)
            except (GoogleAPICallError, RetryError, TimeoutError) as error:
                raise TransientError(f"{self._topic}: a message was not taken: {type(error).__name__}") from error
            counter(f"publish.{self._topic.name}").inc()

    def close(self) -> None:
        self._client.stop()


def _body(record: Any) -> bytes:
    return json.dumps(to_json(record), ensure_ascii=False).encode()
