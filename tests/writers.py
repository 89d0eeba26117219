"""What processes of their own write into one store at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from random import Random
from typing import Any

from pipeline.logic.care import tell
from pipeline.logic.facts import Fact
from pipeline.logic.kpis import KpiKey
from pipeline.store import database
from pipeline.store.care_store import CareStore
from pipeline.store.kpi_store import KpiStore
from pipeline.store.profile_store import ProfileStore
from tests.unit.test_care import CARE, LATER, complaint, happy, reply
from tests.unit.test_kpis import a_fact, answered
from tests.unit.test_profile_store import SETTINGS, profile

ACCOUNTS = [f"a{number}" for number in range(30)]
WITHIN = 120
"""Seconds that writers may take."""


def facts(account: str) -> list[Fact]:
    """A complaint, its answer and thanks for it."""
    return [complaint(f"{account}-1", 0, severity=4), reply(f"{account}-2", 9), happy(f"{account}-3", 10)]


def at_once(write: Callable[..., None], *arguments: Sequence[Any]) -> None:
    """Call it in a process for each of the arguments; all begin together."""
    # the modules are imported once, by a process that has nothing else to pass on
    server = get_context("forkserver")
    server.set_forkserver_preload([write.__module__])
    barrier = server.Barrier(len(arguments))
    processes = [server.Process(target=write, args=(barrier, *given), daemon=True) for given in arguments]
    for each in processes:
        each.start()
    for each in processes:
        each.join(WITHIN)
    assert [each.exitcode for each in processes] == [0] * len(processes)


def write_records(barrier: Barrier | None, url: str, seed: int) -> None:
    """All there is to write, in an order and in portions of this writer's own."""
    profiles, care, kpis = ProfileStore(url), CareStore(url), KpiStore(url, "UTC")
    random = Random(seed)
    told = [tell(f"x:{account}", facts(account), CARE, LATER) for account in ACCOUNTS]
    alerts = [alert for each in told for alert in each.alerts.values()]
    writes: list[Callable[[], Any]] = [
        *(
            lambda part=part: profiles.merge(part, SETTINGS)  # type: ignore[misc]
            for part in _portions(random, [profile(n, account=each) for each in ACCOUNTS for n in range(1, 5)])
        ),
        *(
            lambda part=part: care.add_facts(part)  # type: ignore[misc]
            for part in _portions(random, [(f"x:{account}", fact) for account in ACCOUNTS for fact in facts(account)])
        ),
        *(
            lambda part=part: care.put_cases(part)  # type: ignore[misc]
            for part in _portions(random, [case for each in told for case in each.cases.values()])
        ),
        *(
            lambda part=part: care.put_alerts(part)  # type: ignore[misc]
            for part in _portions(
                random, [replace(alert, revision=r, withdrawn=r == 2) for alert in alerts for r in (1, 2, 3)]
            )
        ),
        *(
            lambda part=part: kpis.count(part)  # type: ignore[misc]
            for part in _portions(random, [each for n in range(40) for each in (a_fact(n), answered(a_fact(n), n))])
        ),
    ]
    random.shuffle(writes)
    if barrier:
        barrier.wait(WITHIN)
    for write in writes:
        database.patiently(write)
    for store in (profiles, care, kpis):
        store.close()


def _portions(random: Random, records: Sequence[Any]) -> Iterator[list[Any]]:
    shuffled = random.sample(records, len(records))
    size = random.randint(8, 20)
    return (shuffled[start : start + size] for start in range(0, len(shuffled), size))


def everything(url: str) -> dict[str, list[Any]]:
    """What a store holds, by kind; how often a row of KPIs was corrected does not count."""
    profiles, care, kpis = ProfileStore(url), CareStore(url), KpiStore(url, "UTC")
    found = {
        "profiles": sorted(profiles.read_all(), key=lambda each: each.account),
        "cases": sorted(care.cases(), key=lambda each: each.case_id),
        "alerts": sorted(care.alerts(), key=lambda each: each.alert_id),
        "actions": sorted(care.actions(), key=lambda each: each.action_id),
        "kpis": sorted((replace(row, revision=1) for row in kpis.rows() if row.mentions), key=KpiKey.of),
    }
    for store in (profiles, care, kpis):
        store.close()
    return found
