"""A smaller student that learns what its teacher would say."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import BertForSequenceClassification

from models.decoding import Decision, probabilities
from models.labels import BY_NAME, HEADS, columns_of

Floats = NDArray[np.float32]

_RELEVANT = 0.2
"""Severity and categories are only taught where the teacher thinks a complaint at least so likely."""


def student_of(teacher: BertForSequenceClassification, layers: Sequence[int]) -> BertForSequenceClassification:
    """A copy with only those layers of the teacher (counted from 0); embeddings and head stay.

    Raises:
        ValueError: the teacher has no such layer.
    """
    depth = len(teacher.bert.encoder.layer)
    if not all(0 <= layer < depth for layer in layers):
        raise ValueError(f"student: layers: {list(layers)}: the teacher has the layers 0 to {depth - 1}")
    student = copy.deepcopy(teacher)
    student.bert.encoder.layer = torch.nn.ModuleList(student.bert.encoder.layer[layer] for layer in layers)
    student.config.num_hidden_layers = len(layers)
    return student


def soften(targets: Floats, logits: Floats, truth: float) -> Floats:
    """Targets of a student: `truth` parts the row's own label, the rest what the teacher says.

    Every loss here is a cross-entropy and so linear in its target: mixing the targets is mixing the
    two losses (Hinton et al. 2015, at temperature 1). What a row's labels leave unknown is taught by
    the teacher alone.

    Args:
        targets: (rows, columns), NaN where unknown.
        logits: (rows, columns) of the teacher.
    """
    taught = np.concatenate([probabilities(head, logits, Decision()) for head in HEADS], axis=1)
    mixed = np.where(np.isnan(targets), taught, truth * targets + (1 - truth) * taught).astype(np.float32)
    complaint = taught[:, columns_of(BY_NAME["complaint"])][:, 0]
    for head in HEADS:
        if head.given_complaint:
            columns = columns_of(head)
            mute = np.isnan(targets[:, columns.start]) & (complaint < _RELEVANT)
            mixed[mute, columns] = np.nan
    return mixed
