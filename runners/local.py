"""The main job on one machine: bounded input, Beam's local engine, files and SQLite."""

from __future__ import annotations

import gc
import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from models import loading
from models.classifier import PostClassifier
from models.explanation import AlertExplainer
from pipeline import graph
from pipeline.clock import system_clock
from pipeline.config import Config
from pipeline.errors import ConfigError
from pipeline.io.bigquery_names import BigQueryDataset
from pipeline.io.forgotten import Forgotten
from pipeline.io.in_turn import Sink, WriteInTurn
from pipeline.io.keep_care import CareSink, RecallCare, RecallWaves
from pipeline.io.keep_kpis import CountService
from pipeline.io.permit_actions import PermitActions
from pipeline.io.queue_webhooks import OutboxSink
from pipeline.io.read_posts import ReadPosts, expand_input
from pipeline.io.upsert_profiles import UpsertProfiles
from pipeline.metrics import counters
from pipeline.ports import Ports
from pipeline.records import RawRecord
from pipeline.store.base import SqlStore
from pipeline.store.profile_store import ProfileStore
from runners import deliveries, export_profiles, files, outcome, progress, warehouse_bigquery, warehouse_ports

MANIFEST = "run.json"
OUTPUTS = (
    "enriched",
    "cases",
    "alerts",
    "actions",
    "kpis",
    "review",
    "dead_letters",
    "profiles",
    "profiles.db",
    "profiles.db-wal",
    "profiles.db-shm",
    MANIFEST,
)


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
    warehouse: BigQueryDataset | None = None
    """Where records go beside the files."""
    deliver: bool = True
    """Send webhooks, too; else they wait in the store for `shenava webhooks deliver`."""

    @property
    def store_url(self) -> str:
        """Where profiles go: the store that was named, else a SQLite file among the outputs."""
        return self.store or f"sqlite:///{self.output / 'profiles.db'}"


def run(job: Job, show_progress: bool | None = None) -> dict[str, Any]:
    """Run the job to its end; returns the summary that also lies in OUTPUT/run.json.

    Raises:
        ConfigError: before anything is written, when the job cannot be done as asked.
        LostRecordsError: in = good + failed + duplicates + forgotten does not hold.
    """
    started = time.monotonic()
    to = receivers(job)
    expand_input(job.input)
    # loaded here, once for the process: a model that does not fit stops the run before anything is written
    loading.load(job.model)
    spare_collector()
    ProfileStore(job.store_url).close()
    _claim(job.output, job.overwrite)
    create_tables(job)
    if job.warehouse:
        warehouse_bigquery.make(job.warehouse)
    with progress.shown(show_progress):
        # the engine is named: DirectRunner would first look for another one on the web (design, section 10)
        pipeline = beam.Pipeline(FnApiRunner(), options=PipelineOptions([]))
        graph.build(pipeline, job.config, and_warehouse(job, ports(job)))
        result = pipeline.run()
        result.wait_until_finish()
    deliveries.deliver_due(job.store_url, to)
    export_profiles.snapshot(job.store_url, job.output, job.warehouse)
    summary = outcome.summarise(job, counters(result), time.monotonic() - started)
    (job.output / MANIFEST).write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", "utf-8")
    outcome.balance(summary["records"])
    return summary


def ports(job: Job) -> Ports:
    """Files in, files and SQL out."""
    return Ports(
        read_posts=_ReadCounted(job.input),
        classifier=progress.TickingClassifier(PostClassifier(job.model)),
        explain=AlertExplainer(job.model) if job.config.explain_alerts else _unexplained,
        forgotten=Forgotten(job.store_url),
        write_enriched=files.events(job.output),
        write_reviews=files.reviews(job.output),
        upsert_profiles=UpsertProfiles(job.store_url, job.config.profile_settings()),
        # a run that replaces an earlier one tells again what that one told
        recall_care=RecallCare(job.store_url, job.config.recall_within, alerts=not job.overwrite),
        recall_waves=RecallWaves(job.store_url, alerts=not job.overwrite),
        write_cases=files.WriteAll(
            store=WriteInTurn(CareSink(job.store_url, "put_cases")), avro=files.cases(job.output)
        ),
        write_alerts=files.WriteAll(store=WriteInTurn(*told(job, "put_alerts")), files=files.alerts(job.output)),
        permit_actions=PermitActions(job.store_url),
        write_actions=files.WriteAll(store=WriteInTurn(*told(job, "put_actions")), avro=files.actions(job.output)),
        keep_facts=WriteInTurn(CareSink(job.store_url, "add_facts")),
        keep_courses=WriteInTurn(CareSink(job.store_url, "put_courses")),
        count_service=CountService(job.store_url, job.config.time_zone),
        write_kpis=files.kpis(job.output),
        write_dead_letters=files.dead_letters(job.output),
        clock=system_clock,
    )


def and_warehouse(job: Job, to: Ports) -> Ports:
    """These ports, and BigQuery beside them where the job names a dataset."""
    return warehouse_ports.and_bigquery(to, job.warehouse, job.output) if job.warehouse else to


def _unexplained(text: str, head: str, label: str) -> Sequence[str]:
    del text, head, label
    return ()


def told(job: Job, what: Literal["put_alerts", "put_actions"]) -> Sequence[Sink]:
    """The outbox of the webhooks, and then the store: what the store has is never told again."""
    to, store = job.config.subscriptions(), CareSink(job.store_url, what)
    return (OutboxSink(job.store_url, to, system_clock), store) if to else (store,)


def spare_collector() -> None:
    """Let the garbage collector pass over what stays for the whole run: the libraries and the model.

    They are half a million objects. Whoever reads a big profile makes so many new ones that it would walk over all of
    them every time.
    """
    gc.collect()
    gc.freeze()


def receivers(job: Job) -> deliveries.Receivers:
    """Whom this run delivers webhooks to; ConfigError when a secret is missing."""
    return deliveries.receivers(job.config.subscriptions(), os.environ) if job.deliver else ()


def create_tables(job: Job) -> None:
    """Bring the store's tables up to date; ConfigError when it cannot be opened, or a newer Shenava made it."""
    store = SqlStore(job.store_url)
    store.create_tables()
    store.close()


def _claim(output: Path, overwrite: bool) -> None:
    """Make the output directory, or clear an earlier run out of it when that was asked for."""
    earlier = [output / name for name in OUTPUTS if (output / name).exists()]
    if earlier and not overwrite:
        raise ConfigError(
            f"--output {output} holds an earlier run ({earlier[0].name}); "
            "choose another directory, or say --overwrite to replace it"
        )
    stays = _emptied(output / "profiles.db")
    for path in earlier:
        if path.name.startswith("profiles.db") and stays:
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    make_output(output)


def _emptied(database: Path) -> bool:
    """Whether the store of an earlier run holds what people said, which stays: all else in it is removed."""
    if not database.exists() or not database.read_bytes().startswith(b"SQLite format 3"):
        return False
    store = SqlStore(f"sqlite:///{database}")
    try:
        return store.empty_derived()
    finally:
        store.close()


def make_output(output: Path) -> None:
    """Make the directory; ConfigError says why it cannot be one."""
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
