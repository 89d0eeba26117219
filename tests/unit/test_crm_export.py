"""What goes back to the CRM: the row, when it goes again, and the files, on both databases."""

from __future__ import annotations

import argparse
import csv
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import fastavro
import pytest

from pipeline.config import load_config
from pipeline.errors import ConfigError
from pipeline.logic.crm_row import Subject, crm_row, digest
from pipeline.logic.profile import Fold
from pipeline.records import Action, Author, Case, Customer, CustomerRow, Transition, from_dict
from pipeline.store.care_store import CareStore
from pipeline.store.customer_store import CustomerStore
from pipeline.store.export_store import ExportStore
from pipeline.store.profile_store import ProfileStore
from runners import crm
from runners.crm_export import export
from runners.insight_settings import settings_of
from runners.row_files import whole_file
from tests.builders import START, a_classification, a_deletion, a_post, an_enriched_post

pytest_plugins = ["tests.stores"]

CONFIG_FILE = Path("runners/config/reference.yaml")
CONFIG = load_config(CONFIG_FILE)
SETTINGS = settings_of(CONFIG)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOW = START + 20 * DAY


def an_author(account, *days, post="p", handle=None, edited_at=None, **more):
    """A profile with a post on each of the days."""
    fold = Fold()
    platform, _, name = account.partition(":")
    for day in days:
        author = Author(name, handle=handle, followers=50)
        made = a_post(f"{account}-{post}{day}", hours=24 * day, author=author, platform=platform, edited_at=edited_at)
        labels = {"sentiment": "pos", **more}
        fold.add(an_enriched_post(made, a_classification(**labels), interests=["skiing"]))
    return fold.profile(account, CONFIG.profile_settings())


def a_case(account, state="open", number=1, **more):
    given = Case(
        case_id=f"{account} {number}",
        customer=account,
        brands=(),
        department="care",
        categories=("delivery",),
        severity=2,
        state=state,
        opened_at=START + number * DAY,
        due_at=START + (number + 2) * DAY,
        answered_at=None,
        resolved_at=None,
        sla_met=None,
        posts=(),
        history=(
            Transition(state, START + (number + 1) * DAY, None, "care", START + (number + 2) * DAY, "x:1", "x:1"),
        ),
    )
    return replace(given, **more)


def an_action(account, day=3, **more):
    at = START + day * DAY
    given = Action(
        action_id=f"{account} {day}",
        policy=f"policy-{day}",
        action="thank",
        channel="reply",
        needs_consent="none",
        customer=account,
        post="x:1",
        at=at,
        not_before=at + timedelta(hours=2),
        segment="neutral",
        brand=None,
        interest=None,
        language="en",
        text="",
        reasons=(),
    )
    return replace(given, **more)


def a_subject(*profiles, **more):
    given = Subject(
        subject="c1",
        is_customer=True,
        name="سارا",
        tier="gold",
        accounts=tuple(each.account for each in profiles),
        profiles=profiles,
        versions={each.account: 1 for each in profiles},
        cases=(),
        actions=(),
        influence=1.5,
        told=(START,),
    )
    return replace(given, **more)


def test_a_row_tells_of_all_accounts_together():
    angry = an_author("telegram:2", 4, 6, severity=2, sentiment="neg")
    row = crm_row(a_subject(an_author("x:1", 0, 5), angry), NOW, SETTINGS)
    assert (row.posts, row.complaints, row.reach, row.accounts) == (4, 2, 100, ("x:1", "telegram:2"))
    assert row.last_complaint_at == row.last_seen == START + 6 * DAY
    assert row.interests[0].name == "skiing"
    assert (row.customer, row.name, row.influence, row.as_of) == ("c1", "سارا", 1.5, NOW)


def test_a_row_tells_of_cases_and_of_the_latest_action_that_stands():
    cases = (a_case("x:1"), a_case("x:1", "breached", 2), a_case("x:1", "answered", 0), a_case("x:1", "resolved", 3))
    cases += (a_case("x:1", number=4, void=True), a_case("x:1", number=90))
    actions = (an_action("x:1", 3), an_action("x:1", 5, withdrawn=True), an_action("x:1", 90))
    row = crm_row(a_subject(an_author("x:1", 0), cases=cases, actions=actions), NOW, SETTINGS)
    # who was answered waits no more, and the case is not settled yet
    assert (row.open_cases, row.next_due) == (3, START + 3 * DAY)
    assert (row.last_action, row.last_action_at) == ("policy-3", START + 3 * DAY + timedelta(hours=2))
    assert row.segment == "at_risk"
    assert row.changed_at == START + 5 * DAY, "the withdrawn action changed something"


def test_who_has_not_posted_has_a_row_that_says_so():
    row = crm_row(a_subject(), NOW, SETTINGS)
    assert (row.posts, row.segment, row.mood, row.best_hour, row.last_seen) == (0, None, None, None, None)
    assert row.influence is None, "the insight that it came from is of posts that are gone"
    assert row.changed_at == START
    later = crm_row(a_subject(an_author("x:1", 30)), NOW, SETTINGS)
    assert (later.posts, later.segment) == (0, None), "a post of later is not known yet"


def test_what_fades_by_itself_is_no_change_and_a_new_segment_is():
    of = a_subject(an_author("x:1", 0, 3, advocacy=True), an_author("x:2", 1, sentiment="neg"))
    row, versions = crm_row(of, NOW, SETTINGS), of.versions
    later = crm_row(of, NOW + 7 * DAY, SETTINGS)
    assert later.advocacy != row.advocacy
    assert later.interests[0].weight < row.interests[0].weight
    assert digest(later, versions) == digest(row, versions)
    dormant = crm_row(of, NOW + 300 * DAY, SETTINGS)
    assert dormant.segment == "dormant"
    assert digest(dormant, versions) != digest(row, versions)


def test_another_version_of_a_profile_is_a_change_though_the_row_looks_the_same():
    of = a_subject(an_author("x:1", 0))
    row = crm_row(of, NOW, SETTINGS)
    assert digest(row, {"x:1": 2}) != digest(row, of.versions)


@pytest.fixture
def stores(store_url):
    """Two customers with an account each, one without, and one account that is nobody's."""
    made = tuple(kind(store_url) for kind in (ProfileStore, CustomerStore, CareStore, ExportStore))
    profiles, customers, *_ = made
    authors = [an_author("x:1", 10), an_author("x:2", 10), an_author("x:9", 10, handle="@SUM(A1)")]
    profiles.merge(authors, CONFIG.profile_settings())
    customers.put_customers([(Customer(f"c{n}", f"نام {n}"), [f"x:{n}"] if n < 3 else []) for n in (1, 2, 3)], START)
    yield made
    for store in made:
        store.close()


def changed(exports, now=NOW, **more):
    """Customers of whom the consumer gets a row."""
    rows: list[CustomerRow] = []
    done = export(exports, rows.extend, now, SETTINGS, **({"consumer": "crm"} | more))
    assert done.rows == len(rows)
    return [row.customer or row.accounts[0] for row in rows]


def test_a_consumer_gets_a_row_again_only_when_it_is_another(stores):
    _, customers, care, exports = stores
    assert changed(exports) == ["c1", "c2", "c3"]
    assert changed(exports, NOW + DAY) == []
    assert changed(exports, consumer="another") == ["c1", "c2", "c3"]

    care.put_cases([a_case("x:2")])
    assert changed(exports) == ["c2"]
    care.put_cases([a_case("x:2", "resolved")])
    care.put_actions([an_action("x:1")])
    assert changed(exports) == ["c1", "c2"]
    customers.put_customers([(Customer("c3", "نام 3"), []), (Customer("c1", "نام 1", "gold"), ["x:1"])], START + DAY)
    assert changed(exports) == ["c1"], "c3 was imported again with what was known"
    customers.link("x:9", "c3", NOW)
    assert changed(exports) == ["c3"]
    customers.unlink("x:9", NOW)
    assert changed(exports) == ["c3"]
    assert changed(exports, full=True) == ["c1", "c2", "c3"]


def test_posts_that_came_late_were_edited_or_deleted_are_not_missed(stores):
    profiles, _, _, exports = stores
    changed(exports)
    profiles.merge([an_author("x:1", 1, post="late")], CONFIG.profile_settings())
    assert changed(exports) == ["c1"]
    profiles.merge([an_author("x:1", 1, post="late")], CONFIG.profile_settings())
    assert changed(exports) == [], "the same post, delivered again"
    edited = an_author("x:1", 1, post="late", edited_at=START + 15 * DAY, sentiment="neg")
    profiles.merge([edited], CONFIG.profile_settings())
    assert changed(exports) == ["c1"]
    gone = Fold()
    gone.add(an_enriched_post(a_deletion("x:2-p10", hours=300, account="2")))
    profiles.merge([gone.profile("x:2", CONFIG.profile_settings())], CONFIG.profile_settings())
    rows: list[CustomerRow] = []
    export(exports, rows.extend, NOW, SETTINGS, consumer="crm")
    assert [(row.customer, row.posts, row.changed_at) for row in rows] == [("c2", 0, START + 300 * HOUR)]


def test_since_goes_by_event_times(stores):
    _, _, care, exports = stores
    care.put_actions([an_action("x:2", 15)])
    assert changed(exports, consumer=None, since=START + 12 * DAY) == ["c2"]
    assert changed(exports, consumer=None, since=START + 9 * DAY) == ["c1", "c2"]


def test_a_write_that_fails_is_not_remembered(stores):
    *_, exports = stores

    def full_disk(rows):
        next(rows)
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        export(exports, full_disk, NOW, SETTINGS, consumer="crm")
    assert changed(exports) == ["c1", "c2", "c3"]


def test_accounts_that_are_nobodys_come_on_demand_and_are_counted_when_gone(stores):
    _, customers, _, exports = stores
    assert changed(exports, unlinked=True) == ["c1", "c2", "c3", "x:9"]
    customers.link("x:9", "c3", NOW)
    rows: list[CustomerRow] = []
    assert export(exports, rows.extend, NOW, SETTINGS, consumer="crm", unlinked=True).gone == {"x:9"}
    assert "x:9" not in exports.exported("crm")


def test_more_customers_than_fit_one_statement_are_all_exported(stores, monkeypatch):
    *_, exports = stores
    monkeypatch.setattr("pipeline.store.database.CHUNK", 1)
    assert changed(exports, unlinked=True) == ["c1", "c2", "c3", "x:9"]
    assert changed(exports, unlinked=True) == []


def _run(store, *flags):
    parser = argparse.ArgumentParser()
    crm.add_parser(parser.add_subparsers())
    url = store._engine.url.render_as_string(hide_password=False)
    given = ("--store", url, "--config", str(CONFIG_FILE), "--as-of", NOW.isoformat())
    parsed = parser.parse_args(["crm", "export", *given, *flags])
    return parsed.command(parsed)


def test_the_three_forms_say_the_same(stores, tmp_path, capsys):
    *_, exports = stores
    files = {form: tmp_path / f"customers.{form}" for form in ("csv", "jsonl", "avro")}
    for path in files.values():
        _run(exports, "--output", str(path), "--unlinked", "--json")
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["rows"] for each in told] == [4, 4, 4]
    with files["avro"].open("rb") as file:
        from_avro = [from_dict(CustomerRow, row) for row in fastavro.reader(file)]
    from_lines = [json.loads(line) for line in files["jsonl"].read_text("utf-8").splitlines()]
    from_csv = list(csv.DictReader(files["csv"].open(encoding="utf-8")))
    for record, line, row in zip(from_avro, from_lines, from_csv, strict=True):
        assert (record.customer, record.posts, record.segment) == (line["customer"], line["posts"], line["segment"])
        assert (row["customer"], row["posts"]) == (record.customer or "", str(record.posts))
    assert from_csv[0]["interests"].startswith("skiing:")
    assert from_csv[0]["as_of"] == "2026-10-23T08:00:00Z"
    assert from_lines[3]["name"] == "@SUM(A1)"
    assert from_csv[3]["name"] == "'@SUM(A1)", "a handle is its owner's choice"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--output", "customers.txt"], "a file is .csv, .jsonl or .avro"),
        (["--output", "customers.csv", "--full"], "--full: goes with --as NAME"),
        (["--output", "customers.csv", "--since", "yesterday"], "--since: 'yesterday' is no time"),
    ],
)
def test_what_is_asked_wrongly_is_said(stores, flags, message):
    with pytest.raises(ConfigError, match=message):
        _run(stores[3], *flags)


def test_a_file_that_cannot_be_finished_leaves_the_one_before(tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text("before")

    def break_off():
        with whole_file(path) as file:
            file.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        break_off()
    assert path.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["customers.csv"]
    with pytest.raises(ConfigError, match="cannot be written"), whole_file(path / "below") as file:
        file.write(b"")
