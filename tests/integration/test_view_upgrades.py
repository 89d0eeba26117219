"""Views are those of the code after every upgrade, whatever it changes below them, and nobody else's are touched."""

from __future__ import annotations

import importlib.util
import re
import shutil

import pytest
from sqlalchemy import create_engine, text

from pipeline.errors import ConfigError
from pipeline.store import migration, views
from pipeline.store.base import SqlStore
from pipeline.store.view_columns import COLUMNS
from pipeline.store.views import VIEWS
from tests.unit.test_views import GUIDE, ask, judged, the_company

pytest_plugins = ["tests.stores"]
ALTERED = """
from alembic import op
from sqlalchemy import BigInteger, Integer

revision = "{revision}"
down_revision = "{before}"


def upgrade():
    with op.batch_alter_table("profiles") as changed:
        changed.alter_column("reach", existing_type=Integer, type_=BigInteger)
"""


def do(url, statement):
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def create_tables(url):
    store = SqlStore(url)
    store.create_tables()
    store.close()


@pytest.fixture
def with_another_revision(tmp_path, monkeypatch):
    """Shenava as it may be later: one more revision, which alters a table under the views."""

    def begin():
        place = shutil.copytree(migration.MIGRATIONS, tmp_path / "migrations")
        number = f"{int(latest()) + 1:04}"
        of = ALTERED.format(revision=number, before=latest())
        (place / "versions" / f"{number}_altered.py").write_text(of)
        monkeypatch.setattr(migration, "MIGRATIONS", place)

    return begin


def latest():
    return max(path.name[:4] for path in migration.MIGRATIONS.glob("versions/*.py"))


def test_a_later_revision_may_alter_a_table_under_the_views(new_url, with_another_revision):
    url = new_url()
    create_tables(url)
    the_company(url)
    judged(url)
    queries = [f"SELECT * FROM {name} ORDER BY 1, 2" for name in VIEWS]
    before = [ask(url, query) for query in queries]
    with_another_revision()
    create_tables(url)
    assert [ask(url, query) for query in queries] == before


def test_something_else_of_a_views_name_is_left_alone(new_url):
    url = new_url()
    do(url, "CREATE VIEW segments AS SELECT 1 AS mine")
    with pytest.raises(ConfigError, match="a table or view segments that Shenava did not make"):
        create_tables(url)
    assert ask(url, "SELECT * FROM segments") == [{"mine": 1}]
    do(url, "DROP VIEW segments")
    create_tables(url)
    assert ask(url, "SELECT * FROM segments") == []


def test_a_view_of_somebodys_own_on_ours_is_not_dropped(postgresql, with_another_revision):
    url = postgresql.database()
    create_tables(url)
    do(url, "CREATE VIEW mine AS SELECT subject FROM customer_360")
    with_another_revision()
    with pytest.raises(ConfigError, match=r"customer_360 is to be made anew.*view mine depends on view customer_360"):
        create_tables(url)
    do(url, "DROP VIEW mine")
    create_tables(url)


def test_who_may_read_still_may_after_an_upgrade(postgresql, with_another_revision):
    url = postgresql.database()
    postgresql.execute("CREATE ROLE analyst LOGIN")
    for statement in re.findall(r"^(?:ALTER DEFAULT|GRANT) .*;$", GUIDE, re.MULTILINE):
        do(url, statement)
    create_tables(url)
    with_another_revision()
    create_tables(url)
    assert ask(url.replace("postgres@", "analyst@"), "SELECT * FROM customer_360") == []


def test_postgresql_tells_what_a_column_means(postgresql):
    url = postgresql.database()
    create_tables(url)
    query = "SELECT col_description('{}'::regclass, ordinal_position) AS said FROM information_schema.columns"
    for name, columns in COLUMNS.items():
        rows = ask(url, f"{query.format(name)} WHERE table_name = '{name}' ORDER BY ordinal_position")
        assert [row["said"] for row in rows] == [*columns.values()]


def test_a_changed_view_has_a_revision():
    """Else stores that are up to date would keep the old one."""
    found = ""
    for path in sorted(migration.MIGRATIONS.glob("versions/*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        revision = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(revision)
        found = getattr(revision, "VIEWS", found)
    assert found == views.digest(), f"a view changed: add an empty revision with VIEWS = {views.digest()!r}"
