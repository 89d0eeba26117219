"""The memory of a job over time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

EVERY_S = 5.0
Samples = list[tuple[float, float]]
"""(seconds since the first, MB)."""


@contextmanager
def sampled(memory_mb: Callable[[], float]) -> Iterator[Samples]:
    """Ask for the memory every EVERY_S seconds, in a thread, while the block runs."""
    samples: Samples = []
    ended, began = threading.Event(), time.monotonic()

    def ask() -> None:
        while True:
            samples.append((time.monotonic() - began, memory_mb()))
            if ended.wait(EVERY_S):
                return

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    try:
        yield samples
    finally:
        ended.set()
        asking.join()


def growth(samples: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Means of the first and the last third, and the slope of the least-squares line through all samples."""
    times, sizes = (np.array(each) for each in zip(*samples, strict=True))
    third = max(len(sizes) // 3, 1)
    slope = float(np.polyfit(times / 3600, sizes, 1)[0]) if len(sizes) > 1 else 0.0
    return {
        "minutes": round(float(times[-1]) / 60, 1),
        "first_third_mb": round(float(sizes[:third].mean()), 1),
        "last_third_mb": round(float(sizes[-third:].mean()), 1),
        "slope_mb_per_h": round(slope, 1),
        "peak_mb": round(float(sizes.max()), 1),
    }
