"""The table of profiles: one row an account."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, DateTime, Float, Integer, String, Table

from pipeline.store.metadata import METADATA

PROFILES = Table(
    "profiles",
    METADATA,
    Column("account", String, primary_key=True, comment="platform:account_id"),
    Column("version", Integer, nullable=False, comment="counts the changes of this row"),
    Column("handle", String),
    Column("display_name", String),
    Column("verified", Boolean),
    Column("reach", Integer, nullable=False, comment="followers, as last seen"),
    Column("first_seen", DateTime(timezone=True), nullable=False),
    Column("last_seen", DateTime(timezone=True), nullable=False, index=True),
    Column("posts", Integer, nullable=False),
    Column("complaints", Integer, nullable=False),
    Column("advocacy", Integer, nullable=False),
    Column("mood", Float, nullable=False, comment="decayed mean sentiment as of last_seen, -1..1"),
    Column("interests", JSON, nullable=False, comment="interest -> decayed weight as of last_seen"),
    Column("document", JSON, nullable=False, comment="the whole Profile, as schemas/profile.v1.avsc"),
)
