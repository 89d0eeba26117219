"""The masked multi-task loss."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch.nn import functional

from models.labels import HEADS, Kind, columns_of


def masked_loss(
    logits: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor, head_weights: Mapping[str, float]
) -> torch.Tensor:
    """Sum over heads of the head's mean loss over the batch; unknown labels add nothing.

    Args:
        logits, targets: (batch, columns); NaN in targets marks what is unknown.
        weights: (batch,), how far a row's labels are trusted.
        head_weights: factor of a head's loss, 1 when absent. A multi-label head's loss is the sum over
            its labels (not their mean), or nineteen topics would count a nineteenth each.
    """
    total = logits.new_zeros(())
    for head in HEADS:
        columns = columns_of(head)
        score, target = logits[:, columns].float(), targets[:, columns]
        known = ~target[:, 0].isnan()
        if not known.any():
            continue
        score, target = score[known], target[known]
        if head.kind is Kind.CHOICE:
            loss = functional.cross_entropy(score, target, reduction="none")
        else:
            loss = functional.binary_cross_entropy_with_logits(score, target, reduction="none").sum(1)
        # divided by the whole batch, not by the known rows: a head seen rarely in a batch must not shout
        total = total + head_weights.get(head.name, 1.0) * (loss * weights[known]).sum() / len(weights)
    return total
