"""A laboratory with something on every page, which programs may enter."""

import pytest
from mcp_lab import opened


@pytest.fixture
def mcp_lab(new_lab, prepared, tmp_path):
    with opened(new_lab(tmp_path / "lab"), prepared) as lab:
        yield lab


@pytest.fixture(scope="module")
def shared_lab(new_lab, prepared, tmp_path_factory):
    """One for all tests of a file, which only read it."""
    with opened(new_lab(tmp_path_factory.mktemp("mcp") / "lab"), prepared) as lab:
        yield lab
