"""views for analysts

Nothing to do here: whatever revision is carried out, `migration.upgrade` drops the views before and creates them anew
afterwards. A change of a view is a revision like this one, so that stores notice.
"""

from __future__ import annotations

revision = "0005"
down_revision = "0004"

VIEWS = "2e98366c2aa5"
"""`views.digest()` as of this revision."""


def upgrade() -> None:
    """The views are made after the last revision, on tables as the code knows them."""
