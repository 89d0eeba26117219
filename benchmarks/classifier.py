"""How fast the classifier reads, beside the stock pipeline on the same weights, and at what agreement.

    python benchmarks/classifier.py --posts ../shared/data/streams/airline_x_v2.jsonl.gz \
        --model models/default --model work/model/student

Every contender reads the same posts of the stream in turns, round by round; the best round counts, and only
ratios are printed: a bare time on a shared machine says nothing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import torch
from overhead import machine, seconds, texts_of
from tqdm import tqdm
from transformers import pipeline as stock_pipeline

from models import loading
from models.classifier import classify
from models.evaluation.tables import table as markdown_table
from pipeline.records import Classification


@dataclass
class Contender:
    """One way of reading posts."""

    name: str
    read: Callable[[Sequence[str]], object]
    most: int | None = None
    rate: float = 0.0
    """Posts a second of the best round."""


def stock(model: str, batch: int, dtype: torch.dtype | str) -> Callable[[Sequence[str]], object]:
    """`transformers.pipeline("text-classification")`, with what one would pass to get all scores."""
    read = stock_pipeline("text-classification", model=model, dtype=dtype, device="cpu", top_k=None)
    return lambda texts: read(list(texts), batch_size=batch, truncation=True, max_length=loading.MAX_TOKENS)


def handler(model: loading.LoadedModel, threads: int) -> Callable[[Sequence[str]], object]:
    """Our handler on so many threads of one process."""

    def read(texts: Sequence[str]) -> object:
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            return classify(texts, model)
        finally:
            torch.set_num_threads(before)

    return read


def _start(model: str) -> None:
    torch.set_num_threads(1)
    loading.load(model)


def _read_part(job: tuple[str, list[str]]) -> int:
    return len(classify(job[1], loading.load(job[0])))


def processes(model: str, count: int) -> Callable[[Sequence[str]], object]:
    """As many single-thread processes, each with its own copy and its share of the posts."""
    pool = ProcessPoolExecutor(count, get_context("spawn"), initializer=_start, initargs=(model,))
    list(pool.map(_read_part, [(model, ["warm"])] * count))
    return lambda texts: list(pool.map(_read_part, [(model, list(texts[i::count])) for i in range(count)]))


def contenders(model: str) -> list[Contender]:
    """The stock pipeline at its settings, then our handler."""
    loaded = loading.load(model)
    dtype = loaded.network.dtype
    name = str(dtype).removeprefix("torch.")
    few, some = 64, 256  # of so slow a contender the rate over fewer posts is enough
    return [
        Contender("stock, batch 1, as it comes", stock(model, 1, "auto"), few),
        Contender("stock, batch 32, as it comes", stock(model, 32, "auto"), few),
        *(Contender(f"stock, batch {n}, {name}", stock(model, n, dtype), some) for n in (1, 8, 32, 64)),
        Contender(f"ours, {name}, 2 threads", handler(loaded, 2)),
        Contender(f"ours, {name}, 1 thread", handler(loaded, 1)),
        Contender(f"ours, {name}, 2 processes", processes(model, 2)),
    ]


def measure(found: Sequence[Contender], texts: Sequence[str], rounds: int) -> None:
    """Fill in the rates: each contender in turn, round by round, its best round kept."""
    with tqdm(total=rounds * len(found), unit=" runs", disable=None) as bar:
        for _ in range(rounds):
            for each in found:
                part = texts[: each.most]
                each.rate = max(each.rate, len(part) / seconds(partial(each.read, part)))
                bar.update()


def agreement(one: str, other: str, texts: Sequence[str]) -> dict[str, float]:
    """Share of the texts on which two models give the same complaint decision, and the same sentiment."""
    answers = [classify(texts, loading.load(model)) for model in (one, other)]
    pairs = [
        (a, b) for a, b in zip(*answers, strict=True) if isinstance(a, Classification) and isinstance(b, Classification)
    ]
    return {
        "complaint": sum(a.complaint.label == b.complaint.label for a, b in pairs) / len(pairs),
        "sentiment": sum(a.sentiment.label == b.sentiment.label for a, b in pairs) / len(pairs),
    }


def table(model: str, found: Sequence[Contender]) -> str:
    """Ratios as Markdown: to the stock pipeline as it comes, and to it in our precision at batch 1 and at its best."""
    raw = [each.rate for each in found if "as it comes" in each.name]
    same = [each.rate for each in found if each.name.startswith("stock") and "as it comes" not in each.name]
    marks = {
        "as it comes, batch 1": raw[0],
        "as it comes, batch 32": raw[1],
        "our precision, batch 1": same[0],
        "our precision, its best batch": max(same),
    }
    rows = [[each.name, *(f"{each.rate / rate:.2f}" for rate in marks.values())] for each in found]
    return f"{model}, speed as a multiple of the stock pipeline's\n\n{markdown_table(['what', *marks], rows)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", default="examples/parsi/posts", help="file or directory of posts")
    parser.add_argument("--config", type=Path, default=Path("runners/config/minimal.yaml"))
    parser.add_argument("--model", action="append", help="model directory; may be given again (default: the shipped)")
    parser.add_argument("--count", type=int, default=1024, help="posts read a round (default: 1024)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print the rates as JSON")
    given = parser.parse_args()
    texts = texts_of(given.posts, given.config)[: given.count]
    models = given.model or [str(loading.DEFAULT_MODEL)]
    measured = {model: contenders(model) for model in models}
    measure([each for found in measured.values() for each in found], texts, given.rounds)
    if given.json:
        print(json.dumps({m: {each.name: round(each.rate, 2) for each in found} for m, found in measured.items()}))
        return
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}, {len(texts):,} texts of {Path(given.posts).name}\n")
    for model, found in measured.items():
        print(table(model, found) + "\n")
    for model in models[1:]:
        ratio = max(c.rate for c in measured[model]) / max(c.rate for c in measured[models[0]])
        same = ", ".join(f"{head} {share:.3f}" for head, share in agreement(models[0], model, texts).items())
        print(f"{model} beside {models[0]}: {ratio:.2f} × as fast; the same answer on {same}")


if __name__ == "__main__":
    main()
