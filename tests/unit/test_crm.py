"""`shenava crm import`, from every kind of source into a real store."""

import argparse
import json
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import fastavro
import pytest
from sqlalchemy import create_engine, text

from pipeline.config import load_config
from pipeline.errors import ConfigError, RecordError
from pipeline.logic.contacts import hashed_email, hashed_phone
from pipeline.logic.cutting import cut_lines, cut_rows
from pipeline.logic.parsing import parse
from pipeline.logic.profile import Fold, ProfileSettings
from pipeline.logic.tombstones import rows
from pipeline.records import ANY, Author, Consent
from pipeline.store.customer_store import CustomerStore
from pipeline.store.profile_store import ProfileStore
from pipeline.store.tombstone_store import TombstoneStore
from runners import crm, crm_rows, crm_sources
from tests.builders import a_post, an_enriched_post

pytest_plugins = ["tests.stores"]

AT = datetime(2026, 10, 1, tzinfo=UTC)
HEAD = "customer,name,tier,consents,accounts,email,phone\n"
SAMPLE = Path("examples/parsi")


@pytest.fixture
def url(tmp_path, sqlite_template):
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'profiles.db')}"


@pytest.fixture(autouse=True)
def store(url):
    with closing(CustomerStore(url)) as opened:
        yield opened


@pytest.fixture
def run(url, tmp_path):
    """Imports a text as a CSV file, or a source."""

    def imported(source, *flags):
        if "\n" in str(source):
            (tmp_path / "crm.csv").write_text(source, "utf-8")
            source = tmp_path / "crm.csv"
        parser = argparse.ArgumentParser()
        crm.add_parser(parser.add_subparsers())
        given = parser.parse_args(["crm", "import", str(source), "--store", url, *map(str, flags)])
        return given.command(given)

    return imported


def put_profile(url, account, handle):
    platform, _, name = account.partition(":")
    fold = Fold()
    fold.add(an_enriched_post(a_post(account, platform=platform, author=Author(name, handle=handle))))
    with closing(ProfileStore(url)) as profiles:
        profiles.merge([fold.profile(account, ProfileSettings())], ProfileSettings())


def test_a_row_becomes_a_customer_with_everything(run, store, capsys):
    consents = "marketing:direct message=yes@2026-09-01;service:*=no"
    row = f"1001,سارا,gold,{consents},x:1;instagram:2,Sara@Example.com,۰۹۱۲۰۰۰۰۰۱۱\n"
    assert run(HEAD + row, "--as-of", "2026-10-01") == 0
    found = store.customer("1001")
    assert (found.name, found.tier) == ("سارا", "gold")
    assert found.consents == (
        Consent(ANY, "service", False, AT),
        Consent("direct message", "marketing", True, datetime(2026, 9, 1, tzinfo=UTC)),
    )
    salt = store.salt()
    assert found.contacts == (hashed_email("sara@example.com", salt), hashed_phone("+989120000011", salt))
    assert store.links() == {"x:1": "1001", "instagram:2": "1001"}
    assert "1 new" in capsys.readouterr().out


def test_columns_of_their_own_say_the_same(run, store):
    run(HEAD + "1001,,,marketing:e-mail=no;marketing:sms=yes;service:*=yes,x:1;telegram:5,,\n", "--as-of", "2026-10-01")
    one = store.customer("1001")
    head = "Customer,consent_marketing_e-mail,consent_marketing_sms,consent_service,account_x,account_telegram,city\n"
    run(head + "1001,خیر,1,Yes,1,5,Karaj\n", "--as-of", "2026-10-01")
    assert store.customer("1001") == one
    assert set(store.links()) == {"x:1", "telegram:5"}


def test_every_source_gives_the_same_customers(run, store, tmp_path):
    values = {"customer": "1001", "name": "Sara", "accounts": "x:1", "email": "a@example.com", "tier": None}
    columns = list(values)
    (tmp_path / "crm.jsonl").write_text(json.dumps(values | {"consents": {"marketing:e-mail": True}}) + "\n", "utf-8")
    fields = [{"name": name, "type": ["null", "string"]} for name in (*columns, "consents")]
    with (tmp_path / "crm.avro").open("wb") as file:
        schema = {"type": "record", "name": "Client", "fields": fields}
        fastavro.writer(file, schema, [values | {"consents": "marketing:e-mail=yes"}])
    engine = create_engine(f"sqlite:///{tmp_path}/crm.db")
    with engine.begin() as connection:
        connection.execute(text("create table clients (id integer, name text, mail text, agrees boolean)"))
        connection.execute(text("insert into clients values (1001, 'Sara', 'a@example.com', true)"))
    query = (
        "SELECT id AS customer, name, mail AS email, 'x:1' AS accounts, "
        'agrees AS "consent_marketing_e-mail" FROM clients'
    )
    found = []
    for source in (
        ("customer,name,accounts,email,consents\n1001,Sara,x:1,a@example.com,marketing:e-mail=yes\n",),
        (tmp_path / "crm.jsonl",),
        (tmp_path / "crm.avro",),
        (f"sqlite:///{tmp_path}/crm.db", "--query", query),
    ):
        run(*source, "--as-of", "2026-10-01")
        found.append((store.customer("1001"), store.accounts("1001")))
    assert found[0][0].consents == (Consent("e-mail", "marketing", True, AT),)
    assert found == [found[0]] * 4


def test_no_address_reaches_the_store_or_the_screen_in_the_clear(run, url, capsys):
    run(HEAD + "1001,Sara,,,,zahra.k@example.com,09120000011\n")
    with pytest.raises(ConfigError) as caught:
        run(HEAD + "1001,Sara,,,,zahra.k at example,0912000\n")
    printed = capsys.readouterr()
    engine = create_engine(url)
    with engine.connect() as connection:
        stored = "\n".join(connection.connection.driver_connection.iterdump())
    for secret in ("zahra", "9120000011", "0912000"):
        assert secret not in printed.out + printed.err + str(caught.value) + stored


def test_a_handle_stands_for_the_one_account_that_has_it(run, store, url):
    put_profile(url, "x:77", "Sara_Powder")
    run(HEAD + "1001,,,,x:@sara_powder,,\n")
    assert store.links() == {"x:77": "1001"}


def test_a_handle_that_is_nobodys_or_of_several_is_refused(run, url):
    put_profile(url, "x:77", "sara")
    put_profile(url, "x:78", "sara")
    with pytest.raises(ConfigError) as caught:
        run(HEAD + "1001,,,,x:@sara,,\n1002,,,,x:@nobody,,\n1003,,,,x:1,,\n")
    assert "crm.csv:2: accounts: 2 accounts have this handle on x" in str(caught.value)
    assert "crm.csv:3: accounts: no account of the store has this handle on x" in str(caught.value)
    assert "crm.csv:4" not in str(caught.value)


BAD = (
    HEAD + ",,,,,,\n"
    "1002,,,marketing:e-mail=perhaps;fun:e-mail=yes,x1,no-address,12\n"
    "1003,,,service:*=yes@yesterday,,,\n"
    "1004,,,,x:4,,\n"
    "1004,,,,,,\n"
    "1005,,,,x:4,,\n"
    "1006,too few\n"
    "1007,,,,,,\n"
)


def test_bad_rows_are_told_all_at_once_and_nothing_is_written(run, store):
    with pytest.raises(ConfigError) as caught:
        run(BAD)
    lines = [line.strip() for line in str(caught.value).splitlines()]
    assert lines[0] == "6 bad rows"
    assert [line.split(": ")[:2] for line in lines[1:-1]] == [
        *(["crm.csv:2", "customer"], ["crm.csv:3", "consents"], ["crm.csv:3", "consents"], ["crm.csv:3", "email"]),
        *(["crm.csv:3", "phone"], ["crm.csv:3", "accounts"], ["crm.csv:4", "consents"], ["crm.csv:6", "customer"]),
        *(["crm.csv:7", "accounts"], ["crm.csv:8", "has 2 columns, the header 7"]),
    ]
    assert list(store.customers()) == []


def test_bad_rows_can_be_left_out(run, store, capsys):
    assert run(BAD, "--skip-bad", "--json") == 0
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert (found["rows"], found["bad"], found["customers"]["new"]) == (8, 6, 2)
    assert "crm.csv:8" in printed.err
    assert [each.customer for each in store.customers()] == ["1004", "1007"]


def test_the_same_answer_twice_is_fine_but_not_two_answers(run):
    run(HEAD + "1,,,marketing:*=yes;marketing:*=yes,,,\n")
    with pytest.raises(ConfigError, match=r"crm.csv:2: consents: marketing:\* is answered twice"):
        run(HEAD + "1,,,marketing:*=yes;marketing:*=no,,,\n")


def test_what_was_said_by_hand_is_kept_and_told(run, store, capsys):
    run(HEAD + "1,,,,x:1;x:2,,\n2,,,,,,\n", "--as-of", "2026-10-01")
    store.link("x:1", "2", AT)
    store.unlink("x:2", AT)
    run(HEAD + "1,,,,x:1;x:2,,\n2,,,,,,\n", "--as-of", "2026-10-02", "--json")
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["links"]["kept_by_hand"] == found["links"]["kept_apart"] == ["crm.csv:2"]
    assert store.links() == {"x:1": "2"}


def test_customers_who_are_not_in_the_file_stay_unless_replaced(run, store):
    run(HEAD + "1,,,,,,\n2,,,,,,\n")
    run(HEAD + "2,,,,,,\n")
    assert len(list(store.customers())) == 2
    run(HEAD + "2,,,,,,\n", "--replace")
    assert [each.customer for each in store.customers()] == ["2"]
    with pytest.raises(ConfigError, match="no customer in it"):
        run(HEAD + "\n", "--replace")
    assert len(list(store.customers())) == 1


def test_who_is_to_be_forgotten_is_not_collected_again(run, store, url, capsys):
    with closing(TombstoneStore(url)) as tombstones:
        for subject in ("1", "x:2"):
            tombstones.bury(rows(subject, [], [], store.salt()), AT)
    run(HEAD + "1,,,,x:1,,\n2,,,,x:2;x:3,,\n", "--json")
    assert json.loads(capsys.readouterr().out)["forgotten"] == 2
    assert store.links() == {"x:3": "2"}
    assert store.customer("1") is None


@pytest.mark.parametrize(
    ("source", "flags", "named"),
    [
        ("no-such.csv", (), "no-such.csv: cannot be read"),
        ("crm.xlsx", (), r"neither .csv, .jsonl nor .avro"),
        ("sqlite:///nothing.db", (), "--query: a database needs one"),
        ("sqlite://", ("--query", "select * from nowhere"), "the query fails: no such table: nowhere"),
        ("nonsense://x", ("--query", "select 1"), "nonsense"),
        ("name\nSara\n", (), "customer: there is no such column"),
        ("customer;name\n1;Sara;x\n2;\n", ("--region", "XX"), "--region: 'XX'"),
        ("customer;name\n1,5;Sara\n", (), "columns are parted by commas"),
        (HEAD + "1,,,,,,\n", ("--as-of", "2999-01-01"), "--as-of: lies in the future"),
        (HEAD + "1,,,,,,\n", ("--query", "select 1"), "--query: it is for a database"),
    ],
)
def test_what_was_asked_wrongly_is_named(run, source, flags, named):
    with pytest.raises(ConfigError, match=named):
        run(source, *flags)


def test_the_customers_of_the_sample_have_accounts_of_the_sample():
    settings = load_config(Path("runners/config/reference.yaml")).parse_settings()
    known = set()
    for path in (SAMPLE / "posts").iterdir():
        with path.open("rb") as file:
            for raw in (cut_rows if path.suffix == ".csv" else cut_lines)(file, path.name):
                try:
                    post = parse(raw, settings, datetime(2026, 11, 1, tzinfo=UTC))
                except RecordError:
                    continue
                known |= {post.account_key, f"{post.platform}:@{(post.author.handle or '').casefold()}"}
    found = [crm_rows.read_row(row, b"salt", "IR", AT) for row in crm_sources.rows(str(SAMPLE / "crm.csv"), None)]
    assert len(found) == 16
    assert [str(problem) for row in found for problem in row.problems] == []
    assert {account for row in found for account in row.accounts} <= known
    channels = {policy.channel for policy in load_config(Path("runners/config/reference.yaml")).actions.policies}
    assert {said.channel for row in found for said in row.customer.consents} <= {*channels, ANY}
