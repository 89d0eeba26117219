"""`shenava train`: data, vocabulary, fine-tuning by stages, distillation, calibration, export, card, in one go."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from transformers import BertForSequenceClassification, PreTrainedTokenizerFast

from models import loading
from models.decoding import Decision
from models.training import calibration, data
from models.training import config as configs
from models.training.config import TrainingConfig
from models.training.distillation import soften, student_of
from models.training.export import export
from models.training.pooling import append_pooling_layer
from models.training.train import find_base, load_encoder, load_tokenizer, train, with_pieces
from models.training.vocabulary import trim


def run(config_path: Path, root: Path, output: Path) -> list[Path]:
    """Train what the config describes; returns the directories of the finished models.

    The model lies in `output` itself, its student in `output/student`, what each stage gave in
    `output/stages`. Started again, it goes on after the last finished stage, inside a stage from the
    last checkpoint. Raises ConfigError for a config or a row that is not as documented.
    """
    config = configs.load(config_path)
    split = data.split(config, root)
    print(
        f"{config.name}: {len(split.calibration):,} rows for thresholds, {len(split.validation):,} to report on; "
        + ", ".join(f"{len(r):,} to learn from in {s.name}" for s, r in zip(config.mixtures, split.stages, strict=True))
    )
    model, tokenizer = _begin(config, root, output, (row.text for row in split.train))
    for number, (stage, rows) in enumerate(zip(config.stages, split.stages, strict=False), 1):
        finished = _stage(output, number, stage.name)
        if not _is_finished(finished):
            if stage.pooling_layer:
                append_pooling_layer(model)
            targets = data.targets(rows, config.severity_smoothing)
            train(model, tokenizer, rows, targets, stage, config, finished / "checkpoints")
            model.save_pretrained(finished)
        model = _load(finished)
    export(model, tokenizer, config.name, output)
    calibrate(output, split.calibration)
    if config.student is None:
        return [output]
    _distil(config, config.student, model, tokenizer, split, output)
    return [output, output / "student"]


def _begin(
    config: TrainingConfig, root: Path, output: Path, texts: Iterable[str]
) -> tuple[BertForSequenceClassification, PreTrainedTokenizerFast]:
    """The base with a fresh head and a vocabulary cut by what the texts use."""
    place = _stage(output, 0, "base")
    if not _is_finished(place):
        base = find_base(config, root)
        tokenizer, model = load_tokenizer(base), load_encoder(base, config)
        if config.vocabulary:
            tokenizer = with_pieces(tokenizer, trim(tokenizer.backend_tokenizer, model, texts, config.vocabulary))
        tokenizer.save_pretrained(place)
        model.save_pretrained(place)
    return _load(place), PreTrainedTokenizerFast.from_pretrained(place)


def _distil(
    config: TrainingConfig,
    wanted: configs.Student,
    teacher: BertForSequenceClassification,
    tokenizer: PreTrainedTokenizerFast,
    split: data.Split,
    output: Path,
) -> None:
    finished, rows = _stage(output, len(config.stages) + 1, wanted.stage.name), split.stages[-1]
    if not _is_finished(finished):
        print(f"{wanted.name}: the teacher reads {len(rows):,} rows")
        distinct = list(dict.fromkeys(row.text for row in rows))
        taught = dict(zip(distinct, loading.load(str(output)).score(distinct), strict=True))
        logits = np.stack([taught[row.text] for row in rows])
        targets = soften(data.targets(rows, config.severity_smoothing), logits, wanted.truth)
        student = student_of(teacher, wanted.layers)
        train(student, tokenizer, rows, targets, wanted.stage, config, finished / "checkpoints")
        student.save_pretrained(finished)
    export(_load(finished), tokenizer, wanted.name, output / "student")
    calibrate(output / "student", split.calibration)


def _stage(output: Path, number: int, name: str) -> Path:
    return output / "stages" / f"{number}-{name}"


def _is_finished(place: Path) -> bool:
    return (place / "model.safetensors").exists()


def _load(place: Path) -> BertForSequenceClassification:
    return BertForSequenceClassification.from_pretrained(place, dtype=torch.float32)


def calibrate(directory: Path, rows: list[data.Row]) -> Decision:
    """Choose the decision rules on those rows and write them beside the weights."""
    model = loading.load(str(directory))
    # the process keeps this copy, and what is measured with it next must decide by the new rules
    model.decision = calibration.calibrate(model.score(row.text for row in rows), data.targets(rows))
    model.decision.save(directory / "decision.json")
    return model.decision
