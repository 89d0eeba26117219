"""What the words behind one alert cost beside one classified post, and whether they matter to the model.

    python benchmarks/explanation.py --posts 20

Processor time, as ratios within one run: the machine may be shared. Texts are the complaints that the model is surest
of in the input. "Lost": by how much the log-odds of the complaint fall when three words are left out of the text.
"""

from __future__ import annotations

import argparse
import random
import time
from pathlib import Path

import numpy as np
from overhead import seconds, texts_of

from models import loading
from models.classifier import classify
from models.explanation import ALERT_VARIANTS, explain
from models.labels import COLUMNS
from models.loading import LoadedModel
from pipeline.errors import RecordError

WORDS = 3


def lost(texts: list[str], words: list[list[str]], model: LoadedModel) -> float:
    """Mean fall of the log-odds (before the temperature) when those words are left out of each text."""
    left = [" ".join(text.split()) for text in texts]
    for i, each in enumerate(words):
        for word in each:
            left[i] = left[i].replace(word, " ", 1)
    scores = model.score((*texts, *left))[:, COLUMNS.index("complaint")]
    return float((scores[: len(texts)] - scores[len(texts) :]).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--input", default="examples/parsi/posts")
    parser.add_argument("--config", type=Path, default=Path("runners/config/reference.yaml"))
    parser.add_argument("--posts", type=int, default=20)
    given = parser.parse_args()

    model = loading.load(str(loading.DEFAULT_MODEL))
    everything = random.Random(0).sample(texts_of(given.input, given.config), 8 * given.posts)
    said = zip(everything, classify(everything, model), strict=True)
    scored = sorted((-a.complaint.score, text) for text, a in said if not isinstance(a, RecordError))
    texts = [text for _, text in scored[: given.posts]]

    one = seconds(lambda: classify(texts, model), time.process_time)
    weighed: list[list[tuple[str, float]]] = []
    asked = ("complaint", "1", model, ALERT_VARIANTS)
    explained = seconds(lambda: weighed.extend(explain(text, *asked) for text in texts), time.process_time)
    heaviest = [[word for word, _ in sorted(each, key=lambda pair: -pair[1])[:WORDS]] for each in weighed]
    chance = [[word for word, _ in random.Random(0).sample(each, min(WORDS, len(each)))] for each in weighed]
    print(f"{len(texts)} posts of {np.mean([len(each) for each in weighed]):.0f} words on average\n")
    print(f"one explanation (at most {ALERT_VARIANTS} variants) / one classified post: {explained / one:.1f}")
    print(f"lost without the {WORDS} heaviest words: {lost(texts, heaviest, model):.2f}")
    print(f"lost without {WORDS} words at random: {lost(texts, chance, model):.2f}")


if __name__ == "__main__":
    main()
