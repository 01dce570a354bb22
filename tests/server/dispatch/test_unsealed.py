"""A bundle whose seal has run out waits, and goes on by itself once it is sealed again."""

from datetime import timedelta

import pytest

from axiom.domain.fleet import Host
from axiom.server.dispatch.dispatch import hand_out
from axiom.server.dispatch.types import WorkRequest
from axiom.store.hosts import hosts
from axiom.store.tasks import workunits

GOOD_FOR = timedelta(days=30)
WAITS = "tiny_sum waits for a seal, since that of its bundle has run out and no computer would take it"


@pytest.fixture
def lab(small_lab, prepared):
    """tiny_sum is published and ordered, its seal is good for a month; host 1 is the laboratory's own, host 2 Ann's."""
    small_lab.publish(prepared(), GOOD_FOR)
    small_lab.deploy(workunits=4)
    assert small_lab.host() == 1
    assert small_lab.host(volunteer="Ann") == 2
    return small_lab


def hand(lab, number: int):
    host: Host = hosts.host(lab.db, number)
    kept = frozenset(task.id for task in workunits.held(lab.db, number))
    asked = WorkRequest(seconds=0.0, instances=1, most=1, holding=kept)
    with lab.db.transaction():
        return hand_out(lab.db, lab.dispatch, lab.known, host, asked, lab.now)


@pytest.mark.parametrize("host", [1, 2])
def test_what_no_host_would_take_is_not_sent_and_the_host_is_told_why(host, lab):
    lab.later(days=30)
    handed = hand(lab, host)
    assert (handed.given, handed.reason) == ((), WAITS)
    assert hosts.host(lab.db, host).why_no_work == WAITS


def test_until_its_last_moment_a_seal_is_good(lab):
    lab.later(days=30, microseconds=-1)
    assert len(hand(lab, 2).given) == 1


def test_work_goes_on_once_the_bundle_is_sealed_again(lab, prepared):
    lab.later(days=31)
    assert hand(lab, 2).given == ()
    assert lab.publish(prepared(), GOOD_FOR).change == "renewed"
    (given,) = hand(lab, 2).given
    assert given.bundle == prepared().digest
