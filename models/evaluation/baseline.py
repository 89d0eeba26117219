"""The baseline to beat: TF-IDF and logistic regression, on the same rows, in the same logits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

from models.labels import COLUMNS, HEADS, columns_of
from models.training.data import Row, targets

Floats = NDArray[np.float32]

_NEVER = -10.0
"""Logit of a label that the training rows say nothing about."""


def fit_and_score(train: Sequence[Row], *others: Sequence[Row]) -> list[Floats]:
    """Logits of shape (rows, columns) for each of the other sets, by a model fitted on `train`.

    Words (1–2) and characters within words (2–4), 60,000 features each; one regression a column. A row
    that training repeats counts as often here.
    """
    repeats = Counter(row.id for row in train)
    rows = list({row.id: row for row in train}.values())
    vectorizers = [
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, max_features=60_000),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), min_df=3, sublinear_tf=True, max_features=60_000),
    ]
    features = hstack([v.fit_transform([row.text for row in rows]) for v in vectorizers]).tocsr()
    unseen = [hstack([v.transform([row.text for row in other]) for v in vectorizers]).tocsr() for other in others]
    target = targets(rows)
    weights = np.array([row.weight * repeats[row.id] for row in rows])
    scores = [np.zeros((len(other), len(COLUMNS)), np.float32) for other in others]
    with tqdm(total=len(COLUMNS), unit=" labels", desc="TF-IDF baseline", disable=None) as bar:
        for head in HEADS:
            for column in range(columns_of(head).start, columns_of(head).stop):
                known = ~np.isnan(target[:, column])
                if len(np.unique(target[known, column] > 0.5)) < 2:
                    # no row is labelled, or all alike: nothing to learn, the label is as good as never given
                    for score in scores:
                        score[:, column] = _NEVER
                    bar.update()
                    continue
                model = LogisticRegression(C=4.0, solver="liblinear")
                model.fit(features[known], target[known, column] > 0.5, sample_weight=weights[known])
                for score, other in zip(scores, unseen, strict=True):
                    score[:, column] = model.decision_function(other)
                bar.update()
    return scores
