"""Messages that should not be: what a broken exporter, an attacker or a bad line may send. The same for a seed.

    python benchmarks/poison.py --count 50 --seed 7

prints what the parser says of each. Some are posts after all (text that runs backwards), most must be dead letters;
none may stop the job, and none may vanish.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pipeline.errors import RecordError
from pipeline.logic.parsing import ParseSettings, parse
from pipeline.records import RawRecord

MEGABYTE = 1_000_000
DEEP = 20_000
"""Levels of nesting: far beyond what Python's JSON reader takes."""
_WRONG: tuple[Any, ...] = (None, True, -1, 1.5, 10**30, "", "soon", [], {}, [{"a": 1}], {"$gt": ""}, "\u0000", "\ud800")
_TIMES = ("9999-12-31T23:59:59Z", "9999-01-01T00:00:00+00:00", "0001-01-01T00:00:00Z", "9" * 30, "-1", "soon", "")
_BACKWARDS = "\u202e\u202d\u2066\u2067\u2068\u2069\u200f\u200e\ufeff"


@dataclass(frozen=True, slots=True)
class Poison:
    """A message, and what kind of trouble it is."""

    kind: str
    data: bytes
    attributes: Mapping[str, str] = field(default_factory=dict)

    def key(self, settings: ParseSettings, now: datetime) -> str | None:
        """`SocialPost.key` when the parser takes it for a post all the same; None when it refuses it."""
        try:
            return parse(RawRecord(self.data, "poison", 0), settings, now).key
        except RecordError:
            return None


def poison(number: int, seed: int) -> Iterator[Poison]:
    """So many messages, of all kinds in turn."""
    chance = random.Random(seed)
    kinds = list(_KINDS.items())
    for index in range(number):
        kind, make = kinds[index % len(kinds)]
        post = {
            "post_id": f"poison-{seed}-{index}",
            "platform": "x",
            "account_id": f"poisoner-{chance.randrange(5)}",
            "text": f"@ParsiShops سفارش {index} هنوز نرسیده, where is it?",
            "created_at": "2015-02-18T12:00:00+00:00",
            "likes": chance.randrange(100),
        }
        # an attribute is as untrusted as the body
        told = {"created_at": chance.choice(_TIMES)} if chance.random() < 0.3 else {}
        yield Poison(kind, make(chance, post), told)


def _fuzzed(chance: random.Random, post: dict[str, Any]) -> bytes:
    data = bytearray(_json(post))
    for _ in range(chance.randint(1, 6)):
        at, gone = chance.randrange(len(data)), chance.choice((0, 1, 1, 20))
        data[at : at + gone] = chance.randbytes(chance.randrange(3))
    return bytes(data)


def _big(chance: random.Random, post: dict[str, Any]) -> bytes:
    piece = chance.choice(("a", "سلام ", "😡 "))
    return _json(post | {"text": piece * (MEGABYTE // len(piece.encode()))})


def _not_utf8(chance: random.Random, post: dict[str, Any]) -> bytes:
    data = _json(post)
    at = data.index(b"text") + 10
    return data[:at] + chance.choice((b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf8\x88\x80\x80")) + data[at:]


def _wrong_type(chance: random.Random, post: dict[str, Any]) -> bytes:
    names = chance.sample(sorted(post), chance.randint(1, 3))
    return _json(post | {name: chance.choice(_WRONG) for name in names}, ensure_ascii=True)


def _far_future(chance: random.Random, post: dict[str, Any]) -> bytes:
    return _json(post | {"created_at": chance.choice(_TIMES)})


def _backwards(chance: random.Random, post: dict[str, Any]) -> bytes:
    text = "".join(chance.choice(_BACKWARDS) + letter for letter in post["text"])
    return _json(post | {"text": text, "display_name": f"\u202e{chance.randrange(10**6)}"})


def _null_bytes(chance: random.Random, post: dict[str, Any]) -> bytes:
    data = _json(post, ensure_ascii=True)
    at = chance.randrange(len(data))
    raw = data[:at] + b"\x00" + data[at:]
    return chance.choice((raw, _json(post | {"text": "a\u0000b"}, ensure_ascii=True), b"\x00" * 100, b""))


def _deep(chance: random.Random, post: dict[str, Any]) -> bytes:
    opened, closed = chance.choice(((b"[", b"]"), (b'{"a":', b"}")))
    nested = opened * DEEP + b"1" + closed * DEEP
    whole = _json(post)[:-1] + b', "attributes": {"deep": ' + nested + b"}}"
    return chance.choice((whole, opened * DEEP))


def _json(value: Mapping[str, Any], ensure_ascii: bool = False) -> bytes:
    return json.dumps(value, ensure_ascii=ensure_ascii).encode("utf-8", "surrogatepass")


_KINDS: Mapping[str, Callable[[random.Random, dict[str, Any]], bytes]] = {
    "fuzzed": _fuzzed,
    "big": _big,
    "not_utf8": _not_utf8,
    "wrong_type": _wrong_type,
    "far_future": _far_future,
    "backwards": _backwards,
    "null_bytes": _null_bytes,
    "deep": _deep,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    for each in poison(given.count, given.seed):
        key = each.key(ParseSettings(), datetime.now(UTC))
        print(f"{each.kind:12} {len(each.data):9,} bytes  {key or 'refused'}")


if __name__ == "__main__":
    main()
