"""What a finding's page asks of the records besides its evidence, and whose results stand behind it."""

from datetime import timedelta

import pytest
from evidence_lines import record
from furnished_lab import weighed

from axiom.domain.findings import Observation
from axiom.store.views.contributions import Support
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


def observed(*hosts: int | None, missing: int = 0) -> list[Observation]:
    """A replicate with a value of each of these hosts, and some of host 1 without one."""
    by = [() if host is None else (host,) for host in hosts]
    values = [Observation(replicate=number, value=1.0, hosts=these) for number, these in enumerate(by)]
    return values + [Observation(replicate=100 + number, value=None, hosts=(1,)) for number in range(missing)]


@pytest.fixture
def weigh(small_lab, prepared):
    """Writes down that finding 1 was weighed from these observations."""
    small_lab.publish(prepared())

    def weigh(blocks: int, observations: list[Observation]) -> None:
        with small_lab.db.transaction():
            record(small_lab.db, 1, weighed(blocks), observations, session_id=None, now=small_lab.now)

    return weigh


def test_replicates_with_a_value_are_counted_by_host_in_the_newest_evidence(small_lab, weigh):
    support = Support()

    def shares(*hosts: int) -> list[tuple[int, int]]:
        found = support.of_hosts(small_lab.db, list(hosts))
        assert found == Support().of_hosts(small_lab.db, list(hosts))
        assert {share.finding for share in found} <= {1}
        return [(share.replicates, share.of) for share in found]

    assert shares(1) == []
    weigh(1, observed(1, 1, 2, 2, 2, None, missing=3))
    assert [shares(1), shares(1, 2), shares(3), shares()] == [[(2, 5)], [(5, 5)], [], []]
    weigh(2, [*observed(1), Observation(replicate=1, value=1.0, hosts=(1, 2))])  # a replicate in parts counts once
    assert [shares(1), shares(2), shares(1, 2)] == [[(2, 5)], [(4, 5)], [(5, 5)]]
