"""Fine-tuning: the encoder and one linear layer of 47 logits, with Hugging Face's Trainer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch.utils.data import Dataset
from transformers import (
    BertForSequenceClassification,
    PreTrainedTokenizerFast,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from models.labels import COLUMNS
from models.training.augment import vary
from models.training.config import Stage, TrainingConfig
from models.training.data import Row
from models.training.loss import masked_loss
from models.training.tokenizer import fold_spelling
from pipeline.errors import ConfigError

Floats = NDArray[np.float32]


class _Rows(Dataset[dict[str, Any]]):
    """Token ids, targets and weight of each row."""

    def __init__(
        self, rows: list[Row], targets: Floats, tokenizer: PreTrainedTokenizerFast, stage: Stage, seed: int
    ) -> None:
        texts = vary([row.text for row in rows], stage.augment, seed)
        self.ids: list[list[int]] = tokenizer(texts, truncation=True, max_length=stage.max_tokens)["input_ids"]
        self.targets = targets
        self.weights = [row.weight for row in rows]

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {
            "input_ids": self.ids[index],
            "length": len(self.ids[index]),
            "labels": self.targets[index],
            "weights": self.weights[index],
        }


class _Collator:
    """Pads to the longest row of the batch, in steps of 8 tokens so that few shapes occur."""

    def __init__(self, pad: int) -> None:
        self.pad = pad

    def __call__(self, rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        width = -(-max(len(row["input_ids"]) for row in rows) // 8) * 8
        ids = torch.full((len(rows), width), self.pad)
        for i, row in enumerate(rows):
            ids[i, : len(row["input_ids"])] = torch.tensor(row["input_ids"])
        return {
            "input_ids": ids,
            "attention_mask": (ids != self.pad).long(),
            "labels": torch.stack([torch.from_numpy(row["labels"]) for row in rows]),
            "weights": torch.tensor([row["weights"] for row in rows]),
        }


class _MaskedTrainer(Trainer):
    """The Trainer with our loss; everything else is its own."""

    head_weights: dict[str, float]

    def compute_loss(
        self, model: torch.nn.Module, inputs: dict[str, torch.Tensor], return_outputs: bool = False, **_: Any
    ) -> Any:
        output = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"])
        loss = masked_loss(output.logits, inputs["labels"], inputs["weights"], self.head_weights)
        return (loss, output) if return_outputs else loss


def find_base(config: TrainingConfig, root: Path) -> str:
    """The encoder that training begins with: a directory under the data root, or a hub name.

    Raises:
        ConfigError: it is neither.
    """
    if (root / config.base).is_dir():
        return str(root / config.base)
    if config.base.count("/") == 1:
        return config.base
    raise ConfigError(f"base: {config.base!r} is no directory under {root} and no hub name such as owner/name")


def load_tokenizer(base: str) -> PreTrainedTokenizerFast:
    """A base's tokenizer with the spelling folding of `fold_spelling`."""
    stock = PreTrainedTokenizerFast.from_pretrained(base)
    return with_pieces(stock, fold_spelling(Tokenizer.from_str(stock.backend_tokenizer.to_str())))


def with_pieces(stock: PreTrainedTokenizerFast, pieces: Tokenizer) -> PreTrainedTokenizerFast:
    """Another backend under the same special tokens."""
    names = ("bos_token", "eos_token", "cls_token", "sep_token", "pad_token", "unk_token", "mask_token")
    return PreTrainedTokenizerFast(
        tokenizer_object=pieces,
        **{name: getattr(stock, name) for name in names},
        model_max_length=512,
        model_input_names=["input_ids", "attention_mask"],
    )


def load_encoder(base: str, config: TrainingConfig) -> BertForSequenceClassification:
    """The base with a fresh head of 47 logits. A fresh pooler starts as the identity: the base has none."""
    model = BertForSequenceClassification.from_pretrained(
        base,
        num_labels=len(COLUMNS),
        id2label=dict(enumerate(COLUMNS)),
        label2id={column: i for i, column in enumerate(COLUMNS)},
        problem_type="multi_label_classification",
        dtype=torch.float32,
    )
    if config.layers is not None:
        model.bert.encoder.layer = model.bert.encoder.layer[: config.layers]
        model.config.num_hidden_layers = config.layers
    with torch.no_grad():
        model.bert.pooler.dense.weight.copy_(torch.eye(model.config.hidden_size))
        model.bert.pooler.dense.bias.zero_()
    return model


def train(
    model: BertForSequenceClassification,
    tokenizer: PreTrainedTokenizerFast,
    rows: list[Row],
    targets: Floats,
    stage: Stage,
    config: TrainingConfig,
    work: Path,
) -> None:
    """Fine-tune the model in place on the rows, or go on from the newest checkpoint under `work`.

    Args:
        targets: (rows, columns) as `data.targets`, or mixed with a teacher's answers.

    Shows a progress bar with the time left.
    """
    set_seed(config.seed)
    model.bert.embeddings.word_embeddings.weight.requires_grad = not config.freeze_embeddings
    set_dropout(model, stage.dropout)
    dataset = _Rows(rows, targets, tokenizer, stage, config.seed)
    trainer = _MaskedTrainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(work),
            num_train_epochs=1,  # rows seen more than once are repeated in the split
            per_device_train_batch_size=stage.batch,
            learning_rate=stage.learning_rate,
            warmup_steps=round(stage.warmup * len(dataset) / stage.batch),
            lr_scheduler_type="linear",
            train_sampling_strategy="group_by_length",
            save_steps=config.checkpoint_steps,
            save_total_limit=2,
            logging_steps=20,
            remove_unused_columns=False,
            dataloader_pin_memory=False,
            bf16=torch.cuda.is_available(),
            seed=config.seed,
            report_to=[],
        ),
        data_collator=_Collator(tokenizer.pad_token_id),
        train_dataset=dataset,
        optimizers=(_optimizer(model, stage), None),
    )
    trainer.head_weights = stage.head_weights
    trainer.add_callback(_Flush())
    trainer.train(resume_from_checkpoint=any(work.glob("checkpoint-*")) or None)


def set_dropout(model: BertForSequenceClassification, share: float) -> None:
    """Dropout of the encoder, of attention too; without any, a step on a processor takes a fifth less."""
    for module in model.bert.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = share


class _Flush(TrainerCallback):
    """Keeps a log file current while the run goes on."""

    def on_log(self, *_: Any, logs: dict[str, float] | None = None, **__: Any) -> None:
        print(logs, flush=True)


def _optimizer(model: BertForSequenceClassification, stage: Stage) -> torch.optim.Optimizer:
    """AdamW; the fresh layer learns faster than the encoder, biases and norms do not decay."""
    fresh = [p for name, p in model.named_parameters() if name.startswith("classifier") and p.requires_grad]
    encoder = [(n, p) for n, p in model.named_parameters() if not n.startswith("classifier") and p.requires_grad]
    return torch.optim.AdamW(
        [
            {"params": [p for n, p in encoder if p.dim() > 1], "weight_decay": stage.weight_decay},
            {"params": [p for n, p in encoder if p.dim() <= 1], "weight_decay": 0.0},
            {"params": fresh, "lr": stage.head_learning_rate, "weight_decay": 0.0},
        ],
        lr=stage.learning_rate,
    )
