"""A run in numbers, and whether they add up."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING, Any

from pipeline.errors import ShenavaError
from pipeline.store.outbox import Outbox
from pipeline.store.profile_store import ProfileStore

if TYPE_CHECKING:
    from runners.local import Job


class LostRecordsError(ShenavaError):
    """The books do not balance: a record was lost or came out twice. A defect of Shenava, never of the input."""


def summarise(job: Job, counted: dict[str, int], seconds: float) -> dict[str, Any]:
    """The run in numbers, from Beam's metrics."""

    def group(prefix: str) -> dict[str, int]:
        found = {name.removeprefix(prefix): n for name, n in counted.items() if name.startswith(prefix) and n}
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def count(name: str) -> int:
        return counted.get(name, 0)

    return {
        "input": job.input,
        "config": str(job.config_path),
        "model": job.model,
        "output": {
            "enriched": str(job.output / "enriched"),
            "cases": str(job.output / "cases"),
            "alerts": str(job.output / "alerts"),
            "actions": str(job.output / "actions"),
            "review": str(job.output / "review"),
            "kpis": str(job.output / "kpis"),
            "dead_letters": str(job.output / "dead_letters"),
            "snapshot": str(job.output / "profiles"),
            "profiles": ProfileStore(job.store_url).shown_url,
        },
        "records": {
            "in": count("read.records"),
            "good": count("enriched_post.rows_avro"),
            # what the warehouse refused is a good record, and a dead letter beside it
            "failed": count("dead_letter.rows_avro") - count("warehouse.failed"),
            "duplicates": count("deduplicate.duplicates"),
            "forgotten": count("forgotten.posts") + count("forgotten.letters"),
        },
        "failed_by_reason": group("parse.failed.")
        | {step: n for step in ("classify", "enrich") if (n := count(f"{step}.failed"))},
        "posts": {
            "complaints": count("enrich.complaints"),
            "advocacy": count("enrich.advocacy"),
            "brand_replies": count("enrich.brand_replies"),
            "anonymous": count("enrich.anonymous"),
            "empty_text": count("classify.skipped"),
            "truncated": count("classify.truncated"),
            "for_review": count("review.posts"),
        },
        "sentiment": group("enrich.sentiment."),
        "languages": group("enrich.language."),
        "complaints_by_category": group("enrich.category."),
        "complaints_by_severity": group("enrich.severity."),
        "profiles": {"accounts": count("profiles.accounts"), "changed": count("profiles.written")},
        "alerts": {
            "raised": count("alerts.raised"),
            "by_level": group("alerts.level."),
            "by_department": group("alerts.department."),
            "by_rule": group("alerts.rule."),
        },
        "actions": group("actions.policy."),
        "cases": group("cases."),
        "kpis": {"rows": count("kpis.rows")},
        "warehouse": group("warehouse."),
        "webhooks": _webhooks(job),
        "seconds": round(seconds, 1),
        "posts_per_second": round(count("classify.posts") / seconds, 1),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _webhooks(job: Job) -> dict[str, dict[str, int]]:
    """Receiver → state → messages, as they stand in the store."""
    if not job.config.webhooks:
        return {}
    outbox = Outbox(job.store_url)
    try:
        return outbox.counts()
    finally:
        outbox.close()


def balance(records: dict[str, int]) -> None:
    """Counted at the edges, so that a loss anywhere between them shows."""
    out = records["good"] + records["failed"] + records["duplicates"] + records["forgotten"]
    if out != records["in"]:
        raise LostRecordsError(
            f"in = {records['in']} but good + failed + duplicates + forgotten = {out}: {records}. "
            "Please report this with the input; the outputs are not to be trusted."
        )
