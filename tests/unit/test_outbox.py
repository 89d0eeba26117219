"""The outbox of the webhooks, on both databases."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from pipeline.logic.webhook_retries import DEAD, DELIVERED, GIVE_UP_AFTER, PENDING, SUPERSEDED, WAITS, Answer, after
from pipeline.logic.webhooks import ACTIONS, ALERTS, Subscription
from pipeline.store import database
from pipeline.store.dispatch import LEASE, Dispatch
from pipeline.store.outbox import KEPT, Outbox, read_delivery
from pipeline.store.outbox_tables import DELIVERIES
from tests.unit.test_alert_block import an_alert
from tests.unit.test_webhooks import an_action

pytest_plugins = ["tests.stores"]
NOW = datetime(2026, 10, 6, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CRM = Subscription("crm", "https://crm.example.com/x", "CRM", frozenset({ALERTS, ACTIONS}))
DESK = Subscription("desk", "https://desk.example.com/x", "DESK", frozenset({ALERTS}), departments=frozenset({"legal"}))


@pytest.fixture
def outbox(store_url):
    outbox = Outbox(store_url)
    yield outbox
    outbox.close()


@pytest.fixture
def dispatch(store_url):
    dispatch = Dispatch(store_url)
    yield dispatch
    dispatch.close()


def alert(name="a", hours=0, **more):
    return replace(an_alert(), alert_id=name, raised_at=NOW + hours * HOUR, **more)


def answered(dispatch, claimed, status, now=NOW, sender="me"):
    answer = Answer(status)
    dispatch.settle(claimed, answer, after(answer, claimed.standing, now, 0.5), sender, now)


def deliver(dispatch, status=200, now=NOW, webhook="crm"):
    claimed = dispatch.claim(webhook, "me", now)
    assert claimed is not None
    answered(dispatch, claimed, status, now)
    return claimed.delivery.id


def states(outbox, webhook="crm"):
    return {each.id: each.state for each in outbox.deliveries(webhook=webhook)}


def bodies(store_url):
    """Id of each message about x:77 → its body as it is kept."""
    with database.reading(database.connect(store_url)[0]) as connection:
        rows = connection.execute(select(DELIVERIES).where(DELIVERIES.c.customer == "x:77"))
        return {read_delivery(row).id: row.body for row in rows}


def test_a_record_is_queued_once_for_whom_it_concerns(outbox):
    records = [alert("a"), alert("b", department="sales"), an_action()]
    assert outbox.put(records, [CRM, DESK], NOW) == 4
    assert outbox.put(records, [CRM, DESK], NOW + HOUR) == 0
    assert outbox.counts() == {"crm": {PENDING: 3}, "desk": {PENDING: 1}}
    assert outbox.put([], [CRM], NOW) == 0


def test_messages_go_out_in_order_of_event_time(outbox, dispatch):
    outbox.put([alert("b", 2), alert("c", 3)], [CRM], NOW)
    outbox.put([alert("a", 1)], [CRM], NOW + HOUR)
    assert [deliver(dispatch, now=NOW + HOUR) for _ in range(3)] == ["a-1", "b-1", "c-1"]
    assert dispatch.claim("crm", "me", NOW + HOUR) is None
    assert dispatch.next_due("crm") is None


def test_a_message_says_what_the_record_says_and_loses_it_once_delivered(outbox, dispatch, store_url):
    outbox.put([alert()], [CRM], NOW)
    claimed = dispatch.claim("crm", "me", NOW)
    assert json.loads(claimed.body)["data"]["excerpt"] == an_alert().excerpt
    assert bodies(store_url) == {"a-1": claimed.body}
    answered(dispatch, claimed, 200)
    (delivery,) = outbox.deliveries()
    assert (delivery.state, delivery.attempts, delivery.status) == (DELIVERED, 1, 200)
    assert bodies(store_url) == {"a-1": None}


def test_a_newer_revision_takes_the_place_of_what_was_not_delivered(outbox, dispatch, store_url):
    outbox.put([alert("a"), alert("b"), alert("c")], [CRM], NOW)
    assert deliver(dispatch) == "a-1"
    assert deliver(dispatch, 410) == "b-1"
    outbox.put([alert(name, revision=2) for name in "abc"], [CRM], NOW)
    found = states(outbox)
    assert found == {
        **{"a-1": DELIVERED, "b-1": SUPERSEDED, "c-1": SUPERSEDED},
        **{"a-2": PENDING, "b-2": PENDING, "c-2": PENDING},
    }
    assert [bodies(store_url)[name] for name, state in found.items() if state == SUPERSEDED] == [None, None]
    assert outbox.put([alert("c")], [CRM], NOW) == 0, "an older revision that comes late is no news"


def test_of_two_revisions_at_once_the_newer_goes(outbox):
    assert outbox.put([alert(revision=2), alert()], [CRM], NOW) == 1
    assert states(outbox) == {"a-2": PENDING}


def test_who_was_told_is_told_that_it_is_another_department_s_now(outbox, dispatch):
    outbox.put([alert()], [DESK], NOW)
    deliver(dispatch, webhook="desk")
    assert outbox.put([alert(revision=2, department="sales"), alert("b", revision=2, department="sales")], [DESK], NOW)
    claimed = dispatch.claim("desk", "me", NOW)
    said = json.loads(claimed.body)
    assert (said["type"], said["data"]["withdrawn"], said["data"]["excerpt"]) == ("alert.withdrawn", True, "")
    answered(dispatch, claimed, 200)
    assert "b-2" not in states(outbox, "desk"), "who never heard of it hears nothing"


def test_what_superseded_a_message_under_way_stands(outbox, dispatch):
    outbox.put([alert()], [CRM], NOW)
    claimed = dispatch.claim("crm", "me", NOW)
    outbox.put([alert(revision=2)], [CRM], NOW)
    answered(dispatch, claimed, 500)
    assert states(outbox) == {"a-1": SUPERSEDED, "a-2": PENDING}


def test_a_receiver_is_one_sender_s_at_a_time(outbox, dispatch):
    outbox.put([alert("a", 0), alert("b", 1)], [CRM, DESK], NOW)
    first = dispatch.claim("crm", "one", NOW)
    assert dispatch.claim("crm", "two", NOW) is None
    assert dispatch.claim("desk", "two", NOW) is not None, "another receiver is free"
    answered(dispatch, first, 200, sender="one")
    assert dispatch.claim("crm", "two", NOW) is None, "it keeps what it began"
    dispatch.release("crm", "two")
    assert dispatch.claim("crm", "two", NOW) is None, "only its own lease is given back"
    dispatch.release("crm", "one")
    assert dispatch.claim("crm", "two", NOW).delivery.id == "b-1"


def test_what_a_sender_died_over_goes_out_again(outbox, dispatch):
    outbox.put([alert()], [CRM], NOW)
    dispatch.claim("crm", "dead", NOW)
    assert dispatch.claim("crm", "me", NOW + LEASE - timedelta(seconds=1)) is None
    assert dispatch.claim("crm", "me", NOW + LEASE).delivery.id == "a-1"


def test_a_message_that_fails_lets_others_by_but_a_receiver_that_is_away_gets_nothing(outbox, dispatch):
    outbox.put([alert("a", 0), alert("b", 1)], [CRM], NOW)
    assert deliver(dispatch, 500) == "a-1"
    assert deliver(dispatch, 503) == "b-1"
    assert dispatch.claim("crm", "me", NOW + timedelta(seconds=9)) is None
    assert dispatch.next_due("crm") == NOW + WAITS[0]
    assert outbox.away() == {"crm": (NOW, NOW + WAITS[0])}
    assert deliver(dispatch, now=NOW + WAITS[0]) == "a-1"
    assert outbox.away() == {}


def test_after_three_days_away_all_that_waited_as_long_is_given_up(outbox, dispatch):
    outbox.put([alert("a", 0), alert("b", 1)], [CRM], NOW)
    deliver(dispatch, None)
    later = NOW + GIVE_UP_AFTER
    outbox.put([alert("c", 2)], [CRM], later)
    deliver(dispatch, None, later)
    assert states(outbox) == {"a-1": DEAD, "b-1": DEAD, "c-1": PENDING}


def test_what_was_given_up_is_sent_again_on_request(outbox, dispatch):
    outbox.put([alert("a", 0), alert("b", 1)], [CRM, DESK], NOW)
    for webhook in ("crm", "crm", "desk", "desk"):
        deliver(dispatch, 410, webhook=webhook)
    assert [each.id for each in outbox.deliveries(DEAD, "crm")] == ["b-1", "a-1"]
    assert outbox.retry(NOW + HOUR, "b-1", "crm") == 1
    assert outbox.retry(NOW + HOUR, "nothing-1") == outbox.retry(NOW + HOUR, "nothing") == 0
    assert deliver(dispatch, now=NOW + HOUR) == "b-1"
    assert outbox.retry(NOW + HOUR) == 3, "all but what was delivered"
    (revived,) = outbox.deliveries(PENDING, "crm")
    assert (revived.id, revived.attempts, revived.settled_at) == ("a-1", 0, None)


def test_a_request_wakes_a_receiver_that_is_left_alone(outbox, dispatch):
    outbox.put([alert()], [CRM], NOW)
    deliver(dispatch, None)
    assert outbox.retry(NOW) == 1
    assert deliver(dispatch) == "a-1"


def test_a_message_that_is_under_way_while_its_person_is_forgotten_does_not_come_back(outbox, dispatch, store_url):
    outbox.put([alert("a"), alert("b", account="x:88"), an_action()], [CRM, DESK], NOW)
    under_way = dispatch.claim("desk", "me", NOW)
    with database.writing(database.connect(store_url)[0]) as connection:
        connection.execute(DELIVERIES.delete().where(DELIVERIES.c.customer == "x:77"))
    answered(dispatch, under_way, 500)
    assert bodies(store_url) == {}
    assert states(outbox) == states(outbox, "desk") == {"b-1": PENDING}


def test_what_was_settled_is_forgotten_after_a_month(outbox, dispatch):
    outbox.put([alert("a", 0), alert("b", 1), alert("c", 2)], [CRM], NOW)
    deliver(dispatch)
    deliver(dispatch, 410)
    assert outbox.forget_old(NOW + KEPT - timedelta(seconds=1)) == 0
    assert outbox.forget_old(NOW + KEPT) == 2
    assert states(outbox) == {"c-1": PENDING}, "what waits is never forgotten"
