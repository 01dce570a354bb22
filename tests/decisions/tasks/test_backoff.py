"""When a client should call again."""

import pytest

from axiom.decisions.tasks.backoff import Situation, delay


@pytest.mark.parametrize("situation", Situation)
def test_contacts_of_one_kind_are_spread_and_every_host_comes_back_within_an_hour(situation):
    delays = [delay(situation, spread=part / 10).least for part in range(11)]
    assert delays == sorted(delays)
    assert delays[-1] - delays[0] >= 2
    assert (2 if situation is Situation.COMPUTING else 7) <= delays[0] <= delays[-1] <= 4_200
    assert delay(situation, spread=0.0).most == 3_600
    assert delay(situation, spread=0.0, busy_for=10.0) == delay(situation, spread=0.0)
    if situation in (Situation.BUSY, Situation.DOWN):  # minutes, and not an hour
        assert 60 <= delays[5] <= 600


def test_who_was_served_comes_back_within_seconds_but_not_before_a_task_can_be_reported():
    """Computed and uploaded 12 seconds after the reply, as `scripts/bench attach` shows of the stock client."""
    assert delay(Situation.SERVED, spread=0.0).least >= 12
    assert delay(Situation.SERVED, spread=1.0).least <= 14


def test_a_proven_host_with_work_for_minutes_calls_minutes_apart():
    assert delay(Situation.SERVED, spread=0.0, busy_for=3_600.0).least == 180
    assert delay(Situation.SERVED, spread=1.0, busy_for=3_600.0).least <= 300
    assert delay(Situation.SERVED, spread=0.0, busy_for=60.0).least == 30
    assert delay(Situation.EMPTY, spread=0.0, busy_for=3_600.0) == delay(Situation.EMPTY, spread=0.0)
