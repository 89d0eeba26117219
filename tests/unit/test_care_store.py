import json
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.errors import ConfigError
from pipeline.logic.care import tell
from pipeline.logic.facts import Fact, Kind, fact
from pipeline.records import Alert, Case, from_json, to_json
from pipeline.store.care_store import CareStore
from tests.builders import a_classification, a_deletion, a_post, an_enriched_post
from tests.unit.test_care import CARE, LATER, complaint, happy, reply

pytest_plugins = ["tests.stores"]
FACTS = [complaint("1", 0, severity=4), reply("2", 9), happy("3", 10)]


@pytest.fixture
def store(store_url):
    store = CareStore(store_url)
    yield store
    store.close()


def told():
    return tell("x:ali", FACTS, CARE, LATER)


@pytest.mark.parametrize(
    ("kind", "records"), [(Fact, FACTS), (Case, told().cases.values()), (Alert, told().alerts.values())]
)
def test_records_survive_json(kind, records):
    for record in records:
        assert from_json(kind, json.loads(json.dumps(to_json(record)))) == record


def test_what_was_written_is_read_again_and_a_second_time_changes_nothing(store):
    for _ in range(2):
        store.put_cases(told().cases.values())
        store.put_alerts(told().alerts.values())
    assert list(store.cases()) == list(told().cases.values())
    assert {a.alert_id: a for a in store.alerts()} == told().alerts


def test_a_void_case_goes_and_a_withdrawn_alert_stands_no_more(store):
    (case,), alert = told().cases.values(), next(iter(told().alerts.values()))
    store.put_cases([case])
    store.put_cases([replace(case, void=True)])
    assert list(store.cases()) == []
    store.put_alerts([replace(alert, revision=2, withdrawn=True)])
    store.put_alerts([alert])
    assert list(store.alerts()) == [], "a lower revision that comes again changes nothing"


def test_what_a_deleted_post_said_goes_from_the_store(store):
    spoken = an_enriched_post(a_post("1", text="چه افتضاحی"), a_classification(severity=4))
    gone = an_enriched_post(a_deletion("1", hours=2))
    facts = [("x:ali", fact(each, None)) for each in (spoken, gone)]
    store.add_facts(facts[:1])
    store.put_cases(tell("x:ali", [facts[0][1]], CARE, LATER).cases.values())
    store.add_facts(facts[1:])
    ((_, known),) = store.recall(timedelta(days=60))
    assert [each.kind for each in known.facts] == [Kind.DELETED]
    assert "افتضاح" not in repr(known)


def test_a_run_recalls_who_is_still_owed_something(store):
    pairs = [("x:ali", fact) for fact in FACTS]
    waiting = replace(complaint("9", -24 * 300), post="x:9")
    store.add_facts([*pairs, *pairs, ("x:sara", waiting), ("x:reza", replace(waiting, post="x:8"))])
    store.put_cases(tell("x:sara", [waiting], CARE, LATER).cases.values())
    store.put_alerts(told().alerts.values())
    found = dict(store.recall(timedelta(days=60)))
    assert set(found) == {"x:ali", "x:sara"}, "x:reza has no case and spoke long ago"
    assert sorted(found["x:ali"].facts, key=lambda each: each.at) == FACTS
    assert {alert.alert_id for alert in found["x:ali"].alerts} == set(told().alerts)


def test_who_spoke_just_long_enough_ago_is_recalled_to_the_microsecond(store):
    latest = replace(FACTS[0], post="x:latest", at=FACTS[0].at + timedelta(days=60))
    tick = timedelta(microseconds=1)
    facts = {"x:at": FACTS[0], "x:before": replace(FACTS[0], at=FACTS[0].at - tick), "x:now": latest}
    store.add_facts(facts.items())
    assert {customer for customer, _ in store.recall(timedelta(days=60))} == {"x:at", "x:now"}
    assert len(list(store.recall(timedelta(days=60) + tick))) == 3


def test_an_empty_store_recalls_nothing(store):
    assert list(store.recall(timedelta(days=60))) == []


def test_a_store_that_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"--store sqlite:///.*cannot be opened"):
        CareStore(f"sqlite:///{tmp_path}/nowhere/store.db").create_tables()


def test_a_case_is_recalled_though_a_crash_lost_the_facts_behind_it(store):
    (case,) = told().cases.values()
    store.put_cases([replace(case, state="open")])
    store.add_facts([("x:sara", FACTS[0])])
    known = dict(store.recall(timedelta(days=9)))
    assert known["x:ali"].cases == (replace(case, state="open"),)
    assert known["x:ali"].facts == ()
    assert set(known) == {"x:ali", "x:sara"}
