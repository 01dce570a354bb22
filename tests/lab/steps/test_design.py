"""How an open finding stands: what is said of its next grade, and which one is nearest to it."""

from dataclasses import replace

import pytest
from evidence_lines import record
from furnished_lab import weighed

from axiom.domain.findings import Verdict
from axiom.lab.steps.design import open_findings

SAID = weighed(1, estimate=0.5, low=0.4, high=0.6, e_value=500.0, verdict=Verdict.POSITIVE)


@pytest.mark.parametrize(
    ("more", "cells", "lacks_other"),
    [((5, 9), 10, False), ((0, None), None, True), ((None, None), None, False), (None, None, False)],
)
def test_a_finding_that_has_seeds_enough_is_not_the_nearest(small_lab, prepared, more, cells, lacks_other):
    small_lab.publish(prepared())
    with small_lab.db.transaction():
        record(small_lab.db, 1, replace(SAID, more=more), [], session_id=None, now=small_lab.now)
    (found,) = open_findings(small_lab.db, small_lab.now)
    assert (found.grade_cells, found.lacks_other) == (cells, lacks_other)
    assert (found.nearness[0] < 1e9) == (cells is not None)
