"""A person as a card in a terminal."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from pipeline.config import load_config
from pipeline.errors import ConfigError
from pipeline.logic.behaviour_counts import Population
from pipeline.logic.behaviour_prior import fit
from pipeline.logic.insight import insight
from pipeline.logic.moods import Month
from pipeline.logic.next_behaviour import predict
from pipeline.logic.profile import Fold
from pipeline.logic.text import one_line
from pipeline.records import Action, Author, Case, Consent, Customer
from pipeline.store.person_store import Person
from pipeline.store.profile_store import ProfileStore
from runners import profile as command
from runners.alert_block import END_OF_ISOLATE, ISOLATE
from runners.card_lines import Card, bar, sparkline
from runners.insight_settings import settings_of
from runners.profile_card import card, reader_language
from runners.profile_words import SENTENCES, WORDS, duration, number, week_of
from tests.builders import START, a_classification, a_post, an_enriched_post

CONFIG_FILE = "runners/config/reference.yaml"
CONFIG = load_config(Path(CONFIG_FILE))
TEHRAN = ZoneInfo("Asia/Tehran")
DAY = timedelta(days=1)
NOW = START + 14 * DAY


def a_profile(language="fa", name="سارا راد", posts=10):
    fold = Fold()
    for day in range(posts):
        said = a_classification(sentiment="pos", advocacy=day == 0, topics=("food",))
        author = Author("1", handle="sara", display_name=name, followers=1234)
        found = an_enriched_post(a_post(f"{day}", hours=24 * day, author=author), said, interests=("skiing",))
        fold.add(replace(found, language=language))
    return fold.profile("x:1", CONFIG.profile_settings())


def a_case(due, state="open", answered=None):
    return Case(
        case_id="c",
        customer="x:1",
        brands=("Parsi",),
        department="logistics",
        categories=("delivery",),
        severity=3,
        state=state,
        opened_at=START,
        due_at=due,
        answered_at=answered,
        resolved_at=None,
        sla_met=None,
        posts=(),
        history=(),
    )


def an_action(text="سلام سارا، خوش آمدید."):
    return Action(
        *("a", "invite-skiers", "invite", "direct message", "marketing", "x:1", "x:5", START, START + 9 * DAY),
        *("loyal", "Parsi", "skiing", "fa", text, ()),
    )


def a_card(language="en", profile=None, cases=(), actions=(), customer=None):
    profile = profile or a_profile()
    known = insight(profile, NOW, settings_of(CONFIG), bool(cases))
    person = Person("x:1", customer is not None, customer, ("x:1",), (profile,), tuple(cases), (), tuple(actions))
    return Card(person, profile, known, NOW, TEHRAN, language, CONFIG.action_settings().persian)


def lines(of, width=100):
    return card(of, Console(width=width)).plain.splitlines()


def test_an_english_card():
    shown = lines(a_card(cases=[a_case(NOW + timedelta(hours=3))]))
    assert shown[0] == f"  at risk   {ISOLATE}سارا راد{END_OF_ISOLATE} @sara  as of 17 Oct 2026 11:30"
    assert shown[1:4] == [
        "  accounts      x:1",
        "  known         posts: 10 · complaints: 0 · recommendations: 1 · followers: 1,234",
        "                since 3 Oct 2026 · last post 12 Oct 2026",
    ]
    assert shown[4] == "  mood          +1.00  ███  28 Sep 2026 – 12 Oct 2026  steady"
    assert shown[6:8] == [
        "  interests     skiing  ████████████ 9.3  x:9 +2",
        "                food    ████████▍    6.5  x:9 +2",
    ]
    assert "  habits        posts daily between 11 and 12" in shown
    assert "  languages     Persian 100 %" in shown
    assert shown[-1] == (
        "  open cases    open delivery → logistics, severity 3 of 4, due 17 Oct 2026 14:30, in 3 hours"
    )


def test_a_persian_card_has_persian_digits_and_jalali_dates():
    shown = "\n".join(lines(a_card("fa", cases=[a_case(NOW - 3 * DAY, "breached")], actions=[an_action()])))
    for expected in (
        "در خطر رفتن",
        "تا ۲۵ مهر ۱۴۰۵، ۱۱:۳۰",
        "نوشته‌ها: ۱۰ · شکایت‌ها: ۰ · توصیه‌ها: ۱ · دنبال‌کننده‌ها: ۱٬۲۳۴",
        "هر روز بین ساعت ۱۱ و ۱۲ می‌نویسد",
        "اسکی",
        "از مهلت گذشته",
        "مهلت ۲۲ مهر ۱۴۰۵، ۱۱:۳۰، ۳ روز دیر شده",
        "سلام سارا، خوش آمدید.",
    ):
        assert expected in shown, expected
    assert "skiing" not in shown


def test_every_isolate_of_a_line_ends_with_it():
    for language in ("fa", "en"):
        for line in lines(a_card(language, cases=[a_case(NOW)], actions=[an_action()])):
            assert line.count(ISOLATE) == line.count(END_OF_ISOLATE)


def test_an_answered_case_says_when_it_was_answered():
    shown = lines(a_card(cases=[a_case(NOW - DAY, "answered", NOW - 2 * DAY)]))
    assert shown[-1].endswith("answered delivery → logistics, severity 3 of 4, answered 15 Oct 2026 11:30")


def test_what_the_crm_knows_is_shown():
    consents = Consent("e-mail", "marketing", True, START), Consent("*", "service", False, START)
    shown = lines(a_card(customer=Customer("C-1001", "سارا راد (مهندس)", "gold", consents)))
    assert "سارا راد (مهندس)" in shown[0]
    assert shown[1] == "  customer      C-1001 · gold"
    assert shown[-2:] == [
        "  consents      marketing · e-mail: given · 3 Oct 2026",
        "                service · every channel: refused · 3 Oct 2026",
    ]
    assert "C-1001" in lines(a_card("fa", customer=Customer("C-1001")))[1], "an id keeps its digits"


def test_what_comes_next_is_shown_when_it_is_known():
    of = a_card()
    prior = fit(Population.of(of.profile.contributions, NOW))
    ahead = predict(of.profile.contributions, prior, NOW)
    (shown,) = [each for each in lines(replace(of, forecast=ahead)) if "next post" in each]
    assert shown.startswith("  next post     anything else ")
    assert "نوشتهٔ بعدی" in "\n".join(lines(replace(a_card("fa"), forecast=ahead)))
    assert not [each for each in lines(of) if "next post" in each]


def test_a_customer_without_a_post():
    person = Person("C1", True, Customer("C1", "Sara"), ("x:404",), (), (), (), ())
    shown = lines(Card(person, None, None, NOW, TEHRAN, "en", {}))
    assert shown[0].strip().startswith("Sara  as of")
    assert shown[-1].strip() == "no post is known"


def test_a_long_action_is_cut_to_the_terminal():
    shown = lines(a_card(actions=[an_action("خیلی " * 60)]), width=60)
    assert shown[-1].rstrip(END_OF_ISOLATE).endswith("…")
    assert len(shown[-1]) <= 62


def test_a_name_cannot_steer_the_terminal():
    shown = lines(a_card(profile=a_profile(name="Sara\x1b[2J\u202e\nRad")))
    assert "\x1b" not in shown[0]
    assert "\u202e" not in shown[0]
    assert one_line("a\x07\nb") == "a b"


def test_the_language_of_the_reader():
    assert reader_language(a_card().insight) == "fa"
    assert reader_language(a_card(profile=a_profile("fa-latn")).insight) == "fa"
    assert reader_language(a_card(profile=a_profile("en")).insight) == "en"
    assert reader_language(None) == "en"


@pytest.mark.parametrize(("moods", "drawn"), [((-1, 0, 1), "▁▅█"), ((-0.4, 0.4), "▃▆"), ((), "")])
def test_a_sparkline(moods, drawn):
    assert sparkline([Month("", mood, 1) for mood in moods]) == drawn


@pytest.mark.parametrize(("share", "drawn"), [(1, "█" * 12), (0, " " * 12), (0.5, "██████      "), (7, "█" * 12)])
def test_a_bar_is_always_as_wide(share, drawn):
    assert bar(share) == drawn


def test_numbers_and_durations():
    assert number(-1234.5, "en", 1) == "−1,234.5"
    assert number(-1234.5, "fa", 1) == "\u200e−۱٬۲۳۴٫۵"
    assert [duration(seconds, "en") for seconds in (90, 7200, 100_000, 200_000)] == [
        *("2 minutes", "2 hours", "28 hours", "2 days"),
    ]
    assert duration(7200, "fa") == "۲ ساعت"


def test_a_week_begins_on_saturday_in_persian():
    assert week_of(START + 2 * DAY, TEHRAN, "en") == "5 Oct 2026"
    assert week_of(START + 2 * DAY, TEHRAN, "fa") == "۱۱ مهر ۱۴۰۵"


def test_every_word_and_sentence_is_there_in_both_languages():
    for english, persian in WORDS.values():
        assert english.isascii()
        assert any("\u0600" <= sign <= "\u06ff" for sign in persian)
    for english, persian in SENTENCES.values():
        assert english.count("{") == persian.count("{")


@pytest.fixture
def url(tmp_path):
    url = f"sqlite:///{tmp_path}/s.db"
    store = ProfileStore(url)
    store.create_tables()
    store.merge([a_profile()], CONFIG.profile_settings())
    store.close()
    return url


def run(*arguments):
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    given = parser.parse_args(["profile", "show", "--config", CONFIG_FILE, *arguments])
    return given.command(given)


def test_the_command_shows_a_card_and_json(url, capsys):
    assert run("x:1", "--store", url, "--now", "2026-10-17T11:30") == 0
    assert "هر روز بین ساعت ۱۱ و ۱۲ می‌نویسد" in capsys.readouterr().out
    assert run("x:1", "--store", url, "--now", "latest", "--lang", "en") == 0
    assert "posts daily between 11 and 12" in capsys.readouterr().out
    assert run("x:1", "--store", url, "--now", "latest", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["insight"]["habits"][0]["en"] == "posts daily between 11 and 12"
    assert (found["profile"]["posts"], "contributions" in found["profile"]) == (10, False)


def test_who_is_not_there_is_said_with_who_is_like_them(url):
    with pytest.raises(ConfigError, match=r"'x:sara': no such account or customer in .*; like it: x:1 \(@sara\)"):
        run("x:sara", "--store", url)
    with pytest.raises(ConfigError, match="written platform:account_id"):
        run("zzz", "--store", url)
