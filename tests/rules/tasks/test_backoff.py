"""When a client calls again."""

import pytest

from axiom.rules.tasks.backoff import ContactSituation, choose_contact_delay


@pytest.mark.parametrize("situation", ContactSituation)
def test_contacts_of_one_kind_are_spread_and_every_host_comes_back_within_an_hour(situation):
    delays = [choose_contact_delay(situation, spread=part / 10).least for part in range(11)]
    assert delays == sorted(delays)
    assert delays[-1] - delays[0] >= 2
    assert (2 if situation is ContactSituation.COMPUTING else 7) <= delays[0] <= delays[-1] <= 4_200
    assert choose_contact_delay(situation, spread=0.0).most == 3_600
    assert choose_contact_delay(situation, spread=0.0, busy_for=10.0) == choose_contact_delay(situation, spread=0.0)
    if situation in (ContactSituation.BUSY, ContactSituation.DOWN):  # minutes, and not an hour
        assert 60 <= delays[5] <= 600


def test_who_was_served_comes_back_when_a_task_can_be_reported_or_in_minutes():
    """Computed and uploaded 12 seconds after the reply, as the stock client does."""
    assert choose_contact_delay(ContactSituation.SERVED, spread=0.0).least >= 12
    assert choose_contact_delay(ContactSituation.SERVED, spread=1.0).least <= 14
    # a proven host with work for minutes calls minutes apart
    assert choose_contact_delay(ContactSituation.SERVED, spread=0.0, busy_for=3_600.0).least == 180
    assert choose_contact_delay(ContactSituation.SERVED, spread=1.0, busy_for=3_600.0).least <= 300
    assert choose_contact_delay(ContactSituation.SERVED, spread=0.0, busy_for=60.0).least == 30
    assert choose_contact_delay(ContactSituation.EMPTY, spread=0.0, busy_for=3_600.0) == choose_contact_delay(
        ContactSituation.EMPTY, spread=0.0
    )
