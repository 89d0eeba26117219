"""All tables of the store hang on one metadata: what migrations compare a database with."""

from __future__ import annotations

from sqlalchemy import MetaData

METADATA = MetaData()
