"""The views for analysts on both databases, over rows that the stores themselves wrote."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.dialects import sqlite

from pipeline.logic.profile import Fold
from pipeline.records import Consent, Customer
from pipeline.store.care_store import CareStore
from pipeline.store.customer_store import CustomerStore
from pipeline.store.insight_store import InsightStore
from pipeline.store.kpi_store import KpiStore
from pipeline.store.view_columns import COLUMNS
from pipeline.store.views import VIEWS
from runners.insight import refresh
from tests.builders import START, a_deletion, a_post, an_enriched_post
from tests.unit.test_alert_block import an_alert
from tests.unit.test_insight_store import CONFIG, DAY, NOW, a_case, an_author, anger, keep, praise, put_cases
from tests.unit.test_kpis import NOON, a_fact, answered
from tests.unit.test_webhooks import an_action

pytest_plugins = ["tests.stores"]
HOUR = timedelta(hours=1)
GUIDE = Path("docs/views.md").read_text("utf-8")


def ask(url, query):
    """Rows as dicts, times in UTC whatever the database gives."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = [dict(row) for row in connection.execute(text(query)).mappings()]
    engine.dispose()
    return [{name: plain(value) for name, value in row.items()} for row in found]


def plain(value):
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", value):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def who_deleted_everything(name):
    fold = Fold()
    fold.add(an_enriched_post(a_post("9", account=name)))
    fold.add(an_enriched_post(a_deletion("9", hours=1, account=name)))
    return fold.profile(f"x:{name}", CONFIG.profile_settings())


def the_company(url):
    """Sara with three accounts, a customer without any, Ali who is no customer, and somebody who deleted everything."""
    ali = replace(an_author("x:2", anger(3, interests=("skiing",)), handle="ali"), display_name="Ali R.")
    keep(
        url,
        an_author("x:1", praise(interests=("skiing",)), praise(1), handle="sara"),
        an_author("telegram:1", anger(2), handle="sara_t"),
        ali,
        who_deleted_everything("gone"),
    )
    said = (
        Consent("e-mail", "marketing", True, START),
        Consent("sms", "marketing", False, START),
        Consent("*", "service", True, START),
    )
    crm = CustomerStore(url)
    sara = Customer("C1", "سارا", "gold", said)
    crm.put_customers([(sara, ["x:1", "telegram:1", "instagram:9"]), (Customer("C2"), [])], START)
    crm.suppress("telegram:1", "asked for it", START)
    crm.close()
    put_cases(
        url,
        a_case("telegram:1", "breached", "c1"),
        replace(a_case("x:1", "reopened", "c2"), due_at=START + 3 * HOUR),
        a_case("x:1", "resolved", "c3"),
        replace(a_case("x:1", "answered", "c4"), due_at=START, answered_at=START + HOUR),
        a_case("x:2", "at_risk", "c5"),
        a_case("post x:77", "open", "c6"),
    )
    care = CareStore(url)
    care.put_alerts(
        replace(an_alert(), alert_id=f"a{hours}", account=account, raised_at=START + hours * HOUR, withdrawn=hours > 5)
        for hours, account in enumerate(["x:1", "telegram:1", "x:2", None, "x:404", "x:404", "x:1"])
    )
    care.put_actions(
        an_action(action_id=f"b{hours}", customer=customer, at=START + hours * HOUR, withdrawn=hours == 2)
        for hours, customer in enumerate(["telegram:1", "x:1", "x:1"])
    )
    care.close()


def judged(url):
    insights = InsightStore(url)
    refresh(insights, CONFIG, NOW)
    found = insights.read("C1"), insights.read("x:2")
    insights.close()
    return found


def told(insight):
    return {
        "segment": insight.segment,
        "advocacy": insight.advocacy.score,
        "mood": insight.mood.now,
        "mood_trend": insight.mood.trend,
        "best_hour": insight.best_hours[0].hour_of_week,
        "influence": insight.influence,
        "insight_as_of": NOW,
    }


def test_everything_of_a_customer_in_one_row(store_url):
    the_company(store_url)
    sara, ali = judged(store_url)
    nothing = dict.fromkeys(told(sara))
    found = ask(store_url, "SELECT * FROM customer_360 ORDER BY accounts DESC, subject DESC")
    assert found == [
        {
            **{"subject": "C1", "kind": "customer", "name": "سارا", "tier": "gold"},
            **{"accounts": 3, "handles": "sara_t, sara", "posts": 3, "complaints": 1, "recommendations": 2},
            **{"reach": 200, "first_seen": START, "last_seen": START + 2 * DAY},
            **told(sara),
            **{"open_cases": 3, "breached_cases": 1, "next_due": START + 3 * HOUR},
            **{"last_alert_at": START + HOUR, "last_action_at": START + HOUR},
            **{"marketing_channels": 1, "suppressed": True},
        },
        {
            **{"subject": "x:2", "kind": "account", "name": "Ali R.", "tier": None},
            **{"accounts": 1, "handles": "ali", "posts": 1, "complaints": 1, "recommendations": 0},
            **{"reach": 100, "first_seen": START + 3 * DAY, "last_seen": START + 3 * DAY},
            **told(ali),
            **{"open_cases": 1, "breached_cases": 0, "next_due": START + DAY},
            **{"last_alert_at": START + 2 * HOUR, "last_action_at": None},
            **{"marketing_channels": 0, "suppressed": False},
        },
        {
            **{"subject": "C2", "kind": "customer", "name": None, "tier": None},
            **{"accounts": 0, "handles": None, "posts": 0, "complaints": 0, "recommendations": 0},
            **{"reach": 0, "first_seen": None, "last_seen": None},
            **nothing,
            **{"open_cases": 0, "breached_cases": 0, "next_due": None},
            **{"last_alert_at": None, "last_action_at": None},
            **{"marketing_channels": 0, "suppressed": False},
        },
    ]


def test_before_the_first_refresh_there_are_people_without_insights(store_url):
    the_company(store_url)
    assert ask(store_url, "SELECT count(*) AS known, count(insight_as_of) AS judged FROM customer_360") == [
        {"known": 3, "judged": 0}
    ]
    assert ask(store_url, "SELECT * FROM segments") == ask(store_url, "SELECT * FROM interests") == []


def test_a_customer_may_be_suppressed_by_id(store_url):
    the_company(store_url)
    crm = CustomerStore(store_url)
    crm.unsuppress("telegram:1")
    crm.suppress("C2", "a journalist", START)
    crm.close()
    assert ask(store_url, "SELECT subject FROM customer_360 WHERE suppressed") == [{"subject": "C2"}]


def test_cases_that_are_open_with_who_waits(store_url):
    the_company(store_url)
    sara, ali = judged(store_url)
    found = ask(store_url, "SELECT * FROM open_cases ORDER BY case_id")
    case = {"department": "care", "severity": 2, "opened_at": START, "due_at": START + DAY, "answered_at": None}
    hers = {"subject": "C1", "customer": "C1", "name": "سارا", "tier": "gold", "reach": 100, "segment": sara.segment}
    x1 = {**case, **hers, "account": "x:1", "handle": "sara"}
    nobody = dict.fromkeys(("customer", "name", "tier", "handle", "reach", "segment"))
    assert found == [
        {**case, **hers, "case_id": "c1", "state": "breached", "account": "telegram:1", "handle": "sara_t"},
        {**x1, "case_id": "c2", "state": "reopened", "due_at": START + 3 * HOUR},
        {**x1, "case_id": "c4", "state": "answered", "due_at": START, "answered_at": START + HOUR},
        {
            **{**case, "case_id": "c5", "state": "at_risk", "subject": "x:2", "account": "x:2", "customer": None},
            **{"name": "Ali R.", "tier": None, "handle": "ali", "reach": 100, "segment": ali.segment},
        },
        {**case, **nobody, "case_id": "c6", "state": "open", "subject": "post x:77", "account": "post x:77"},
    ]


def test_segments_are_summed_up(store_url):
    the_company(store_url)
    keep(store_url, an_author("x:4", anger(3)), an_author("x:5", praise()))
    put_cases(store_url, a_case("x:4", "open", "c9"))
    _, ali = judged(store_url)
    found = {row["segment"]: row for row in ask(store_url, "SELECT * FROM segments")}
    assert sum(row["customers"] for row in found.values()) == 1
    assert sum(row["open_cases"] for row in found.values()) == 5, "nobody knows who waits for c6"
    of_ali = found[ali.segment]
    assert {name: type(value) for name, value in of_ali.items() if name in ("reach", "open_cases")} == {
        "reach": int,
        "open_cases": int,
    }
    others = ask(store_url, f"SELECT * FROM insights WHERE segment = '{ali.segment}'")
    assert of_ali == {
        "segment": ali.segment,
        "subjects": len(others),
        "customers": sum(row["kind"] == "customer" for row in others),
        "accounts": sum(row["kind"] == "account" for row in others),
        "reach": sum(row["reach"] for row in others),
        "advocacy": pytest.approx(sum(row["advocacy"] for row in others) / len(others)),
        "mood": pytest.approx(sum(row["mood"] for row in others) / len(others)),
        "open_cases": 2 + 3 * any(row["subject"] == "C1" for row in others),
        "as_of": NOW,
    }
    assert len(others) >= 2


def test_interests_with_whose_they_are(store_url):
    the_company(store_url)
    sara, ali = judged(store_url)
    found = ask(store_url, "SELECT * FROM interests ORDER BY subject")
    skiing = {"interest": "skiing", "kind": "fine", "as_of": NOW}
    assert found == [
        {
            **{**skiing, "subject": "C1", "name": "سارا", "tier": "gold", "segment": sara.segment},
            "weight": pytest.approx(sara.interests[0].weight),
        },
        {
            **{**skiing, "subject": "x:2", "name": "Ali R.", "tier": None, "segment": ali.segment},
            "weight": pytest.approx(ali.interests[0].weight),
        },
    ]


def test_the_days_of_the_kpis(store_url):
    kpis = KpiStore(store_url, "Asia/Tehran")
    facts = [answered(a_fact(1, severity=4, reach=1000), 60, 30), a_fact(2, sla_met=False, advocacy=True)]
    changed = kpis.count([*facts, a_fact(3, at=NOON + timedelta(days=5))])
    kpis.count([a_fact(3, at=NOON + timedelta(days=5), deleted=True)])
    kpis.close()
    (day,) = (row for row in changed if row.period == "day" and row.mentions == 2)
    (found,) = ask(store_url, "SELECT * FROM kpi_daily")
    assert str(found.pop("day")) == "2026-10-03"
    assert found["start"] == datetime(2026, 10, 2, 20, 30, tzinfo=UTC)
    assert (found["complaints"], found["severe"], found["answered"], found["advocacy"]) == (2, 1, 1, 1)
    assert (found["answered_share"], found["sla_decided"], found["sla_met_share"]) == (0.5, 2, 0.5)
    assert (found["reach"], found["sla_met"]) == (1010, 1)
    assert found == {name: getattr(day, name) for name in found}


@pytest.mark.parametrize(
    "zone", ["Pacific/Honolulu", "America/Los_Angeles", "UTC", "Asia/Tehran", "Asia/Kolkata", "Pacific/Auckland"]
)
def test_a_day_is_the_local_one(zone, store_url):
    kpis = KpiStore(store_url, zone)
    kpis.count([a_fact(number, at=NOON + number * 5 * HOUR) for number in range(10)])
    starts = [row.start for row in kpis.rows() if row.period == "day"]
    kpis.close()
    days = sorted(f"{start.astimezone(ZoneInfo(zone)):%Y-%m-%d}" for start in starts)
    assert [str(row["day"]) for row in ask(store_url, "SELECT day FROM kpi_daily ORDER BY start")] == days


@pytest.mark.parametrize("name", VIEWS)
def test_every_column_is_described_and_none_holds_what_people_wrote(name):
    select = VIEWS[name].select()
    assert [column.name for column in select.selected_columns] == [*COLUMNS[name]]
    assert not re.search(r"\b(document|evidence|body|reason|excerpt)\b", VIEWS[name].sql(sqlite.dialect()))


@pytest.mark.parametrize("name", VIEWS)
def test_no_row_is_compared_with_every_other(name, sqlite_template):
    plan = ask(f"sqlite:///{sqlite_template}", f"EXPLAIN QUERY PLAN SELECT * FROM {name}")
    steps = [row["detail"] for row in plan]
    assert steps
    assert not [step for step in steps if step.startswith("SCAN") and "JOIN" in step]


@pytest.mark.parametrize("name", VIEWS)
def test_the_guide_says_what_the_code_says(name):
    (chapter,) = re.findall(rf"^## {name}\n(.*?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", chapter, re.MULTILINE)
    lines = "\n".join(f"| `{column}` | {meaning} |" for column, meaning in COLUMNS[name].items())
    assert dict(rows) == COLUMNS[name], f"the table should be:\n{lines}"
    assert f"FROM {name}" in chapter


def test_the_queries_of_the_guide_answer_on_both(store_url):
    the_company(store_url)
    keep(store_url, an_author("x:5", praise(), praise(1)))
    crm = CustomerStore(store_url)
    crm.put_customers([(Customer("C3", consents=(Consent("*", "marketing", True, START),)), ["x:5"])], START)
    crm.close()
    judged(store_url)
    kpis = KpiStore(store_url, "UTC")
    kpis.count([answered(a_fact(1), 60)])
    kpis.close()
    queries = re.findall(r"```sql\n(SELECT.*?)```", GUIDE, re.DOTALL)
    assert len(queries) == len(VIEWS)
    for query in queries:
        assert ask(store_url, query), query
