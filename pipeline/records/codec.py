"""Records as plain values and back: for Avro with datetimes and bytes, for JSON with text in their place."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar, get_args, get_origin

import cattrs

T = TypeVar("T")


def _tuples_become_lists(converter: cattrs.Converter) -> None:
    def is_tuple(kind: Any) -> bool:
        return get_origin(kind) is tuple

    def hook(kind: Any) -> Callable[[Any], list[Any]]:
        # asked once a type: a profile holds thousands of posts
        of_each = converter.get_unstructure_hook(get_args(kind)[0])
        return lambda values: [of_each(each) for each in values]

    converter.register_unstructure_hook_factory(is_tuple, hook)


_converter = cattrs.Converter()
# datetimes stay datetimes: fastavro writes them as timestamp-micros; JSON writers turn them into ISO 8601
_converter.register_structure_hook(datetime, lambda value, _: value)
_converter.register_unstructure_hook(datetime, lambda value: value)
_tuples_become_lists(_converter)


def to_dict(record: Any) -> dict[str, Any]:
    """A record as plain dicts, lists and datetimes, as its Avro schema names them."""
    return _converter.unstructure(record)  # type: ignore[no-any-return]


def iso_time(moment: datetime) -> str:
    """A UTC time as JSON outputs show it: ISO 8601 ending in Z."""
    return moment.isoformat().replace("+00:00", "Z")


def from_dict(kind: type[T], value: Mapping[str, Any]) -> T:
    """The record of that kind from what `to_dict` gave."""
    return _converter.structure(value, kind)


_json_converter = cattrs.Converter()
_json_converter.register_structure_hook(datetime, lambda value, _: datetime.fromisoformat(value))
_json_converter.register_unstructure_hook(datetime, iso_time)
_json_converter.register_structure_hook(bytes, lambda value, _: base64.b64decode(value))
_json_converter.register_unstructure_hook(bytes, lambda value: base64.b64encode(value).decode())
_tuples_become_lists(_json_converter)


def to_json(record: Any) -> dict[str, Any]:
    """A record as JSON has it: like `to_dict`, with times as ISO 8601 text and bytes as base64."""
    return _json_converter.unstructure(record)  # type: ignore[no-any-return]


def from_json(kind: type[T], value: Mapping[str, Any]) -> T:
    """The record of that kind from what `to_json` gave, also after a way through `json`."""
    return _json_converter.structure(value, kind)
