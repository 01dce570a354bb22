"""Volunteers' first evenings: whoever lends a computer for one supports a finding that has come to its verdict."""

import pytest
from world.evening import spend_evening


@pytest.mark.parametrize(("computers", "hours"), [(1, 1.0), (3, 1.0), (30, 2.0)])
def test_a_volunteer_s_first_evening_supports_a_finding_that_was_decided(tmp_path, computers, hours):
    ended = spend_evening(1, tmp_path / "lab", computers=computers, hours=hours)
    assert len(ended.volunteers) == computers
    for evening in ended.volunteers:
        assert evening.closed >= evening.decided >= evening.graded
        assert evening.graded > 0, "Moderate or surer"
    assert ended.broken == ()
