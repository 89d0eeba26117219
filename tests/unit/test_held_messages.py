"""When a pulled message is acknowledged, and what keeps it ours until then."""

import pytest
from google.api_core.exceptions import ServiceUnavailable

from runners.held_messages import LEASE_S, SETTLE_S, TURNS, HeldMessages


class Scripted:
    """Writes down what is asked of Pub/Sub."""

    def __init__(self):
        self.acknowledged, self.leases, self.away = [], [], False

    def acknowledge(self, *, subscription, ack_ids):
        assert subscription == "posts"
        if self.away:
            raise ServiceUnavailable("gone")
        self.acknowledged += ack_ids

    def modify_ack_deadline(self, *, subscription, ack_ids, ack_deadline_seconds):
        if self.away:
            raise ServiceUnavailable("gone")
        self.leases.append((subscription, list(ack_ids), ack_deadline_seconds))


class Clock:
    at = 0.0

    def __call__(self):
        return self.at


@pytest.fixture
def held():
    return HeldMessages(Scripted(), "posts", Clock())


def pulls(held, reached, count=TURNS):
    for _ in range(count):
        held.release(reached)


def test_what_is_pulled_is_leased_and_not_acknowledged(held):
    held.take(["a", "b"])
    assert held.client.leases == [("posts", ["a", "b"], LEASE_S)]
    pulls(held, 1)
    held.now.at += 10 * SETTLE_S
    pulls(held, 1)
    assert held.client.acknowledged == [], "only one of the two has passed the graph"
    assert len(held) == 2


def test_what_passed_the_graph_is_acknowledged_when_files_had_time_to_close(held):
    held.take(["a"])
    held.take(["b"])
    held.release(1)
    pulls(held, 1)
    assert held.client.acknowledged == []
    held.now.at += SETTLE_S
    held.release(1)
    assert held.client.acknowledged == ["a"]
    assert len(held) == 1


def test_time_alone_proves_nothing_while_the_engine_hangs(held):
    held.take(["a"])
    held.release(1)
    held.now.at += 100 * SETTLE_S
    pulls(held, 1, TURNS - 1)
    assert held.client.acknowledged == []
    held.release(1)
    assert held.client.acknowledged == ["a"]


def test_messages_are_acknowledged_in_the_order_of_their_pulls(held):
    held.take(["a"])
    held.take(["b"])
    pulls(held, 2)
    held.now.at += SETTLE_S
    pulls(held, 2)
    assert held.client.acknowledged == ["a", "b"]


def test_a_run_that_ends_well_acknowledges_everything(held):
    held.take(["a"])
    held.take(["b", "c"])
    held.finish()
    assert held.client.acknowledged == ["a", "b", "c"]
    assert len(held) == 0


def test_leases_of_all_that_is_held_are_renewed_in_requests_of_a_size_that_is_taken(held):
    held.take([str(n) for n in range(1500)])
    held.take(["last"])
    held.client.leases.clear()
    held.renew()
    assert [len(ids) for _, ids, _ in held.client.leases] == [1000, 501]


def test_a_server_that_is_away_costs_a_delivery_and_no_more(held, caplog):
    held.client.away = True
    held.take(["a"])
    held.renew()
    held.finish()
    assert len(held) == 0
    assert "a lease was not renewed" in caplog.text
