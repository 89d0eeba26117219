"""One alert as a person reads it in a terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from pipeline.records import Alert, CustomerBrief, Sample
from runners.alert_block import END_OF_ISOLATE, ISOLATE, block, jalali

TEHRAN = ZoneInfo("Asia/Tehran")


def an_alert():
    return Alert(
        alert_id="a",
        rule="critical-complaint",
        level="critical",
        department="legal",
        account="x:77",
        platform="x",
        post_id="1",
        brands=("Parsi",),
        category="fraud",
        severity=4,
        created_at=datetime(2026, 10, 6, 8, 3, tzinfo=UTC),
        due_at=datetime(2026, 10, 6, 12, 3, tzinfo=UTC),
        customer=CustomerBrief(3, 2, 1, datetime(2026, 5, 1, tzinfo=UTC), 12_000, ("skiing", "tennis")),
        excerpt="پول را گرفتند (۲ بار) و جواب نمی‌دهند",
        language="fa",
        permalink="https://x.com/a/status/1",
        reasons=("severity 4 of 4", "category fraud"),
        model="m",
        words=("جواب",),
    )


def shown(alert, zone=TEHRAN, width=100):
    return block(alert, zone, Console(width=width))


def test_a_persian_alert():
    assert shown(an_alert()).plain.splitlines() == [
        " CRITICAL  critical-complaint → legal, severity 4 of 4",
        f"  due       Tue 06 Oct 2026 15:33 (Asia/Tehran) · {ISOLATE}سه‌شنبه ۱۴ مهر ۱۴۰۵{END_OF_ISOLATE}",
        "  customer  x:77 · 3 earlier posts · 2 complaints · 1 recommendation · since 01 May 2026"
        " · 12,000 followers · likes skiing, tennis",
        "  about     Parsi, fraud, x, written Tue 06 Oct 2026 11:33",
        "  why       severity 4 of 4 · category fraud",
        "  post      https://x.com/a/status/1",
        f"  said      {ISOLATE}پول را گرفتند (۲ بار) و جواب نمی‌دهند{END_OF_ISOLATE}",
    ]


def test_an_english_alert_of_somebody_unknown():
    alert = replace(
        an_alert(), language="en", excerpt="never again", account=None, customer=None, permalink=None, reasons=()
    )
    assert shown(replace(alert, category=None, severity=0), ZoneInfo("UTC")).plain.splitlines() == [
        " CRITICAL  critical-complaint → legal",
        "  due       Tue 06 Oct 2026 12:03 (UTC)",
        "  about     Parsi, x, written Tue 06 Oct 2026 08:03",
        "  said      never again",
    ]


def test_levels_and_the_words_behind_the_decision_stand_out():
    text = shown(an_alert())
    styles = {text.plain[span.start : span.end].strip(): str(span.style) for span in text.spans}
    assert styles["CRITICAL"] == "bold white on red"
    assert styles["جواب"] == "bold"
    other = shown(replace(an_alert(), level="high"))
    assert {other.plain[s.start : s.end].strip(): str(s.style) for s in other.spans}["HIGH"] == "bold black on yellow"


def test_what_became_of_an_alert_is_said():
    assert "revision 2" in shown(replace(an_alert(), revision=2)).plain
    assert "withdrawn" in shown(replace(an_alert(), revision=3, withdrawn=True)).plain


@pytest.mark.parametrize("language", ["fa", "ar"])
def test_every_line_of_a_long_excerpt_has_an_isolate_of_its_own(language):
    words = [f"کلمه{number}" for number in range(30)]
    lines = shown(replace(an_alert(), language=language, excerpt=" ".join(words)), width=60).plain.splitlines()[6:]
    assert len(lines) > 2
    assert all(line.count(ISOLATE) == 1 and line.endswith(END_OF_ISOLATE) and len(line) <= 62 for line in lines)
    assert [line.split(ISOLATE)[0].strip() for line in lines] == ["said"] + [""] * (len(lines) - 1)
    assert " ".join(line.split(ISOLATE)[1][:-1] for line in lines).split() == words


def test_nothing_in_a_message_can_steer_the_terminal_or_leave_its_isolate():
    alert = replace(
        an_alert(),
        excerpt="a\x1b[31mb\u2069\u202ec\nd",
        rule="r\x1b]0;title\x07",
        department="d\nd",
        reasons=("x\x9by",),
        permalink="https://x\x1b",
    )
    plain = shown(alert).plain
    assert not set(plain) & {"\x1b", "\x07", "\x9b", "\u202e"}
    assert plain.splitlines()[-1] == f"  said      {ISOLATE}a[31mbc d{END_OF_ISOLATE}"
    assert len(plain.splitlines()) == 7


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-03-20T23:00+03:30", "جمعه ۲۹ اسفند ۱۴۰۴"),
        ("2026-03-21T00:00+03:30", "شنبه ۰۱ فروردین ۱۴۰۵"),
        # 1403 was a leap year
        ("2025-03-20T12:00+03:30", "پنجشنبه ۳۰ اسفند ۱۴۰۳"),
    ],
)
def test_jalali_days(day, expected):
    assert jalali(datetime.fromisoformat(day)).replace("\u200c", "") == expected


def test_a_wave_shows_its_words_and_what_others_said():
    samples = (
        Sample("x:1", "این همان است", None),
        Sample("x:2", "پیک نیامد\u202e", None),
        Sample("x:3", "a" * 300, None),
    )
    wave = replace(an_alert(), platform="x", post_id="1", samples=samples, words=("پیک", "اعتصاب"), language="fa")
    lines = block(wave, TEHRAN, Console(width=100)).plain.splitlines()
    also = [line for line in lines if line.startswith("  also")]
    assert len(also) == 2, "the post itself is shown already"
    assert "پیک نیامد" in also[0]
    assert "\u202e" not in also[0]
    assert also[1].rstrip(END_OF_ISOLATE).endswith("…")
    assert len(also[1]) <= 102
    assert any(line.startswith("  words") and "پیک, اعتصاب" in line for line in lines)
