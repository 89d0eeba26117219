"""Rows in the store are what counting everything at once would give."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.logic.kpis import DAY, HOUR
from pipeline.store.kpi_store import KpiStore
from tests.property.test_kpi_laws import ZONE, counted, facts
from tests.stores import empty
from tests.unit.test_kpis import a_fact, answered

pytest_plugins = ["tests.stores"]


@pytest.fixture
def store(store_url):
    store = KpiStore(store_url, "UTC")
    yield store
    store.close()


def test_a_post_is_counted_in_its_hour_and_its_day(store):
    changed = store.count([a_fact(1), a_fact(2)])
    assert {(row.period, row.mentions, row.revision) for row in changed} == {(HOUR, 2, 1), (DAY, 2, 1)}
    assert list(store.rows()) == sorted(changed, key=lambda row: row.period)


def test_what_was_counted_is_not_counted_again(store):
    store.count([a_fact(1)])
    before = list(store.rows())
    assert store.count([a_fact(1), a_fact(1)]) == []
    assert list(store.rows()) == before


def test_a_late_answer_corrects_the_rows(store):
    store.count([a_fact(1, sla_met=False), a_fact(2)])
    changed = store.count([answered(a_fact(1), 60)])
    assert {(row.answered, row.sla_met, row.mentions, row.revision) for row in changed} == {(1, 1, 2, 2)}
    assert store.count([a_fact(1, sla_met=False)]) == [], "what was known before comes again"


def test_a_deleted_post_leaves_rows_of_nothing(store):
    store.count([answered(a_fact(1), 60)])
    gone = replace(a_fact(1), brands=(), at=a_fact(1).at + timedelta(days=3), deleted=True, department="")
    changed = store.count([gone])
    assert {(row.mentions, row.complaints, row.first_response_bins, row.revision) for row in changed} == {(0, 0, (), 2)}
    assert store.count([a_fact(1, version="9")]) == [], "a late delivery does not bring it back"


def test_an_edit_moves_a_post_to_another_department(store):
    store.count([a_fact(1)])
    store.count([a_fact(1, department="billing", version="2")])
    assert {row.department: row.mentions for row in store.rows()} == {"care": 0, "billing": 1}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(facts(), max_size=12), st.integers(1, 5), st.randoms(use_true_random=False))
def test_step_by_step_as_at_once(store_url, some, step, random):
    empty(store_url)
    store = KpiStore(store_url, ZONE)
    shuffled = some + random.sample(some, len(some) // 2)
    random.shuffle(shuffled)
    for start in range(0, len(shuffled), step):
        store.count(shuffled[start : start + step])
    found = {row for row in store.rows() if row.mentions}
    store.close()
    assert {replace(row, revision=1) for row in found} == counted(some)
