"""Both adapters, each speaking to a service of our own on this computer."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from model_line import Line


@pytest.fixture(params=["messages", "chat"])
def line(request: pytest.FixtureRequest) -> Iterator[Line]:
    with ExitStack() as stack:
        yield Line(request.param, stack)
