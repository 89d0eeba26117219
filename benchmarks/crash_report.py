"""What two runs over one stream told and left, as numbers and as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from google.api_core import exceptions
from standing import Difference, Standing

from models.evaluation.tables import table
from pipeline.io.pubsub_names import PubSubName
from runners import pubsub

SHOWN = 5
"""Differing records of a kind that are named."""


def told(alerts: PubSubName) -> Counter[tuple[str, str]]:
    """(alert_id, revision) → how often the topic has it; takes everything out of the subscription."""
    found: Counter[tuple[str, str]] = Counter()
    with pubsub.subscriber() as client:
        name = alerts.subscription
        # a server may answer at once that there is nothing, or not at all
        while taken := _pulled(client, name):
            found.update((each.message.attributes["alert_id"], each.message.attributes["revision"]) for each in taken)
            client.acknowledge(subscription=name, ack_ids=[each.ack_id for each in taken])
    return found


def _pulled(client: Any, name: str) -> Sequence[Any]:
    with suppress(exceptions.DeadlineExceeded):
        found: Sequence[Any] = client.pull(subscription=name, max_messages=1000, timeout=5).received_messages
        return found
    return ()


def told_counts(messages: Mapping[tuple[str, str], int], left: Standing) -> dict[str, int]:
    """Of a topic's alerts: how many, how many more than once, and how many stand in the store but were never told."""
    ids = {alert_id for alert_id, _ in messages}
    return {
        "told": len(messages),
        "twice": sum(times > 1 for times in messages.values()),
        "never": len(left.alerts.keys() - ids),
    }


def found(
    differences: Sequence[Difference], lost: Mapping[str, Sequence[int]], alerts: Mapping[str, Mapping[str, int]]
) -> dict[str, Any]:
    """Everything for JSON; `same` is the verdict."""
    whole = not any(lost.values()) and not any(counts["never"] for counts in alerts.values())
    return {
        "same": whole and all(each.equal for each in differences),
        "records": {each.kind: {**each._asdict(), "equal": each.equal} for each in differences},
        "lost": {run: list(numbers) for run, numbers in lost.items()},
        "alerts": alerts,
    }


def markdown(found: Mapping[str, Any]) -> str:
    """The table of the report, and below it what differs."""
    lines = []
    for kind, each in found["records"].items():
        only, changed = len(each["only_first"]) + len(each["only_second"]), len(each["changed"])
        verdict = "yes" if each["equal"] else f"no: {only} in one only, {changed} changed"
        lines.append([kind.replace("_", " "), f"{each['first']:,}", f"{each['second']:,}", verdict])
    lost, alerts, about = found["lost"], found["alerts"], found["about"]
    rows = {"messages lost": {run: len(numbers) for run, numbers in lost.items()}}
    names = {
        "told": "alerts told, with revisions",
        "twice": "of them told more than once",
        "never": "alerts never told",
    }
    rows |= {name: {run: alerts[run][what] for run in alerts} for what, name in names.items()}
    lines += [[name, f"{row['a']:,}", f"{row['b']:,}", ""] for name, row in rows.items()]
    parts = [
        f"{about['posts']:,} posts and {about['poison']:,} poison messages at {about['rate']:g} a second, seed "
        f"{about['seed']}; A took {found['seconds']['a']:,.0f} s, B with {len(found['killed'])} kills "
        f"{found['seconds']['b']:,.0f} s",
        table(("what", "A", "B, killed", "equal"), lines),
    ]
    for kind, each in found["records"].items():
        shown = [f"only A: {key}" for key in each["only_first"][:SHOWN]]
        shown += [f"only B: {key}" for key in each["only_second"][:SHOWN]]
        shown += [f"{key}: {', '.join(paths[:SHOWN])}" for key, paths in list(each["changed"].items())[:SHOWN]]
        parts += [f"- {kind}: {line}" for line in shown]
    parts += [f"- lost by {run.upper()}: messages {numbers[:SHOWN]}" for run, numbers in lost.items() if numbers]
    return "\n\n".join(parts[:2]) + ("\n\n" + "\n".join(parts[2:]) if parts[2:] else "")
