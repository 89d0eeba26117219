"""The revisions give exactly the tables that the code knows, from nothing and from every store there has been."""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import autogenerate
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, String, create_engine, inspect, select, text
from sqlalchemy.exc import DBAPIError

from pipeline.errors import ConfigError
from pipeline.store import tables, views
from pipeline.store.base import SqlStore
from pipeline.store.care_store import CareStore
from pipeline.store.kpi_store import KpiStore
from pipeline.store.profile_store import ProfileStore
from pipeline.store.profile_tables import PROFILES
from runners import store as command
from tests.unit.test_care_store import FACTS, told
from tests.unit.test_kpis import a_fact
from tests.unit.test_profile_store import SETTINGS, profile

pytest_plugins = ["tests.stores"]
OLD = (Path(__file__).parent / "store_before_revisions.sql").read_text("utf-8")
LATEST = max(path.name[:4] for path in Path("pipeline/store/migrations/versions").glob("*.py"))
START_TOGETHER = """
import sys
from pipeline.store.base import SqlStore
print("ready", flush=True)
sys.stdin.readline()
SqlStore(sys.argv[1]).create_tables()
"""


def create_tables(url):
    store = SqlStore(url)
    store.create_tables()
    store.close()


@contextmanager
def transaction(url):
    engine = create_engine(url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def make_old(url, leave_out=""):
    """The tables as they were before revisions were counted."""
    with transaction(url) as connection:
        for statement in OLD.split(";\n"):
            if connection.dialect.name == "sqlite":
                statement = statement.replace("TIMESTAMP WITH TIME ZONE", "DATETIME")
                if "COMMENT ON" in statement:
                    continue
            if statement.strip() and not (leave_out and f" {leave_out} " in statement.replace(".", " ")):
                connection.exec_driver_sql(statement)


def table_names(url):
    with transaction(url) as connection:
        return {*inspect(connection).get_table_names()}


def assert_up_to_date(url):
    with transaction(url) as connection:
        context = MigrationContext.configure(connection)
        missing = autogenerate.produce_migrations(context, tables.METADATA).upgrade_ops
        assert context.get_current_revision() == LATEST
        code = autogenerate.render_python_code(missing)
        assert missing.is_empty(), f"the tables need another revision, which does this:\n{code}"


def test_the_revisions_give_exactly_the_tables_that_the_code_knows(new_url):
    url = new_url()
    create_tables(url)
    assert_up_to_date(url)


def test_every_module_of_tables_is_known():
    files = {path.stem for path in Path("pipeline/store").glob("*_tables.py")}
    assert files == {module.__name__.rpartition(".")[2] for module in tables.MODULES}


def test_a_store_from_before_revisions_is_taken_over_with_its_rows(new_url):
    url = new_url()
    make_old(url)
    profiles, care, kpis = ProfileStore(url), CareStore(url), KpiStore(url, "UTC")
    profiles.merge([profile(1, 2), profile(3, account="sara")], SETTINGS)
    care.add_facts([("x:ali", fact) for fact in FACTS])
    care.put_cases(told().cases.values())
    care.put_alerts(told().alerts.values())
    kpis.count([a_fact(1), a_fact(2)])

    def rows():
        known = dict(care.recall(timedelta(days=60)))
        return list(profiles.read_all()), known, list(care.cases()), list(care.alerts()), list(kpis.rows())

    before = rows()
    create_tables(url)
    assert_up_to_date(url)
    assert rows() == before
    assert all(before)
    for store in (profiles, care, kpis):
        store.close()


def test_a_store_from_before_some_of_the_first_tables_gets_them(new_url):
    url = new_url()
    make_old(url, leave_out="kpis")
    assert "kpis" not in table_names(url)
    create_tables(url)
    assert_up_to_date(url)


def test_a_table_of_another_program_is_left_alone(new_url):
    url = new_url()
    with transaction(url) as connection:
        connection.execute(text("CREATE TABLE alerts (alert_id VARCHAR PRIMARY KEY, page VARCHAR)"))
    with pytest.raises(ConfigError, match="its table alerts has no column case_id, so it is another program's"):
        create_tables(url)
    assert table_names(url) == {"alerts"}


def test_a_step_that_fails_leaves_the_store_where_it_was(new_url):
    url = new_url()
    with transaction(url) as connection:
        connection.execute(text("CREATE TABLE secrets (word VARCHAR)"))
    with pytest.raises(DBAPIError, match=r"secrets.* already exists"):
        create_tables(url)
    assert table_names(url) == {"secrets"}


def test_a_store_of_a_newer_shenava_is_refused_with_words(new_url):
    url = new_url()
    create_tables(url)
    with transaction(url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9000'"))
    with pytest.raises(ConfigError, match=r"--store .* revision 9000, made by a newer Shenava.*Install the newer one"):
        create_tables(url)


def test_processes_that_begin_at_once_make_one_store(new_url):
    url = new_url()
    arguments = [sys.executable, "-c", START_TOGETHER, url]
    begun = [
        subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for each in begun:
        assert each.stdout.readline() == "ready\n"
    for each in begun:
        each.stdin.write("go\n")
        each.stdin.flush()
    ends = [(each.communicate()[1], each.returncode) for each in begun]
    assert ends == [("", 0)] * 4
    assert_up_to_date(url)


def test_a_store_that_is_up_to_date_is_not_waited_for(new_url):
    url = new_url()
    create_tables(url)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as writer:
        if engine.dialect.name == "sqlite":
            writer.execute(text("BEGIN IMMEDIATE"))
        else:
            writer.execute(text("SELECT pg_advisory_lock(hashtext('alembic_version'))"))
        create_tables(url if engine.dialect.name == "postgresql" else f"{url}?timeout=0.1")
    engine.dispose()


def test_a_later_revision_may_alter_a_table_that_has_rows(new_url):
    url = new_url()
    create_tables(url)
    store = ProfileStore(url)
    store.merge([profile(1, 2)], SETTINGS)
    with transaction(url) as connection:
        views.drop(connection, LATEST)
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("profiles") as changed:
            changed.add_column(Column("nickname", String))
            changed.alter_column("handle", existing_type=String, nullable=False)
        row = connection.execute(select(PROFILES.c.account, text("nickname"))).one()
    assert tuple(row) == ("x:ali", None)
    assert store.read("x:ali") == profile(1, 2)
    store.close()


def test_a_user_who_may_not_change_tables_is_told_who_may(postgresql):
    url = postgresql.database()
    reader = url.replace("postgres@", "reader@")
    postgresql.execute("CREATE ROLE reader LOGIN")
    with pytest.raises(ConfigError, match=r"may not change its tables.*let one who may run `shenava store upgrade"):
        create_tables(reader)
    create_tables(url)
    with transaction(url) as connection:
        connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"))
    create_tables(reader)


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "notes.txt").write_text("no database, and long enough to be read as one" * 100)
    with pytest.raises(ConfigError, match=r"--store .*notes.txt: cannot be opened: file is not a database"):
        create_tables(f"sqlite:///{tmp_path}/notes.txt")


def run(*arguments):
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    given = parser.parse_args(["store", *arguments])
    return given.command(given)


def test_the_command_says_how_a_store_stands_and_mends_it(new_url, capsys, caplog):
    caplog.set_level(logging.INFO)
    url = new_url()
    make_old(url)
    store = ProfileStore(url)
    store.merge([profile(1)], SETTINGS)
    store.close()
    assert run("status", "--store", url) == 1
    printed = capsys.readouterr().out
    assert "tables from before revisions were counted" in printed
    assert "to do: 0002  customers of the CRM" in printed
    assert run("upgrade", "--store", url, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["from"], told["revision"], told["up_to_date"]) == (None, LATEST, True)
    assert [each["revision"] for each in told["done"]] == [f"{number:04}" for number in range(1, int(LATEST) + 1)]
    assert run("upgrade", "--store", url) == 0
    assert "was up to date" in capsys.readouterr().out
    assert run("status", "--store", url, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rows"]["profiles"] == 1
    assert told["rows"]["customers"] == 0
    assert {record.name for record in caplog.records if not record.name.startswith("alembic")} <= {"shenava.store"}


def test_the_command_makes_no_file_to_look_at(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        run("status", "--store", f"sqlite:///{tmp_path}/none.db")
    assert not list(tmp_path.iterdir())
