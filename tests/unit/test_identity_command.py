"""`shenava identity` as a user types it, on a real store."""

import argparse
import json
import shutil
from contextlib import closing
from datetime import UTC, datetime

import pytest

from pipeline.errors import ConfigError
from pipeline.logic.contacts import hashed_email
from pipeline.logic.profile import Fold, ProfileSettings
from pipeline.records import ANY, Author, Consent, Customer
from pipeline.store.customer_store import CustomerStore
from pipeline.store.profile_store import ProfileStore
from runners import identity
from tests.builders import a_classification, a_post, an_enriched_post

pytest_plugins = ["tests.stores"]

AT = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.fixture
def url(tmp_path, sqlite_template):
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'profiles.db')}"


@pytest.fixture(autouse=True)
def store(url):
    """Nora on X, linked by the CRM, and on Instagram, linked by nobody."""
    with closing(CustomerStore(url)) as opened, closing(ProfileStore(url)) as profiles:
        for account, author in (
            ("x:55", Author("55", "noraintehran", "Nora Vance", followers=184_000)),
            ("instagram:17", Author("17", "nora.vance", declared={"bio": "Press: nora@example.com"})),
        ):
            fold = Fold()
            said = a_classification(severity=3 if account == "x:55" else 0, topics=("food",))
            fold.add(an_enriched_post(a_post("1", platform=account.partition(":")[0], author=author), said))
            profiles.merge([fold.profile(account, ProfileSettings())], ProfileSettings())
        contacts = (hashed_email("nora@example.com", opened.salt()),)
        consents = (Consent(ANY, "service", True, AT),)
        opened.put_customers([(Customer("1005", "Nora Vance", "gold", consents, contacts), ["x:55"])], AT)
        yield opened


@pytest.fixture
def run(url):
    def typed(*arguments):
        parser = argparse.ArgumentParser()
        identity.add_parser(parser.add_subparsers())
        given = parser.parse_args(["identity", *arguments, "--store", url])
        return given.command(given)

    return typed


def test_a_walk_from_suggestion_to_link_and_back(run, capsys):
    def shown(*arguments):
        assert run(*arguments, "--json") == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    (before,) = shown("show", "1005")
    assert (before["profile"]["posts"], before["profile"]["complaints"]) == (1, 1)
    (suggestion,) = shown("suggest")
    assert (suggestion["first"], suggestion["second"]) == ("instagram:17", "1005")
    assert len(suggestion["reasons"]) == 2, "her address, and her name"
    assert shown("link", "instagram:@Nora.Vance", "1005") == [
        {"account": "instagram:17", "customer": "1005", "was": None}
    ]
    (linked,) = shown("show", "instagram:17")
    assert linked["customer"]["customer"] == "1005"
    assert linked["profile"]["posts"] == 2
    assert [(each["account"], each["source"]) for each in linked["accounts"]] == [
        ("instagram:17", "hand"),
        ("x:55", "crm"),
    ]
    assert shown("suggest") == []
    assert shown("unlink", "instagram:17")[0]["was"] == "1005"
    assert shown("show", "1005") == [before]
    assert shown("suggest") == [], "it was said that they are two"


def test_people_read_who_it_is(run, capsys):
    run("show", "x:@noraintehran")
    out = " ".join(capsys.readouterr().out.split())
    for said in ("1005 · Nora Vance", "gold", "service on every channel: yes since 2026-10-01", "1 email", "184,000"):
        assert said in out


def test_an_account_that_is_nobodys_is_shown_alone(run, capsys):
    run("show", "instagram:@nora.vance")
    assert "nobody's account" in capsys.readouterr().out


def test_suggestions_come_with_the_command_that_would_link_them(run, capsys, store):
    run("suggest")
    out = capsys.readouterr().out
    assert "customer 1005 and instagram:@nora.vance have the same e-mail address" in out
    assert "shenava identity link instagram:17 1005 --store sqlite:///" in out
    assert store.links() == {"x:55": "1005"}, "nothing is linked by a suggestion"


def test_an_account_changes_hands_and_it_is_said(run, capsys):
    run("link", "x:55", "walk-in", "--new")
    assert capsys.readouterr().out == "x:55 is walk-in's, and no longer 1005's\n"
    run("unlink", "x:55")
    run("unlink", "x:55")
    assert capsys.readouterr().out == "x:55 is no longer walk-in's\nx:55 was nobody's; nothing is changed\n"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("link", "x:55", "9"), "customer '9' is not in the store"),
        (("link", "nora", "1005"), "'nora' is no account; write PLATFORM:ID"),
        (("unlink", "x:@nobody"), "x:@nobody: no account of the store has this handle"),
        (("show", "9"), "'9': the store has no such customer"),
        (("show", "x:9"), "x:9: nobody's, and the store has no post of it"),
        (("suggest", "--region", "XX"), "--region: 'XX'"),
    ],
)
def test_what_was_asked_wrongly_is_named(run, arguments, named):
    with pytest.raises(ConfigError, match=named):
        run(*arguments)


def test_a_store_that_is_not_there_is_not_made(tmp_path):
    parser = argparse.ArgumentParser()
    identity.add_parser(parser.add_subparsers())
    given = parser.parse_args(["identity", "suggest", "--store", f"sqlite:///{tmp_path}/none.db"])
    with pytest.raises(ConfigError, match="no such file"):
        given.command(given)
    assert not (tmp_path / "none.db").exists()
