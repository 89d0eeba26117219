"""A model directory, loaded: weights, tokenizer, decision rules; one copy a process."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging as transformers_logging

from models.batching import sub_batches
from models.decoding import Decision
from models.labels import COLUMNS, check_columns
from pipeline.errors import ConfigError

DEFAULT_MODEL = Path(__file__).parent / "default"
MAX_TOKENS = 256
"""Longer posts are cut here, visibly: `Classification.truncated` and a counter."""
TOKEN_BUDGET = 2048
"""Tokens of one forward pass: big enough to keep two cores busy, small enough to stay in their caches."""


@dataclass(eq=False)
class LoadedModel:
    """A classifier ready to score. Weak-referenceable and hashable by identity, as Beam asks."""

    name: str
    network: torch.nn.Module
    tokenizer: AutoTokenizer
    decision: Decision
    device: torch.device

    def encode(self, text: str) -> tuple[list[int], bool]:
        """Token ids, at most MAX_TOKENS, and whether the text was cut."""
        ids: list[int] = self.tokenizer(text, truncation=False, verbose=False)["input_ids"]
        if len(ids) <= MAX_TOKENS:
            return ids, False
        return [*ids[: MAX_TOKENS - 1], ids[-1]], True

    def score(self, texts: Iterable[str]) -> NDArray[np.float32]:
        """Scores of shape (texts, 47); texts are cut at MAX_TOKENS."""
        return self.logits([self.encode(text)[0] for text in texts])

    def logits(self, encoded: list[list[int]]) -> NDArray[np.float32]:
        """Scores of shape (posts, 47), in the order given."""
        scores = np.empty((len(encoded), len(COLUMNS)), np.float32)
        pad = self.tokenizer.pad_token_id
        for width, indices in sub_batches([len(ids) for ids in encoded], TOKEN_BUDGET):
            ids = torch.tensor([encoded[i] + [pad] * (width - len(encoded[i])) for i in indices], device=self.device)
            with torch.inference_mode():
                output = self.network(input_ids=ids, attention_mask=(ids != pad).long())
            scores[indices] = output.logits.float().cpu().numpy()
        return scores


_loaded: dict[str, LoadedModel] = {}
_lock = threading.Lock()


def load(model: str) -> LoadedModel:
    """The model of that directory or hub name; a second call in the same process is free.

    The streaming engine loads a model anew for every bundle or so; this cache makes that harmless.

    Raises:
        ConfigError: no such directory, not a sequence-classification model, other labels.
    """
    with _lock:
        if model not in _loaded:
            _loaded[model] = _load(model)
        return _loaded[model]


def check(model: str) -> None:
    """Raise ConfigError now for a model that could not be loaded later (local directories only)."""
    path = Path(model)
    if path.exists():
        missing = [
            name for name in ("config.json", "model.safetensors", "tokenizer.json") if not (path / name).exists()
        ]
        if missing:
            raise ConfigError(f"--model {model}: {', '.join(missing)} missing; name a Hugging Face model directory")
    elif model.count("/") != 1 or model.startswith((".", "/")):
        raise ConfigError(f"--model {model}: no such directory, and not a hub name such as owner/name")


def _load(model: str) -> LoadedModel:
    check(model)
    path = Path(model)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    transformers_logging.disable_progress_bar()
    try:
        network = AutoModelForSequenceClassification.from_pretrained(model, dtype=_precision(device))
        tokenizer = AutoTokenizer.from_pretrained(model)
    except (OSError, ValueError) as error:
        raise ConfigError(f"--model {model}: cannot be loaded as a sequence-classification model: {error}") from error
    check_columns(network.config.id2label, f"--model {model}")
    name = getattr(network.config, "shenava_name", None) or model
    return LoadedModel(name, network.to(device).eval(), tokenizer, Decision.beside(path), device)


def _precision(device: torch.device) -> torch.dtype:
    """bf16 where the processor multiplies it natively, else fp32.

    bf16 takes less than half the time. A score then hangs on the batch that its post is in, by up to 0.01: a decision
    near its threshold may differ when the post comes again. ATEN_CPU_CAPABILITY=avx2 in the environment keeps fp32.
    """
    if device.type == "cuda":
        return torch.bfloat16
    capability = torch.backends.cpu.get_cpu_capability()
    flags = Path("/proc/cpuinfo").read_text("ascii", "replace") if Path("/proc/cpuinfo").exists() else ""
    native = "amx_bf16" in flags or "avx512_bf16" in flags
    return torch.bfloat16 if native and capability.startswith("AVX512") else torch.float32
