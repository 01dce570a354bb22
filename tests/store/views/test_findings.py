"""What a finding's page asks of the records besides its evidence."""

from datetime import timedelta

import pytest

from axiom.store.views.findings import Attempts


@pytest.fixture
def troubled_lab(small_lab, prepared):
    """Host 1 works; host 2 only fails; host 3 is computing; host 4 failed, then worked."""
    small_lab.publish(prepared())
    small_lab.deploy(workunits=9)
    for name in ("good", "bad", "busy", "mended"):
        small_lab.host(name)
    hand_in(small_lab, 1)
    for _ in range(2):
        small_lab.report(small_lab.order(2), None, exit_status=10)
    small_lab.order(3)
    small_lab.report(small_lab.order(4), None, exit_status=10)
    hand_in(small_lab, 4)
    return small_lab


def hand_in(lab, host: int) -> None:
    order = lab.order(host)
    lab.report(order, lab.output(order))
    lab.validate()


def test_a_host_never_worked_when_all_of_its_tasks_that_are_over_failed(troubled_lab):
    db, attempts = troubled_lab.db, Attempts()

    def failed(attempts: Attempts, **later: float) -> list[tuple[int, dict[str, int]]]:
        found = attempts.never_worked(db, 1, troubled_lab.now + timedelta(**later))
        return [(host.host_id, host.states) for host in found]

    assert failed(attempts) == [(2, {"failed": 2})]
    (host,) = attempts.never_worked(db, 1, troubled_lab.now)
    assert (host.platform, host.tasks) == ("linux-x86_64-avx2", 2)
    hand_in(troubled_lab, 2)
    assert failed(attempts, seconds=30) == [(2, {"failed": 2})]  # they are counted once a minute at most
    assert failed(attempts, seconds=61) == failed(Attempts()) == []
    troubled_lab.later(hours=49)
    troubled_lab.sweep()
    assert failed(Attempts()) == [(3, {"expired": 1})]  # it was silent until its deadline
