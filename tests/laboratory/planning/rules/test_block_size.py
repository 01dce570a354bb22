"""How many replicates enter evidence together: eight for one who computes alone, 16 to 32 with volunteers."""

from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.laboratory.planning.rules.block_size import MOST, block_size
from axiom.limits import registrations as registration_limits
from axiom.limits import tasks as task_limits
from axiom_weigh.evidence.grade_thresholds import find_next_requirements
from axiom_weigh.values import Grade

SECONDS = st.floats(min_value=0.0, max_value=1e7)
MINUTE = 60.0


def with_volunteers(seconds: float):
    return block_size(seconds, has_address=True, has_volunteers=True)


def test_four_tasks_at_four_volunteers_are_filled_within_bounds():
    sizes = {3_600.0: (16, "hold 4;"), 5 * MINUTE: (16, "hold 16"), 3 * MINUTE: (28, "hold 28")}
    sizes |= {2 * MINUTE: (32, "hold 40;"), 0.01: (32, f"hold {4 * task_limits.REPLICATES};")}  # so many a task at most
    for seconds, (replicates, amounts) in sizes.items():
        size = with_volunteers(seconds)
        assert size.replicates == replicates
        assert amounts in size.reason


@settings(max_examples=25)
@given(SECONDS, SECONDS)
def test_an_address_counts_before_a_volunteer_and_dearer_work_has_no_larger_blocks(one, other):
    assert block_size(one, has_address=False, has_volunteers=False).replicates == registration_limits.BLOCK_ALONE == 8
    by_address = block_size(one, has_address=True, has_volunteers=False)
    assert by_address == block_size(one, has_address=False, has_volunteers=True) == with_volunteers(one)
    assert registration_limits.BLOCK_OF_VOLUNTEERS <= by_address.replicates <= MOST
    lighter, heavier = sorted((one, other))
    assert with_volunteers(heavier).replicates <= with_volunteers(lighter).replicates


def test_the_largest_block_orders_nothing_that_the_least_would_not_before_a_grade():
    strong, definitive = (find_next_requirements(grade)[0] for grade in (Grade.MODERATE, Grade.STRONG))
    for seeds in (
        strong,
        registration_limits.SETTLED_AFTER,
        definitive,
        registration_limits.REPLICATES,
    ):  # both close at the same number of replicates
        assert (
            -(-seeds // MOST) * MOST
            == -(-seeds // registration_limits.BLOCK_OF_VOLUNTEERS) * registration_limits.BLOCK_OF_VOLUNTEERS
        )
