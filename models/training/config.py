"""The experiment: everything that decides what a training run gives, read from one YAML file."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.errors import ConfigError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FullSet(_Strict):
    """A set labelled on every head."""

    path: Path
    repeat: int = Field(1, ge=1, description="how often a row is seen in one run")
    hold_out: float = Field(0.0, ge=0, lt=1, description="share kept from training for the validation report")
    calibrate: float = Field(0.0, ge=0, lt=1, description="share kept from training for thresholds and temperatures")


class PublicSets(_Strict):
    """Public sets labelled on some heads; each is sampled down to a number of rows, seen once."""

    directory: Path
    rows: dict[str, int]


class TrainingConfig(_Strict):
    """Paths are relative to the data root given on the command line."""

    name: str
    seed: int = 20261003
    base: str | None = Field(None, description="directory (relative to the data root) or hub name of the encoder")
    start: Path | None = Field(None, description="a trained model to go on from, its head included, in place of a base")
    layers: int | None = Field(None, ge=1, description="keep only the first so many layers")
    vocabulary: int | None = Field(None, ge=1, description="pieces kept in the finished model; all when absent")
    sets: list[FullSet]
    public: PublicSets | None = None
    max_tokens: int = Field(128, ge=8, le=512)
    batch: int = Field(32, ge=1)
    learning_rate: float = Field(8e-5, gt=0)
    head_learning_rate: float = Field(8e-4, gt=0)
    warmup: float = Field(0.06, ge=0, lt=1, description="share of the steps")
    weight_decay: float = 0.01
    freeze_embeddings: bool = True
    head_weights: dict[str, float] = Field(default_factory=dict, description="weight of a head's loss, 1 when absent")
    severity_smoothing: float = Field(0.1, ge=0, lt=0.5, description="target mass given to each neighbouring level")
    checkpoint_steps: int = 200

    @model_validator(mode="after")
    def _one_beginning(self) -> TrainingConfig:
        if (self.base is None) == (self.start is None):
            raise ValueError("name either base (an encoder) or start (a trained model)")
        return self


def load(path: Path) -> TrainingConfig:
    """Raises ConfigError naming the file and the key that is wrong."""
    try:
        return TrainingConfig.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{path}: {problems}") from error
