"""Folders in which a laboratory can be started, the built runner, and a browser."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import chromium
from built_runner import BUILT, build
from playwright.sync_api import Browser, Page
from running_lab import axiom


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of a file."""
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of somebody who was never here."""
    with browser.new_context() as context:
        yield context.new_page()


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    """A laboratory's folder with tasks of one replicate each."""
    data = tmp_path / "lab"
    assert axiom("init", data, "--port", 0).returncode == 0
    with (data / "axiom.toml").open("a") as settings:
        settings.write("task_seconds = 0.5\n")
    return data
