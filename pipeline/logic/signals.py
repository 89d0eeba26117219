"""What a customer's posts say over time: somebody recommends us again and again, somebody is about to leave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pipeline.logic.alerts import Cause
from pipeline.logic.facts import Fact, Kind, concerns_us

ADVOCATE, CHURN = "advocate", "churn-risk"


@dataclass(frozen=True)
class SignalSettings:
    """When posts add up to something a department should know."""

    advocate_posts: int = 3
    advocate_within: timedelta = timedelta(days=90)
    churn_complaints: int = 3
    churn_within: timedelta = timedelta(days=30)
    """Complaints that close together; also how long a churn risk is not told again."""
    department: str | None = None
    """Who hears of advocates and people at risk; by the post's category when None."""


def signals(
    facts: Sequence[Fact], brands: frozenset[str] | None, settings: SignalSettings
) -> Iterator[tuple[Cause, Fact]]:
    """Causes of alerts with the post each shows, in order of time.

    Args:
        facts: of one customer, as `facts.newest` gives them.
        brands: those that are ours; None when the config names none.
    """
    yield from _advocate(facts, brands, settings)
    yield from _churn(facts, brands, settings)


def _advocate(
    facts: Sequence[Fact], brands: frozenset[str] | None, settings: SignalSettings
) -> Iterator[tuple[Cause, Fact]]:
    """Once a customer, at the post with which the count is reached."""
    praise = [
        f for f in facts if f.contribution and f.contribution.advocacy and f.enriched and concerns_us(f.brands, brands)
    ]
    count = settings.advocate_posts
    for first, last in zip(praise, praise[count - 1 :], strict=False):
        if last.at - first.at <= settings.advocate_within:
            reason = f"recommends us: {count} posts within {(last.at - first.at).days + 1} days"
            yield Cause(ADVOCATE, "info", last.at, last.post, (reason,)), last
            return


def _churn(
    facts: Sequence[Fact], brands: frozenset[str] | None, settings: SignalSettings
) -> Iterator[tuple[Cause, Fact]]:
    """When a customer speaks of leaving, or complains again and again; not again within `churn_within`."""
    complaints: list[Fact] = []
    told = None
    for fact in facts:
        if fact.enriched is None or not concerns_us(fact.brands, brands):
            continue
        reasons = []
        if "churn" in fact.enriched.classification.intents.labels:
            reasons.append("speaks of leaving")
        if fact.kind is Kind.COMPLAINT:
            complaints = [f for f in complaints if fact.at - f.at <= settings.churn_within] + [fact]
            if len(complaints) >= settings.churn_complaints:
                reasons.append(f"{len(complaints)} complaints within {settings.churn_within.days} days")
        if reasons and (told is None or fact.at - told > settings.churn_within):
            told = fact.at
            yield Cause(CHURN, "high", fact.at, fact.post, tuple(reasons)), fact
