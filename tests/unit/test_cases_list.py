"""`shenava cases list`: who waits for an answer, the most urgent first."""

from __future__ import annotations

import csv
import io
import json
import shutil
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console
from sqlalchemy import create_engine

from pipeline.records import Case
from pipeline.store import database
from pipeline.store.care_store import CareStore
from pipeline.store.case_list import CaseList, ListedCase
from pipeline.store.customer_tables import CUSTOMERS, LINKS
from pipeline.store.profile_store import ProfileStore
from runners.case_table import due, footer, table
from runners.cli import main
from tests.unit.test_profile_store import SETTINGS, profile

pytest_plugins = ["tests.stores"]
NOW = datetime(2026, 10, 6, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEHRAN = ZoneInfo("Asia/Tehran")
FIRST, LAST = "\u2068", "\u2069"


def a_case(name, due_in, state="open", **more):
    given = {
        "case_id": name,
        "customer": "x:ali",
        "brands": ("Parsi",),
        "department": "logistics",
        "categories": ("delivery",),
        "severity": 3,
        "state": state,
        "opened_at": NOW - 5 * HOUR,
        "due_at": NOW + due_in * HOUR,
        "answered_at": None,
        "resolved_at": None,
        "sla_met": None,
        "posts": (),
        "history": (),
    }
    return Case(**given | more)


CASES = (
    a_case("later", 30),
    a_case("late", -3, "breached", department="customer-care", severity=4),
    a_case("soon", 1.5, "at_risk"),
    a_case("again", 5, "reopened", customer="x:sara"),
    a_case("done", -8, "answered", answered_at=NOW - 9 * HOUR, sla_met=True),
    a_case("over", -20, "resolved", answered_at=NOW, resolved_at=NOW, sla_met=False),
)


def kept(url):
    store = CareStore(url)
    store.put_cases(CASES)
    store.close()


@pytest.fixture
def cases(store_url):
    kept(store_url)
    cases = CaseList(store_url)
    yield cases
    cases.close()


def ids(found):
    return [each.case.case_id for each in found[0]]


def test_who_waits_comes_by_deadline(cases):
    found = cases.find()
    assert ids(found) == ["late", "soon", "again", "later"]
    assert found[0][0].case == CASES[1], "the whole case comes back"
    assert found[1] == 4


def test_cases_are_chosen_by_state_department_and_deadline(cases):
    assert ids(cases.find(["answered", "resolved"])) == ["over", "done"]
    assert ids(cases.find(department="customer-care")) == ["late"]
    assert ids(cases.find(due_before=NOW + 2 * HOUR)) == ["late", "soon"]
    assert cases.find(limit=1)[1] == 4
    assert ids(cases.find(limit=1)) == ["late"]


def test_a_customer_goes_by_the_name_that_is_known(store_url, cases):
    profiles = ProfileStore(store_url)
    profiles.merge([profile(1)], SETTINGS)
    profiles.close()
    engine = create_engine(store_url)
    with engine.begin() as connection:
        sara = {"customer": "C1", "name": "سارا احمدی", "imported_at": NOW, "document": {}}
        connection.execute(database.insert(connection, CUSTOMERS).values([sara]))
        link = {"account": "x:sara", "customer": "C1", "source": "crm", "confidence": 1.0, "at": NOW}
        connection.execute(database.insert(connection, LINKS).values([link]))
    engine.dispose()
    found = {each.case.case_id: each for each in cases.find()[0]}
    assert (found["late"].name, found["late"].handle) == (None, "ali")
    assert (found["again"].name, found["again"].handle) == ("سارا احمدی", None)


@pytest.mark.parametrize(
    ("case", "english", "persian"),
    [
        (a_case("a", 2), "due in 2 h", "۲ ساعت مانده"),
        (a_case("a", 1.5), "due in 90 min", "۹۰ دقیقه مانده"),
        (a_case("a", 47.9), "due in 47 h", "۴۷ ساعت مانده"),
        (a_case("a", 48), "due in 2 d", "۲ روز مانده"),
        (a_case("a", 0), "due in 0 min", "۰ دقیقه مانده"),
        (a_case("a", -3, "breached"), "3 h late", "۳ ساعت گذشته"),
        (a_case("a", -3), "3 h late", "۳ ساعت گذشته"),
        (CASES[4], "answered in time", "به‌موقع"),
        (CASES[5], "answered late", "با تأخیر"),
        (a_case("a", 1, "answered"), "answered", "پاسخ‌داده"),
    ],
)
def test_how_long_there_is_still(case, english, persian):
    assert due(case, NOW, "en") == english
    assert due(case, NOW, "fa") == persian


def lines(language, width=130):
    output = io.StringIO()
    listed = [ListedCase(CASES[1], None, "ali"), ListedCase(CASES[3], "سارا احمدی", None)]
    Console(file=output, width=width).print(table(listed, TEHRAN, NOW, language, width, {"Parsi": "پارسی"}))
    return [line.rstrip() for line in output.getvalue().splitlines()]


def test_a_table_in_english():
    assert lines("en")[0].startswith("due")
    late = [cell.strip() for cell in lines("en")[1].split("  ") if cell.strip()]
    assert late == ["3 h late", "breached", "4", "customer-care", "delivery, Parsi", "@ali", "Tue 06 Oct 07:30"]


def test_a_table_in_persian_is_read_from_the_right():
    head, late, again = lines("fa")
    cells = [cell.strip(f" {FIRST}{LAST}") for cell in late.split(LAST)][:-1]
    assert cells == ["۱۴ مهر، ۰۷:۳۰", "@ali", "ارسال، پارسی", "customer-care", "۴", "مهلت‌گذشته", "۳ ساعت گذشته"]
    assert head.endswith(f"{FIRST}مهلت{LAST}")
    assert "سارا احمدی" in again
    assert late.count(FIRST) == late.count(LAST) == 7, "a cell that is not isolated would swap with its neighbour"


def test_a_narrow_terminal_gets_whole_cells_of_fewer_columns():
    assert "opened" not in lines("en", 100)[0]
    assert all(line.count(FIRST) == line.count(LAST) == 6 for line in lines("fa", 100))


def test_what_a_name_holds_does_not_steer_the_terminal():
    listed = [ListedCase(CASES[0], "a\x1b[31m\u202eb" + "x" * 99, None)]
    output = io.StringIO()
    Console(file=output, width=130).print(table(listed, TEHRAN, NOW, "en", 130, {}))
    assert "\x1b" not in output.getvalue()
    assert "\u202e" not in output.getvalue()
    assert "x" * 40 not in output.getvalue()


def test_the_footer_says_of_how_many_and_when():
    assert footer(2, 14, NOW, TEHRAN, "en") == "2 of 14 cases, as of Tue 06 Oct 2026 12:30 (Asia/Tehran)"
    assert footer(2, 14, NOW, TEHRAN, "fa").strip(FIRST + LAST) == "۲ از ۱۴ پرونده، ۱۴ مهر ۱۴۰۵، ۱۲:۳۰"


# the command


@pytest.fixture
def listed(sqlite_template, tmp_path, capsys):
    url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'store.db')}"
    kept(url)

    def run(*flags):
        code = main(["cases", "list", "--store", url, "--now", "2026-10-06T09:00Z", *flags])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


def test_the_command_for_people_and_for_machines(listed):
    code, shown, _ = listed("--due-before", "2h")
    assert code == 0
    assert "3 h late" in shown
    assert "2 of 2 cases" in shown
    _, shown, _ = listed("--json", "--state", "all", "--limit", "2")
    assert [json.loads(line)["case_id"] for line in shown.splitlines()] == ["over", "done"]
    _, shown, _ = listed("--format", "csv", "--due-before", "2026-10-06T11:00+00:00")
    rows = list(csv.DictReader(io.StringIO(shown)))
    assert [(row["case_id"], row["due_at"], row["categories"], row["sla_met"]) for row in rows] == [
        ("late", "2026-10-06T06:00:00Z", "delivery", ""),
        ("soon", "2026-10-06T10:30:00Z", "delivery", ""),
    ]
    _, shown, _ = listed("--state", "answered", "--state", "resolved", "--format", "csv")
    assert [row["sla_met"] for row in csv.DictReader(io.StringIO(shown))] == ["false", "true"]


def test_a_time_without_an_offset_is_in_the_zone_that_is_shown(listed):
    assert "1 of 1" in listed("--due-before", "2026-10-06T11:00", "--time-zone", "Asia/Tehran")[1]
    assert "2 of 2" in listed("--due-before", "2026-10-06T11:00", "--time-zone", "UTC")[1]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--due-before", "tomorrow"), "--due-before: 'tomorrow' is no time such as 2026-10-12T09:00 or a duration"),
        (("--now", "noon"), "--now: 'noon' is no time"),
        (("--time-zone", "Tehran"), "--time-zone: 'Tehran' is no IANA time zone"),
        (("--store", "sqlite:////nowhere/store.db"), "--store sqlite:////nowhere/store.db"),
    ],
)
def test_what_is_asked_wrongly_is_named(listed, flags, said):
    code, _, error = listed(*flags)
    assert code == 2
    assert said in error
