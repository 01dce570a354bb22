"""How many replicates enter evidence together: eight for one who computes alone, 16 to 32 with volunteers."""

import pytest
from hypothesis import given
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
    ("seconds", "replicates", "reason"),
    [
        (3_600.0, 16, "hold 4; with volunteers no block is smaller than 16"),
        (10 * MINUTE, 16, "hold 8; with"),
        (5 * MINUTE, 16, "hold 16"),
        (4 * MINUTE, 20, "hold 20"),
        (3 * MINUTE, 28, "hold 28"),
        (2.5 * MINUTE, 32, "hold 32"),
        (2 * MINUTE, 32, "hold 40; no block is larger than 32, with which a finding may be settled"),
        (0.01, 32, f"hold {4 * MOST_REPLICATES}; no block"),  # so many a task at most
        (0.0, 32, "no block is larger"),
    ],
)
def test_four_tasks_at_four_volunteers_are_filled_within_bounds(seconds, replicates, reason):
    found = with_volunteers(seconds)
    assert found.replicates == replicates
    assert found.reason.startswith("4 tasks of about 20 minutes, one for each of 4 volunteers, hold ")
    assert reason in found.reason


@given(SECONDS)
def test_who_computes_alone_has_blocks_of_eight_whatever_they_cost(seconds):
    found = block_size(seconds, has_address=False, has_volunteers=False)
    assert found.replicates == ALONE == 8
    assert "alone" in found.reason


@given(SECONDS)
def test_an_address_counts_before_the_first_volunteer_and_a_volunteer_without_an_address(seconds):
    by_address = block_size(seconds, has_address=True, has_volunteers=False)
    assert by_address == block_size(seconds, has_address=False, has_volunteers=True) == with_volunteers(seconds)
    assert LEAST <= by_address.replicates <= MOST


@given(SECONDS, SECONDS)
def test_what_costs_more_never_has_larger_blocks(one, other):
    lighter, heavier = sorted((one, other))
    assert with_volunteers(heavier).replicates <= with_volunteers(lighter).replicates


def test_the_largest_block_orders_nothing_that_the_least_would_not_order_before_a_grade_or_an_end():
    """Both have closed at the same number of replicates where something is decided by seeds."""

    def closed_at(seeds: int, block: int) -> int:
        return -(-seeds // block) * block

    strong, definitive = (wanted(grade)[0] for grade in (Grade.MODERATE, Grade.STRONG))
    for seeds in (strong, SETTLED_SEEDS, definitive, MOST_SEEDS):
        assert closed_at(seeds, MOST) == closed_at(seeds, LEAST)
