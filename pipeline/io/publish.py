"""Records onto a Pub/Sub topic."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.timestamp import MIN_TIMESTAMP
from apache_beam.utils.windowed_value import WindowedValue
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.cloud import pubsub_v1

from pipeline.errors import TransientError
from pipeline.io.pubsub_names import PubSubName
from pipeline.metrics import counter
from pipeline.records import to_json

Attributes = Callable[[Any], Mapping[str, str]]
_ANSWER_WITHIN_S = 60.0


class Publish(beam.PTransform):
    """One message a record: its JSON, with attributes to filter by.

    Input: records. Output: the same records, once Pub/Sub has them: what follows may rely on it.
    Guarantees: a bundle ends when all of its messages are taken, and fails when one is not; a retried bundle
    publishes again, so readers go by the id in the attributes. Counts `publish.<topic>`.
    """

    def __init__(self, topic: PubSubName, attributes: Attributes) -> None:
        super().__init__()
        self._topic, self._attributes = topic, attributes

    def expand(self, records: beam.PCollection) -> beam.PCollection:
        return records | "Publish" >> beam.ParDo(_PublishFn(self._topic, self._attributes))


class _PublishFn(beam.DoFn):
    _client: pubsub_v1.PublisherClient

    def __init__(self, topic: PubSubName, attributes: Attributes) -> None:
        self._topic, self._attributes = topic, attributes
        self._sent: list[tuple[Any, Any]] = []

    def setup(self) -> None:
        self._client = pubsub_v1.PublisherClient(
            pubsub_v1.types.BatchSettings(max_messages=100, max_bytes=1_000_000, max_latency=0.005)
        )

    def start_bundle(self) -> None:
        self._sent = []

    def process(self, element: Any) -> None:
        body = json.dumps(to_json(element), ensure_ascii=False).encode()
        sending = self._client.publish(self._topic.topic, body, **self._attributes(element))
        self._sent.append((element, sending))

    def finish_bundle(self) -> Iterable[WindowedValue]:
        for element, sending in self._sent:
            try:
                sending.result(timeout=_ANSWER_WITHIN_S)
            except (GoogleAPICallError, RetryError, TimeoutError) as error:
                raise TransientError(f"{self._topic}: a message was not taken: {type(error).__name__}") from error
            counter(f"publish.{self._topic.name}").inc()
            yield WindowedValue(element, MIN_TIMESTAMP, [GlobalWindow()])

    def teardown(self) -> None:
        self._client.stop()
