"""What `shenava webhooks` shows people: how messages stand, and how a receiver checks them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from rich.console import Console
from rich.table import Table

from pipeline.logic.webhook_retries import DEAD, DELIVERED, PENDING
from pipeline.store.outbox import Delivery

_STYLES = {DEAD: "bold red", PENDING: "yellow", DELIVERED: "green"}

VERIFY = {
    "python": '''\
# The signature is that of Standard Webhooks (www.standardwebhooks.com): its libraries check it, and so do these lines.
# A new secret: python -c 'import base64, os; print("whsec_" + base64.b64encode(os.urandom(32)).decode())'
import base64, hashlib, hmac, time


def verified(headers, body: bytes, secret: str) -> str:
    """The message's id, by which a repetition is known; ValueError when it is not from Shenava or too old."""
    name, sent_at = headers["webhook-id"], headers["webhook-timestamp"]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.digest(key, f"{name}.{sent_at}.".encode() + body, hashlib.sha256)).decode()
    given = [each.partition(",")[2] for each in headers["webhook-signature"].split() if each.startswith("v1,")]
    if abs(time.time() - int(sent_at)) > 300 or not any(hmac.compare_digest(expected, each) for each in given):
        raise ValueError("not from Shenava")
    return name
''',
    "javascript": """\
// The signature is that of Standard Webhooks (www.standardwebhooks.com): its libraries check it, and so do these lines.
// `body` is the raw body as a Buffer: parsing it and writing it again would change it.
const { createHmac, timingSafeEqual } = require("node:crypto");

function verified(headers, body, secret) {
  const name = headers["webhook-id"], sentAt = headers["webhook-timestamp"];
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = createHmac("sha256", key).update(`${name}.${sentAt}.`).update(body).digest();
  const given = headers["webhook-signature"].split(" ").filter((each) => each.startsWith("v1,"));
  const signatures = given.map((each) => Buffer.from(each.slice(3), "base64"));
  const right = signatures.some((each) => each.length === expected.length && timingSafeEqual(each, expected));
  if (!right || Math.abs(Date.now() / 1000 - Number(sentAt)) > 300) throw new Error("not from Shenava");
  return name;
}
""",
}
"""Language → the lines that check a signature."""


def show(
    deliveries: Sequence[Delivery],
    counts: Mapping[str, Mapping[str, int]],
    away: Mapping[str, tuple[datetime, datetime]],
    now: datetime,
    console: Console | None = None,
) -> None:
    """Print how each receiver stands, and the messages."""
    console = console or Console(highlight=False)
    for webhook, states in counts.items():
        line = f"[bold]{webhook}[/]: " + ", ".join(f"{number:,} {state}" for state, number in states.items())
        if webhook in away:
            since, until = away[webhook]
            line += f"; away for {_long(now - since)}, asked again in {_long(until - now)}"
        console.print(line)
    if not deliveries:
        console.print("no messages")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("id", "webhook", "type", "state", "tries", "answer", "next try"):
        table.add_column(name, no_wrap=name == "id")
    for each in deliveries:
        answer = str(each.status or each.problem or "")
        then = ("now" if each.due_at <= now else f"in {_long(each.due_at - now)}") if each.state == PENDING else ""
        style = _STYLES.get(each.state, "dim")
        table.add_row(each.id, each.webhook, each.type, f"[{style}]{each.state}[/]", str(each.attempts), answer, then)
    console.print(table)


def _long(span: timedelta) -> str:
    """12 s, 5 min, 3 h, 2 d; nothing shorter than 0 s."""
    seconds = max(0, int(span.total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
