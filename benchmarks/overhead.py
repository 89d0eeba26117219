"""What the pipeline costs beside its model, and what the handler gains over the stock one.

    python benchmarks/overhead.py --input examples/parsi/posts --config runners/config/reference.yaml

Prints ratios measured side by side in one run, best of the rounds; times alone mean nothing on a shared machine.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import torch
from transformers import pipeline as stock_pipeline

from models import loading
from models.classifier import classify
from pipeline.config import load_config
from pipeline.errors import RecordError
from pipeline.io.read_posts import expand_input
from pipeline.logic.cutting import cut_lines, cut_rows, unzip
from pipeline.logic.parsing import parse
from runners import local


def texts_of(path: str, config_path: Path) -> list[str]:
    """The texts of every post that can be parsed and has one."""
    settings, texts = load_config(config_path).parse_settings(), []
    for name in expand_input(path):
        with Path(name).open("rb") as file:
            cut = cut_rows if ".csv" in name else cut_lines
            for raw in cut(unzip(file), name):
                try:
                    texts.append(parse(raw, settings, datetime.now(UTC)).text)
                except RecordError:
                    continue  # the broken records of the input are not what is measured
    return [text for text in texts if text.strip()]


def machine() -> str:
    """The processor by name, its widest vector unit, and how many threads PyTorch uses."""
    about = Path("/proc/cpuinfo").read_text("ascii", "replace") if Path("/proc/cpuinfo").exists() else ""
    name = next((line.split(":", 1)[1].strip() for line in about.splitlines() if line.startswith("model name")), "")
    return f"{name or platform.machine()}, {torch.backends.cpu.get_cpu_capability()}, {torch.get_num_threads()} threads"


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """What the work takes by that clock; `time.process_time` counts the processor's time over all threads."""
    started = clock()
    work()
    return clock() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", default="examples/parsi/posts")
    parser.add_argument("--config", type=Path, default=Path("runners/config/reference.yaml"))
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()

    texts = texts_of(given.input, given.config)
    model = loading.load(str(loading.DEFAULT_MODEL))
    # in our handler's precision: left alone, the stock one computes in the file's fp16, slow on most processors
    same = {"dtype": model.network.dtype, "device": "cpu", "top_k": None, "function_to_apply": "sigmoid"}
    stock = stock_pipeline("text-classification", model=str(loading.DEFAULT_MODEL), **same)
    with tempfile.TemporaryDirectory() as place:
        job = local.Job(given.input, Path(place) / "out", load_config(given.config), given.config, overwrite=True)
        work: dict[str, Callable[[], object]] = {
            "the model in a bare loop": lambda: classify(texts, model),
            "the whole pipeline": lambda: local.run(job, show_progress=False),
            "stock pipeline, batch 32": lambda: stock(texts, batch_size=32, truncation=True, max_length=256),
            "stock pipeline, batch 1": lambda: stock(texts, batch_size=1, truncation=True, max_length=256),
        }
        best = dict.fromkeys(work, float("inf"))
        for _ in range(given.rounds):
            for name, run in work.items():
                best[name] = min(best[name], seconds(run))
    bare = best["the model in a bare loop"]
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}, {len(texts):,} texts of {given.input}\n")
    print("| what | time, bare loop = 1 |\n|---|---|")
    for name, taken in best.items():
        print(f"| {name} | {taken / bare:.2f} |")


if __name__ == "__main__":
    main()
