"""How many replicates enter evidence together: eight for one who computes alone, 16 to 32 with volunteers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.decisions.evidence.grade import wanted
from axiom.decisions.planning.block_size import ALONE, LEAST, MOST, block_size
from axiom.decisions.planning.stopping import SETTLED_SEEDS
from axiom.decisions.planning.task_size import MOST_REPLICATES
from axiom.domain.findings import Grade
from axiom.domain.registrations import MOST_SEEDS

SECONDS = st.floats(min_value=0.0, max_value=1e7)
MINUTE = 60.0


def with_volunteers(seconds: float):
    return block_size(seconds, has_address=True, has_volunteers=True)


@pytest.mark.parametrize(
    ("seconds", "replicates", "amounts"),
    [
        (3_600.0, 16, "hold 4;"),
        (5 * MINUTE, 16, "hold 16"),
        (3 * MINUTE, 28, "hold 28"),
        (2 * MINUTE, 32, "hold 40;"),
        (0.01, 32, f"hold {4 * MOST_REPLICATES};"),  # so many a task at most
        (0.0, 32, ""),
    ],
)
def test_four_tasks_at_four_volunteers_are_filled_within_bounds(seconds, replicates, amounts):
    found = with_volunteers(seconds)
    assert found.replicates == replicates
    assert amounts in found.reason


@settings(max_examples=25)
@given(SECONDS, SECONDS)
def test_an_address_counts_before_the_first_volunteer_and_what_costs_more_has_no_larger_blocks(one, other):
    assert block_size(one, has_address=False, has_volunteers=False).replicates == ALONE == 8
    by_address = block_size(one, has_address=True, has_volunteers=False)
    assert by_address == block_size(one, has_address=False, has_volunteers=True) == with_volunteers(one)
    assert LEAST <= by_address.replicates <= MOST
    lighter, heavier = sorted((one, other))
    assert with_volunteers(heavier).replicates <= with_volunteers(lighter).replicates


def test_the_largest_block_orders_nothing_that_the_least_would_not_order_before_a_grade_or_an_end():
    """Both have closed at the same number of replicates where something is decided by seeds."""

    def closed_at(seeds: int, block: int) -> int:
        return -(-seeds // block) * block

    strong, definitive = (wanted(grade)[0] for grade in (Grade.MODERATE, Grade.STRONG))
    for seeds in (strong, SETTLED_SEEDS, definitive, MOST_SEEDS):
        assert closed_at(seeds, MOST) == closed_at(seeds, LEAST)
