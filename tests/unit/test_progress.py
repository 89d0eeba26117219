import io
import sys

import pytest

from runners import progress


def test_ticks_are_counted_and_a_new_bar_starts_at_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress.shown():
        progress.tick("classified", 3)
        assert progress.tick_read("record") == "record"
        assert progress._ticks == {"classified": 3, "read": 1}
    with progress.shown():
        assert not progress._ticks


def test_there_is_no_bar_where_output_is_no_terminal(capfd):
    with progress.shown():
        progress.tick("read")
    assert capfd.readouterr().err == ""


def test_an_error_inside_ends_the_bar(capfd):
    with pytest.raises(RuntimeError), progress.shown(enabled=True):
        raise RuntimeError("boom")
    capfd.readouterr()
