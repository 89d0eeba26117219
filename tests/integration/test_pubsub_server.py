"""The local Pub/Sub server: what the tests and a laptop rely on it for."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

pytest_plugins = ["tests.integration.pubsub"]
SCRIPT = Path("scripts/pubsub-server")


def script(*arguments):
    return subprocess.run([SCRIPT, *arguments], capture_output=True, text=True, timeout=60, check=False)


def test_what_was_acknowledged_comes_again_after_a_seek_as_it_was(pubsub):
    name, other = pubsub.made(), pubsub.made()
    before = pubsub.publish(name, b"before")
    published = [pubsub.publish(name, f"پست {number}".encode(), {"number": str(number)}) for number in range(20)]
    pubsub.publish(other, b"of another topic")
    first = pubsub.pull(name)
    assert [message.message_id for message in first] == [before, *published]

    pubsub.seek(name, first[1].publish_time)
    again = pubsub.pull(name)
    assert again == first[1:]
    assert pubsub.pull(name) == []


def test_a_seek_forward_drops_what_waits(pubsub):
    name = pubsub.made()
    pubsub.publish(name, b"old")
    pubsub.seek(name, datetime.now(UTC) + timedelta(seconds=1))
    assert pubsub.pull(name) == []


def test_two_subscriptions_each_get_everything(pubsub):
    name, second = pubsub.made(), pubsub.unused("second")
    pubsub.subscriber.create_subscription(
        request={"name": second.subscription, "topic": name.topic, "ack_deadline_seconds": 10}
    )
    pubsub.publish(name, b"once")
    assert [message.data for each in (name, second) for message in pubsub.pull(each)] == [b"once", b"once"]


def test_big_messages_are_taken_and_many_are_handed_out_in_several_answers(pubsub):
    """Google's client takes at most 4 MB at once from a local server."""
    name = pubsub.made()
    for number in range(6):
        pubsub.publish(name, b"x" * 1_500_000, {"number": str(number)})
    found = pubsub.pull(name)
    assert [(len(message.data), message.attributes["number"]) for message in found] == [
        (1_500_000, str(number)) for number in range(6)
    ]
    # Pub/Sub's own limit is 10 MB
    assert pubsub.publish(name, b"x" * 9_900_000)


def test_a_server_that_runs_already_is_used(pubsub):
    found = script("--port", "0")
    assert found.returncode == 0
    assert found.stdout == f"PUBSUB_EMULATOR_HOST={pubsub.host}\n"
    assert "already" in found.stderr


def test_a_taken_port_and_an_unknown_flag_are_explained(pubsub, monkeypatch):
    monkeypatch.delenv("PUBSUB_EMULATOR_HOST")
    taken = script("--port", pubsub.host.rpartition(":")[2])
    assert (taken.returncode, taken.stdout) == (1, "")
    assert "address already in use" in taken.stderr
    assert "--port 0" in taken.stderr
    assert script("--prot").returncode == 2
    assert "scripts/pubsub-server [--port N]" in script("--help").stdout
