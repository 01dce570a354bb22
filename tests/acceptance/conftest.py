"""Folders in which a laboratory can be started."""

from pathlib import Path

import pytest
from living import axiom


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    """A laboratory's folder with tasks of one replicate each."""
    data = tmp_path / "lab"
    assert axiom("init", data, "--port", 0).returncode == 0
    with (data / "axiom.toml").open("a") as settings:
        settings.write("task_seconds = 0.5\n")
    return data
