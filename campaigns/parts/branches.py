"""A plugin of pytest: writes down which branches of the program the tests of this process reach."""

import os
import warnings
from pathlib import Path

import coverage

_recorder = coverage.Coverage(
    data_file=str(Path(os.environ["COVERAGE_IN"]) / f"coverage.{os.getpid()}"),
    branch=True,
    source_pkgs=["axiom"],
    config_file=False,
)


def pytest_configure() -> None:
    """Begin before the tests import the program."""
    _recorder.start()


def pytest_unconfigure() -> None:
    """Keep it."""
    _recorder.stop()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what pytest's own plugins import of the program is measured from here on
        _recorder.save()
