"""What an account shows of itself that may tell whose it is."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.logic.contacts import DEFAULT_REGION, hashed_contacts
from pipeline.logic.named_accounts import named_accounts
from pipeline.records import Profile


@dataclass(frozen=True, slots=True)
class Clues:
    """What an account shows that may tell whose it is; addresses as salted hashes."""

    account: str
    handle: str | None = None
    name: str | None = None
    contacts: tuple[str, ...] = ()
    """In declared attributes."""
    names: tuple[str, ...] = ()
    """Accounts of other platforms that declared attributes name, as `platform:@handle`."""
    mentions: frozenset[str] = frozenset()
    """Accounts that the posts mention: `platform:account_id` or `platform:@handle`."""

    @property
    def platform(self) -> str:
        return self.account.partition(":")[0]

    @property
    def shown(self) -> str:
        """The account for people, with its handle in the place of an id."""
        return f"{self.platform}:@{self.handle}" if self.handle else self.account


def clues(profile: Profile, salt: bytes, region: str = DEFAULT_REGION) -> Clues:
    """What the account's profile shows; its addresses are hashed at once."""
    texts = [each.value for each in profile.declared.values()]
    platform = profile.account.partition(":")[0]
    mentions = (account for post in profile.contributions for account in post.mentions)
    named = (each for text in texts for each in named_accounts(text) if not each.startswith(f"{platform}:"))
    return Clues(
        account=profile.account,
        handle=profile.handle,
        name=profile.display_name,
        contacts=tuple(sorted({each for text in texts for each in hashed_contacts(text, salt, region)})),
        names=tuple(sorted(set(named))),
        mentions=frozenset(mentions),
    )
