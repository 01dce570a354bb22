"""A scientist for both protocols, in a laboratory with something on every page."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from furnished_lab import compute_three_blocks
from mcp_lab import gated, opened
from model_line import Line
from scientist_lab import ScientistLab, scientist_lab

from axiom.laboratory.findings.score_predictions import score_predictions


@pytest.fixture
def line(request: pytest.FixtureRequest) -> Iterator[Line]:
    """Of one protocol, unless a test asks for both."""
    with ExitStack() as stack:
        yield Line(getattr(request, "param", "messages"), stack)


@pytest.fixture
def lab(new_lab, prepared, tmp_path, line) -> Iterator[ScientistLab]:
    """In which the next session finds nothing that has ended."""
    with opened(new_lab(tmp_path / "lab"), prepared) as mcp, scientist_lab(mcp, line) as made:
        mcp.gate.writer.run(lambda db: score_predictions(db, mcp.lab.now))
        yield made


@pytest.fixture
def lab_with_blocks(new_lab, prepared, tmp_path, line) -> Iterator[ScientistLab]:
    """In which three blocks wait to be weighed."""
    small = new_lab(tmp_path / "lab")
    compute_three_blocks(small, prepared)
    with gated(small) as mcp, scientist_lab(mcp, line) as made:
        yield made
