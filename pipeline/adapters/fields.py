"""The typed fields every adapter reads a payload with.

An adapter declares the part of a platform's payload that it uses as `Payload` classes; `read` checks a
payload against them and names the first field at fault by its dotted path. Reasons given here:

| reason        | meaning                                                              |
|---------------|----------------------------------------------------------------------|
| missing_field | a field that is needed is absent, null or (an id) empty              |
| wrong_type    | text where a number is due, and the like                             |
| out_of_range  | a counter below 0 or beyond 64 bits                                  |
| bad_time      | not an ISO 8601 time or Unix time, or without a time zone            |
| bad_text      | a NUL character or a lone surrogate, which no sink can store         |
| too_long      | a text over 100,000 or a name or id over 1,000 characters            |
| bad_value     | a value outside its closed list                                      |
| bad_json      | a text that is not one JSON value (`read_json`)                      |
| not_an_object | JSON, but no object                                                  |
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationError
from pydantic_core import PydanticCustomError

from pipeline.adapters.times import read_epoch, read_time
from pipeline.errors import RecordError
from pipeline.records import Author, SocialPost

MAX_TEXT = 100_000
MAX_NAME = 1_000

P = TypeVar("P", bound="Payload")
T = TypeVar("T")

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_OURS = {"missing_field", "wrong_type", "bad_time", "bad_text", "too_long"}
# pydantic's own error types -> our reasons; every other type of theirs speaks of a wrong type
_REASONS = {
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "literal_error": "bad_value",
    "string_pattern_mismatch": "bad_value",
}
_EXPECTED = {"string_type": "text", "int_type": "a whole number", "bool_type": "true or false"}
_JSON_TYPES = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "true or false",
    int: "a number",
    float: "a number",
}


class Payload(BaseModel):
    """A part of a platform's payload; fields it does not name are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


def read(kind: type[P], payload: Mapping[str, Any]) -> P:
    """`payload` as a `kind`; RecordError names the first field at fault and never quotes a value."""
    try:
        return kind.model_validate(dict(payload))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
    # raised outside the handler: the ValidationError would print the post's text in a traceback
    raise _record_error(first["type"], first["msg"], first["loc"], first["input"])


def read_json(text: str) -> Mapping[str, Any]:
    """The one object that a text is; RecordError bad_json or not_an_object when it is none."""
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        where = f"column {error.colno}" if error.lineno == 1 else f"line {error.lineno}, column {error.colno}"
        raise RecordError("bad_json", f"{where}: {error.msg}") from None
    except ValueError:
        # Python refuses to read integers of more than 4,300 digits
        raise RecordError("bad_json", "holds a number with thousands of digits") from None
    except RecursionError:
        raise RecordError("bad_json", "is nested too deeply") from None
    if not isinstance(value, dict):
        raise RecordError("not_an_object", "is JSON but no object")
    return value


def deletion(platform: str, post_id: str, at: datetime, author: Author | None = None) -> SocialPost:
    """The notice that a post was deleted: its key, the time of the notice and, where it is told, the author."""
    return SocialPost(post_id, platform, author or Author(None), text="", created_at=at, deleted=True)


def check_text(text: str, limit: int = MAX_TEXT) -> str:
    """`text` itself when every sink can store it; PydanticCustomError (bad_text, too_long) when not."""
    if len(text) > limit:
        raise PydanticCustomError("too_long", f"has more than {limit:,} characters")
    if _UNSTORABLE.search(text):
        raise PydanticCustomError("bad_text", "holds a NUL character or a lone surrogate")
    return text


def unique(items: Iterable[str | None]) -> tuple[str, ...]:
    """The items that are there, each once, in the order they came."""
    return tuple(dict.fromkeys(item for item in items if item))


def attribute_text(value: object) -> str:
    """A JSON value as the text of an attribute: texts as they are, numbers and lists as JSON writes them.

    RecordError wrong_type when it is nested too deeply to be written.
    """
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        raise RecordError("wrong_type", "an attribute is nested too deeply") from None


def _name(text: str) -> str:
    return check_text(text, MAX_NAME)


def _html(text: str) -> str:
    return check_text(text, 4 * MAX_TEXT)


def _id(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _items(value: object) -> tuple[object, ...]:
    if value is not None and not isinstance(value, list | tuple):
        raise PydanticCustomError("wrong_type", "must be a list")
    return tuple(value or ())


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("missing_field", "is empty")
    return text


def _time(value: object) -> datetime:
    if not isinstance(value, str):
        raise PydanticCustomError("missing_field" if value is None else "wrong_type", "must be a time in ISO 8601")
    try:
        return read_time(value)
    except ValueError as error:
        raise PydanticCustomError("bad_time", "{why}", {"why": str(error)}) from None


def _refuse_constant(name: str) -> NoReturn:
    raise RecordError("bad_json", f"holds {name}, which is no JSON")


def _epoch(value: object, units_per_second: int = 1) -> datetime:
    if not isinstance(value, int) or isinstance(value, bool):
        raise PydanticCustomError("missing_field" if value is None else "wrong_type", "must be a Unix time")
    try:
        return read_epoch(value, units_per_second)
    except ValueError as error:
        raise PydanticCustomError("bad_time", "{why}", {"why": str(error)}) from None


def _millis(value: object) -> datetime:
    if isinstance(value, str) and re.fullmatch(r"\d{1,19}", value, re.ASCII):
        value = int(value)
    return _epoch(value, 1000)


def _any_epoch(value: object) -> datetime:
    # in seconds the year 5138
    return _epoch(value, 1000 if isinstance(value, int) and value >= 10**11 else 1)


def _record_error(kind: str, text: str, loc: tuple[int | str, ...], value: object) -> RecordError:
    path = ".".join(str(part) for part in loc) or "the record"
    # a path may hold keys that a stranger chose
    path = _UNSTORABLE.sub("?", path)[:200]
    if kind in _OURS:
        return RecordError(kind, f"{path}: {text}")
    if kind == "missing" or value is None:
        return RecordError("missing_field", f"{path} is {'absent' if kind == 'missing' else 'null'}")
    if kind in _REASONS:
        return RecordError(_REASONS[kind], f"{path}: {text}")
    found = _JSON_TYPES.get(type(value), type(value).__name__)
    return RecordError("wrong_type", f"{path} must be {_EXPECTED.get(kind, 'an object')}, not {found}")


Text = Annotated[str, AfterValidator(check_text)]
"""What a person wrote: a post, a biography."""
Html = Annotated[str, AfterValidator(_html)]
"""A text in HTML; the mark-up may be thrice as long as the text. An entity cannot hide what no sink can store."""
Name = Annotated[str, AfterValidator(_name)]
"""A short text: a handle, a title, a language tag, an address."""
Id = Annotated[str, BeforeValidator(_id), AfterValidator(_name), AfterValidator(_not_blank)]
"""An identifier; a number becomes its digits."""
Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A counter that fits an Avro long."""
Time = Annotated[datetime, PlainValidator(_time)]
"""ISO 8601 with an offset, as UTC."""
Epoch = Annotated[datetime, PlainValidator(_epoch)]
"""Seconds since 1970, as UTC."""
EpochMs = Annotated[datetime, PlainValidator(_millis)]
"""Milliseconds since 1970, as a number or as text, as UTC."""
EpochAny = Annotated[datetime, PlainValidator(_any_epoch)]
"""Seconds or milliseconds since 1970, as UTC."""
Items = Annotated[tuple[T, ...], BeforeValidator(_items)]
"""A list that may be null."""
