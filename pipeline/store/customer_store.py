"""The CRM's customers, their accounts and what they agreed to, in the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, exists, select

from pipeline.errors import ConfigError
from pipeline.logic.identity import HAND, CustomerProfile, customer_profile
from pipeline.logic.profile import ProfileSettings
from pipeline.records import Consent, Customer, Link, Profile, Suppressed, from_json
from pipeline.store import customer_import, database, secrets
from pipeline.store.base import SqlStore
from pipeline.store.customer_import import Imported, columns, consent, links_where
from pipeline.store.customer_tables import CONSENTS, CONTACTS, CUSTOMERS, LINKS, PARTED, SUPPRESSED
from pipeline.store.profile_tables import PROFILES


class CustomerStore(SqlStore):
    """Writes are idempotent; every one is a transaction. Times given and returned are UTC."""

    def put_customers(self, customers: Iterable[tuple[Customer, Collection[str]]], at: datetime) -> Imported:
        """Write customers with their accounts, consents and contacts as the CRM has them at that time.

        Each is replaced as a whole, unless a later import has spoken of them. A consent given at `at` that says what it
        said before keeps its earlier time. Links follow `identity.import_links`.

        Args:
            customers: each once, with their accounts; an account belongs to one of them.

        Raises:
            TransientError: the database is away; nothing was written.
        """
        given = {customer.customer: (customer, accounts) for customer, accounts in customers}
        done = Imported()
        with database.writing(self._engine) as connection:
            database.one_writer(connection, CUSTOMERS.name)
            for ids in database.chunks(sorted(given)):
                done += customer_import.put(connection, {each: given[each] for each in ids}, at)
        return done

    def remove_others(self, keep: Collection[str], at: datetime) -> Imported:
        """Remove customers who are not to be kept, with their links, consents and contacts.

        Who was imported later than `at`, or has an account that was linked by hand, stays.
        """
        by_hand = exists().where(LINKS.c.customer == CUSTOMERS.c.customer, LINKS.c.source == HAND)
        with database.writing(self._engine) as connection:
            database.one_writer(connection, CUSTOMERS.name)
            there = connection.scalars(select(CUSTOMERS.c.customer).where(CUSTOMERS.c.imported_at <= at, ~by_hand))
            gone, links = sorted(set(there) - set(keep)), 0
            for ids in database.chunks(gone):
                links += connection.execute(delete(LINKS).where(LINKS.c.customer.in_(ids))).rowcount
                for table in (CONSENTS, CONTACTS, PARTED, CUSTOMERS):
                    connection.execute(delete(table).where(table.c.customer.in_(ids)))
        return Imported(removed=len(gone), links_removed=links)

    def salt(self) -> bytes:
        """The salt of hashed contacts, as `secrets.salt`; raises ConfigError when it is another than before."""
        with database.writing(self._engine) as connection:
            return secrets.salt(connection)

    def link(self, account: str, customer: str, at: datetime, *, new: bool = False) -> Link | None:
        """Say by hand that an account is a customer's; returns the link that it had before.

        Args:
            new: make the customer, with nothing known but the id, if there is none.

        Raises:
            ConfigError: there is no such customer.
        """
        with database.writing(self._engine) as connection:
            database.one_writer(connection, CUSTOMERS.name)
            if not connection.scalar(select(CUSTOMERS.c.customer).where(CUSTOMERS.c.customer == customer)):
                if not new:
                    raise ConfigError(f"customer {customer!r} is not in the store: import the CRM, or say --new")
                connection.execute(CUSTOMERS.insert(), database.row(CUSTOMERS, Customer(customer), imported_at=at))
            before = links_where(connection, LINKS.c.account == account)
            link = Link(account, customer, HAND, 1.0, at)
            if not before or replace(before[0], at=at) != link:
                database.upsert(connection, LINKS, [columns(link)])
            connection.execute(delete(PARTED).where(PARTED.c.account == account, PARTED.c.customer == customer))
        return before[0] if before else None

    def unlink(self, account: str, at: datetime) -> Link | None:
        """Say by hand that an account is not its customer's; returns the link that is gone, None when there was none.

        It is remembered: no later import makes the same link, and none is suggested.
        """
        with database.writing(self._engine) as connection:
            database.one_writer(connection, CUSTOMERS.name)
            before = links_where(connection, LINKS.c.account == account)
            for link in before:
                connection.execute(delete(LINKS).where(LINKS.c.account == account))
                database.upsert(connection, PARTED, [{"account": account, "customer": link.customer, "at": at}])
        return before[0] if before else None

    def customer(self, customer: str) -> Customer | None:
        """The customer of that id in the CRM."""
        with database.reading(self._engine) as connection:
            document = connection.scalar(select(CUSTOMERS.c.document).where(CUSTOMERS.c.customer == customer))
        return None if document is None else from_json(Customer, document)

    def customers(self) -> Iterator[Customer]:
        """Every customer, in order of id."""
        with database.reading(self._engine) as connection:
            for (document,) in connection.execute(select(CUSTOMERS.c.document).order_by(CUSTOMERS.c.customer)):
                yield from_json(Customer, document)

    def of_account(self, account: str) -> Link | None:
        """Whose the account is."""
        with database.reading(self._engine) as connection:
            return next(iter(links_where(connection, LINKS.c.account == account)), None)

    def accounts(self, customer: str) -> list[Link]:
        """The customer's accounts, in order."""
        with database.reading(self._engine) as connection:
            return links_where(connection, LINKS.c.customer == customer)

    def links(self) -> dict[str, str]:
        """Account → customer, of all that are linked."""
        with database.reading(self._engine) as connection:
            return {row.account: row.customer for row in connection.execute(select(LINKS.c.account, LINKS.c.customer))}

    def parted(self) -> set[tuple[str, str]]:
        """(account, customer) that were unlinked by hand."""
        with database.reading(self._engine) as connection:
            return {(row.account, row.customer) for row in connection.execute(select(PARTED))}

    def contacts(self) -> Iterator[tuple[str, str]]:
        """(salted hash, customer) of every known address."""
        with database.reading(self._engine) as connection:
            for row in connection.execute(select(CONTACTS)):
                yield row.hash, row.customer

    def consents(self, customer: str) -> tuple[Consent, ...]:
        """What the customer agreed to or refused."""
        with database.reading(self._engine) as connection:
            wanted = select(CONSENTS).where(CONSENTS.c.customer == customer)
            rows = connection.execute(wanted.order_by(CONSENTS.c.channel, CONSENTS.c.purpose))
            return tuple(consent(row) for row in rows)

    def suppress(self, subject: str, reason: str, at: datetime) -> None:
        """Put an account or a customer on the suppression list; the reason said last stays."""
        with database.writing(self._engine) as connection:
            database.upsert(connection, SUPPRESSED, [{"subject": subject, "reason": reason, "at": at}])

    def unsuppress(self, subject: str) -> bool:
        """Take an account or a customer off the list; returns whether it stood there."""
        with database.writing(self._engine) as connection:
            return bool(connection.execute(delete(SUPPRESSED).where(SUPPRESSED.c.subject == subject)).rowcount)

    def suppressed(self) -> list[Suppressed]:
        """The suppression list, in order of subject."""
        with database.reading(self._engine) as connection:
            rows = connection.execute(select(SUPPRESSED).order_by(SUPPRESSED.c.subject))
            return [Suppressed(row.subject, row.reason, database.utc(row.at)) for row in rows]

    def is_suppressed(self, subjects: Collection[str]) -> bool:
        """Whether one of these accounts and customers is on the list."""
        with database.reading(self._engine) as connection:
            return connection.scalar(select(SUPPRESSED.c.subject).where(SUPPRESSED.c.subject.in_(subjects))) is not None

    def customers_by_account(self) -> Iterator[tuple[str, Customer]]:
        """Every linked account with its customer, in order of account."""
        theirs = LINKS.join(CUSTOMERS, LINKS.c.customer == CUSTOMERS.c.customer)
        wanted = select(LINKS.c.account, CUSTOMERS.c.document).select_from(theirs).order_by(LINKS.c.account)
        with database.reading(self._engine) as connection:
            for account, document in connection.execution_options(yield_per=10_000).execute(wanted):
                yield account, from_json(Customer, document)

    def profile(self, customer: str, settings: ProfileSettings) -> CustomerProfile | None:
        """What is known of a customer from all their accounts, merged now; None when there is no such customer."""
        with database.reading(self._engine) as connection:
            if not connection.scalar(select(CUSTOMERS.c.customer).where(CUSTOMERS.c.customer == customer)):
                return None
            accounts = list(connection.scalars(select(LINKS.c.account).where(LINKS.c.customer == customer)))
        return customer_profile(customer, accounts, self.profiles(accounts), settings)

    def profiles(self, accounts: Collection[str]) -> list[Profile]:
        """The profiles of those accounts that have posted, in order."""
        wanted = select(PROFILES.c.document).where(PROFILES.c.account.in_(accounts)).order_by(PROFILES.c.account)
        with database.reading(self._engine) as connection:
            return [from_json(Profile, document) for document in connection.scalars(wanted)]

    def accounts_by_handle(self, wanted: Collection[str]) -> dict[str, list[str]]:
        """Of handles such as `x:@sara`, casefolded, the accounts that were last seen with them; one pass over all."""
        found: dict[str, list[str]] = {each: [] for each in wanted}
        named = select(PROFILES.c.account, PROFILES.c.handle).where(PROFILES.c.handle.is_not(None))
        with database.reading(self._engine) as connection:
            for account, handle in connection.execute(named.order_by(PROFILES.c.account)):
                key = f"{account.partition(':')[0]}:@{handle.casefold().removeprefix('@')}"
                if key in found:
                    found[key].append(account)
        return found

    def have_posted(self, accounts: Collection[str]) -> set[str]:
        """Of accounts those that have a profile."""
        with database.reading(self._engine) as connection:
            parts = database.chunks(sorted(accounts))
            wanted = (select(PROFILES.c.account).where(PROFILES.c.account.in_(part)) for part in parts)
            return {account for each in wanted for account in connection.scalars(each)}
