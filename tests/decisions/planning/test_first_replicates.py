"""Of configs that were never computed one replicate goes out before the others, and no host fails in vain for long."""

from datetime import UTC, datetime, timedelta

from axiom.decisions.planning.candidates import FIRST_IS_OUT, FirstReplicates, first_replicates, one_at_a_time
from axiom.domain.work import WorkunitState

BUNDLED = datetime(2026, 3, 2, tzinfo=UTC)
LATER, BEFORE = BUNDLED + timedelta(hours=1), BUNDLED - timedelta(hours=1)
UNTRIED, FREE, OUT = FirstReplicates(is_untried=True), FirstReplicates(), FirstReplicates(fault=FIRST_IS_OUT)
FAILED = FirstReplicates(fault="it failed")


def test_what_came_of_it_decides():
    assert first_replicates([], BUNDLED) == UNTRIED
    assert first_replicates([(WorkunitState.OPEN, None)], BUNDLED) == OUT
    assert first_replicates([(WorkunitState.DONE, LATER)], BUNDLED) == FREE
    assert first_replicates([(WorkunitState.CANCELLED, LATER)], BUNDLED) == UNTRIED
    assert first_replicates([(WorkunitState.FAILED, LATER)], BUNDLED).fault
    assert first_replicates([(WorkunitState.FAILED, BEFORE)], BUNDLED) == UNTRIED  # the code was mended since


def test_new_designs_of_a_version_are_begun_one_after_the_other():
    first, second = one_at_a_time([UNTRIED, UNTRIED])
    assert (first, second.is_untried, bool(second.fault)) == (UNTRIED, False, True)
    assert not one_at_a_time([UNTRIED, OUT])[0].is_untried
    assert one_at_a_time([FREE, UNTRIED]) == [FREE, UNTRIED]


def test_one_design_that_fails_holds_up_the_other_new_ones_and_nothing_else():
    assert one_at_a_time([FREE, FAILED, UNTRIED]) == [
        FREE,
        FAILED,
        FirstReplicates(fault="of another design: it failed"),
    ]
