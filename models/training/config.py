"""The experiment: everything that decides what a training run gives, read from one YAML file."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.labels import BY_NAME
from pipeline.errors import ConfigError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LabelledSet(_Strict):
    """A set labelled on every head; name one of `path` (under the data root) and `own` (beside the config)."""

    path: Path | None = None
    own: Path | None = None
    hold_out: float = Field(0.0, ge=0, lt=1, description="share kept from training for the validation report")
    calibrate: float = Field(0.0, ge=0, lt=1, description="share kept from training for thresholds and temperatures")

    @model_validator(mode="after")
    def _one_place(self) -> LabelledSet:
        if (self.path is None) == (self.own is None):
            raise ValueError("name either path (under the data root) or own (beside the config)")
        return self


class Stage(_Strict):
    """One pass of fine-tuning with its own mixture of rows; the next stage goes on from what it gave."""

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    rows: dict[str, int] = Field(description="set -> how often each of its rows is seen")
    public: dict[str, int] = Field(default_factory=dict, description="public set -> rows drawn from it, seen once")
    max_tokens: int = Field(96, ge=8, le=512)
    batch: int = Field(32, ge=1)
    learning_rate: float = Field(8e-5, gt=0)
    head_learning_rate: float = Field(8e-4, gt=0)
    warmup: float = Field(0.06, ge=0, lt=1, description="share of the steps")
    weight_decay: float = 0.01
    pooling_layer: bool = Field(False, description="append a layer that starts as mean pooling; see pooling.py")
    dropout: float = Field(0.1, ge=0, lt=1)
    augment: float = Field(0.0, ge=0, le=1, description="share of the rows whose spelling is varied; see augment.py")
    head_weights: dict[str, float] = Field(default_factory=dict, description="weight of a head's loss, 1 when absent")

    @model_validator(mode="after")
    def _known_heads(self) -> Stage:
        if unknown := self.head_weights.keys() - BY_NAME.keys():
            raise ValueError(f"head_weights: {', '.join(sorted(unknown))} is no head; heads are {', '.join(BY_NAME)}")
        return self


class Student(_Strict):
    """A smaller model that learns from the finished one, its teacher."""

    name: str
    layers: list[int] = Field(min_length=1, description="the teacher's layers it begins with, counted from 0")
    truth: float = Field(0.5, ge=0, le=1, description="weight of a known label; the rest is the teacher's")
    stage: Stage


class TrainingConfig(_Strict):
    """Paths are relative to the data root given on the command line, `own` ones to the config itself."""

    name: str
    seed: int = 20261003
    base: str = Field(description="directory (relative to the data root) or hub name of the encoder")
    vocabulary: int | None = Field(None, ge=1, description="pieces kept; all when absent")
    layers: int | None = Field(None, ge=1, description="keep only the first so many layers of the base")
    sets: dict[str, LabelledSet]
    public: Path = Field(Path("train"), description="directory of the public sets, labelled on some heads")
    severity_smoothing: float = Field(0.1, ge=0, lt=0.5, description="target mass given to each neighbouring level")
    freeze_embeddings: bool = True
    checkpoint_steps: int = 200
    stages: list[Stage] = Field(min_length=1)
    student: Student | None = None

    @property
    def mixtures(self) -> list[Stage]:
        """Every stage, the student's last."""
        return [*self.stages, *([self.student.stage] if self.student else [])]

    @model_validator(mode="after")
    def _known_sets(self) -> TrainingConfig:
        for stage in self.mixtures:
            if unknown := stage.rows.keys() - self.sets.keys():
                raise ValueError(
                    f"stage {stage.name}: rows: {', '.join(sorted(unknown))} not among the sets {', '.join(self.sets)}"
                )
        return self


def load(path: Path) -> TrainingConfig:
    """Raises ConfigError naming the file and the key that is wrong."""
    try:
        value = yaml.safe_load(path.read_text("utf-8"))
        config = TrainingConfig.model_validate(value)
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{path}: {problems}") from error
    beside = {
        name: each.model_copy(update={"own": path.parent / each.own}) if each.own else each
        for name, each in config.sets.items()
    }
    return config.model_copy(update={"sets": beside})
