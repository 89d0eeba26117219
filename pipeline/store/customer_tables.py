"""Tables of who customers are: the CRM's customers, their accounts, what they agreed to, and whom to forget."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, DateTime, Float, String, Table

from pipeline.store.metadata import METADATA

CUSTOMERS = Table(
    "customers",
    METADATA,
    Column("customer", String, primary_key=True, comment="id in the CRM"),
    Column("name", String),
    Column("tier", String, index=True),
    Column("imported_at", DateTime(timezone=True), nullable=False),
    Column("document", JSON, nullable=False, comment="the whole Customer; addresses as salted hashes only"),
)
LINKS = Table(
    "links",
    METADATA,
    Column("account", String, primary_key=True, comment="platform:account_id, as profiles.account"),
    Column("customer", String, nullable=False, index=True, comment="as customers.customer"),
    Column("source", String, nullable=False, comment="crm or hand"),
    Column("confidence", Float, nullable=False, comment="0..1"),
    Column("at", DateTime(timezone=True), nullable=False),
)
PARTED = Table(
    "parted",
    METADATA,
    Column("account", String, primary_key=True, comment="as links.account"),
    Column(
        "customer", String, primary_key=True, index=True, comment="whose it is not, said by hand: no import links it"
    ),
    Column("at", DateTime(timezone=True), nullable=False),
)
CONSENTS = Table(
    "consents",
    METADATA,
    Column("customer", String, primary_key=True, comment="as customers.customer"),
    Column("channel", String, primary_key=True, comment="as actions.channel; * is every channel"),
    Column("purpose", String, primary_key=True, comment="marketing or service"),
    Column("given", Boolean, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False, comment="of the latest word, which counts"),
)
CONTACTS = Table(
    "contacts",
    METADATA,
    Column("hash", String, primary_key=True, comment="email: or phone:, and the salted hash"),
    Column("customer", String, primary_key=True, index=True, comment="as customers.customer"),
)
SUPPRESSED = Table(
    "suppressed",
    METADATA,
    Column("subject", String, primary_key=True, comment="account or customer who is never written to by an action"),
    Column("reason", String, nullable=False, comment="in the words of whoever said so"),
    Column("at", DateTime(timezone=True), nullable=False),
)
FORGOTTEN = Table(
    "forgotten",
    METADATA,
    Column("hash", String, primary_key=True, comment="salted hash of the account key or customer id; no name, no id"),
    Column("at", DateTime(timezone=True), nullable=False, comment="what came before or comes after is not kept"),
)
SECRETS = Table(
    "secrets",
    METADATA,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False, comment="made once; SHENAVA_SALT in the environment goes before it"),
)
