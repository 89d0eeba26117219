"""Who a customer is to the company, which accounts are theirs, and what they agreed to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

ANY = "*"
"""A consent's channel: every channel."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What a customer said about being contacted on a channel for a purpose; the latest word counts."""

    channel: str
    """As `actions.policies.channel` of the config names it, or ANY."""
    purpose: str
    """marketing or service."""
    given: bool
    """False: refused or withdrawn."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Customer:
    """One row of the CRM. E-mail addresses and phone numbers are never held, only their salted hashes."""

    customer: str
    """Id in the CRM."""
    name: str | None = None
    tier: str | None = None
    """The company's own words, such as gold."""
    consents: tuple[Consent, ...] = ()
    contacts: tuple[str, ...] = ()
    """`email:` or `phone:`, and the salted hash of the normalised address."""


@dataclass(frozen=True, slots=True)
class Link:
    """An account is a customer's. An account has at most one customer; a customer has any number of accounts."""

    account: str
    """`SocialPost.account_key`."""
    customer: str
    source: str
    """crm (imported) or hand (`shenava identity link`)."""
    confidence: float
    """0..1; 1 where somebody said so."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Somebody to whom no action is ever to be sent."""

    subject: str
    """Account or customer."""
    reason: str
    at: datetime
