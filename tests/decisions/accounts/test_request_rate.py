"""A program may ask in a burst and then steadily, and is told how long to wait."""

from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.decisions.accounts.request_rate import BURST, PER_SECOND, take_request


def asked(moments: list[float]) -> list[float]:
    """How long each request at these moments would have to wait."""
    bucket, waits = None, []
    for now in moments:
        rate = take_request(bucket, now)
        bucket = rate.bucket
        waits.append(rate.wait)
    return waits


def test_a_burst_is_served_and_then_one_at_a_time():
    waits = asked([7.0] * 42)
    assert waits[: int(BURST)] == [0.0] * int(BURST)
    assert waits[-2:] == [1 / PER_SECOND] * 2  # a request that waits takes nothing
    assert asked([7.0] * int(BURST) + [7.0 + 1.5 / PER_SECOND])[-1] == 0.0


def test_who_was_away_for_long_has_a_burst_again_and_no_more():
    assert asked([0.0] * 40 + [1e6] * 41)[-2:] == [0.0, 1 / PER_SECOND]


@settings(max_examples=30)
@given(st.lists(st.floats(0, 30), max_size=400))
def test_never_more_are_served_than_the_burst_and_the_time(gaps):
    moments = sorted(gaps)
    served = [moment for moment, wait in zip(moments, asked(moments), strict=True) if not wait]
    for start in range(0, len(served), 20):
        within = [moment for moment in served if served[start] <= moment]
        assert len(within) <= BURST + (within[-1] - served[start]) * PER_SECOND + 1e-6
