"""`shenava train`: data, fine-tuning, calibration, export, in one go."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import BertForSequenceClassification

from models import loading
from models.decoding import Decision
from models.training import calibration, data
from models.training import config as configs
from models.training.train import find_base, load_tokenizer, train, with_pieces
from models.training.vocabulary import trim


def run(config_path: Path, root: Path, output: Path) -> None:
    """Train what the config describes into `output`; checkpoints lie in `output/checkpoints`.

    Started again, it goes on from the last checkpoint. Raises ConfigError for a config or a row that
    is not as documented.
    """
    config = configs.load(config_path)
    split = data.split(config, root)
    print(
        f"{config.name}: {len(split.train):,} rows to learn from, {len(split.calibration):,} for thresholds, "
        f"{len(split.validation):,} to report on"
    )
    model = train(config, root, split.train, output / "checkpoints")
    export(model, config, root, output, [row.text for row in split.train])
    calibrate(output, split.calibration)


def export(
    model: BertForSequenceClassification, config: configs.TrainingConfig, root: Path, output: Path, texts: list[str]
) -> None:
    """Write a stock Hugging Face directory: half precision, vocabulary cut by what `texts` use."""
    output.mkdir(parents=True, exist_ok=True)
    tokenizer = load_tokenizer(find_base(config, root), config)
    if config.vocabulary:
        tokenizer = with_pieces(tokenizer, trim(tokenizer.backend_tokenizer, model, texts, config.vocabulary))
    tokenizer.save_pretrained(output)
    # the pretty-printed form is twice the size
    tokenizer.backend_tokenizer.save(str(output / "tokenizer.json"), pretty=False)
    _name_tokenizer_class(output / "tokenizer_config.json")
    weights = {name: tensor.half().contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, output / "model.safetensors", metadata={"format": "pt"})
    (output / "model.safetensors").chmod(0o644)
    settings = model.config.to_dict() | {"dtype": "float16", "shenava_name": config.name}
    settings.pop("_name_or_path", None)  # a path of this machine
    settings["architectures"] = ["BertForSequenceClassification"]
    (output / "config.json").write_text(json.dumps(settings, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _name_tokenizer_class(path: Path) -> None:
    """Under the name that every version of transformers knows, without what is true of this machine only."""
    written = json.loads(path.read_text("utf-8"))
    settings = {name: written[name] for name in written if name not in ("backend", "is_local", "local_files_only")}
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    path.write_text(json.dumps(settings, indent=2) + "\n", "utf-8")


def calibrate(directory: Path, rows: list[data.Row]) -> Decision:
    """Choose the decision rules on those rows and write them beside the weights."""
    model = loading.load(str(directory))
    decision = calibration.calibrate(scores(model, rows), data.targets(rows))
    decision.save(directory / "decision.json")
    return decision


def scores(model: loading.LoadedModel, rows: list[data.Row]) -> calibration.Floats:
    """Logits of shape (rows, columns)."""
    with torch.inference_mode():
        return model.logits([model.encode(row.text)[0] for row in rows])
