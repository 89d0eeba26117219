"""`shenava export person`: everything that is held about a person, for that person."""

from __future__ import annotations

import argparse
import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from persiantools.jdatetime import JalaliDate

from pipeline.clock import system_clock
from pipeline.errors import ConfigError, RecordError
from pipeline.io.rewrite_files import files, read
from pipeline.logic.erased_letters import letter_author
from pipeline.logic.erasure import Person, author
from pipeline.records import iso_time
from pipeline.store.privacy_store import PrivacyStore
from runners.flags import add_command, add_json
from runners.forget import opened

_EXAMPLES = """\
examples:
  shenava export person x:1529384756 --store sqlite:///out/profiles.db --from out --to ali.zip
  shenava export person C-1042 --store postgresql+psycopg://localhost/shenava --to C-1042

One JSON file a kind of record, and a README in English and Persian that says what each is. Of others nothing is in it.
"""
_PARTS = {
    "profiles": (
        "what your posts add up to: interests, mood, counts, how your account looked",
        "آنچه نوشته‌های شما روی هم نشان می‌دهند: علاقه‌ها، حال‌وهوا، شمارش‌ها و ظاهر حساب شما",
    ),
    "facts": ("what each post meant to our care of you", "معنای هر نوشتهٔ شما برای رسیدگی ما به شما"),
    "cases": ("your complaints, their deadlines and answers", "شکایت‌های شما، مهلت‌ها و پاسخ‌ها"),
    "alerts": ("what our departments were told of your posts", "آنچه از نوشته‌های شما به بخش‌های ما خبر داده شد"),
    "waves": (
        "your posts shown as examples of many complaints",
        "نوشته‌هایی از شما که نمونه‌ای از موج شکایت‌ها بودند",
    ),
    "actions": ("what we thought of doing for you, and why", "کارهایی که برای شما در نظر گرفتیم و دلیل آن‌ها"),
    "kpi_facts": ("how your posts are counted in service figures", "سهم نوشته‌های شما در آمار خدمات"),
    "customers": ("you in our customer list", "شما در فهرست مشتریان ما"),
    "links": ("which accounts we hold to be yours", "حساب‌هایی که از آن شما می‌دانیم"),
    "parted": ("accounts that we know not to be yours", "حساب‌هایی که می‌دانیم از آن شما نیستند"),
    "consents": ("what you agreed to or refused", "آنچه پذیرفته یا رد کرده‌اید"),
    "contacts": (
        "your addresses as codes from which they cannot be read",
        "نشانی‌های تماس شما به شکل رمزی که از آن خوانده نمی‌شوند",
    ),
    "insights": ("what we conclude from your profile", "برداشت ما از نمایهٔ شما"),
    "interests": ("your interests, and the posts they rest on", "علاقه‌های شما و نوشته‌هایی که گواه آن‌ها هستند"),
    "webhook_deliveries": ("what was sent about you to other systems", "آنچه دربارهٔ شما به سامانه‌های دیگر فرستاده شد"),
    "dead_letters": ("posts of yours that could not be used", "نوشته‌هایی از شما که به کار نیامدند"),
    "posts": ("your posts, and what the classifier said of each", "نوشته‌های شما و برچسب‌هایی که سامانه به هر کدام زد"),
}
_OTHER = ("further records about you", "داده‌های دیگری دربارهٔ شما")


def add_person_parser(exports: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `person` to the parsers of `shenava export`."""
    parser = add_command(exports, "person", "everything held about a person, for that person", _export, _EXAMPLES)
    parser.add_argument("subject", metavar="ACCOUNT|CUSTOMER", help="platform:account_id, or a customer's id")
    parser.add_argument("--store", metavar="URL", help="the store (default: the profiles.db of --from)")
    parser.add_argument(
        "--from", dest="outputs", action="append", default=[], type=Path, metavar="DIR", help="OUTPUT of a run; each"
    )
    parser.add_argument(
        "--to", required=True, type=Path, metavar="FILE.zip|DIR", help="a file or directory, not there yet"
    )
    add_json(parser, "print how many records of each kind were written as JSON")


def collect(subject: str, store_url: str, outputs: tuple[Path, ...]) -> dict[str, list[dict[str, Any]]]:
    """Kind of record -> the records that are held about the person."""
    store = PrivacyStore(store_url)
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    try:
        person = store.find(subject)
        for kind, row in store.records(person):
            found[kind].append(_own(row))
        found["waves"] = list(store.samples(person))
    finally:
        store.close()
    for directory in outputs:
        for path in files(directory):
            for kind, record in _of_file(path, person):
                found[kind].append(record)
    return {kind: records for kind, records in sorted(found.items()) if records}


def write(subject: str, found: Mapping[str, list[dict[str, Any]]], to: Path, now: datetime) -> None:
    """Write the parts into a new zip file or directory; raises ConfigError when there is one already."""
    if to.exists():
        raise ConfigError(f"--to {to}: is there already; name another file or directory")
    parts = {
        f"{kind}.json": json.dumps(rows, ensure_ascii=False, indent=2, default=_readable)
        for kind, rows in found.items()
    }
    parts["README.md"] = _readme(subject, found, now)
    if to.suffix == ".zip":
        to.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(to, "x", zipfile.ZIP_DEFLATED) as archive:
            for name, text in parts.items():
                archive.writestr(name, text)
        return
    to.mkdir(parents=True)
    for name, text in parts.items():
        (to / name).write_text(text, "utf-8")


def _export(given: argparse.Namespace) -> int:
    places = opened(given.store, given.outputs)
    found = collect(given.subject, places.store, places.outputs)
    if not found:
        raise ConfigError(f"nothing is held about {given.subject!r}; an account is platform:account_id")
    write(given.subject, found, given.to, system_clock())
    counts = {kind: len(rows) for kind, rows in found.items()}
    if given.json:
        print(json.dumps({"subject": given.subject, "to": str(given.to), "records": counts}, indent=2))
    else:
        print(f"{given.to}: " + ", ".join(f"{count:,} {kind}" for kind, count in counts.items()))
    return 0


def _own(row: Mapping[str, Any]) -> dict[str, Any]:
    """The document where there is one, for the columns only repeat it."""
    document = row.get("document")
    return dict(document) if isinstance(document, Mapping) else dict(row)


def _of_file(path: Path, person: Person) -> Iterator[tuple[str, dict[str, Any]]]:
    """What a file holds beyond the store: the person's posts, and those that something refused."""
    for record in read(path) if path.suffix == ".avro" else ():
        if isinstance(record.get("post"), dict):
            if author(record["post"]) in person.accounts:
                yield "posts", record
        elif isinstance(record.get("payload"), bytes):
            with suppress(RecordError):
                if letter_author(record) in person.accounts:
                    yield "dead_letters", {**record, "payload": record["payload"].decode("utf-8", "replace")}


def _readable(value: Any) -> str:
    if isinstance(value, datetime):
        return iso_time(value if value.tzinfo else value.replace(tzinfo=UTC))
    return str(value)


def _readme(subject: str, found: Mapping[str, list[dict[str, Any]]], now: datetime) -> str:
    english = [f"- `{kind}.json` ({len(rows)}): {_PARTS.get(kind, _OTHER)[0]}" for kind, rows in found.items()]
    digits = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
    jalali = JalaliDate.to_jalali(now.date())  # type: ignore[no-untyped-call]
    day = jalali.strftime("%Y/%m/%d").translate(digits)
    persian = [
        f"- `{kind}.json` ({len(rows)})".translate(digits) + f": {_PARTS.get(kind, _OTHER)[1]}"
        for kind, rows in found.items()
    ]
    return "\n".join(
        [
            f"# What is held about {subject}",
            "",
            f"As of {now:%Y-%m-%d %H:%M} UTC. Times are UTC. Data about other people is not in these files.",
            "You may have all of this corrected or erased.",
            "",
            *english,
            "",
            '<div dir="rtl">',
            "",
            "# داده‌های شما نزد ما",
            "",
            f"تا تاریخ {day}. زمان‌ها به وقت جهانی (UTC) هستند. داده‌ای از دیگران در این پرونده‌ها نیست. می‌توانید بخواهید",
            "هر کدام را درست یا پاک کنیم.",
            "",
            *persian,
            "",
            "</div>",
            "",
        ]
    )
