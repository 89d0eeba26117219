"""The tables of the warehouse: which record is in which, its partition, and which of its rows counts.

A table has the columns of its contract (`schemas/*.avsc`) and one more, `date`, named as the files' partition is. The
same statements make the views in BigQuery and in DuckDB.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

PARTITION = "date"
"""The column of the UTC day, and the name in `date=2026-10-12` of the files' directories."""
_NEWEST_POST = (
    "COALESCE(post.deleted, FALSE) DESC",
    "COALESCE(post.edited_at, post.created_at) DESC",
    "post.edited_at IS NOT NULL DESC",
    "COALESCE(post.engagement.likes, 0) + COALESCE(post.engagement.shares, 0)"
    " + COALESCE(post.engagement.replies, 0) + COALESCE(post.engagement.views, 0) DESC",
)


@dataclass(frozen=True)
class WarehouseTable:
    """A table, and the view of its rows that count."""

    name: str
    """Also the directory of its files."""
    schema: str
    at: Callable[[Mapping[str, Any]], datetime] | None
    """The time whose UTC day is the partition; None: the day of a snapshot, which its directory names."""
    identity: tuple[str, ...]
    """Columns that rows of the same thing have in common."""
    newest: tuple[str, ...]
    """How these are ordered, the one that counts first."""
    stands: str
    """Whether that one still stands; what was deleted, withdrawn or void does not."""
    clustered: tuple[str, ...]
    among: str = "TRUE"
    """Which rows are looked at. `{table}` is the table itself."""

    @property
    def view(self) -> str:
        """Name of the view that readers use."""
        return f"{self.name}_latest"

    def select(self, table: str, columns: Sequence[str] = ("*",)) -> str:
        """The view's query over `table`, its quoted name, in the SQL that BigQuery and DuckDB share."""
        return (
            f"SELECT {', '.join(columns)}\nFROM {table}\nWHERE {self.among.format(table=table)}\n"
            "QUALIFY ROW_NUMBER() OVER (\n"
            f"    PARTITION BY {', '.join(self.identity)}\n"
            f"    ORDER BY {', '.join(self.newest)}\n"
            f") = 1 AND {self.stands}"
        )

    def day(self, record: Mapping[str, Any]) -> date | None:
        """The record's partition; None for a snapshot.

        Args:
            record: what `pipeline.records.to_dict` or fastavro gave.
        """
        return None if self.at is None else self.at(record).astimezone(UTC).date()


TABLES = (
    WarehouseTable(
        name="enriched",
        schema="enriched_post",
        at=lambda post: post["post"]["created_at"],
        # not the date: a notice of deletion lies on another day than its post
        identity=("post.platform", "post.post_id"),
        newest=_NEWEST_POST,
        stands="NOT COALESCE(post.deleted, FALSE)",
        clustered=("is_brand_reply", "language"),
    ),
    WarehouseTable(
        name="cases",
        schema="case",
        at=lambda case: case["opened_at"],
        identity=("date", "case_id"),
        # a case has no revision: it gains posts, and with the same posts the clock adds steps
        newest=("COALESCE(void, FALSE) DESC", "ARRAY_LENGTH(posts) DESC", "ARRAY_LENGTH(history) DESC", "due_at DESC"),
        stands="NOT COALESCE(void, FALSE)",
        clustered=("department", "state", "customer"),
    ),
    WarehouseTable(
        name="alerts",
        schema="alert",
        at=lambda alert: alert["raised_at"] or alert["created_at"],
        # not the date: a post that comes late may move an alert
        identity=("alert_id",),
        newest=("COALESCE(revision, 1) DESC",),
        stands="NOT COALESCE(withdrawn, FALSE)",
        clustered=("department", "rule", "account"),
    ),
    WarehouseTable(
        name="actions",
        schema="action",
        at=lambda action: action["at"],
        identity=("date", "action_id"),
        newest=("COALESCE(revision, 1) DESC",),
        stands="NOT COALESCE(withdrawn, FALSE)",
        clustered=("policy", "customer"),
    ),
    WarehouseTable(
        name="kpis",
        schema="kpi",
        at=lambda row: row["start"],
        identity=("date", "brand", "department", "platform", "period", "start"),
        newest=("COALESCE(revision, 1) DESC",),
        stands="mentions > 0",
        clustered=("brand", "department", "platform"),
    ),
    WarehouseTable(
        name="review",
        schema="review",
        at=lambda review: review["created_at"],
        identity=("date", "post"),
        newest=("version DESC",),
        stands="TRUE",
        clustered=("department",),
    ),
    WarehouseTable(
        name="profiles",
        schema="profile",
        at=None,
        identity=("account",),
        newest=("last_seen DESC",),
        # without posts all were deleted; who is in an older snapshot only was forgotten
        stands="posts > 0",
        clustered=("account",),
        among="date = (SELECT MAX(date) FROM {table})",
    ),
)
BY_NAME = {table.name: table for table in TABLES}


def row_id(row: Mapping[str, Any]) -> str:
    """The same for the same row, another for each version of it: BigQuery's insertId, at most 128 characters.

    Args:
        row: what `schemas.to_row` gave.
    """
    text = json.dumps(row, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()
