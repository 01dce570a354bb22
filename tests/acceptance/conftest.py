"""Folders in which a laboratory can be started, and the built runner."""

import contextlib
from pathlib import Path

import pytest
from built import BUILT, build
from living import axiom


def pytest_collection_finish(session: pytest.Session) -> None:
    """The runner is there before the first test that waits for something begins; whoever needs it says what failed."""
    if any("built_runner" in getattr(item, "fixturenames", ()) for item in session.items):
        with contextlib.suppress(AssertionError):
            build()


@pytest.fixture(scope="session")
def built_runner() -> Path:
    """The folder in which the runner of this checkout lies."""
    build()
    return BUILT


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    """A laboratory's folder with tasks of one replicate each."""
    data = tmp_path / "lab"
    assert axiom("init", data, "--port", 0).returncode == 0
    with (data / "axiom.toml").open("a") as settings:
        settings.write("task_seconds = 0.5\n")
    return data
