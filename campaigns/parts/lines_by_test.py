"""A plugin of pytest: writes down which lines each test that passes reaches in this process, and how long it takes.

COVERAGE_OF=axiom.store COVERAGE_IN=FOLDER pytest -p lines_by_test …
"""

import json
import os
import warnings
from collections.abc import Generator
from pathlib import Path

import coverage
import pytest

_FOLDER = Path(os.environ["COVERAGE_IN"])
_recorder = coverage.Coverage(
    data_file=str(_FOLDER / f"coverage.{os.getpid()}"),
    source_pkgs=os.environ["COVERAGE_OF"].split(","),
    config_file=False,
)
_seconds: dict[str, float] = {}  # of tests that pass, with what they stand on


def pytest_configure() -> None:
    """Begin before the tests import the program."""
    _recorder.start()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Each line that is reached meanwhile counts for this test."""
    _recorder.switch_context(item.nodeid)
    return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up the phases of a test; what fails without a change notices none."""
    if report.passed and (report.when == "setup" or report.nodeid in _seconds):
        _seconds[report.nodeid] = round(_seconds.get(report.nodeid, 0.0) + report.duration, 3)
    else:
        _seconds.pop(report.nodeid, None)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Keep it."""
    _recorder.stop()
    if not hasattr(config, "workerinput") and config.getoption("numprocesses", None):
        return  # the workers ran the tests
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what pytest's own plugins import of the program is measured from here on
        _recorder.save()
    (_FOLDER / f"seconds.{os.getpid()}.json").write_text(json.dumps(_seconds), encoding="utf-8")
