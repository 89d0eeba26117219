"""The finished model as a stock Hugging Face directory."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors.torch import save_file
from transformers import BertForSequenceClassification, PreTrainedTokenizerFast


def export(model: BertForSequenceClassification, tokenizer: PreTrainedTokenizerFast, name: str, output: Path) -> None:
    """Write config.json, model.safetensors (half precision) and the tokenizer into `output`."""
    output.mkdir(parents=True, exist_ok=True)
    # training cut its texts; whoever reads with the model says where to cut
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.save_pretrained(output)
    # the pretty-printed form is twice the size
    tokenizer.backend_tokenizer.save(str(output / "tokenizer.json"), pretty=False)
    _name_tokenizer_class(output / "tokenizer_config.json")
    weights = {key: tensor.half().contiguous() for key, tensor in model.state_dict().items()}
    save_file(weights, output / "model.safetensors", metadata={"format": "pt"})
    (output / "model.safetensors").chmod(0o644)
    settings = model.config.to_dict() | {"dtype": "float16", "shenava_name": name}
    settings.pop("_name_or_path", None)  # a path of this machine
    settings["architectures"] = ["BertForSequenceClassification"]
    (output / "config.json").write_text(json.dumps(settings, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _name_tokenizer_class(path: Path) -> None:
    """Under the name that every version of transformers knows, without what is true of this machine only."""
    written = json.loads(path.read_text("utf-8"))
    settings = {name: written[name] for name in written if name not in ("backend", "is_local", "local_files_only")}
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    path.write_text(json.dumps(settings, indent=2) + "\n", "utf-8")
