"""Next best action: what to do for a customer next, by the policy table of the config.

The customer's posts are walked in order of time. At each the policies are asked top-down against what was known then;
the first that holds gives the action. Nothing is proposed to a customer

    - with an open case: it waits for an answer, or was answered and is not settled (`cases.settle_after`);
    - at a post that itself complains, be the model sure of it or not, and at an advert;
    - within `cool_down` after the last action was to be carried out: so one at most in any such period;
    - who never wrote about a brand of ours, or whom nobody knows (an anonymous post).

A policy whose consent was not given does not hold; the next is asked. What is not known counts as not given. Who is on
the suppression list is left out when an action goes out (`io/permit_actions.py`).

All of it follows from the set of posts alone: an answered case settles `settle_after` later here, whether or not a
clock has told it by then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.logic.cases import ANSWERED, RESOLVED
from pipeline.logic.consent import consented
from pipeline.logic.durations import FOREVER, LONG_AGO
from pipeline.logic.facts import Fact, concerns_us
from pipeline.logic.language import UNKNOWN
from pipeline.logic.policies import NO_CONSENT, ActionSettings, Policy, When
from pipeline.logic.segments import LEAVING, Decayed, Figures, Segment, Standing, judge
from pipeline.logic.templates import date_shown, fill, language_of, name_shown
from pipeline.records import Action, Case, Contribution, Customer

PRIOR_POSTS = 3
"""Posts that a policy's usual hour counts for against the hours in which the customer writes."""

_HOUR = timedelta(hours=1)


def actions(
    customer: str,
    facts: Iterable[Fact],
    cases: Iterable[Case],
    settings: ActionSettings,
    crm: Customer | None = None,
) -> list[Action]:
    """What to do for the customer, in order of time.

    Args:
        facts: of the customer, as `facts.newest` gives them.
        cases: that the facts make, as of any moment.
        crm: what the CRM knows of the customer, if the account is known to be somebody's. It is asked as it stands, not
            as it stood at a post: whoever refused since must not be written to, and a CRM seldom knows since when.
    """
    found: list[Action] = []
    if not settings.policies:
        return found
    open_spans = [span for case in cases if not case.void for span in _open_spans(case, settings.settle_after)]
    known, free_from = _Known(settings, crm), LONG_AGO
    for fact in facts:
        post = fact.contribution
        if post is None:
            continue
        known.take(fact, post)
        owed = post.complaint or any(start <= post.at < end for start, end in open_spans)
        if owed or fact.promo or post.at < free_from or known.standing.last is None:
            continue
        figures = known.standing.figures(post.at)
        occasion = _Occasion(post, known, figures, judge(figures))
        for policy in settings.policies:
            if _may(policy, crm) and occasion.meets(policy.when):
                found.append(occasion.action(customer, policy))
                free_from = found[-1].not_before + settings.cool_down
                break
    return found


def emptied(action: Action) -> Action:
    """Without what it says of the customer."""
    return replace(action, text="", reasons=())


def action_id(policy: str, customer: str, post: str) -> str:
    """Deterministic: the same policy, customer and post give the same id on every run, anywhere."""
    return hashlib.sha256(f"action\n{policy}\n{customer}\n{post}".encode()).hexdigest()[:32]


def next_allowed(at: datetime, hours: frozenset[int], zone: ZoneInfo) -> datetime:
    """The first moment (UTC) from `at` on whose local hour is one of `hours`, which must not be empty."""
    if at.astimezone(zone).hour in hours:
        return at
    while True:
        # by the hour in UTC: so the night the clocks change has the hours it really has
        at += _HOUR
        local = at.astimezone(zone)
        if local.hour in hours:
            return at - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)


@dataclass
class _Known:
    """What is known of a customer as of the latest post taken; a step a post."""

    settings: ActionSettings
    crm: Customer | None = None
    standing: Standing = field(init=False)
    interests: dict[str, Decayed] = field(default_factory=dict)
    posts_by_hour: list[int] = field(default_factory=lambda: [0] * 24)
    language: str = UNKNOWN
    name: str | None = None
    brand: str | None = None

    def __post_init__(self) -> None:
        self.standing = Standing(self.settings.brands)
        self.tier, self.called = (self.crm.tier, self.crm.name) if self.crm else (None, None)
        self.zone = ZoneInfo(self.settings.profiles.time_zone)

    def take(self, fact: Fact, post: Contribution) -> None:
        self.standing.take(post)
        for interest, weight in post.interests.items():
            fading = self.interests.setdefault(interest, Decayed(self.settings.profiles.interest_half_life))
            fading.add(weight, post.at)
        self.posts_by_hour[post.at.astimezone(self.zone).hour] += 1
        self.language = self.language if post.language == UNKNOWN else post.language
        self.brand = next((brand for brand in post.brands if concerns_us([brand], self.settings.brands)), self.brand)
        if fact.enriched and fact.enriched.post.author.display_name:
            self.name = fact.enriched.post.author.display_name


@dataclass(frozen=True)
class _Occasion:
    """A post, and what was known of its author then."""

    post: Contribution
    known: _Known
    figures: Figures
    segment: Segment

    def meets(self, when: When) -> bool:
        if when.segments and self.segment not in when.segments:
            return False
        if when.languages and self.known.language not in when.languages:
            return False
        if when.tiers and self.known.tier not in when.tiers:
            return False
        if (when.about_us or when.stages or when.intents) and not self.known.standing.concerns(self.post):
            return False
        if when.stages and self.post.stage not in when.stages:
            return False
        if when.intents and when.intents.isdisjoint(self.post.intents):
            return False
        return not when.interests or self.strongest(when)[1] >= when.min_interest

    def strongest(self, when: When) -> tuple[str | None, float]:
        """Of the interests asked for the one that weighs most, and its weight."""
        fading = self.known.interests
        weights = {name: fading[name].as_of(self.post.at) for name in sorted(when.interests) if name in fading}
        best = max(weights, key=lambda name: weights[name], default=None)
        return best, weights[best] if best else 0.0

    def action(self, customer: str, policy: Policy) -> Action:
        post, known = self.post, self.known
        language, interest = language_of(known.language), self.strongest(policy.when)[0]
        called = known.settings.persian if language == "fa" else {}
        values = {
            "name": name_shown(known.called or known.name, language),
            "brand": called.get(known.brand or "", known.brand or ""),
            "interest": called.get(interest or "", interest or ""),
            "date": date_shown(post.at.astimezone(known.zone).date(), language),
        }
        return Action(
            action_id=action_id(policy.name, customer, post.post),
            policy=policy.name,
            action=policy.action,
            channel=policy.channel,
            needs_consent=policy.needs_consent,
            customer=customer,
            post=post.post,
            at=post.at,
            not_before=next_allowed(post.at, _hours(policy, known.posts_by_hour), known.zone),
            segment=self.segment.value,
            brand=known.brand,
            interest=interest,
            language=language,
            text=fill(policy.template[language], values),
            reasons=tuple(self._reasons(policy)),
        )

    def _reasons(self, policy: Policy) -> Iterator[str]:
        """A phrase a condition."""
        when, of = policy.when, self.figures
        if when.segments:
            counts = f"{of.recommendations:.1f} recommendations, {of.complaints:.1f} complaints, mood {of.mood:+z.1f}"
            yield f"segment {self.segment}: {counts}{', speaks of leaving' if of.leaving >= LEAVING else ''}"
        if when.interests:
            yield "interest {}: {:.1f}".format(*self.strongest(when))
        if when.about_us:
            yield f"about {', '.join(self.post.brands) or 'us'}"
        if when.stages:
            yield f"stage {self.post.stage}"
        if when.intents:
            yield f"intent {', '.join(sorted(when.intents.intersection(self.post.intents)))}"
        if when.languages:
            yield f"writes {self.known.language}"
        if when.tiers:
            yield f"tier {self.known.tier}"
        if policy.needs_consent != NO_CONSENT:
            yield f"consent to {policy.needs_consent} by {policy.channel}"


def _may(policy: Policy, crm: Customer | None) -> bool:
    if policy.needs_consent == NO_CONSENT:
        return True
    return crm is not None and consented(crm.consents, policy.channel, policy.needs_consent)


def _hours(policy: Policy, posts_by_hour: Sequence[int]) -> frozenset[int]:
    """The policy's hours; the best of them where it names its usual one.

    The best has most posts of the customer, the usual hour having `PRIOR_POSTS` more: the mode of a Dirichlet
    posterior whose prior weight lies on the usual hour.
    """
    usual = policy.usual_hour
    if usual is None:
        return policy.hours
    return frozenset({max(policy.hours, key=lambda h: (posts_by_hour[h] + PRIOR_POSTS * (h == usual), h == usual, -h))})


def _open_spans(case: Case, settle_after: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """From when to when (excluded) a case was open, by the posts alone."""
    start: datetime | None = case.opened_at
    settled = FOREVER
    for step in case.history:
        if start is not None and step.at >= settled:
            yield start, settled
            start, settled = None, FOREVER
        if step.state == RESOLVED:
            if start is not None:
                yield start, step.at
            start, settled = None, FOREVER
        elif step.state == ANSWERED:
            settled = step.at + settle_after
        else:
            start, settled = start or step.at, FOREVER
    if start is not None:
        yield start, settled
