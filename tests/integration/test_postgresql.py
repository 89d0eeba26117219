"""A store that several processes write into at once, and whose server goes away and comes back."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pipeline.errors import ConfigError, TransientError
from pipeline.store import database
from pipeline.store.base import SqlStore
from pipeline.store.profile_store import ProfileStore
from tests.builders import START
from tests.pipelines import run_pipeline
from tests.unit.test_profile_store import SETTINGS, profile
from tests.writers import ACCOUNTS, at_once, everything, write_records

pytest_plugins = ["tests.stores"]


def test_what_several_processes_write_at_once_is_what_one_would_have_written(new_store):
    shared, alone = new_store(), new_store()
    at_once(write_records, *[(shared, seed) for seed in range(3)])
    write_records(None, alone, 99)
    together = everything(shared)
    assert together == everything(alone)
    assert len(together["profiles"]) == len(together["cases"]) == len(ACCOUNTS)
    assert {alert.revision for alert in together["alerts"]} == {3}
    assert sum(row.answered for row in together["kpis"] if row.period == "day") == 40


def posts(path, accounts):
    """Posts of those accounts, some of them complaints."""
    lines = [
        {
            **{"post_id": f"{account}-{number}", "platform": "x", "account_id": account, "likes": number},
            **{"text": ["fine", "late again"][number % 2], "created_at": (START + timedelta(hours=number)).isoformat()},
        }
        for account in accounts
        for number in range(6)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_two_pipelines_at_once_give_what_one_gives_that_reads_all(new_store, tmp_path):
    shared, alone = new_store(), new_store()
    # some customers are in one file only, some are in both
    for number, accounts in enumerate((ACCOUNTS[:4], ACCOUNTS[2:6])):
        posts(tmp_path / f"{number}.jsonl", accounts)
    at_once(run_pipeline, *[(shared, tmp_path / f"at-once-{n}", f"{tmp_path}/{n}.jsonl") for n in range(2)])
    run_pipeline(None, alone, tmp_path / "alone", f"{tmp_path}/*.jsonl")
    together = everything(shared)
    assert together == everything(alone)
    assert len(together["profiles"]) == 6
    assert together["cases"]
    assert together["alerts"]
    assert together["kpis"]


@pytest.fixture
def on_postgresql(postgresql, postgresql_template):
    with postgresql.stores(postgresql_template) as lend:
        yield lend()


@contextmanager
def opened(url):
    store = ProfileStore(url)
    yield store
    store.close()


def test_a_server_that_was_restarted_between_two_writes_is_not_noticed(postgresql, on_postgresql):
    with opened(on_postgresql) as store:
        store.merge([profile(1)], SETTINGS)
        postgresql.stop()
        postgresql.start()
        store.merge([profile(2)], SETTINGS)
        assert store.read("x:ali") == profile(1, 2)


def test_a_server_that_is_away_is_waited_for(postgresql, on_postgresql, caplog):
    caplog.set_level("INFO", "shenava")
    with opened(on_postgresql) as store:
        store.merge([profile(1)], SETTINGS)
        postgresql.stop()
        with pytest.raises(TransientError, match="store: "):
            store.merge([profile(2)], SETTINGS)
        with pytest.raises(TransientError, match="store: "):
            store.read("x:ali")
        with pytest.raises(ConfigError, match=r"--store .*cannot be opened"):
            store.create_tables()
        back = threading.Timer(0.5, postgresql.start)
        back.start()
        assert database.patiently(lambda: store.merge([profile(2)], SETTINGS)) == 1
        back.join()
        assert store.read("x:ali") == profile(1, 2)
    said = [record.message for record in caplog.records if record.name == "shenava.store"]
    assert said == ["the store does not answer", "the store is back"]


def test_a_server_that_goes_in_the_midst_of_a_transaction_leaves_nothing_of_it(postgresql, on_postgresql):
    engine, _ = database.connect(on_postgresql)
    insert = text("INSERT INTO secrets VALUES (:name, 'a word')")

    def write():
        with database.writing(engine) as connection:
            connection.execute(insert, {"name": "one"})
            postgresql.stop()
            postgresql.start()
            connection.execute(insert, {"name": "two"})

    with pytest.raises(TransientError):
        write()
    with database.reading(engine) as connection:
        assert connection.execute(text("SELECT name FROM secrets")).all() == []
    engine.dispose()


def test_of_two_that_wait_for_each_other_one_may_try_again(on_postgresql):
    engine, _ = database.connect(on_postgresql)
    with database.writing(engine) as connection:
        connection.execute(text("INSERT INTO secrets VALUES ('one', ''), ('two', '')"))
    both = threading.Barrier(2)
    ends = []

    def write(*names):
        try:
            with database.writing(engine) as connection:
                for name in names:
                    connection.execute(text("UPDATE secrets SET value = 'x' WHERE name = :name"), {"name": name})
                    if name == names[0]:
                        both.wait(10)
        except TransientError as error:
            ends.append(str(error))
        else:
            ends.append("written")

    other = threading.Thread(target=write, args=("two", "one"))
    other.start()
    write("one", "two")
    other.join()
    assert sorted(end.partition("\n")[0] for end in ends) == ["store: deadlock detected", "written"]
    engine.dispose()


def test_a_transaction_that_another_overtook_may_try_again(on_postgresql):
    engine, _ = database.connect(on_postgresql)
    strict = engine.execution_options(isolation_level="REPEATABLE READ")
    update = text("UPDATE secrets SET value = value || 'x'")
    with database.writing(engine) as connection:
        connection.execute(text("INSERT INTO secrets VALUES ('one', '')"))

    def overtaken():
        with database.writing(strict) as slow:
            slow.execute(text("SELECT * FROM secrets")).all()
            with database.writing(strict) as quick:
                quick.execute(update)
            slow.execute(update)

    with pytest.raises(TransientError, match="could not serialize"):
        overtaken()
    engine.dispose()


def test_a_table_that_is_not_there_is_not_waited_for(new_url):
    store = SqlStore(new_url())
    with pytest.raises(DBAPIError), database.reading(store._engine) as connection:
        connection.execute(text("SELECT * FROM no_such_table"))
    store.close()
