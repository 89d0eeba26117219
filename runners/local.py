"""The main job on one machine: bounded input, Beam's local engine, files and SQLite."""

from __future__ import annotations

import json
import resource
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from models import loading
from models.classifier import PostClassifier
from models.explanation import AlertExplainer
from pipeline import graph
from pipeline.clock import system_clock
from pipeline.config import Config
from pipeline.errors import ConfigError, ShenavaError
from pipeline.io.profile_store import ProfileStore
from pipeline.io.read_posts import ReadPosts, expand_input
from pipeline.io.upsert_profiles import UpsertProfiles
from pipeline.io.write_files import WriteFiles
from pipeline.metrics import counters
from pipeline.ports import Ports
from pipeline.records import Alert, DeadLetter, EnrichedPost, RawRecord
from runners import progress

MANIFEST = "run.json"
OUTPUTS = ("enriched", "alerts", "dead_letters", "profiles.db", "profiles.db-wal", "profiles.db-shm", MANIFEST)


class LostRecordsError(ShenavaError):
    """The books do not balance: a record was lost or came out twice. A defect of Shenava, never of the input."""


@dataclass(frozen=True)
class Job:
    """What `shenava run` was asked for."""

    input: str
    output: Path
    config: Config
    config_path: Path
    store: str | None = None
    model: str = str(loading.DEFAULT_MODEL)
    overwrite: bool = False

    @property
    def store_url(self) -> str:
        """Where profiles go: the store that was named, else a SQLite file among the outputs."""
        return self.store or f"sqlite:///{self.output / 'profiles.db'}"


def run(job: Job, show_progress: bool | None = None) -> dict[str, Any]:
    """Run the job to its end; returns the summary that also lies in OUTPUT/run.json.

    Raises:
        ConfigError: before anything is written, when the job cannot be done as asked.
        LostRecordsError: in = good + failed + duplicates does not hold.
    """
    started = time.monotonic()
    expand_input(job.input)
    # loaded here, once for the process: a model that does not fit stops the run before anything is written
    loading.load(job.model)
    store = ProfileStore(job.store_url)
    _claim(job.output, job.overwrite)
    store.create_tables()
    store.close()
    with progress.shown(show_progress):
        # the engine is named: DirectRunner would first look for another one on the web (design, section 10)
        pipeline = beam.Pipeline(FnApiRunner(), options=PipelineOptions([]))
        graph.build(pipeline, job.config, ports(job))
        result = pipeline.run()
        result.wait_until_finish()
    summary = summarise(job, counters(result), time.monotonic() - started)
    (job.output / MANIFEST).write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", "utf-8")
    _balance(summary["records"])
    return summary


def ports(job: Job) -> Ports:
    """Files in, files and SQL out."""
    output = str(job.output)
    return Ports(
        read_posts=_ReadCounted(job.input),
        classifier=progress.TickingClassifier(PostClassifier(job.model)),
        explain=AlertExplainer(job.model),
        write_enriched=WriteFiles(f"{output}/enriched", "enriched_post", _post_order, _post_date),
        upsert_profiles=UpsertProfiles(job.store_url, job.config.profile_settings()),
        write_alerts=_WriteBoth(
            WriteFiles(f"{output}/alerts", "alert", _alert_order),
            WriteFiles(f"{output}/alerts", "alert", _alert_order, file_format="jsonl"),
        ),
        write_dead_letters=WriteFiles(f"{output}/dead_letters", "dead_letter", _letter_order),
        clock=system_clock,
    )


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
            "alerts": str(job.output / "alerts"),
            "dead_letters": str(job.output / "dead_letters"),
            "profiles": ProfileStore(job.store_url).shown_url,
        },
        "records": {
            "in": count("read.records"),
            "good": count("enriched_post.rows_avro"),
            "failed": count("dead_letter.rows_avro"),
            "duplicates": count("deduplicate.duplicates"),
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
            "for_review": count("classify.abstained"),
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
        },
        "seconds": round(seconds, 1),
        "posts_per_second": round(count("classify.posts") / seconds, 1),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _balance(records: dict[str, int]) -> None:
    """Counted at the edges, so that a loss anywhere between them shows."""
    out = records["good"] + records["failed"] + records["duplicates"]
    if out != records["in"]:
        raise LostRecordsError(
            f"in = {records['in']} but good + failed + duplicates = {out}: {records}. "
            "Please report this with the input; the outputs are not to be trusted."
        )


def _claim(output: Path, overwrite: bool) -> None:
    """Make the output directory, or clear an earlier run out of it when that was asked for."""
    earlier = [output / name for name in OUTPUTS if (output / name).exists()]
    if earlier and not overwrite:
        raise ConfigError(
            f"--output {output} holds an earlier run ({earlier[0].name}); "
            "choose another directory, or say --overwrite to replace it"
        )
    for path in earlier:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--output {output}: cannot be made a directory: {error.strerror}") from error


class _ReadCounted(beam.PTransform):
    """ReadPosts, with a tick a record for the progress bar."""

    def __init__(self, pattern: str) -> None:
        super().__init__()
        self._pattern = pattern

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection:
        records = begin | "Read files" >> ReadPosts(self._pattern)
        return records | "Show progress" >> beam.Map(progress.tick_read).with_output_types(RawRecord)


class _WriteBoth(beam.PTransform):
    """The same alerts for programs (Avro) and for people (JSON Lines)."""

    def __init__(self, avro: beam.PTransform, lines: beam.PTransform) -> None:
        super().__init__()
        self._avro, self._lines = avro, lines

    def expand(self, alerts: beam.PCollection) -> tuple[beam.PCollection, beam.PCollection]:
        return alerts | "As Avro" >> self._avro, alerts | "As JSON Lines" >> self._lines


def _post_order(enriched: EnrichedPost) -> tuple[Any, str]:
    return enriched.post.created_at, enriched.post.key


def _post_date(enriched: EnrichedPost) -> str:
    """Partition by the UTC date of the post, as BigQuery does."""
    return f"date={enriched.post.created_at:%Y-%m-%d}"


def _alert_order(alert: Alert) -> tuple[Any, str]:
    return alert.created_at, alert.alert_id


def _letter_order(letter: DeadLetter) -> tuple[str, int]:
    return letter.source, letter.position
