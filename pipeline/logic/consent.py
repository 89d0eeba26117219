"""Whether a customer may be written to on a channel for a purpose."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pipeline.logic.durations import FOREVER
from pipeline.records import ANY, Consent


def consented(consents: Iterable[Consent], channel: str, purpose: str, at: datetime = FOREVER) -> bool:
    """The latest word on the purpose up to `at`: on this very channel, else on every channel; no word is no consent.

    Of a yes and a no of the same time the no counts.
    """
    said = [each for each in consents if each.purpose == purpose and each.at <= at]
    for name in (channel, ANY):
        words = [(each.at, not each.given) for each in said if _plain(each.channel) == _plain(name)]
        if words:
            return not max(words)[1]
    return False


def _plain(channel: str) -> str:
    """`E-Mail` and `email` are one."""
    return channel if channel == ANY else "".join(filter(str.isalnum, channel.casefold()))
