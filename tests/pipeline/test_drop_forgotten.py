"""What lets nothing through of the forgotten, in a running pipeline and with tombstones from a store."""

import pickle
from dataclasses import replace
from datetime import UTC, datetime

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to

from pipeline.io.forgotten import Forgotten
from pipeline.logic.tombstones import MASK, rows
from pipeline.metrics import counters
from pipeline.records import Author, DeadLetter
from pipeline.store.tombstone_store import TombstoneStore
from pipeline.transforms.drop_forgotten import DropForgotten, DropForgottenLetters
from tests.builders import a_parsed_post, a_post

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SARA = a_post("1", author=Author("9488311130", "sara_ahm"))


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/store.db"


@pytest.fixture
def store(url):
    store = TombstoneStore(url)
    store.create_tables()
    yield store
    store.close()


def forget(store, account, *handles):
    store.bury(rows(account, handles, (), store.salt()), NOW)


def run(build):
    pipeline = beam.Pipeline(FnApiRunner())
    build(pipeline)
    result = pipeline.run()
    result.wait_until_finish()
    return counters(result)


def test_posts_of_the_forgotten_are_counted_and_gone_and_others_lose_only_the_name(store, url):
    forget(store, "x:9488311130", "sara_ahm")
    answer = a_post("2", account="ali", text="@sara_ahm چشم", in_reply_to_account_id="9488311130")
    other = a_parsed_post(a_post("3", account="ali"), b'{"text": "hello"}')
    given = [a_parsed_post(SARA), a_parsed_post(answer, '{"text": "@sara_ahm چشم"}'.encode()), other]

    def build(pipeline):
        kept = pipeline | beam.Create(given) | DropForgotten(Forgotten(url))
        masked = replace(
            given[1],
            post=replace(answer, text=f"@{MASK} چشم", in_reply_to_account_id=None),
            raw=replace(given[1].raw, payload=f'{{"text": "@{MASK} چشم"}}'.encode()),
        )
        assert_that(kept, equal_to([masked, other]))

    assert run(build) == {"forgotten.posts": 1, "forgotten.masked": 1}


def test_nothing_changes_while_nobody_is_forgotten(store, url):
    del store

    def build(pipeline):
        posts = [a_parsed_post(SARA), a_parsed_post(a_post("2"))]
        assert_that(pipeline | beam.Create(posts) | DropForgotten(Forgotten(url)), equal_to(posts))

    assert run(build) == {}


def test_dead_letters_that_name_the_forgotten_are_dropped(store, url):
    forget(store, "x:9488311130", "sara_ahm")
    theirs = DeadLetter(b'{"user": {"id": 9488311130}, "text": 5}', "a.jsonl", 1, "parse", "missing_field", "text")
    other = replace(theirs, payload=b'{"user": {"id": 1}}', position=2)

    def build(pipeline):
        assert_that(pipeline | beam.Create([theirs, other]) | DropForgottenLetters(Forgotten(url)), equal_to([other]))

    assert run(build) == {"forgotten.letters": 1}


def test_a_tombstone_that_is_set_or_lifted_while_a_run_goes_on_is_noticed_in_time(store, url):
    now = [0.0]
    forgotten = Forgotten(url, every_s=60.0, now=lambda: now[0])
    assert not forgotten().covers("x:ali")
    forget(store, "x:ali")
    now[0] = 59.0
    assert not forgotten().covers("x:ali"), "the store is not asked at every post"
    now[0] = 60.0
    assert forgotten().covers("x:ali")
    assert forgotten() is forgotten(), "read anew only when there is something new"
    store.lift("x:ali")
    now[0] = 121.0
    assert not forgotten().covers("x:ali")


def test_workers_of_a_run_share_what_was_read_and_the_next_run_reads_anew(store, url):
    run_one = Forgotten(url)
    worker = pickle.loads(pickle.dumps(run_one))
    assert worker() is run_one()
    forget(store, "x:ali")
    assert not worker().covers("x:ali")
    assert Forgotten(url)().covers("x:ali")
