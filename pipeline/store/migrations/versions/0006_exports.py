"""what was last exported to whom"""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, DateTime, String

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "crm_exports",
        Column("consumer", String, primary_key=True, comment="who takes the export, as `--as` names it"),
        Column("subject", String, primary_key=True, comment="as insights.subject"),
        Column("digest", String, nullable=False, comment="of the row as it was last exported"),
        Column("at", DateTime(timezone=True), nullable=False, comment="when it was"),
    )
