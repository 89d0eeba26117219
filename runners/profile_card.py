"""A person as a card of lines in a terminal, in English or in Persian."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from pipeline.logic.cases import ANSWERED
from pipeline.logic.insight import FINE, Insight, Interest
from pipeline.logic.moods import STEADY, Month, Mood, mood_by_month
from pipeline.logic.next_behaviour import Forecast
from pipeline.logic.templates import PERSIAN
from pipeline.logic.text import one_line
from runners.card_lines import Card, bar, indent, isolated, line, sparkline, value
from runners.profile_words import (
    comma,
    day_shown,
    digits,
    duration,
    month_of,
    number,
    percent,
    sentence,
    time_shown,
    week_of,
    weekday,
    word,
)

LIKELY = 3
"""Kinds of a next post that are shown."""
INTERESTS = 6
"""Shown of a person; --json gives all."""
_FEW_MONTHS = 2
_MOST_WIDTH = 110
_SEGMENTS = {
    "advocate": "bold black on green",
    "loyal": "bold black on cyan",
    "neutral": "bold reverse",
    "at_risk": "bold black on yellow",
    "critic": "bold white on red",
    "dormant": "bold white on bright_black",
}
_STATES = {"breached": "bold red", "at_risk": "bold yellow", "reopened": "yellow", "open": "bold"}
_TRENDS = {"rising": "green", "falling": "red"}


def reader_language(insight: Insight | None) -> str:
    """The language of the card when nobody names one: Persian for a person who mostly writes Persian."""
    if insight is None:
        return "en"
    share = sum(each.share for each in insight.languages if each.name in PERSIAN)
    return "fa" if share > 0.5 else "en"


def card(of: Card, console: Console) -> Text:
    """The card, ready to print; its texts come from outside, so what could steer the terminal is taken out."""
    lines = [_headline(of), *_who(of)]
    if of.insight is None:
        lines.append(line(of, "", sentence("no posts", of.language)))
    else:
        lines += _says(of, of.insight)
    lines += [*_cases(of), *_alerts(of), *_actions(of, console), *_consents(of)]
    return Text("\n").join(lines)


def _headline(of: Card) -> Text:
    profile, customer, known = of.profile, of.person.customer, of.insight
    shown = Text(" ")
    if known:
        shown.append(f" {word(known.segment, of.language)} ", _SEGMENTS[known.segment])
        shown.append("  ")
    name = (customer and customer.name) or (profile and profile.display_name) or ""
    handle = f"@{profile.handle}" if profile and profile.handle else ""
    called = " ".join(filter(None, (isolated(one_line(name)), one_line(handle))))
    shown.append(called or one_line(of.person.subject), "bold")
    if profile and profile.verified:
        shown.append(" ✓", "cyan")
    shown.append(f"  {value(of, sentence('as of', of.language, time_shown(of.now, of.zone, of.language)))}", "dim")
    return shown


def _who(of: Card) -> Iterator[Text]:
    person, known, language = of.person, of.insight, of.language
    if customer := person.customer:
        tier = f" · {one_line(customer.tier)}" if customer.tier else ""
        yield line(of, "customer", f"{one_line(customer.customer)}{tier}")
    yield line(of, "accounts", " · ".join(map(one_line, person.accounts)))
    if known:
        counts = [(name, getattr(known, name)) for name in ("posts", "complaints", "recommendations")]
        if known.reach:
            counts.append(("followers", known.reach))
        yield line(of, "known", " · ".join(sentence(name, language, number(count, language)) for name, count in counts))
        days = ("first post", known.first_seen), ("last post", known.last_seen)
        yield line(of, "", " · ".join(sentence(name, language, day_shown(at, of.zone, language)) for name, at in days))


def _says(of: Card, known: Insight) -> Iterator[Text]:
    language = of.language
    yield _mood(of, known.mood)
    score = number(known.advocacy.score, language, plus=True), number(known.advocacy.error, language)
    ends = number(-100, language), number(100, language)
    yield line(of, "advocacy", sentence("advocacy", language, *score, *ends))
    yield from _interests(of, known.interests[:INTERESTS])
    hours = []
    for each in known.best_hours:
        day, hour = divmod(each.hour_of_week, 24)
        clock = digits(str(hour), language), digits(str((hour + 1) % 24), language)
        likely = percent(each.probability, language)
        hours.append(f"{sentence('hour', language, weekday(day, language), *clock)} ({likely})")
    yield line(of, "best hours", comma(language).join(hours))
    if known.habits:
        yield line(
            of, "habits", comma(language).join(each.fa if language == "fa" else each.en for each in known.habits)
        )
    for name, shares in (("languages", known.languages), ("channels", known.channels), ("brands", known.brands)):
        if shares:
            parts = (f"{_called(of, each.name)} {percent(each.share, language)}" for each in shares)
            yield line(of, name, comma(language).join(parts))
    if of.forecast:
        yield from _ahead(of, of.forecast)
    if known.influence is not None and known.mentioned_by:
        heard = number(known.influence, language, 1), number(known.mentioned_by, language)
        yield line(of, "influence", sentence("influence", language, *heard))


def _ahead(of: Card, forecast: Forecast) -> Iterator[Text]:
    language = of.language
    likely = sorted(forecast.kinds.items(), key=lambda item: -item[1])[:LIKELY]
    kinds = (f"{word(f'next {kind}', language)} {percent(share, language)}" for kind, share in likely)
    yield line(of, "next", comma(language).join(kinds))
    if forecast.next and forecast.next.within_a_day is not None:
        yield line(of, "", sentence("within a day", language, percent(forecast.next.within_a_day, language)))


def _mood(of: Card, mood: Mood) -> Text:
    course = _course(of)
    names = course[0].name if len(course) == 1 else f"{course[0].name} – {course[-1].name}"
    trend = word(mood.trend, of.language)
    if mood.trend != STEADY:
        change = number(mood.change, of.language, 2, plus=True), number(mood.error, of.language, 2)
        trend = sentence("trend", of.language, trend, *change)
    return Text.assemble(
        line(of, "mood", number(mood.now, of.language, 2, plus=True)),
        "  ",
        (sparkline(course), "cyan"),
        f"  {value(of, names)}  ",
        (value(of, trend), _TRENDS.get(mood.trend, "")),
    )


def _course(of: Card) -> Sequence[Month]:
    """The mood month by month; week by week of somebody who is known for two months or less."""
    posts = [each for each in of.profile.contributions if each.at <= of.now] if of.profile else []
    months = mood_by_month(posts, lambda at: month_of(at, of.zone, of.language))
    return months if len(months) > _FEW_MONTHS else mood_by_month(posts, lambda at: week_of(at, of.zone, of.language))


def _interests(of: Card, interests: Sequence[Interest]) -> Iterator[Text]:
    names = [_called(of, each.name) for each in interests]
    wide = max(map(cell_len, names), default=0)
    for each, name in zip(interests, names, strict=True):
        posts = each.evidence[0] if len(each.evidence) == 1 else f"{each.evidence[0]} +{len(each.evidence) - 1}"
        yield Text.assemble(
            line(of, "interests" if each is interests[0] else "", name),
            " " * (wide - cell_len(name) + 2),
            (bar(each.weight / interests[0].weight), "green" if each.kind == FINE else "blue"),
            f" {number(each.weight, of.language, 1)}  ",
            (one_line(posts), "dim"),
        )


def _cases(of: Card) -> Iterator[Text]:
    language = of.language
    for case in of.person.cases:
        late = (of.now - case.due_at).total_seconds()
        when = sentence(
            *("overdue" if late > 0 else "due in", language),
            *(time_shown(case.due_at, of.zone, language), duration(abs(late), language)),
        )
        if case.state == ANSWERED and case.answered_at:
            when = sentence("was answered", language, time_shown(case.answered_at, of.zone, language))
        about = comma(language).join(word(each, language) for each in case.categories or ("other",))
        severity = sentence("severity", language, digits(str(case.severity), language))
        yield Text.assemble(
            line(of, "cases" if case is of.person.cases[0] else ""),
            (value(of, word(case.state, language)), _STATES.get(case.state, "")),
            f" {value(of, comma(language).join((f'{about} → {one_line(case.department)}', severity, when)))}",
        )


def _alerts(of: Card) -> Iterator[Text]:
    for alert in of.person.alerts:
        at = time_shown(alert.raised_at or alert.created_at, of.zone, of.language)
        what = f"{at} · {one_line(alert.rule)} → {one_line(alert.department)}"
        yield line(of, "alerts" if alert is of.person.alerts[0] else "", what)


def _actions(of: Card, console: Console) -> Iterator[Text]:
    room = max(20, min(console.width, _MOST_WIDTH) - indent(of))
    for action in of.person.actions:
        after = sentence("not before", of.language, time_shown(action.not_before, of.zone, of.language))
        what = f"{one_line(action.action)} · {one_line(action.channel)} · {after}"
        yield line(of, "actions" if action is of.person.actions[0] else "", what)
        said = one_line(action.text)
        said = said if cell_len(said) <= room else f"{set_cell_size(said, room - 1)}…"
        yield Text.assemble(" " * indent(of), (isolated(said), "italic"))


def _consents(of: Card) -> Iterator[Text]:
    consents = of.person.customer.consents if of.person.customer else ()
    for each in consents:
        given = word("given" if each.given else "refused", of.language)
        what = f"{word(each.purpose, of.language)} · {one_line(word(each.channel, of.language))}: {given}"
        name = "consents" if each is consents[0] else ""
        yield line(of, name, f"{what} · {day_shown(each.at, of.zone, of.language)}")


def _called(of: Card, name: str) -> str:
    known = word(name, of.language)
    return of.persian.get(name, known) if of.language == "fa" else known
