"""A Pub/Sub server for tests: Google's in-memory one, started once a session on a free port.

A test module says `pytest_plugins = ["tests.integration.pubsub"]` and takes the fixture `pubsub`.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
from google.cloud import pubsub_v1

from pipeline.io.pubsub_names import PubSubName
from runners.pubsub import create

SCRIPT = Path(__file__).parents[2] / "scripts" / "pubsub-server"
EMULATOR = "PUBSUB_EMULATOR_HOST"
BUILD_WITHIN = 20 * 60
"""Seconds: on a new machine the compiler is installed first."""


class PubSub:
    """Topics of their own for each test, and what lies in them."""

    _numbers = count(1)

    def __init__(self, host: str) -> None:
        self.host = host
        self.publisher = pubsub_v1.PublisherClient()
        self.subscriber = pubsub_v1.SubscriberClient()

    def unused(self, name: str = "posts") -> PubSubName:
        """A name that no other test has."""
        return PubSubName("demo-project", f"{name}-{next(self._numbers)}")

    def made(self, name: str = "posts") -> PubSubName:
        """A new topic, with a subscription of the same name."""
        made = self.unused(name)
        create(self.publisher, made, made)
        return made

    def publish(self, name: PubSubName, data: bytes, attributes: Mapping[str, str] | None = None) -> str:
        """Publish one message; returns its id once the server has it."""
        return self.publisher.publish(name.topic, data, **(attributes or {})).result(30)

    def pull(self, name: PubSubName, ack: bool = True) -> list[pubsub_v1.types.PubsubMessage]:
        """All that waits in the subscription now, in order of publication."""
        found = []
        while taken := self.subscriber.pull(
            subscription=name.subscription, max_messages=1000, timeout=30
        ).received_messages:
            found += [each.message for each in taken]
            if ack:
                ids = [each.ack_id for each in taken]
                self.subscriber.acknowledge(subscription=name.subscription, ack_ids=ids)
        # the server numbers its messages m0, m1 …
        return sorted(found, key=lambda message: int(message.message_id.removeprefix("m")))

    def seek(self, name: PubSubName, moment: datetime) -> None:
        """Have everything since that moment delivered again, and nothing from before it."""
        self.subscriber.seek(request={"subscription": name.subscription, "time": moment})


@pytest.fixture(scope="session")
def pubsub_host() -> Iterator[str]:
    """HOST:PORT of a server that only this session uses."""
    # a server that somebody already runs here may hold anything
    environment = {name: value for name, value in os.environ.items() if name != EMULATOR}
    subprocess.run([SCRIPT, "--build"], check=True, timeout=BUILD_WITHIN, env=environment, stdout=subprocess.DEVNULL)
    server = subprocess.Popen([SCRIPT, "--port", "0"], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert server.stdout
        name, _, host = server.stdout.readline().strip().partition("=")
        assert name == EMULATOR, "the server did not start; its reason stands above"
        yield host
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def pubsub(pubsub_host: str, monkeypatch: pytest.MonkeyPatch) -> PubSub:
    """The server, named to every client of this process for one test."""
    monkeypatch.setenv(EMULATOR, pubsub_host)
    return PubSub(pubsub_host)
