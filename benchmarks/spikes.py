"""The waves of complaints in real tweets, and how many injected ones are found, how soon, beside plain thresholds.

    shenava run --input airline_x_v2.jsonl.gz --config examples/airlines/config.yaml --output out/airlines
    python benchmarks/spikes.py --events out/airlines/enriched --time-zone America/New_York --plot waves.png

Real: the complaints of the events as the pipeline's model judged them, by brand × category. The tweets cover
eight days only, so the second search trusts a habit after three days; the default waits for two weeks.

Injected: each key goes on for weeks that are drawn from its own real profile by hour of week, its days and its
hours as bursty as the median brand's (its days of storm included, so this is hard). Every four days a wave
multiplies the rate for some hours. A wave is found when an alert starts before it is an hour over; any other
alert is false. A brand that was hardly collected on most days has no profile and is left out.

The thresholds look at the same windows, ask for the same minimum and keep the same cool-down. "Mean + 3σ" is
over all windows of eight weeks, "by hour of week" over those of the same hour (σ at least that of a Poisson
count). "Strict" raises the 3 until, on these very weeks, they give no more false alarms than Shenava does.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import fastavro
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from models.evaluation.tables import table
from pipeline.logic.spikes import History, SpikeSettings, waves

Counts = np.ndarray[Any, np.dtype[Any]]
Key = tuple[str, str]

WEEK = 672
"""Buckets of 15 minutes."""
HABIT = 8
"""Weeks before the first injected wave, and that the thresholds look back."""
FACTORS, HOURS = (2, 3, 5, 10), (1, 2, 3)
EVERY = 4 * 96
"""Buckets from one injected wave to the next."""
MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
CLASSES = (("below 0.5", 0.0, 0.5), ("0.5 to 2", 0.5, 2.0), ("2 to 8", 2.0, 8.0), ("above 8", 8.0, float("inf")))
"""Keys by their mean complaints an hour."""
POSTS = (
    *(("below 5", 0.0, 5.0), ("5 to 10", 5.0, 10.0), ("10 to 20", 10.0, 20.0), ("20 to 40", 20.0, 40.0)),
    ("above 40", 40.0, float("inf")),
)
"""Injected waves by the posts to be expected beyond the usual."""
_BLUE, _ORANGE, _GREEN, _GREY = "#0072B2", "#D55E00", "#009E73", "#888888"


@dataclass(frozen=True)
class Complaint:
    """What is needed of an event."""

    post: str
    at: datetime
    keys: tuple[Key, ...]
    author: str
    text: str


# --- real waves


def read(folder: Path) -> tuple[list[Complaint], datetime, datetime]:
    """The complaints about a brand, and the times of the first and the last event."""
    found, times = [], []
    for path in sorted(folder.rglob("*.avro")):
        with path.open("rb") as file:
            for event in fastavro.reader(file):
                post, said = event["post"], event["classification"]
                times.append(post["created_at"])
                if said["complaint"]["label"]:
                    keys = tuple(product(event["brands"], ("all", *said["categories"]["labels"])))
                    author = post["author"]["account_id"] or ""
                    found.append(Complaint(post["post_id"], post["created_at"], keys, author, event["redacted_text"]))
    if not found:
        raise SystemExit(f"--events {folder}: no complaint in any .avro file below it")
    return found, min(times), max(times)


def real_waves(complaints: Sequence[Complaint], first: datetime, last: datetime, zone: str) -> list[dict[str, Any]]:
    """Every wave of every brand × category; `default` tells whether default settings tell it too."""
    default = SpikeSettings(time_zone=zone)
    early = replace(default, min_history=timedelta(days=3))
    by_key: dict[Key, list[Complaint]] = defaultdict(list)
    for complaint in complaints:
        for key in complaint.keys:
            by_key[key].append(complaint)
    usual = Counter(word for complaint in complaints for word in words(complaint.text))
    told = []
    for key, own in sorted(by_key.items()):
        history = History({each.post: early.index(each.at) for each in own}, since=first)
        by_default = waves(history, last, default)
        for wave in waves(history, last, early):
            inside = [each for each in own if wave.started_at <= each.at < wave.last_seen_at]
            told.append(
                {
                    "brand": key[0],
                    "category": key[1],
                    "started_at": wave.started_at.astimezone(ZoneInfo(zone)),
                    "found_after_minutes": int((wave.detected_at - wave.started_at) / timedelta(minutes=1)),
                    "lasted_hours": (wave.last_seen_at - wave.started_at) / timedelta(hours=1),
                    "observed": wave.observed,
                    "expected": wave.expected,
                    "p_value": wave.p_value,
                    "peak": wave.peak,
                    "complaints": len(inside),
                    "authors": len({each.author for each in inside}),
                    "default": any(
                        each.started_at < wave.last_seen_at and wave.started_at < each.last_seen_at
                        for each in by_default
                    ),
                    "words": telling([each.text for each in inside], usual),
                }
            )
    return sorted(told, key=lambda wave: (wave["started_at"], wave["brand"], wave["category"]))


def words(text: str) -> set[str]:
    """The words of a text without mentions and links."""
    return set(re.findall(r"[a-z][a-z']{3,}", re.sub(r"@\w+|https?:\S+", " ", text.lower())))


def telling(texts: Sequence[str], usual: Mapping[str, int], most: int = 5) -> list[str]:
    """The words that are more frequent in those texts than elsewhere, by their share of the log-likelihood."""
    inside, total = Counter(word for text in texts for word in words(text)), sum(usual.values())
    size = sum(inside.values())
    score = {word: n * np.log(n / size * total / usual[word]) for word, n in inside.items() if n > 2}
    return [str(word) for word in sorted(score, key=lambda word: (-score[word], word))[:most]]


# --- simulated weeks


def profiles(complaints: Sequence[Complaint], first: datetime, last: datetime, zone: str) -> dict[Key, Counts]:
    """Complaints an hour by hour of week: the brand's, smoothed over three hours, times the category's share."""
    local, seen, at = ZoneInfo(zone), np.zeros(168), first
    while at < last:
        seen[hour_of_week(at, local)] += 1
        at += timedelta(hours=1)
    counts: dict[Key, Counts] = defaultdict(lambda: np.zeros(168))
    for complaint in complaints:
        for key in complaint.keys:
            counts[key][hour_of_week(complaint.at, local)] += 1
    days = by_day_and_hour(complaints, first, zone)
    found = {}
    for (brand, category), own in sorted(counts.items()):
        a_day = days[brand].sum(axis=1)
        if own.sum() >= 40 and np.median(a_day) > a_day.mean() / 4:  # less is no profile
            of_brand = counts[(brand, "all")]
            smooth = sum(np.roll(of_brand, by) for by in (-1, 0, 1)) / sum(np.roll(seen, by) for by in (-1, 0, 1))
            found[(brand, category)] = smooth * own.sum() / of_brand.sum()
    return found


def hour_of_week(at: datetime, zone: ZoneInfo) -> int:
    """Monday 00:00 is 0."""
    local = at.astimezone(zone)
    return local.weekday() * 24 + local.hour


def by_day_and_hour(complaints: Sequence[Complaint], first: datetime, zone: str) -> dict[str, Counts]:
    """Brand → complaints of the first seven whole local days, a row of 24 hours each."""
    local = ZoneInfo(zone)
    found: dict[str, Counts] = defaultdict(lambda: np.zeros((7, 24)))
    start = first.astimezone(local).date() + timedelta(days=0 if first.astimezone(local).hour < 4 else 1)
    for complaint in complaints:
        at = complaint.at.astimezone(local)
        day = (at.date() - start).days
        if 0 <= day < 7:
            for brand in {brand for brand, _ in complaint.keys}:
                found[brand][day, at.hour] += 1
    return found


def burstiness(complaints: Sequence[Complaint], first: datetime, zone: str) -> tuple[float, float]:
    """Relative variance of hours about their day, and of days: the median brand's, each by moments."""
    of_hours, of_days = [], []
    for counts in by_day_and_hour(complaints, first, zone).values():
        days, hours = counts.sum(axis=1), counts.sum(axis=0)
        expected = np.outer(days, hours) / counts.sum()
        freedom = (counts.size - 30) / counts.size
        surplus = ((counts - expected) ** 2).sum() / freedom - expected.sum()
        of_hours.append(float(surplus / (expected**2).sum()))
        of_days.append(float(days.var(ddof=1) / days.mean() ** 2 - 1 / days.mean()))
    return max(float(np.median(of_hours)), 0.0), max(float(np.median(of_days)), 0.0)


@dataclass(frozen=True)
class Injected:
    """A wave: buckets from `start` to `end`, excluded."""

    start: int
    end: int
    factor: int
    hours: int
    more: float
    """Posts to be expected beyond the usual."""


def simulate(
    rate: Counts, weeks: int, bursty: tuple[float, float], random: np.random.Generator, inject: bool = True
) -> tuple[Counts, list[Injected]]:
    """Counts by bucket from Monday 00:00, and the waves in them after the first eight weeks."""
    mean = np.tile(np.repeat(rate / 4, 4), weeks)
    for length, variance in zip((4, 96), bursty, strict=True):
        if variance:
            mean = mean * np.repeat(random.gamma(1 / variance, variance, len(mean) // length), length)
    injected = []
    kinds = list(product(FACTORS, HOURS))
    for slot in range(HABIT * WEEK, weeks * WEEK, EVERY) if inject else ():
        factor, hours = kinds[random.integers(len(kinds))]
        start = slot + 96 + int(random.integers(2 * 96))
        span = slice(start, start + 4 * hours)
        if span.stop + 96 < len(mean):
            injected.append(Injected(start, span.stop, factor, hours, float(mean[span].sum()) * (factor - 1)))
            mean[span] *= factor
    return random.poisson(mean), injected


# --- finders: counts by bucket -> the buckets whose end an alert leaves at


def shenava(counts: Counts, **given: Any) -> list[int]:
    """By the default settings but for those given."""
    settings = SpikeSettings(**given)
    first = settings.index(MONDAY)
    history = History({f"{b}-{n}": first + int(b) for b in np.flatnonzero(counts) for n in range(counts[b])})
    end = settings.moment(first + len(counts))
    return [settings.index(wave.detected_at) - 1 - first for wave in waves(history, end, settings)]


def windows(counts: Counts) -> Counts:
    """Complaints in the hour that ends with each bucket."""
    return np.convolve(counts, np.ones(4, int))[: len(counts)]


def mean_threshold(counts: Counts) -> Callable[[float], list[int]]:
    """Sigmas → alerts, over all windows of the eight weeks before."""
    observed, span = windows(counts).astype(float), HABIT * WEEK
    sums, squares = (np.concatenate([[0.0], np.cumsum(each)]) for each in (observed, observed**2))
    mean, square = ((each[span:-1] - each[: -span - 1]) / span for each in (sums, squares))
    # the window itself and those that overlap it stay out, as they do with us
    mean, square = (np.concatenate([np.full(4, each[0]), each[:-4]]) for each in (mean, square))
    sigma = np.sqrt(np.maximum(square - mean**2, 0))
    return lambda sigmas: alerts(observed[span:] > mean + sigmas * sigma, observed[span:])


def hourly_threshold(counts: Counts) -> Callable[[float], list[int]]:
    """Sigmas → alerts, over the windows of the same hour of week in the eight weeks before."""
    observed = windows(counts).astype(float).reshape(-1, 168, 4)
    past = np.stack([observed[week - HABIT : week] for week in range(HABIT, len(observed))])
    mean, sigma = past.mean(axis=(1, 3)), past.std(axis=(1, 3))
    limits = (np.repeat(each.ravel(), 4) for each in (mean, np.maximum(sigma, np.sqrt(mean))))
    mean, sigma = limits
    late = observed[HABIT:].ravel()
    return lambda sigmas: alerts(late > mean + sigmas * sigma, late)


def alerts(above: Counts, observed: Counts) -> list[int]:
    """Ends of quiet: buckets above the threshold and the minimum, one for each run parted by a cool-down."""
    settings = SpikeSettings()
    pause, last, found = settings.cool_down // settings.bucket, -1_000, []
    for bucket in np.flatnonzero(above & (observed >= settings.minimum)):
        if bucket - last > pause:
            found.append(int(bucket) + HABIT * WEEK)
        last = int(bucket)
    return found


# --- scores


class Outcome(NamedTuple):
    """What became of an injected wave."""

    kind: str
    """Class of its key."""
    wave: Injected
    delay: float | None
    """Minutes from its start to the alert; None when there was none."""


@dataclass
class Score:
    """What a way of looking did to all keys."""

    name: str
    outcomes: list[Outcome] = field(default_factory=list)
    false: Counter[str] = field(default_factory=Counter)
    """Class → false alarms."""

    def show(self, wanted: Callable[[Outcome], bool]) -> str:
        """Share found and median delay."""
        delays = [each.delay for each in self.outcomes if wanted(each)]
        found = [each for each in delays if each is not None]
        return f"{len(found) / len(delays):.0%}, {np.median(found):.0f} min" if found else "0%" if delays else ""


def score(name: str, keys: Iterable[tuple[str, list[Injected], list[int]]]) -> Score:
    """The score of (class, injected waves, alerts) of every key."""
    result = Score(name)
    for kind, injected, told in keys:
        for wave in injected:
            hits = [bucket for bucket in told if wave.start <= bucket < wave.end + 4]
            result.outcomes.append(Outcome(kind, wave, (min(hits) + 1 - wave.start) * 15.0 if hits else None))
        late = [bucket for bucket in told if bucket >= HABIT * WEEK]
        result.false[kind] += sum(not any(w.start <= bucket < w.end + 4 for w in injected) for bucket in late)
    return result


def strict(
    finders: Sequence[Callable[[float], list[int]]], kinds: Sequence[str], injected: Sequence[list[Injected]], most: int
) -> float:
    """The least number of sigmas that gives no more false alarms than that."""
    low, high = 3.0, 40.0
    for _ in range(10):
        middle = (low + high) / 2
        trial = score("", zip(kinds, injected, (find(middle) for find in finders), strict=True))
        low, high = (middle, high) if trial.false.total() > most else (low, middle)
    return high


def compare(
    rates: Mapping[Key, Counts], weeks: int, bursty: tuple[float, float], seed: int
) -> tuple[list[Score], dict[str, int]]:
    """Every way's score on the same weeks, and the keys of each class."""
    random = np.random.default_rng(seed)
    kinds = [next(name for name, low, high in CLASSES if low <= rate.mean() < high) for rate in rates.values()]
    weeks_of = [simulate(rate, weeks, bursty, random) for rate in rates.values()]
    injected = [each for _, each in weeks_of]
    settings: dict[str, dict[str, float]] = {"Shenava": {}, "Shenava at 1e-4": {"significance": 1e-4}}
    result = [
        score(name, zip(kinds, injected, (shenava(counts, **given) for counts, _ in weeks_of), strict=True))
        for name, given in settings.items()
    ]
    for name, make in (("mean", mean_threshold), ("hour of week", hourly_threshold)):
        finders = [make(counts) for counts, _ in weeks_of]
        limit = strict(finders, kinds, injected, result[0].false.total())
        for label, sigmas in ((f"{name} + 3σ", 3.0), (f"{name}, strict ({limit:.1f}σ)", limit)):
            told = (find(sigmas) for find in finders)
            result.append(score(label, zip(kinds, injected, told, strict=True)))
    return result, Counter(kinds)


def false_alarms(years: int, seed: int) -> list[dict[str, float]]:
    """False waves a year on usual traffic, by complaints an hour and burstiness, from a cold start."""
    random, found = np.random.default_rng(seed), []
    hours = np.arange(168)
    shape = (1 + 0.9 * np.cos((hours % 24 - 15) / 24 * 2 * np.pi)) * np.where(hours >= 120, 0.6, 1)
    for an_hour, bursty in product((0.1, 1.0, 5.0, 30.0), ((0.0, 0.0), (0.1, 0.1), (0.05, 0.25), (0.25, 0.25))):
        rate = shape / shape.mean() * an_hour
        told = [len(shenava(simulate(rate, 52, bursty, random, inject=False)[0])) for _ in range(years)]
        numbers = {"complaints_an_hour": an_hour, "hourly": bursty[0], "daily": bursty[1]}
        found.append({**numbers, "false_waves_a_year": sum(told) / years})
    return found


# --- what is printed


def compared(name: str, scores: Sequence[Score], wanted: Callable[[Outcome], bool]) -> list[str]:
    """A row: how many such waves, and what each way made of them."""
    return [name, str(sum(map(wanted, scores[0].outcomes))), *(each.show(wanted) for each in scores)]


def markdown(found: Mapping[str, Any], scores: Sequence[Score], keys: Mapping[str, int]) -> str:
    about, names = found["about"], [each.name for each in scores]
    real = [
        [
            wave["brand"],
            wave["category"],
            f"{wave['started_at']:%a %d %b %H:%M}",
            f"{wave['found_after_minutes']} min",
            f"{wave['lasted_hours']:.1f} h",
            f"{wave['observed']} / {wave['expected']:.1f}",
            f"{wave['p_value']:.0e}",
            str(wave["peak"]),
            f"{wave['complaints']} by {wave['authors']}",
            "yes" if wave["default"] else "no",
            ", ".join(wave["words"]),
        ]
        for wave in found["real"]
    ]
    by_size = [
        compared(f"×{factor}, {hours} h", scores, lambda o, at=(factor, hours): (o.wave.factor, o.wave.hours) == at)
        for factor, hours in product(FACTORS, HOURS)
    ]
    by_size.append(compared("all", scores, lambda _: True))
    by_posts = [
        compared(name, scores, lambda o, low=low, high=high: low <= o.wave.more < high) for name, low, high in POSTS
    ]
    by_class = [
        [kind, str(keys[kind])]
        + [scores[0].show(lambda o, at=(kind, factor): (o.kind, o.wave.factor) == at) for factor in FACTORS]
        for kind, *_ in CLASSES
        if kind in keys
    ]
    tested = about["tested_weeks"]
    false = [
        [kind, str(n * tested)] + [f"{each.false[kind] / n / tested:.3f}" for each in scores]
        for kind, n in ((kind, keys[kind]) for kind, *_ in CLASSES if kind in keys)
    ]
    n = sum(keys.values())
    false.append(["all", str(n * tested), *(f"{each.false.total() / n / tested:.3f}" for each in scores)])
    usual = [
        [f"{e['complaints_an_hour']:g}", f"{e['hourly']:g}", f"{e['daily']:g}", f"{e['false_waves_a_year']:.1f}"]
        for e in found["false_alarms"]
    ]
    header = ("brand", "category", "start", "found after", "lasted", "observed / expected", "p", "peak", "complaints")
    return "\n\n".join(
        [
            f"{about['complaints']:,} complaints, {about['first']:%Y-%m-%d %H:%M} to {about['last']:%Y-%m-%d %H:%M} "
            f"UTC; relative variance of hours {about['burstiness'][0]:.2f}, of days {about['burstiness'][1]:.2f}",
            f"## Real waves ({about['time_zone']}), a habit trusted after three days",
            table([*header, "by default too", "words"], real),
            f"## Injected waves in {n} keys over {tested} weeks: share found, median time to the alert",
            table(["wave", "waves", *names], by_size),
            "## The same by posts beyond the usual",
            table(["posts more", "waves", *names], by_posts),
            "## Shenava by complaints an hour of the key",
            table(["complaints an hour", "keys", *(f"×{factor}" for factor in FACTORS)], by_class),
            "## False alarms a week and key",
            table(["complaints an hour", "key-weeks", *names], false),
            f"## False waves a year on usual traffic, {about['years']} years each",
            table(["complaints an hour", "burstiness of hours", "of days", "false waves a year"], usual),
        ]
    )


def plain(outcome: Outcome) -> dict[str, Any]:
    """For JSON."""
    wave = outcome.wave
    numbers = {"factor": wave.factor, "hours": wave.hours, "more": wave.more, "minutes_to_alert": outcome.delay}
    return {"complaints_an_hour": outcome.kind, **numbers}


def draw(scores: Sequence[Score], complaints: Sequence[Complaint], found: Mapping[str, Any], path: Path) -> None:
    """The real key with the highest peak and what it was expected to be; the shares found by factor."""
    figure = Figure(figsize=(9, 6.5), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1)
    if found["real"]:
        top = max(found["real"], key=lambda wave: wave["peak"])
        key, about = (top["brand"], top["category"]), found["about"]
        early = SpikeSettings(time_zone=about["time_zone"], min_history=timedelta(days=3))
        own = {each.post: early.index(each.at) for each in complaints if key in each.keys}
        _, readings = History(own, since=about["first"]).walked(about["last"], early)
        times = [early.moment(each.bucket + 1) for each in readings]
        above.plot(times, [each.observed for each in readings], color=_BLUE, linewidth=1, label="complaints in an hour")
        above.plot(times, [each.expected for each in readings], color=_GREY, linewidth=1, label="expected")
        for wave in found["real"]:
            if (wave["brand"], wave["category"]) == key:
                end = wave["started_at"] + timedelta(hours=wave["lasted_hours"])
                above.axvspan(wave["started_at"], end, color=_ORANGE, alpha=0.25, linewidth=0)
        above.set_title(f"{key[0]}, {key[1]}: waves shaded", fontsize=9, loc="left")
        above.legend(fontsize=8, frameon=False)
    for result, colour in zip((scores[0], *scores[3::2]), (_BLUE, _ORANGE, _GREEN), strict=True):
        shares = [
            np.mean([each.delay is not None for each in result.outcomes if low <= each.wave.more < high] or [0])
            for _, low, high in POSTS
        ]
        names = [name for name, *_ in POSTS]
        below.plot(names, shares, color=colour, marker="o", markersize=4, linewidth=1.2, label=result.name)
    below.set(ylim=(0, 1), xlabel="posts beyond the usual in the wave", ylabel="share found")
    below.set_title("injected waves, at equally many false alarms", fontsize=9, loc="left")
    below.legend(fontsize=8, frameon=False)
    for panel in (above, below):
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=8)
    figure.savefig(path, dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=Path, required=True, help="folder of enriched events that `shenava run` wrote")
    parser.add_argument("--time-zone", default="America/New_York", help="IANA name; hours of the week are local")
    parser.add_argument("--weeks", type=int, default=24, help="simulated weeks with injected waves, after eight before")
    parser.add_argument("--years", type=int, default=2, help="years of usual traffic a row of the last table")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--plot", type=Path, help="write a picture (PNG) to this file")
    given = parser.parse_args()

    complaints, first, last = read(given.events)
    bursty = burstiness(complaints, first, given.time_zone)
    rates = profiles(complaints, first, last, given.time_zone)
    scores, keys = compare(rates, HABIT + given.weeks, bursty, given.seed)
    found = {
        "about": {
            **{"complaints": len(complaints), "first": first, "last": last, "time_zone": given.time_zone},
            **{"burstiness": bursty, "tested_weeks": given.weeks, "years": given.years},
        },
        "real": real_waves(complaints, first, last, given.time_zone),
        "injected": [{"name": s.name, "false": s.false, "waves": [plain(o) for o in s.outcomes]} for s in scores],
        "false_alarms": false_alarms(given.years, given.seed),
    }
    print(json.dumps(found, default=str, indent=1) if given.json else markdown(found, scores, keys))
    if given.plot:
        draw(scores, complaints, found, given.plot)


if __name__ == "__main__":
    main()
