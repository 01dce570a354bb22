"""Reasons are told without the numbers of single cells, and are never long."""

import pytest

from axiom.decisions.sessions.wording import in_general


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("replicate 17, config 0 raised KeyError at line 42", "replicate …, config … raised KeyError at line 42"),
        ("the deadline passed 3 h ago", "the deadline passed 3 h ago"),
        ("", ""),
    ],
)
def test_numbers_of_cells_go_and_others_stay(reason, told):
    assert in_general(reason) == told
    told = in_general("x" * 1_000)
    assert (len(told), told[-1]) == (240, "…")
