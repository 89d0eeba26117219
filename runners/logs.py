"""What a run says on standard error: one line an event, for people or as JSON, and never what a post says.

Shenava's own messages are constants with fields of numbers, names of the config and places of files. A library's may
quote what it was working on, so of those only errors are shown, as their unfilled template and where they were logged;
of an exception its class and frames, and its text only when it is Shenava's own.
"""

from __future__ import annotations

import json
import logging
import platform
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pipeline.errors import ConfigError, ShenavaError

OWN = "shenava"
"""Root of Shenava's loggers."""
_VERSIONS = ("shenava", "apache-beam", "google-cloud-pubsub", "torch", "transformers")
_FRAMES = 15
_log = logging.getLogger(OWN)


def configure(form: str, level: int = logging.INFO) -> None:
    """Log to standard error, Shenava's from `level` on, everybody else's from ERROR on.

    Args:
        form: `text` or `json`.
    """
    handler = _ToStandardError()
    handler.setFormatter(_Json() if form == "json" else _Text())
    handler.addFilter(lambda record: _is_own(record) or record.levelno >= logging.ERROR)
    logging.basicConfig(level=logging.ERROR, handlers=[handler], force=True)
    _log.setLevel(level)


def fields(**values: Any) -> dict[str, Any]:
    """The `extra` of a log call: values that go beside its message, none of them a post's or a person's."""
    return {"fields": values}


def versions() -> dict[str, str]:
    """Of Python and the packages that decide what a run does."""
    found = {"python": platform.python_version()}
    for package in _VERSIONS:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def exit_code(command: Callable[[], int], form: str) -> int:
    """The command's exit code, 1 when it fails for a reason unknown: then its class and frames are logged.

    Raises:
        ShenavaError: as the command did, when it is to be told in words and not as JSON.
    """
    try:
        return command()
    except ShenavaError as error:
        if form == "text":
            raise
        _log.error(str(error), extra=fields(error=type(error).__name__))
        return 2 if isinstance(error, ConfigError) else 1
    except Exception:
        _log.critical("failed for an unknown reason", exc_info=True)
        return 1


class _ToStandardError(logging.Handler):
    """Whatever standard error is at that moment; a whole line at once, so that threads do not mix."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            pass  # nobody listens any more: no reason to stop


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(_said(record), ensure_ascii=False, default=str)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said = _said(record)
        frames = said.pop("frames", [])
        head = f"{said.pop('time')} {said.pop('level')} {said.pop('logger')}: {said.pop('message')}"
        pairs = "".join(f" {name}={_shown(value)}" for name, value in said.items())
        return "\n".join([head + pairs, *(f"    {frame}" for frame in frames)])


def _shown(value: Any) -> str:
    # one event is one line, whatever a value holds
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if text and text.isprintable() and " " not in text else json.dumps(text, ensure_ascii=False)


def _said(record: logging.LogRecord) -> dict[str, Any]:
    said: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname,
        "logger": record.name,
    }
    if _is_own(record):
        said |= {"message": record.getMessage()} | getattr(record, "fields", {})
        error = record.exc_info[1] if record.exc_info else None
    else:
        # with arguments it is a template that its author wrote; without, the values may be in it already
        template = record.msg if isinstance(record.msg, str) and record.args else "(a library's message, not shown)"
        said |= {"message": " ".join(template.split()), "at": f"{record.pathname}:{record.lineno}"}
        # Beam hands on tracebacks as text; the exception behind it is the one that is being handled now
        error = record.exc_info[1] if record.exc_info else sys.exc_info()[1]
    return said | (_without_text(error) if error else {})


def _without_text(error: BaseException) -> dict[str, Any]:
    """Class and innermost frames; the text only of errors whose texts never quote a post."""
    text = f": {error}" if isinstance(error, ShenavaError) else ""
    frames = [f"{at.filename}:{at.lineno} {at.name}" for at in traceback.extract_tb(error.__traceback__)[-_FRAMES:]]
    cause = error.__cause__ or error.__context__
    said = {"error": type(error).__name__ + text, "frames": frames}
    return said | {"caused_by": type(cause).__name__} if cause else said


def _is_own(record: logging.LogRecord) -> bool:
    return record.name == OWN or record.name.startswith(f"{OWN}.")
