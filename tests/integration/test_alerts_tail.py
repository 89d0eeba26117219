"""`shenava alerts tail` as a user types it, from a real Pub/Sub server and from files."""

from __future__ import annotations

import argparse
import json
import time
from contextlib import closing
from dataclasses import replace

import pytest

from pipeline.errors import ConfigError, RecordError
from pipeline.records import iso_time, to_dict
from runners import alert_feed, alerts
from tests.unit.test_alert_block import an_alert

pytest_plugins = ["tests.integration.pubsub"]


def shenava(*arguments):
    """The command alone, with its errors as they are raised."""
    parser = argparse.ArgumentParser()
    alerts.add_parser(parser.add_subparsers())
    given = parser.parse_args(["alerts", "tail", *map(str, arguments)])
    return given.command(given)


def a_message(number=1, **more):
    alert = replace(an_alert(), alert_id=str(number), **more)
    return json.dumps(to_dict(alert), ensure_ascii=False, default=iso_time).encode()


def test_alerts_of_a_subscription_are_shown_and_acknowledged(pubsub, capsys):
    name = pubsub.made("alerts")
    sent = [a_message(number) for number in range(3)]
    for data in sent:
        pubsub.publish(name, data, {"rule": "critical-complaint"})
    assert shenava("--from", name, "--limit", 3, "--json") == 0
    printed = capsys.readouterr()
    shown = [json.loads(line) for line in printed.out.splitlines()]
    assert sorted(shown, key=lambda alert: alert["alert_id"]) == [json.loads(data) for data in sent]
    assert printed.err == "shenava: 3 alerts\n"
    assert pubsub.pull(name) == []


def test_what_was_not_shown_is_there_for_the_next_reader(pubsub, capsys):
    name = pubsub.made("alerts")
    for number in range(5):
        pubsub.publish(name, a_message(number))
    assert shenava("--from", name, "--limit", 2, "--json") == 0
    shown = {json.loads(line)["alert_id"] for line in capsys.readouterr().out.splitlines()}
    assert len(shown) == 2
    left, until = set(), time.monotonic() + 90
    # handed back at once; what was on the wire just then comes when the server's patience (60 s) is at its end
    while len(left) < 3 and time.monotonic() < until:
        left |= {json.loads(message.data)["alert_id"] for message in pubsub.pull(name)}
    assert left == set("01234") - shown


def test_a_message_that_is_no_alert_is_handed_out_like_any_other(pubsub):
    name = pubsub.made("alerts")
    message_id = pubsub.publish(name, b"\xff no alert")
    with closing(alert_feed.from_subscription(name, seconds=30)) as feed:
        received = next(feed)
    assert (received.data, received.source) == (b"\xff no alert", f"message {message_id}")


def test_the_time_being_up_ends_it(pubsub, capsys):
    assert shenava("--from", pubsub.made("alerts"), "--seconds", 0.3) == 0
    assert capsys.readouterr().err == "shenava: 0 alerts\n"


def test_a_subscription_that_is_not_there(pubsub):
    with pytest.raises(ConfigError, match=r"--from pubsub://demo-project/alerts-\d+: .*--create"):
        shenava("--from", pubsub.unused("alerts"))


def test_the_output_of_a_run_is_read_once(tmp_path, capsys):
    (tmp_path / "alerts").mkdir()
    (tmp_path / "alerts" / "part-00000.jsonl").write_bytes(a_message() + b"\n\n{}\n[1]\nnothing\n" + a_message(2))
    (tmp_path / "other.jsonl").write_bytes(b"{}\n")
    assert shenava("--from", tmp_path, "--time-zone", "Asia/Tehran") == 0
    printed = capsys.readouterr()
    assert printed.out.count("critical-complaint → legal") == 2
    assert "Tue 06 Oct 2026 15:33 (Asia/Tehran)" in printed.out
    assert "part-00000.jsonl:3 is no alert: alert_id" in printed.err
    assert printed.err.endswith("shenava: 2 alerts; no alert: 3 messages\n")


def test_a_followed_directory_shows_what_is_added(tmp_path):
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    first.write_bytes(b"one\ntw")
    with closing(alert_feed.from_files(tmp_path, follow=True, seconds=60)) as feed:
        assert next(feed).data == b"one\n"
        with first.open("ab") as file:
            file.write(b"o\n")
        assert next(feed).data == b"two\n"
        second.write_bytes(b"three\n")
        assert next(feed).source == f"{second}:1"
        first.write_bytes(b"anew\n")
        assert next(feed).data == b"anew\n"


def test_nothing_to_read_and_a_wrong_zone_are_said(tmp_path):
    with pytest.raises(ConfigError, match=r"no \.jsonl file there"):
        shenava("--from", tmp_path)
    with pytest.raises(ConfigError, match="--time-zone: 'Tehran' is no IANA time zone"):
        shenava("--from", tmp_path, "--time-zone", "Tehran")


@pytest.mark.parametrize(
    ("change", "named"),
    [({"due_at": "tomorrow"}, "due_at"), ({"level": 5}, "level"), ({"customer": {"posts": "?"}}, "customer")],
)
def test_what_is_wrong_with_an_alert_is_named_without_quoting_it(change, named):
    with pytest.raises(RecordError, match=named) as refused:
        alert_feed.read_alert(json.dumps(json.loads(a_message()) | change).encode())
    assert "tomorrow" not in refused.value.message


def test_fields_of_a_later_version_are_passed_over():
    value = json.loads(a_message())
    value["customer"]["mood"] = value["later"] = 1
    assert alert_feed.read_alert(json.dumps(value).encode()) == replace(an_alert(), alert_id="1")
