"""A scientist for both protocols, in a laboratory with something on every page."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from furnished_lab import compute_three_blocks
from mcp_lab import gated, opened
from model_line import Line
from scientist_lab import ScientistLab, scientist_lab


@pytest.fixture(params=["messages", "chat"])
def line(request: pytest.FixtureRequest) -> Iterator[Line]:
    with ExitStack() as stack:
        yield Line(request.param, stack)


@pytest.fixture
def lab(new_lab, prepared, tmp_path, line) -> Iterator[ScientistLab]:
    with opened(new_lab(tmp_path / "lab"), prepared) as mcp, scientist_lab(mcp, line) as made:
        yield made


@pytest.fixture
def lab_with_blocks(new_lab, prepared, tmp_path, line) -> Iterator[ScientistLab]:
    """In which the next session weighs."""
    small = new_lab(tmp_path / "lab")
    compute_three_blocks(small, prepared)
    with gated(small, prepared) as mcp, scientist_lab(mcp, line) as made:
        yield made
