"""Which receiver is told what, how it knows the sender, and what follows from its answers."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from pipeline.config import load_config
from pipeline.errors import ConfigError
from pipeline.logic.webhook_retries import (
    DEAD,
    DELIVERED,
    FEW_WAITS,
    GIVE_UP_AFTER,
    PENDING,
    WAITS,
    Answer,
    Standing,
    Verdict,
    after,
    lost_before,
    retry_after,
    verdict,
)
from pipeline.logic.webhooks import (
    ACTIONS,
    ALERTS,
    Subscription,
    headers,
    keys_of,
    message,
    no_longer_theirs,
    wants,
)
from pipeline.records import Action, from_json
from runners.deliveries import receivers
from runners.webhook_list import VERIFY
from schemas import validate
from tests.unit.test_alert_block import an_alert

NOW = datetime(2026, 10, 6, 9, 0, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MINIMAL = Path("runners/config/minimal.yaml")


def an_action(**more):
    return replace(
        Action(
            action_id="b" * 32,
            policy="thank",
            action="thank",
            channel="dm",
            needs_consent="none",
            customer="x:77",
            post="x:1",
            at=NOW,
            not_before=NOW + timedelta(hours=2),
            segment="advocate",
            brand="Parsi",
            interest=None,
            language="fa",
            text="سارای عزیز، سپاس از مهربانی‌ات",
            reasons=("segment advocate",),
        ),
        **more,
    )


def to(**more):
    return replace(Subscription("crm", "https://crm.example.com/x", "CRM", frozenset({ALERTS, ACTIONS})), **more)


# what is sent


def test_a_filter_lets_its_own_pass_and_an_absent_one_everything():
    alert, action = an_alert(), an_action()
    assert wants(to(), alert)
    assert wants(to(), action)
    assert not wants(to(send=frozenset({ACTIONS})), alert)
    assert not wants(to(send=frozenset({ALERTS})), action)
    for name, value in {"departments": "legal", "levels": "critical", "rules": "critical-complaint"}.items():
        assert wants(to(**{name: frozenset({value, "other"})}), alert)
        assert not wants(to(**{name: frozenset({"other"})}), alert)
        assert wants(to(**{name: frozenset({"other"})}), action), "a filter of alerts says nothing of actions"
    assert wants(to(policies=frozenset({"thank"})), action)
    assert not wants(to(policies=frozenset({"other"})), action)


@pytest.mark.parametrize("record", [an_alert(), an_action()])
def test_the_envelope_holds_the_record_as_its_schema_says(record):
    said = message(record)
    envelope = json.loads(said.body)
    kind = type(record).__name__.lower()
    assert envelope["schema"] == f"{kind}.v1"
    assert envelope["id"] == f"{said.record_id}-1"
    assert datetime.fromisoformat(envelope["timestamp"]) == said.at
    assert from_json(type(record), envelope["data"]) == record
    validate({name: getattr(record, name) for name in ("revision", "withdrawn")} | _plain(record), kind)
    assert "\\u06" not in said.body, "Persian goes as it is"


def _plain(record):
    from pipeline.records import to_dict

    return to_dict(record)


def test_the_type_says_what_became_of_a_record():
    alert, action = an_alert(), an_action()
    assert message(alert).type == "alert.raised"
    assert message(replace(alert, revision=2)).type == "alert.revised"
    assert message(replace(alert, revision=3, withdrawn=True)).type == "alert.withdrawn"
    assert message(action).type == "action.proposed"
    assert message(replace(action, revision=2, withdrawn=True)).type == "action.withdrawn"


def test_what_is_theirs_no_more_says_nothing_of_the_post():
    for record, text in ((an_alert(), "پول را گرفتند"), (an_action(), "سارای عزیز")):
        gone = no_longer_theirs(record)
        assert gone.withdrawn
        assert text in message(record).body
        assert text not in message(gone).body


# how it is signed


def test_the_signature_is_that_of_standard_webhooks():
    """The example of their specification's libraries."""
    at = datetime.fromtimestamp(1614265330, UTC)
    name = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert headers(name, b'{"test": 2432232314}', keys_of(SECRET), at) == {
        "webhook-id": name,
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_receiver_verifies_with_the_lines_that_are_printed():
    scope = {}
    exec(VERIFY["python"], scope)
    body, other = message(an_alert()).body.encode(), "whsec_" + "QUJD" * 10
    signed = headers("a-1", body, keys_of(SECRET), datetime.now(UTC))
    assert scope["verified"](signed, body, SECRET) == "a-1"
    both = headers("a-1", body, keys_of(f"{other} {SECRET}"), datetime.now(UTC))
    assert scope["verified"](both, body, SECRET) == scope["verified"](both, body, other) == "a-1"
    old = headers("a-1", body, keys_of(SECRET), datetime.now(UTC) - timedelta(minutes=6))
    changed = {**signed, "webhook-id": "a-2"}
    for wrong in ((signed, body + b" ", SECRET), (signed, body, other), (old, body, SECRET), (changed, body, SECRET)):
        with pytest.raises(ValueError, match="not from Shenava"):
            scope["verified"](*wrong)


@pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js")
def test_a_receiver_in_javascript_does_too():
    body = message(an_alert()).body.encode()
    signed = headers("a-1", body, keys_of(SECRET), datetime.now(UTC))
    calls = f"""
const signed = {json.dumps(signed)}, body = require("node:fs").readFileSync(0);
console.log(verified(signed, body, "{SECRET}"));
try {{ verified(signed, Buffer.concat([body, body]), "{SECRET}"); }} catch (error) {{ console.log(error.message); }}
"""
    done = subprocess.run(["node", "-e", VERIFY["javascript"] + calls], input=body, capture_output=True, check=True)
    assert done.stdout.decode().split("\n")[:2] == ["a-1", "not from Shenava"]


@pytest.mark.parametrize("wrong", ["", " ", "hunter2", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
def test_what_is_no_secret_is_refused_and_not_repeated(wrong):
    with pytest.raises(ConfigError, match=r"webhooks\.crm\.secret_env: CRM holds no secret") as error:
        receivers([to()], {"CRM": wrong})
    assert not wrong.strip() or wrong not in str(error.value).replace("whsec_ and", "")


def test_a_secret_that_is_not_there_is_named():
    with pytest.raises(ConfigError, match=r"webhooks\.crm\.secret_env: CRM is not in the environment"):
        receivers([to()], {})


# what follows from an answer


@pytest.mark.parametrize(
    ("status", "means"),
    [
        (200, Verdict.DELIVERED),
        (204, Verdict.DELIVERED),
        (301, Verdict.REFUSED),
        (304, Verdict.REFUSED),
        (401, Verdict.REFUSED),
        (404, Verdict.REFUSED),
        (408, Verdict.AWAY),
        (410, Verdict.GONE),
        (429, Verdict.AWAY),
        (500, Verdict.FAILED),
        (501, Verdict.FAILED),
        (502, Verdict.AWAY),
        (503, Verdict.AWAY),
        (504, Verdict.AWAY),
        (None, Verdict.AWAY),
    ],
)
def test_what_an_answer_means(status, means):
    assert verdict(Answer(status)) is means


def tried(*statuses, chance=0.5, started=NOW):
    """How a delivery stands after those answers, each at the moment it was due, and when that was."""
    standing, now = Standing(due_at=started), started
    for status in statuses:
        standing = after(Answer(status), standing, now, chance)
        now = max(filter(None, (standing.due_at, standing.paused_until)))
    return standing, now


def test_waits_grow_and_end_after_three_days():
    assert list(WAITS) == sorted(WAITS)
    assert timedelta(days=2.9) < sum(WAITS, timedelta()) < GIVE_UP_AFTER
    for status in (500, None, 429):
        standing, now = tried(*[status] * len(WAITS))
        assert standing.state == PENDING
        assert now - NOW == sum(WAITS, timedelta())
        assert after(Answer(status), standing, now, 0.5).state == DEAD


def test_what_is_refused_is_tried_a_few_times_only():
    standing, now = tried(*[404] * FEW_WAITS)
    assert standing.state == PENDING
    assert now - NOW < timedelta(minutes=15)
    assert after(Answer(404), standing, now, 0.5).state == DEAD
    assert tried(*[None] * 10, 404)[0].state == PENDING, "an outage is not held against it"


def test_gone_is_dead_and_taken_is_delivered():
    assert tried(410)[0].state == DEAD
    assert tried(500, None, 429, 200)[0].state == DELIVERED


def test_only_a_receiver_that_is_away_is_left_alone_as_a_whole():
    assert tried(503)[0].paused_until == NOW + WAITS[0]
    assert tried(503, 503)[0].failures == 2
    back, _ = tried(503, 503, 500)
    assert (back.failures, back.away_since, back.paused_until) == (0, None, None)


def test_jitter_stays_within_its_bounds_and_retry_after_is_never_undercut():
    chances = random.Random(1)
    waits = {after(Answer(500), Standing(due_at=NOW), NOW, chances.random()).due_at - NOW for _ in range(50)}
    assert len(waits) > 40
    assert timedelta(seconds=8) <= min(waits) < max(waits) <= timedelta(seconds=12)
    asked = Answer(429, retry_after=timedelta(minutes=7))
    assert after(asked, Standing(due_at=NOW), NOW, 0.0).paused_until == NOW + timedelta(minutes=7)


def test_all_that_waited_as_long_as_a_receiver_is_away_is_lost_after_three_days():
    assert lost_before(Standing(NOW), NOW) is None
    away = Standing(NOW, away_since=NOW)
    assert lost_before(away, NOW + GIVE_UP_AFTER - timedelta(seconds=1)) is None
    assert lost_before(away, NOW + GIVE_UP_AFTER) == NOW


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120),
        (" 0 ", 0),
        ("9" * 5000, 86_400),
        ("Tue, 06 Oct 2026 09:05:00 GMT", 300),
        ("Tue, 06 Oct 2026 08:00:00 GMT", 0),
        ("Tue, 06 Oct 2036 08:00:00 GMT", 86_400),
        ("soon", None),
        ("-5", None),
        ("۱۲۰", None),
    ],
)
def test_retry_after_in_both_of_its_forms(value, seconds):
    assert retry_after(value, NOW) == (None if seconds is None else timedelta(seconds=seconds))


# how it is asked for


def written(tmp_path, **webhook):
    config = yaml.safe_load(MINIMAL.read_text("utf-8"))
    whole = {"url": "https://crm.example.com/x", "secret_env": "CRM", "send": ["alerts"]} | webhook
    config["webhooks"] = {"crm": {key: value for key, value in whole.items() if value is not None}}
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config), "utf-8")
    return path


def test_a_config_names_receivers(tmp_path):
    given = {"departments": ["customer-care"], "levels": ["high"], "rules": ["serious-complaint", "case-breached"]}
    (found,) = load_config(written(tmp_path, **given)).subscriptions()
    assert found == Subscription(
        "crm", "https://crm.example.com/x", "CRM", frozenset({ALERTS}), **{k: frozenset(v) for k, v in given.items()}
    )
    assert load_config(MINIMAL).subscriptions() == ()


@pytest.mark.parametrize("url", ["http://localhost:8080/x", "http://127.0.0.1/x", "http://[::1]:9/x"])
def test_http_will_do_on_this_machine(tmp_path, url):
    assert load_config(written(tmp_path, url=url)).subscriptions()[0].url == url


def test_http_elsewhere_must_be_allowed(tmp_path):
    url = "http://crm.internal/x"
    with pytest.raises(ConfigError, match=r"webhooks\.crm: .*url: http would show .* allow_http: true"):
        load_config(written(tmp_path, url=url))
    assert load_config(written(tmp_path, url=url, allow_http=True)).subscriptions()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"url": "crm.example.com"}, r"webhooks\.crm: .*url: it must be https://HOST/PATH"),
        ({"url": "ftp://crm.example.com"}, r"webhooks\.crm: .*url: it must be"),
        ({"url": "https://crm.example.com:99999999"}, r"webhooks\.crm: .*url: it must be"),
        ({"url": "https://me:hunter2@crm.example.com"}, r"webhooks\.crm: .*url: it must hold no password"),
        ({"secret_env": None}, r"webhooks\.crm\.secret_env: Field required"),
        ({"secret_env": "whsec_abc="}, r"webhooks\.crm\.secret_env: String should match"),
        ({"secret": "x"}, r"webhooks\.crm\.secret: Extra inputs"),
        ({"send": []}, r"webhooks\.crm\.send: "),
        ({"send": ["cases"]}, r"webhooks\.crm\.send\.0: Input should be 'alerts' or 'actions'"),
        ({"send": ["actions"], "levels": ["high"]}, r"webhooks\.crm: .*levels: it chooses among alerts"),
        ({"policies": ["thank"]}, r"webhooks\.crm: .*policies: it chooses among actions"),
        ({"departments": ["sales"]}, r"webhooks\.crm\.departments: there is no 'sales' \(there are: customer-care\)"),
        ({"rules": ["typo"]}, r"webhooks\.crm\.rules: there is no 'typo'"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, wrong, said):
    with pytest.raises(ConfigError, match=said) as error:
        load_config(written(tmp_path, **wrong))
    assert "hunter2" not in str(error.value)


def test_the_page_shows_the_lines_that_are_printed():
    code = "".join(line for line in VERIFY["python"].splitlines(keepends=True) if not line.startswith("#"))
    assert code in Path("docs/webhooks.md").read_text("utf-8")
