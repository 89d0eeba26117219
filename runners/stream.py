"""The main job over a Pub/Sub subscription, on Beam's local streaming engine."""

from __future__ import annotations

import json
import logging
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from datetime import datetime
from threading import Event
from typing import Any, Literal

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.direct.direct_runner import BundleBasedDirectRunner
from google.api_core.exceptions import PermissionDenied

from models import loading
from pipeline import graph, metrics
from pipeline.errors import ShenavaError
from pipeline.io.in_turn import WriteInTurn
from pipeline.io.keep_care import RecallCare
from pipeline.io.publish import TopicSink
from pipeline.io.pubsub_names import PubSubName
from pipeline.io.read_pubsub import ReadPubSub
from pipeline.ports import Ports
from pipeline.records import Action, Alert, Case, DeadLetter, EnrichedPost, Review
from pipeline.store.care_store import CareStore
from runners import (
    deliveries,
    export_profiles,
    files,
    health,
    local,
    logs,
    outcome,
    pubsub,
    pubsub_engine,
    warehouse_bigquery,
)
from runners.held_messages import HeldMessages
from runners.local import Job

_log = logging.getLogger(f"{logs.OWN}.stream")


class StreamEndedError(ShenavaError):
    """The engine came to an end that nobody asked for. A defect of Shenava or Beam; nothing was acknowledged."""


@dataclass(frozen=True)
class Topics:
    """Where a stream comes from and goes to, beside the files and the store of its job."""

    posts: PubSubName
    """The subscription that is read."""
    enriched: PubSubName | None = None
    alerts: PubSubName | None = None
    actions: PubSubName | None = None
    reviews: PubSubName | None = None
    dead_letters: PubSubName | None = None
    event_time: str | None = None
    """Attribute with the time that deadlines follow; the time of publication when None."""
    replay_from: datetime | None = None
    """Deliver again what was published from then on: after a crash, a time before it."""


def run(job: Job, topics: Topics, watch: health.Watch | None = None) -> dict[str, Any]:
    """Read until SIGTERM or SIGINT, finish what was pulled, and return the summary that also lies in OUTPUT/run.json.

    Raises:
        ConfigError: before anything is read, when the job cannot be done as asked.
        TransientError: Pub/Sub does not answer at the start.
        StreamEndedError: it ended, and not because it was asked to.
    """
    started = time.monotonic()
    to = local.receivers(job)
    pulse = pubsub_engine.Pulse()
    watching = health.watched(watch or health.Watch(), pulse)
    with watching, _stopped_by_signals(pulse.stopping), pubsub.subscriber() as client:
        _check(topics)
        model = loading.load(job.model).name
        local.spare_collector()
        local.make_output(job.output)
        local.create_tables(job)
        if job.warehouse:
            warehouse_bigquery.make(job.warehouse)
        if topics.replay_from:
            _seek(topics.posts, topics.replay_from)
        # the engine is named, see runners/local.py
        metrics.forget()
        pipeline = beam.Pipeline(BundleBasedDirectRunner(), options=PipelineOptions(["--streaming"]))
        graph.build(pipeline, job.config, local.and_warehouse(job, ports(job, topics)))
        _log.info("reading", extra=logs.fields(subscription=str(topics.posts), model=model))
        held = HeldMessages(client, topics.posts.subscription)
        with pubsub_engine.pulling(pulse, held):
            with deliveries.delivering(job.store_url, to):
                pipeline.run().wait_until_finish()
            if not pulse.stopping.is_set():
                raise StreamEndedError("the stream ended by itself, which none does; what was under way comes again")
            held.finish()
    _log.info("drained", extra=logs.fields(**health.counts(pulse)))
    export_profiles.snapshot(job.store_url, job.output, job.warehouse)
    summary = outcome.summarise(job, metrics.tally(), time.monotonic() - started)
    # a stream writes a case at each of its steps and a profile in each bundle: how they stand is in the store
    summary["cases"] = dict(Counter(case.state for case in _stored_cases(job)).most_common())
    (job.output / local.MANIFEST).write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", "utf-8")
    records = summary["records"]
    if records["good"] + records["failed"] + records["duplicates"] + records["forgotten"] < records["in"]:
        outcome.balance(records)  # more than came in is no loss: a bundle that was tried again counts again
    return summary


def _stored_cases(job: Job) -> list[Case]:
    store = CareStore(job.store_url)
    try:
        return list(store.cases())
    finally:
        store.close()


def ports(job: Job, topics: Topics) -> Ports:
    """A subscription in; files, topics and SQL out."""
    to_files = local.ports(job)

    def and_to(topic: PubSubName | None, attributes: Any, sink: beam.PTransform) -> beam.PTransform:
        return files.WriteAll(files=sink, topic=WriteInTurn(TopicSink(topic, attributes))) if topic else sink

    def told(
        topic: PubSubName | None, attributes: Any, what: Literal["put_alerts", "put_actions"], to: beam.PTransform
    ) -> beam.PTransform:
        # what the store has counts as told and is not told again, so the topic comes first
        topics = (TopicSink(topic, attributes),) if topic else ()
        return files.WriteAll(files=to, store=WriteInTurn(*topics, *local.told(job, what)))

    return replace(
        to_files,
        read_posts=ReadPubSub(topics.posts, topics.event_time),
        write_enriched=and_to(topics.enriched, _post_attributes, to_files.write_enriched),
        write_reviews=and_to(topics.reviews, _review_attributes, to_files.write_reviews),
        recall_care=RecallCare(job.store_url, job.config.recall_within),
        write_alerts=told(topics.alerts, _alert_attributes, "put_alerts", files.alerts(job.output)),
        write_actions=told(topics.actions, _action_attributes, "put_actions", files.actions(job.output)),
        write_dead_letters=and_to(topics.dead_letters, _letter_attributes, to_files.write_dead_letters),
    )


@contextmanager
def _stopped_by_signals(stop: Event) -> Iterator[None]:
    def ask(number: int, frame: object) -> None:
        del number, frame
        stop.set()

    before = {each: signal.signal(each, ask) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _check(topics: Topics) -> None:
    """Raise ConfigError now for a subscription or a topic that is not there, naming its flag and how to make it."""
    posts, project = topics.posts, topics.posts.project
    make = (
        f"make it: gcloud pubsub subscriptions create {posts.name} --project={project} --topic=TOPIC "
        "--retain-acked-messages (which --replay-from needs), or "
        f"shenava publish FILE --to pubsub://{project}/TOPIC --subscription {posts.name} --create"
    )
    # a service account that may only pull or publish may not ask; pulling and publishing will tell
    with pubsub.subscriber() as reader, pubsub.plain_errors(f"--input {posts}", make), suppress(PermissionDenied):
        reader.get_subscription(subscription=posts.subscription, retry=None, timeout=pubsub.ANSWER_WITHIN)
    for field in fields(topics):
        topic = getattr(topics, field.name)
        if field.name != "posts" and isinstance(topic, PubSubName):
            flag = f"--{field.name.replace('_', '-')}"
            make = f"make it: gcloud pubsub topics create {topic.name} --project={topic.project}"
            with (
                pubsub.publisher() as writer,
                pubsub.plain_errors(f"{flag} {topic}", make),
                suppress(PermissionDenied),
            ):
                writer.get_topic(topic=topic.topic, retry=None, timeout=pubsub.ANSWER_WITHIN)


def _seek(subscription: PubSubName, to: datetime) -> None:
    with pubsub.plain_errors(f"--replay-from on {subscription}"), pubsub.subscriber() as client:
        client.seek(request={"subscription": subscription.subscription, "time": to}, timeout=pubsub.ANSWER_WITHIN)


def _post_attributes(enriched: EnrichedPost) -> Mapping[str, str]:
    return {"post": enriched.post.key, "version": enriched.post.version, "platform": enriched.post.platform}


def _alert_attributes(alert: Alert) -> Mapping[str, str]:
    return {
        "alert_id": alert.alert_id,
        "revision": str(alert.revision),
        "rule": alert.rule,
        "level": alert.level,
        "department": alert.department,
    }


def _review_attributes(review: Review) -> Mapping[str, str]:
    return {"post": review.post, "version": review.version, "department": review.department}


def _action_attributes(action: Action) -> Mapping[str, str]:
    return {
        "action_id": action.action_id,
        "revision": str(action.revision),
        "policy": action.policy,
        "channel": action.channel,
    }


def _letter_attributes(letter: DeadLetter) -> Mapping[str, str]:
    return {"stage": letter.stage, "reason": letter.reason}
