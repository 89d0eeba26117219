"""Nobody is written to who does not want it, as the store knows it when the action goes out."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to

from pipeline.io.keep_care import RecallCare
from pipeline.io.permit_actions import PermitActions
from pipeline.logic.care import Known
from pipeline.metrics import counters
from pipeline.records import Action, Consent, Customer
from pipeline.store.customer_store import CustomerStore
from tests.builders import START

SARA = Customer("1001", consents=(Consent("e-mail", "marketing", True, START),))
ACTION = Action(
    *("a", "invite-skiers", "invite", "email", "marketing", "x:1", "x:5", START, START),
    *("loyal", "Parsi", "skiing", "fa", "سلام", ()),
)
FREE = replace(ACTION, action_id="b", needs_consent="none")


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/store.db"


@pytest.fixture
def store(url):
    with closing(CustomerStore(url)) as store:
        store.create_tables()
        store.put_customers([(SARA, ["x:1"])], START)
        yield store


def expect(url, actions, wanted):
    pipeline = beam.Pipeline(FnApiRunner())
    assert_that(pipeline | beam.Create(actions) | PermitActions(url), equal_to(wanted))
    result = pipeline.run()
    result.wait_until_finish()
    assert counters(result).get("actions.not_permitted", 0) == len(actions) - len(wanted)


@pytest.mark.usefixtures("store")
def test_who_agreed_is_written_to_whatever_the_spelling_of_the_channel(url):
    expect(url, [ACTION, FREE], [ACTION, FREE])


def test_who_refused_since_is_not_but_for_what_needs_no_consent(store, url):
    refused = replace(SARA, consents=(Consent("e-mail", "marketing", False, START + timedelta(days=1)),))
    store.put_customers([(refused, ["x:1"])], START + timedelta(days=1))
    expect(url, [ACTION, FREE], [FREE])


def test_an_account_that_is_nobodys_has_agreed_to_nothing(store, url):
    store.unlink("x:1", START)
    expect(url, [ACTION, FREE], [FREE])


@pytest.mark.parametrize("subject", ["x:1", "1001"])
def test_who_is_on_the_suppression_list_is_left_alone(store, url, subject):
    store.suppress(subject, "asked for it", START)
    expect(url, [ACTION, FREE], [])


def test_what_takes_an_action_back_passes(store, url):
    store.suppress("x:1", "asked for it", START)
    gone = replace(ACTION, withdrawn=True, revision=2)
    expect(url, [gone], [gone])


@pytest.mark.usefixtures("store")
def test_a_run_begins_with_what_the_crm_knows_of_linked_accounts(url):
    pipeline = beam.Pipeline(FnApiRunner())
    assert_that(pipeline | RecallCare(url, timedelta(days=30)), equal_to([("x:1", Known(crm=SARA))]))
    pipeline.run().wait_until_finish()
