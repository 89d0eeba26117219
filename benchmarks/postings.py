"""Posts to publish: real texts, each once, in Shenava's own form."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import BinaryIO, cast

from pipeline.config import load_config
from pipeline.errors import RecordError
from pipeline.io.read_posts import cut, expand_input
from pipeline.logic.parsing import parse
from pipeline.records import iso_time

CONFIG = Path("runners/config/reference.yaml")
"""What the job runs with: its brand is Parsi."""
SAMPLE = "examples/parsi/posts"
STREAMS = Path("../shared/data/streams")
"""The real streams; they may not be in the project, so a machine without them has the sample alone."""
PLATFORM = "x"
OWN_ACCOUNT = "900100"
"""The brand's."""
LATE = "@ParsiShops Third reschedule in three days of order {}. Each time nobody rings the bell. This is my last order."
SEVERE = (
    "@ParsiShops سه بار زنگ زدم هر بار یک ربع موسیقی گوش دادم بعد قطع شد. سفارش {}، جاروم هنوز نیست. واقعاً شرم‌آوره",
    "پول رو نگه داشتن، جنس اشتباهی هم دم در خونه‌ست. سفارش {}، آخرین خرید عمرم از @ParsiShops بود. به همه هم میگم",
    "ادکلنی که از @ParsiShops خریدم تقلبیه. فاکتور {}. بارکدش رو که زدن اصلاً ثبت نشده بود. این اسمش کلاهبرداریه",
    "@ParsiShops دکتر گفت مسمومیت غذایی. عکس کپک و فاکتور {} و نسخه رو دارم، فردا میرم بهداشت. هنوز یک نفر زنگ نزده",
    "@ParsiShops تلویزیون دوبار رفته تعمیر دوبار برگشته با همون خط سبز. پرونده {}. این دفعه میام دم شعبه",
    "Same thing happened to my parents' washing machine, @ParsiShops, order {}. Dropped, denied, then silence.",
    LATE,
    "hanooz khabari nist az sefaresh {}. 28 milion pool dadam ye axs ham neshoonam nadadin. faghat bot javab mide "
    "@ParsiShops",
    "@ParsiShops the hair dryer of order {} burned my hand and nobody answers. This is dangerous, I will report you.",
)
"""After complaints of the sample that raise an alert; the shipped model takes them for severe with any number."""
_LONGEST = 1_000
"""Characters; what is longer is no post of these sources but a mishap."""
# the column map of the reviews; what it does not fit is recognised by its fields
_SHAPES = Path("examples/food-reviews/config.yaml")


def default_inputs() -> list[str]:
    """The sample, and the real streams where they are."""
    return [SAMPLE, *map(str, sorted(STREAMS.glob("*.jsonl.gz")))]


def read_texts(inputs: Iterable[str]) -> list[str]:
    """The texts of all posts in files, directories or globs, each once, in their order; what is no post is left out."""
    settings, now = load_config(_SHAPES).with_format("auto").parse_settings(), datetime.now(UTC)
    found: dict[str, None] = {}
    for file in (file for given in inputs for file in expand_input(given)):
        with Path(file).open("rb") as opened:
            for raw in cut(cast(BinaryIO, opened), file):
                try:
                    text = parse(raw, settings, now).text.strip()
                except RecordError:
                    continue  # the sample holds broken records on purpose
                if text and len(text) <= _LONGEST:
                    found[text] = None
    return list(found)


def endless(texts: Sequence[str], chance: random.Random) -> Iterator[str]:
    """The texts in random order, again and again; from the second round on with its number, so none comes twice."""
    for lap in count(1):
        for text in chance.sample(texts, len(texts)):
            yield text if lap == 1 else f"{text} ({lap})"


def severe(number: int) -> str:
    """A complaint that raises an alert; every number from 0 on gives another text."""
    return SEVERE[number % len(SEVERE)].format(10_000 + number)


def canonical(post_id: str, account: str, text: str, at: datetime, **more: object) -> bytes:
    """A post in Shenava's own form (`pipeline.adapters.canonical`); `more` are further fields of it."""
    post = {"post_id": post_id, "platform": PLATFORM, "account_id": account, "text": text, "created_at": iso_time(at)}
    return json.dumps(post | more, ensure_ascii=False).encode()
