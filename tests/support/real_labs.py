"""What tests of real parts share: the built runner, a browser, and a folder in which a laboratory can be started."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import chromium, visit
from built_runner import BUILT, Shelf, build, shelf
from playwright.sync_api import Browser, Page
from real_parts import skip_without
from running_lab import typed


@pytest.fixture(scope="session")
def built_runner() -> Path:
    """The folder in which the runner of this checkout lies."""
    build()
    return BUILT


@pytest.fixture(scope="module")
def runners(built_runner: Path, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return shelf(built_runner, tmp_path_factory.mktemp("shelf") / "runners")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    skip_without("chromium")
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with visit(browser) as visited:
        yield visited


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    """A laboratory's folder with tasks of one replicate each."""
    data = tmp_path / "lab"
    assert typed("init", data, "--port", 0).returncode == 0
    with (data / "axiom.toml").open("a") as settings:
        settings.write("task_seconds = 0.5\n")
    return data
