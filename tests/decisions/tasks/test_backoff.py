"""When a client should call again."""

import pytest

from axiom.decisions.tasks.backoff import Situation, delay


@pytest.mark.parametrize("situation", Situation)
def test_contacts_of_one_kind_are_spread_and_never_earlier_than_the_least(situation):
    delays = [delay(situation, spread=part / 10).least for part in range(11)]
    assert delays == sorted(delays)
    assert delays[-1] - delays[0] >= 2
    assert delays[0] >= (2 if situation is Situation.COMPUTING else 7)


def test_who_was_served_comes_back_within_seconds_and_nobody_is_sent_away_for_a_day():
    assert delay(Situation.SERVED, spread=1.0).least <= 14
    assert max(delay(situation, spread=1.0).least for situation in Situation) <= 4_200


def test_who_was_served_does_not_call_before_a_task_of_seconds_can_be_reported():
    computed_and_uploaded = 12  # seconds after the reply, as `scripts/bench attach` shows of the stock client
    assert delay(Situation.SERVED, spread=0.0).least >= computed_and_uploaded


def test_a_proven_host_with_work_for_minutes_calls_minutes_apart():
    assert delay(Situation.SERVED, spread=0.0, busy_for=3_600.0).least == 180
    assert delay(Situation.SERVED, spread=1.0, busy_for=3_600.0).least <= 300
    assert delay(Situation.SERVED, spread=0.0, busy_for=60.0).least == 30
    for situation in Situation:
        assert delay(situation, spread=0.0, busy_for=10.0) == delay(situation, spread=0.0)
    assert delay(Situation.EMPTY, spread=0.0, busy_for=3_600.0) == delay(Situation.EMPTY, spread=0.0)


def test_a_busy_or_broken_laboratory_asks_for_minutes_and_not_for_an_hour():
    for situation in (Situation.BUSY, Situation.DOWN):
        assert 60 <= delay(situation, spread=0.5).least <= 600


@pytest.mark.parametrize("situation", Situation)
def test_every_host_comes_back_within_an_hour_to_hear_of_aborts(situation):
    assert delay(situation, spread=0.0).most == 3_600
    assert delay(situation, spread=0.0).reason
