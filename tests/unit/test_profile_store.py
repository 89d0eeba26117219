import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Connection, create_engine, select, text

from pipeline.errors import ConfigError, TransientError
from pipeline.logic.profile import Fold, ProfileSettings
from pipeline.records import Author
from pipeline.store import database
from pipeline.store.profile_store import ProfileStore
from pipeline.store.profile_tables import PROFILES
from tests.builders import a_classification, a_deletion, a_post, an_enriched_post

pytest_plugins = ["tests.stores"]
SETTINGS = ProfileSettings()


@pytest.fixture
def store(store_url):
    opened = ProfileStore(store_url)
    yield opened
    opened.close()


@contextmanager
def transaction(url: str) -> Iterator[Connection]:
    engine = create_engine(url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def profile(*numbers, account="ali"):
    fold = Fold()
    for number in numbers:
        said = a_classification(severity=number % 3, topics=("food",))
        fold.add(an_enriched_post(a_post(str(number), hours=number, account=account), said, interests=("skiing",)))
    return fold.profile(f"x:{account}", SETTINGS)


def test_a_profile_is_read_back_as_it_was_written(store):
    assert store.merge([profile(1, 2)], SETTINGS) == 1
    assert store.read("x:ali") == profile(1, 2)
    assert store.read("x:nobody") is None


def test_the_same_posts_again_change_no_row(store):
    store.merge([profile(1, 2)], SETTINGS)
    assert store.merge([profile(1, 2)], SETTINGS) == 0
    assert store.merge([profile(2)], SETTINGS) == 0


def test_new_posts_are_merged_with_what_is_there_in_any_order(store):
    for part in ([profile(3)], [profile(1, 2)], [profile(5)]):
        store.merge(part, SETTINGS)
    assert store.read("x:ali") == profile(1, 2, 3, 5)


def test_two_profiles_of_an_account_in_one_call_are_both_kept(store):
    store.merge([profile(1), profile(2)], SETTINGS)
    assert store.read("x:ali") == profile(1, 2)


def deletions(*numbers):
    fold = Fold()
    for number in numbers:
        fold.add(an_enriched_post(a_deletion(str(number), hours=99)))
    return fold.profile("x:ali", SETTINGS)


def test_a_deletion_takes_its_post_out_of_the_store_for_good(store):
    store.merge([profile(1, 2)], SETTINGS)
    assert store.merge([deletions(2)], SETTINGS) == 1
    seen = store.read("x:ali")
    assert [each.post for each in seen.contributions] == ["x:1"]
    assert store.merge([profile(2)], SETTINGS) == 0
    assert store.read("x:ali") == seen


def test_when_every_post_is_deleted_the_store_says_nothing_of_the_person(store, store_url):
    store.merge([profile(1, 2)], SETTINGS)
    store.merge([deletions(1, 2)], SETTINGS)
    with transaction(store_url) as connection:
        row = connection.execute(select(PROFILES)).one()
    assert (row.posts, row.handle, row.reach, row.interests) == (0, None, 0, {})
    written = json.dumps(row.document, ensure_ascii=False)
    assert "skiing" not in written
    assert '"ali"' not in written


def test_a_row_written_before_deletions_were_known_is_read(store, store_url):
    store.merge([profile(1)], SETTINGS)
    with transaction(store_url) as connection:
        document = connection.scalar(select(PROFILES.c.document))
        del document["looks"], document["deletions"]
        connection.execute(PROFILES.update().values(document=document))
    store.merge([profile(2)], SETTINGS)
    assert store.read("x:ali").posts == 2


def test_times_are_written_as_in_the_other_stores_and_their_older_form_is_read(store, store_url):
    fold = Fold()
    fold.add(an_enriched_post(a_post("1", author=Author("ali", declared={"location": "تهران"}))))
    fold.add(an_enriched_post(a_deletion("2")))
    written = fold.profile("x:ali", SETTINGS)
    store.merge([written], SETTINGS)
    with transaction(store_url) as connection:
        document = connection.scalar(select(PROFILES.c.document))
        assert document["last_seen"].endswith("Z")
        older = json.dumps(document).replace('Z"', '+00:00"')
        connection.execute(PROFILES.update().values(document=json.loads(older)))
    assert older.count('+00:00"') == 5, "first and last seen, what is declared, a post, a deletion"
    assert store.read("x:ali") == written
    assert store.merge([written], SETTINGS) == 0, "another form of the same profile is no change"
    assert store.merge([profile(3)], SETTINGS) == 1
    assert [each.post for each in store.read("x:ali").contributions] == ["x:1", "x:3"]


def test_many_profiles_in_one_call(store):
    many = [profile(1, account=f"a{i}") for i in range(1200)]
    assert store.merge(many, SETTINGS) == 1200
    assert len(list(store.read_all())) == 1200


def test_writers_at_the_same_time_lose_nothing(store_url, store):
    def write(number):
        writer = ProfileStore(store_url)
        # on PostgreSQL two may insert an account at once: one of them comes again
        database.patiently(lambda: writer.merge([profile(number)], SETTINGS), waits=(0.01,) * 25)
        writer.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(1, 25)))
    assert store.read("x:ali") == profile(*range(1, 25))


def test_a_locked_file_is_transient_and_nothing_is_written(tmp_path):
    url = f"sqlite:///{tmp_path}/profiles.db"
    store = ProfileStore(url)
    store.create_tables()
    blocker = create_engine(url, isolation_level="AUTOCOMMIT").connect()
    blocker.execute(text("BEGIN IMMEDIATE"))
    impatient = ProfileStore(url + "?timeout=0.1")
    with pytest.raises(TransientError, match="locked"):
        impatient.merge([profile(1)], SETTINGS)
    blocker.execute(text("ROLLBACK"))
    blocker.close()
    impatient.close()
    assert store.read("x:ali") is None
    store.close()


def test_columns_for_analysts_agree_with_the_document(store, store_url):
    store.merge([profile(1, 2)], SETTINGS)
    with transaction(store_url) as connection:
        row = connection.execute(text("select posts, complaints, version, handle from profiles")).one()
    assert tuple(row) == (2, 2, 1, "ali")


@pytest.mark.parametrize("bad", ["nonsense", "mysql+nothing://x", "oracle://x", "sqlite:////no/such/dir/x.db"])
def test_a_store_that_cannot_be_used_is_named(bad):
    with pytest.raises(ConfigError, match="--store"):
        ProfileStore(bad).create_tables()


def test_the_foremost_profile_of_a_column_has_several_posts(store):
    store.merge([profile(1, 2), profile(3, 4, 5, account="sara"), profile(2, account="once")], SETTINGS)
    assert store.foremost("posts").account == "x:sara"
    assert store.foremost("complaints").posts > 1


def test_a_password_is_not_shown():
    assert ProfileStore("sqlite:///x.db").shown_url == "sqlite:///x.db"
    with pytest.raises(ConfigError) as caught:
        ProfileStore("mysql://me:secret@host/db")
    assert "secret" not in str(caught.value)


def test_reach_of_an_unknown_number_of_followers_is_zero():
    post = a_post("1")
    fold = Fold()
    fold.add(an_enriched_post(replace(post, author=replace(post.author, followers=None))))
    assert fold.profile("x:ali", SETTINGS).reach == 0
