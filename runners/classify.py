"""`shenava classify`: lines in, one JSON object a line out, in the order of the input."""

from __future__ import annotations

import gzip
import json
import sys
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

from tqdm import tqdm

from models import loading
from models.classifier import classify
from models.explanation import check_label, explain
from models.loading import LoadedModel
from pipeline.errors import ConfigError, RecordError
from pipeline.records import Choice, Classification, Flag, Labels

CHUNK = 2048
"""Lines classified together: enough to sort by length, little enough to show progress."""


@dataclass(frozen=True)
class _Line:
    id: Any
    text: str
    error: str | None = None


def run(source: str, target: str, text_field: str, model: str, asked: str | None = None) -> dict[str, int]:
    """Classify every line of a file (or `-`) into another (or `-`).

    Returns the number of lines and of lines that could not be classified; those have an `error` in
    place of the heads, so that line n of the output always answers line n of the input.

    Args:
        asked: HEAD or HEAD:LABEL whose words and weights (`models/explanation.py`) are added as `explanation`;
            without a label that of the decision, the likeliest of several; null where none was given.

    Raises:
        ConfigError: a path or the model cannot be used; no such head or label.
    """
    head, _, label = (asked or "").partition(":")
    if asked:
        check_label(head, label or None)
    loaded = loading.load(model)
    lines = failed = 0
    with ExitStack() as stack:
        numbered = enumerate(stack.enter_context(_reading(source)), 1)
        out = stack.enter_context(_writing(target))
        bar = stack.enter_context(tqdm(unit=" posts", unit_scale=False, disable=not sys.stderr.isatty()))
        read = _LineReader(text_field)
        while chunk := [read(number, line) for number, line in islice(numbered, CHUNK)]:
            good = [each for each in chunk if each.error is None]
            answers = iter(classify([each.text for each in good], loaded))
            for each in chunk:
                answer = next(answers) if each.error is None else RecordError("bad_line", each.error)
                failed += isinstance(answer, RecordError)
                told = _answer(each.id, answer)
                if asked and isinstance(answer, Classification):
                    told["explanation"] = _explanation(each.text, head, label or _decided(answer, head), loaded)
                out.write(json.dumps(told, ensure_ascii=False) + "\n")
            lines += len(chunk)
            bar.update(len(chunk))
    return {"lines": lines, "failed": failed}


def to_json(said: Classification) -> dict[str, Any]:
    """A classification in the documented form, heads in the guideline's order."""
    return {
        "sentiment": _choice(said.sentiment),
        "complaint": _flag(said.complaint),
        "severity": {"label": int(said.severity.label), "scores": dict(said.severity.scores)},
        "categories": _labels(said.categories),
        "advocacy": _flag(said.advocacy),
        "intents": _labels(said.intents),
        "stage": _choice(said.stage),
        "topics": _labels(said.topics),
        "promo": _flag(said.promo),
    }


def _answer(identity: Any, answer: Classification | RecordError) -> dict[str, Any]:
    if isinstance(answer, RecordError):
        return {"id": identity, "error": {"reason": answer.reason, "message": answer.message}}
    return {"id": identity, **to_json(answer)}


def _explanation(text: str, head: str, label: str | None, model: LoadedModel) -> dict[str, Any] | None:
    return None if label is None else {"head": head, "label": label, "words": explain(text, head, label, model)}


def _decided(said: Classification, head: str) -> str | None:
    decision: Choice | Flag | Labels = getattr(said, head)
    if isinstance(decision, Labels):
        return next(iter(decision.labels), None)
    return str(int(decision.label)) if isinstance(decision, Flag) else decision.label


def _choice(choice: Choice) -> dict[str, Any]:
    return {"label": choice.label, "scores": dict(choice.scores), "abstain": choice.abstain}


def _flag(flag: Flag) -> dict[str, Any]:
    return {"label": int(flag.label), "score": flag.score, "abstain": flag.abstain}


def _labels(labels: Labels) -> dict[str, Any]:
    return {"labels": list(labels.labels), "scores": dict(labels.scores)}


class _LineReader:
    """Turns a line into a text: JSON Lines when the first line is a JSON object, else plain text."""

    def __init__(self, text_field: str) -> None:
        self._field = text_field
        self._json: bool | None = None

    def __call__(self, number: int, line: bytes) -> _Line:
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            return _Line(number, "", f"line {number}: not UTF-8 at byte {error.start}")
        if self._json is None:
            self._json = text.lstrip().startswith("{")
        return self._from_json(number, text) if self._json else _Line(number, text)

    def _from_json(self, number: int, text: str) -> _Line:
        try:
            value = json.loads(text)
        except ValueError as error:
            return _Line(number, "", f"line {number}: not JSON: {error}")
        if not isinstance(value, dict):
            return _Line(number, "", f"line {number}: a JSON object is expected")
        identity = value.get("id", number)
        found = value.get(self._field, _MISSING)
        if found is _MISSING:
            return _Line(identity, "", f"line {number}: no field {self._field!r}; name the right one with --text-field")
        if not isinstance(found, str | None):
            return _Line(identity, "", f"line {number}: {self._field} is not a text but {type(found).__name__}")
        return _Line(identity, found or "")


_MISSING = object()


def _reading(source: str) -> AbstractContextManager[IO[bytes]]:
    if source == "-":
        return nullcontext(sys.stdin.buffer)
    try:
        file = Path(source).open("rb")  # noqa: SIM115  the caller closes it
    except OSError as error:
        raise ConfigError(f"--input {source}: {error.strerror}") from error
    return gzip.open(file) if source.endswith(".gz") else file  # type: ignore[return-value]


def _writing(target: str) -> AbstractContextManager[IO[str]]:
    if target == "-":
        return nullcontext(sys.stdout)
    try:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        return Path(target).open("w", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--output {target}: {error.strerror}") from error
