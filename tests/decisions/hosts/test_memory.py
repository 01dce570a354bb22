"""How much of a host is still free."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.decisions.hosts.memory import HostRoom


@pytest.mark.parametrize(
    ("total", "places", "taken", "most", "free"),
    [
        (1_000, 4, [(300, 2)], 600, 400),
        (1_000, 2, [(300, 9)], 600, 700),  # only two run at once: a third takes the place of one
        (1_000, 2, [(300, 9), (600, 1)], 900, 400),
        (1_000, 1, [(900, 3)], 900, 1_000),
        (500, 2, [(300, 2)], 600, 0),  # the host has become smaller
        (None, 2, [(300, 2)], 600, None),
    ],
)
def test_what_is_free_follows_from_the_largest_that_run_at_once(total, places, taken, most, free):
    room = HostRoom(total, places, taken)
    assert (room.most, room.free) == (most, free)


SIZES = st.lists(st.tuples(st.integers(1, 500), st.integers(1, 5)), max_size=6)


@settings(max_examples=40)
@given(total=st.integers(0, 2_000), places=st.integers(1, 6), taken=SIZES, more=st.integers(1, 500))
def test_one_more_of_what_is_free_never_takes_more_than_there_is(total, places, taken, more):
    room = HostRoom(total, places, taken)
    fits = more <= room.free
    room.put(more)
    assert fits == (room.most <= total)
