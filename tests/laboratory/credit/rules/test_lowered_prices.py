"""When several volunteers say that an experiment costs less than it declares, it is paid for less."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.costs import HostCostReport
from axiom.laboratory.credit.rules import lowered_prices
from axiom.limits import credit as limits

USUAL = (1, 2, 3, 4)  # experiments that cost what they declare


def share(*said: tuple[int, float], tasks: int = 5) -> float:
    """The share paid of experiment 9, of which hosts of these volunteers say so; each is as fast as its number."""
    voices = []
    for number, (volunteer, ratio) in enumerate(said, start=1):
        for experiment, times in (*((each, 1.0) for each in USUAL), (9, ratio)):
            voice = HostCostReport(host_id=number, tasks=tasks, log_ratio=math.log(times * number))
            voices.append((experiment, volunteer, voice))
    found = lowered_prices.compute_paid_shares(voices)
    assert found.keys() <= {9}
    return found[9].share if found else 1.0


def test_a_price_is_lowered_to_what_the_middle_says_and_half_as_much_again():
    assert share((1, 0.2), (2, 0.1), (3, 0.4)) == pytest.approx(0.3)
    assert share((1, 0.2), (2, 0.2), (3, 9.0)) == pytest.approx(0.3)
    assert share((1, 0.7), (2, 0.7), (3, 0.7)) == 1.0, "honest hosts lie so far apart, too"
    assert share((1, 9.0), (2, 9.0), (3, 9.0)) == 1.0
    assert share(*((1, 0.1),) * 40, (2, 0.1)) == 1.0
    assert share((1, 0.1), (2, 0.1), (3, 0.1), tasks=1) == 1.0
    assert share(*((volunteer, 0.1) for volunteer in range(1, 6)), tasks=1) < 1.0  # just as many tasks as are enough
    assert share() == 1.0
    alone = [
        (9, volunteer, HostCostReport(host_id=volunteer, tasks=9, log_ratio=math.log(0.1))) for volunteer in range(9)
    ]
    assert lowered_prices.compute_paid_shares(alone) == {}


SPREAD = st.floats(0.1, 10.0)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(2, 6), SPREAD), max_size=12), st.lists(SPREAD, max_size=9))
def test_a_volunteer_with_any_number_of_hosts_moves_no_price_beyond_others(honest, lies):
    moved = share(*honest, *((1, ratio) for ratio in lies), tasks=20)
    words = [math.log(ratio) for _, ratio in honest]
    if len({volunteer for volunteer, _ in honest}) >= limits.COST_VOLUNTEERS:
        low, high = (min(1.0, math.exp(word + lowered_prices.ROOM)) for word in (min(words), max(words)))
        assert low - 1e-9 <= moved <= high + 1e-9
