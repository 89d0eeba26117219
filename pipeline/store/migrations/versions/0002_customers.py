"""customers of the CRM, their accounts, consent, and whom to forget"""

from __future__ import annotations

from alembic import op
from sqlalchemy import JSON, Boolean, Column, DateTime, Float, String

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "customers",
        Column("customer", String, primary_key=True, comment="id in the CRM"),
        Column("name", String),
        Column("tier", String, index=True),
        Column("imported_at", DateTime(timezone=True), nullable=False),
        Column("document", JSON, nullable=False, comment="the whole Customer; addresses as salted hashes only"),
    )
    op.create_table(
        "links",
        Column("account", String, primary_key=True, comment="platform:account_id, as profiles.account"),
        Column("customer", String, nullable=False, index=True, comment="as customers.customer"),
        Column("source", String, nullable=False, comment="crm or hand"),
        Column("confidence", Float, nullable=False, comment="0..1"),
        Column("at", DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "parted",
        Column("account", String, primary_key=True, comment="as links.account"),
        Column(
            "customer",
            String,
            primary_key=True,
            index=True,
            comment="whose it is not, said by hand: no import links it",
        ),
        Column("at", DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "consents",
        Column("customer", String, primary_key=True, comment="as customers.customer"),
        Column("channel", String, primary_key=True, comment="as actions.channel; * is every channel"),
        Column("purpose", String, primary_key=True, comment="marketing or service"),
        Column("given", Boolean, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False, comment="of the latest word, which counts"),
    )
    op.create_table(
        "contacts",
        Column("hash", String, primary_key=True, comment="email: or phone:, and the salted hash"),
        Column("customer", String, primary_key=True, index=True, comment="as customers.customer"),
    )
    op.create_table(
        "suppressed",
        Column("subject", String, primary_key=True, comment="account or customer who is never written to by an action"),
        Column("reason", String, nullable=False, comment="in the words of whoever said so"),
        Column("at", DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "forgotten",
        Column(
            "hash", String, primary_key=True, comment="salted hash of the account key or customer id; no name, no id"
        ),
        Column("at", DateTime(timezone=True), nullable=False, comment="what came before or comes after is not kept"),
    )
    op.create_table(
        "secrets",
        Column("name", String, primary_key=True),
        Column("value", String, nullable=False, comment="made once; SHENAVA_SALT in the environment goes before it"),
    )
