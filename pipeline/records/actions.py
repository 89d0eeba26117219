"""What to do for one customer next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Action:
    """What a policy proposes to do for a customer, and why (`schemas/action.v1.avsc`)."""

    action_id: str
    """Deterministic: of the policy, the customer and the post."""
    policy: str
    """Name of the policy of the configuration."""
    action: str
    """What to do, in the policy's words: thank, invite …"""
    channel: str
    needs_consent: str
    """none, service or marketing; a consent that is needed was given."""
    customer: str
    """As in `Case.customer`."""
    post: str
    """`SocialPost.key` of the post that gave the occasion."""
    at: datetime
    """When that post was written."""
    not_before: datetime
    """From when on the customer may be written to."""
    segment: str
    """What the customer was to the company then."""
    brand: str | None
    """Ours that the post is about, else the one they wrote about last; None when the configuration names none."""
    interest: str | None
    """The strongest interest that the policy asks for; None when it asks for none."""
    language: str
    """Of the text: fa or en."""
    text: str
    reasons: tuple[str, ...]
    revision: int = 1
    """Counts what became of this action: a later post that was written earlier can change or withdraw it."""
    withdrawn: bool = False
    """Do not do it, as a post that came late (or was deleted) shows; the text is gone with it."""
