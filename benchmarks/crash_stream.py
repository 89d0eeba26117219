"""A stream of complaints, a wave of them, the shop's replies, thanks, and poison among it. The same for a seed."""

from __future__ import annotations

import heapq
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from poison import poison
from postings import CONFIG, LATE, OWN_ACCOUNT, PLATFORM, canonical, endless, severe

from pipeline.config import load_config
from pipeline.records import iso_time
from runners.messages import Message

START = datetime(2015, 2, 16, tzinfo=UTC)
"""The week of the tweets: every deadline is long past, so that it makes no difference which run is the later one."""
SPAN = timedelta(days=6)
"""A server delivers a backlog in any order, so posts come as late as this: within the horizon of waves."""
OWN_HANDLE = "@ParsiShops"
NAMED, SEVERE, REPLIED, THANKED = 0.3, 0.03, 0.5, 0.6
"""Shares: of texts that speak to the shop, of severe ones, of those it replies to, of replies that are thanked for."""
WAVE = (0.6, 0.6 + 1 / 72)
"""From where to where in the stream: in two hours of its time, four of five posts are one complaint, of strangers."""
_REPLIES = (
    "سلام، بابت این تجربه متأسفیم. لطفاً شماره سفارش را برای ما بفرستید تا پیگیری کنیم.",
    "We are sorry to hear that. Please send us your order number and we will look into it.",
)
_THANKS = (
    "@ParsiShops ممنون از پیگیریتون، مشکلم حل شد. عالی بودین",
    "@ParsiShops thank you so much, it is solved now, great service!",
)
_OTHERS = re.compile(r"^(?:@\w+[\s,:]*)+")


@dataclass(frozen=True, slots=True)
class Posting:
    """A message of the stream, and the key of its post; None when no post can be read from it."""

    message: Message
    key: str | None


def make(posts: int, poisons: int, texts: Sequence[str], seed: int) -> list[Posting]:
    """So many posts in the order of their times, and so many poison messages anywhere among them."""
    chance = random.Random(seed)
    stream = list(_conversations(posts, texts, chance))
    settings, now = load_config(CONFIG).parse_settings(), datetime.now(UTC)
    for each in poison(poisons, seed):
        made = Posting(Message(each.data, each.attributes, None), each.key(settings, now))
        stream.insert(chance.randrange(len(stream) + 1), made)
    return stream


def _conversations(posts: int, texts: Sequence[str], chance: random.Random) -> Iterator[Posting]:
    # when, number, the post that is answered (None: a word of thanks), its customer
    ahead: list[tuple[int, int, str | None, str]] = []
    fresh = endless(texts, chance)

    def later(number: int, answered: str | None, customer: str) -> None:
        # some come at once, some after many others
        delay = 1 + int(chance.expovariate(1 / (5 + posts / 50)))
        heapq.heappush(ahead, (number + delay, number, answered, customer))

    for number in range(posts):
        post_id, more = f"crash-{number}", {}
        if ahead and ahead[0][0] <= number:
            _, _, answered, customer = heapq.heappop(ahead)
            if answered:
                account, text, more = OWN_ACCOUNT, chance.choice(_REPLIES), _answer(answered, customer, chance)
                if chance.random() < THANKED:
                    later(number, None, customer)
            else:
                account, text = customer, chance.choice(_THANKS)
        elif WAVE[0] <= number / posts < WAVE[1] and chance.random() < 0.8:
            account, text = f"wave-{number}", LATE.format(10_000 + number)
        else:
            # a few write often, many once
            account = f"customer-{int(posts / 3 * chance.random() ** 2)}"
            text = _spoken(number, next(fresh), chance)
            if OWN_HANDLE in text and chance.random() < REPLIED:
                later(number, post_id, account)
        at = START + SPAN * (number / posts)
        message = Message(canonical(post_id, account, text, at, **more), {"created_at": iso_time(at)}, at)
        yield Posting(message, f"{PLATFORM}:{post_id}")


def _spoken(number: int, text: str, chance: random.Random) -> str:
    kind = chance.random()
    if kind < SEVERE:
        return severe(number)
    spoken = _OTHERS.sub("", text) or text
    return f"{OWN_HANDLE} {spoken}" if kind < NAMED else spoken


def _answer(post: str, customer: str, chance: random.Random) -> dict[str, str]:
    """Every other reply names only the post that it answers, as some platforms do."""
    named = {"in_reply_to_account_id": customer} if chance.random() < 0.5 else {}
    return {"in_reply_to_post_id": post, **named}
