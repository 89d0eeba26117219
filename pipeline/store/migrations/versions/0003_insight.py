"""what profiles say: segments, moods, interests"""

from __future__ import annotations

from alembic import op
from sqlalchemy import JSON, Column, DateTime, Float, Integer, String

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "insights",
        Column(
            "subject", String, primary_key=True, comment="customer id, or platform:account_id of an unlinked account"
        ),
        Column("kind", String, nullable=False, comment="customer or account"),
        Column("segment", String, nullable=False, index=True),
        Column("advocacy", Float, nullable=False, comment="-100 (complains only) to 100 (recommends only)"),
        Column("mood", Float, nullable=False, comment="decayed mean sentiment, -1..1"),
        Column("mood_trend", String, nullable=False, comment="rising, steady or falling"),
        Column(
            "best_hour", Integer, nullable=False, comment="hour of the week to reach them, local, 0 is Monday 00:00"
        ),
        Column("reach", Integer, nullable=False, comment="followers, as last seen, of all accounts together"),
        Column("influence", Float, nullable=False, comment="PageRank in the mention graph; 1 is the average"),
        Column("last_seen", DateTime(timezone=True), nullable=False, comment="time of the latest post up to as_of"),
        Column("as_of", DateTime(timezone=True), nullable=False),
        Column("document", JSON, nullable=False, comment="the whole Insight of pipeline/logic/insight.py"),
    )
    op.create_table(
        "populations",
        Column("name", String, primary_key=True, comment="everybody: all customers and unlinked accounts"),
        Column("as_of", DateTime(timezone=True), nullable=False),
        Column(
            "document", JSON, nullable=False, comment="how people in general write on: counts of nobody in particular"
        ),
    )
    op.create_table(
        "interest_weights",
        Column("subject", String, primary_key=True, comment="as insights.subject"),
        Column("interest", String, primary_key=True, index=True),
        Column("kind", String, nullable=False, comment="fine (the config's) or topic (the classifier's)"),
        Column("weight", Float, nullable=False, comment="decayed, as of as_of; one post adds at most 1"),
        Column("evidence", JSON, nullable=False, comment="platform:post_id of the posts that add most, heaviest first"),
        Column("as_of", DateTime(timezone=True), nullable=False),
    )
