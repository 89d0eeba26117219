"""A progress bar for runs in this process, fed by ticks from inside the graph.

The local engine runs the graph in threads of one process, so plain module counters are enough; they
are for the eye only, the numbers of the summary come from Beam's metrics.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from apache_beam.ml.inference.base import ModelHandler, PredictionResult
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_ticks: Counter[str] = Counter()
_lock = threading.Lock()
T = TypeVar("T")


def tick(name: str, count: int = 1) -> None:
    """Say that so many more posts have passed the place of that name."""
    with _lock:
        _ticks[name] += count


def tick_read(record: T) -> T:
    """Count a record that was read, and hand it on."""
    tick("read")
    return record


class TickingClassifier(ModelHandler[Any, Any, Any]):
    """The classifier it wraps, with a tick a post."""

    def __init__(self, inner: ModelHandler[Any, Any, Any]) -> None:
        super().__init__()
        self._inner = inner

    def load_model(self) -> Any:
        return self._inner.load_model()

    def run_inference(
        self, batch: Sequence[Any], model: Any, inference_args: Mapping[str, Any] | None = None
    ) -> Iterable[PredictionResult]:
        # a slice at a time, so that the bar moves while a big batch is worked on
        for start in range(0, len(batch), 128):
            part = batch[start : start + 128]
            yield from self._inner.run_inference(part, model, inference_args)
            tick("classified", len(part))

    def batch_elements_kwargs(self) -> Mapping[str, Any]:
        return self._inner.batch_elements_kwargs()  # type: ignore[no-any-return]

    def get_metrics_namespace(self) -> str:
        return self._inner.get_metrics_namespace()  # type: ignore[no-any-return]


@contextmanager
def shown(enabled: bool | None = None) -> Iterator[None]:
    """Show the bar on standard error while the block runs; only on a terminal unless told otherwise."""
    _ticks.clear()
    if not (sys.stderr.isatty() if enabled is None else enabled):
        yield
        return
    stop = threading.Event()
    columns = (
        *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()),
        *(TextColumn("{task.fields[rate]}"), TimeElapsedColumn(), TimeRemainingColumn()),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        watcher = threading.Thread(target=_watch, args=(progress, stop), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            stop.set()
            watcher.join()


def _watch(progress: Progress, stop: threading.Event) -> None:
    task = progress.add_task("reading posts", total=None, rate="")
    while not stop.wait(0.3):
        read, classified = _ticks["read"], _ticks["classified"]
        if classified:
            speed = progress.tasks[0].speed
            rate = f"{speed:,.0f} posts/s" if speed else ""
            progress.update(task, description="classifying", completed=classified, total=read, rate=rate)
        else:
            progress.update(task, completed=read)
