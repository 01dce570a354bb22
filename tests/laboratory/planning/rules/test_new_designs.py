"""New designs of a version are begun one after the other."""

from datetime import UTC, datetime, timedelta

from axiom.domain.work import WorkunitState
from axiom.laboratory.planning.rules.new_designs import (
    FIRST_IS_OUT,
    FirstReplicates,
    begin_one_design,
    first_replicates,
)

BUNDLED = datetime(2026, 3, 2, tzinfo=UTC)
LATER, BEFORE = BUNDLED + timedelta(hours=1), BUNDLED - timedelta(hours=1)
UNTRIED, FREE, OUT = FirstReplicates(is_untried=True), FirstReplicates(), FirstReplicates(fault=FIRST_IS_OUT)
FAILED = FirstReplicates(fault="it failed")


def test_new_designs_of_a_version_are_begun_one_after_the_other():
    ends = {WorkunitState.OPEN: OUT, WorkunitState.DONE: FREE, WorkunitState.CANCELLED: UNTRIED}
    assert {state: first_replicates([(state, LATER)], BUNDLED) for state in ends} == ends
    assert first_replicates([], BUNDLED) == UNTRIED
    assert first_replicates([(WorkunitState.FAILED, LATER)], BUNDLED).fault
    assert first_replicates([(WorkunitState.FAILED, BEFORE)], BUNDLED) == UNTRIED  # the code was mended since
    first, second = begin_one_design([UNTRIED, UNTRIED])
    assert first == UNTRIED
    assert not second.is_untried
    assert second.fault
    assert not begin_one_design([UNTRIED, OUT])[0].is_untried
    assert begin_one_design([FREE, UNTRIED]) == [FREE, UNTRIED]
    held_up = FirstReplicates(fault="of another design: it failed")
    assert begin_one_design([FREE, FAILED, UNTRIED]) == [FREE, FAILED, held_up]
