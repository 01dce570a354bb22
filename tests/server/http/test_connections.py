"""How many connections a process may have."""

import resource

import pytest

from axiom.server.http import connections

NO_END = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("allowed", "most", "refuses", "asked_for", "most_together"),
    [
        (30_000, 30_000, False, None, 10_000),
        (1_024, NO_END, False, 20_200, 10_000),
        (1_024, NO_END, True, 20_200, 412),
        (1_024, 4_096, False, 4_096, 1_948),
        (1_024, 1_024, False, 1_024, 412),
        (100, 100, False, 100, 1),
    ],
)
def test_every_connection_may_have_a_file_open_besides(monkeypatch, allowed, most, refuses, asked_for, most_together):
    limits, asked = [(allowed, most)], []

    def ask(_, wanted) -> None:
        asked.append(wanted[0])
        if refuses:
            raise ValueError("not so many")
        limits.append(wanted)

    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", ask)
    assert connections.most_connections.__wrapped__() == most_together
    assert asked == ([] if asked_for is None else [asked_for])
