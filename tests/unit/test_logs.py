"""What stands on standard error: a line an event, and never what a post says."""

from __future__ import annotations

import json
import logging

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.direct.direct_runner import BundleBasedDirectRunner
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from pipeline.errors import ConfigError, RecordError, TransientError
from pipeline.store import database
from runners import logs

MARKER = "راز-zq81-secret"
own, foreign = logging.getLogger("shenava.test"), logging.getLogger("some.library")


@pytest.fixture(autouse=True)
def restored():
    root, shenava = logging.getLogger(), logging.getLogger("shenava")
    before = root.handlers[:], root.level, shenava.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    shenava.setLevel(before[2])


def lines(capfd):
    return [json.loads(line) for line in capfd.readouterr().err.splitlines()]


def test_json_is_one_object_a_line_with_its_fields(capfd):
    logs.configure("json")
    own.info("counts\nof %s", "now", extra=logs.fields(pulled=3, place="مسیر"))
    own.debug("not asked for")
    (line,) = lines(capfd)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "INFO",
        "logger": "shenava.test",
        "message": "counts\nof now",
        "pulled": 3,
        "place": "مسیر",
    }


def test_text_is_one_line_too(capfd):
    logs.configure("text")
    own.warning("counts", extra=logs.fields(pulled=3, reason="no\nway", versions={"a": "1"}))
    (line,) = capfd.readouterr().err.splitlines()
    assert line.partition(" ")[2] == (
        r"WARNING shenava.test: counts pulled=3 reason="
        r'"no\nway" versions="{\"a\": \"1\"}"'
    )


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_librarys_warnings_are_not_shown_and_of_its_errors_only_the_template(form, capfd):
    logs.configure(form, logging.DEBUG)
    logging.getLogger().setLevel(logging.DEBUG)
    foreign.warning(MARKER)
    assert capfd.readouterr().err == ""
    foreign.error("bundle %r failed\n%s", MARKER, MARKER)
    foreign.error(f"it failed: {MARKER}")
    foreign.error(ValueError(MARKER))
    said = capfd.readouterr().err
    assert MARKER not in said
    assert len(said.splitlines()) == 3
    assert "bundle %r failed %s" in said
    assert "test_logs.py" in said


def fail(error):
    def command():
        raise error

    return command


def test_the_text_of_an_error_is_shown_only_when_shenava_wrote_it(capfd):
    logs.configure("json")
    for error in (ValueError(MARKER), RecordError("bad_time", "created_at is no time")):
        try:
            fail(error)()
        except Exception:
            own.error("failed", exc_info=True)
            foreign.error("Giving up after %s attempts.", 4)
    unknown, beams, known, _ = lines(capfd)
    assert unknown["error"] == beams["error"] == "ValueError"
    assert known["error"] == "RecordError: created_at is no time"
    assert unknown["frames"][-1].endswith(" command")


def test_a_command_that_fails_says_so_in_its_form_and_by_its_exit_code(capfd):
    logs.configure("json")
    assert logs.exit_code(lambda: 0, "json") == 0
    assert logs.exit_code(fail(ConfigError("--input: wrong")), "json") == 2
    assert logs.exit_code(fail(TransientError("the store is away")), "json") == 1
    assert logs.exit_code(fail(KeyError(MARKER)), "json") == 1
    wrong, away, unknown = lines(capfd)
    assert (wrong["message"], wrong["error"]) == ("--input: wrong", "ConfigError")
    assert (away["message"], away["level"]) == ("the store is away", "ERROR")
    assert (unknown["level"], unknown["error"]) == ("CRITICAL", "KeyError")
    # in text the command's own words stand on the screen
    with pytest.raises(ConfigError):
        logs.exit_code(fail(ConfigError("--input: wrong")), "text")
    assert logs.exit_code(fail(KeyError(MARKER)), "text") == 1


def quote_it(text):
    raise ValueError(f"cannot take {text}")


@pytest.mark.parametrize("engine", [BundleBasedDirectRunner, FnApiRunner])
@pytest.mark.parametrize("step", [str.upper, quote_it])
def test_what_a_step_works_on_is_in_no_log_at_debug(engine, step, capfd):
    logs.configure("json", logging.DEBUG)
    logging.getLogger().setLevel(logging.DEBUG)

    def run():
        pipeline = beam.Pipeline(engine(), options=PipelineOptions([]))
        _ = pipeline | beam.Create([MARKER]) | beam.Map(step)
        pipeline.run().wait_until_finish()
        return 0

    assert logs.exit_code(run, "json") == int(step is quote_it)
    said = capfd.readouterr().err
    assert MARKER not in said
    if step is quote_it:
        assert "quote_it" in said, "where it failed is told"


class Store:
    """Answers after so many failures."""

    def __init__(self, failures):
        self._failures = failures

    def __call__(self):
        self._failures -= 1
        if self._failures >= 0:
            raise TransientError(f"store: locked\nDETAIL: {MARKER}")
        return "written"


def test_a_store_that_is_away_is_told_once_and_when_it_is_back(caplog):
    caplog.set_level(logging.INFO, "shenava")
    assert database.patiently(Store(0), (0, 0)) == "written"
    assert not caplog.records
    assert database.patiently(Store(2), (0, 0)) == "written"
    away, back = caplog.records
    assert (away.levelname, away.fields) == ("WARNING", {"reason": "store: locked"})
    assert (back.levelname, set(back.fields)) == ("INFO", {"away_s"})


def test_a_store_that_stays_away_fails(caplog):
    with pytest.raises(TransientError):
        database.patiently(Store(3), (0, 0))
    assert [record.levelname for record in caplog.records] == ["WARNING"]
