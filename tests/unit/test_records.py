import importlib
import pickle
import pkgutil
from dataclasses import is_dataclass
from datetime import UTC, datetime
from types import FunctionType

import pytest

from pipeline import records
from pipeline.records import Deletion, from_json, to_json
from tests.builders import a_post

MODULES = [
    importlib.import_module(each.name) for each in pkgutil.iter_modules(records.__path__, f"{records.__name__}.")
]


def test_whatever_the_modules_define_is_imported_from_the_package():
    defined = {
        name
        for module in MODULES
        for name, value in vars(module).items()
        if isinstance(value, type | FunctionType) and value.__module__ == module.__name__
    }
    # an alias or a constant does not say which module it is of
    assert {name for name in defined if not name.startswith("_")} | {"ANY", "Sketch"} == set(records.__all__)
    assert all(hasattr(records, name) for name in records.__all__)


def test_every_record_says_where_it_is_defined_so_that_a_worker_can_unpickle_it():
    kinds = [kind for kind in vars(records).values() if is_dataclass(kind)]
    assert len(kinds) > 20
    for kind in kinds:
        assert pickle.loads(pickle.dumps(kind)) is kind
    assert pickle.loads(pickle.dumps(a_post("1"))) == a_post("1")


@pytest.mark.parametrize("written", ["2026-01-02T03:04:05.000006Z", "2026-01-02T03:04:05.000006+00:00"])
def test_both_written_forms_of_a_time_are_read(written):
    deletion = Deletion("x:1", datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC))
    assert from_json(Deletion, {"post": "x:1", "at": written}) == deletion
    assert to_json(deletion)["at"] == "2026-01-02T03:04:05.000006Z"
