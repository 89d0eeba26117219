"""Posts from a Pub/Sub subscription."""

from __future__ import annotations

import apache_beam as beam
from apache_beam.io.gcp.pubsub import PubsubMessage, ReadFromPubSub

from pipeline.io.pubsub_names import PubSubName
from pipeline.metrics import counter
from pipeline.records import RawRecord


class ReadPubSub(beam.PTransform):
    """Every message of a subscription, whatever it holds.

    Input: PBegin. Output: RawRecord, unbounded; its position is the message id, its source the subscription.
    Guarantees: a message may come again. Timestamps are the time of publication unless `event_time` names an
    attribute that holds another one (RFC 3339 or milliseconds); then deadlines follow that clock. Counts
    read.records.
    """

    def __init__(self, subscription: PubSubName, event_time: str | None = None) -> None:
        super().__init__()
        self._subscription, self._event_time = subscription, event_time

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[RawRecord]:
        source = str(self._subscription)
        return (
            begin
            | "Pull"
            >> ReadFromPubSub(
                subscription=self._subscription.subscription,
                with_attributes=True,
                timestamp_attribute=self._event_time,
            )
            | "Take the bytes" >> beam.Map(_raw, source).with_output_types(RawRecord)
        )


def _raw(message: PubsubMessage, source: str) -> RawRecord:
    counter("read.records").inc()
    # Google numbers messages; its in-memory server writes m0, m1 …
    number = (message.message_id or "").removeprefix("m")
    return RawRecord(message.data, source, int(number) if number.isdecimal() else 0)
