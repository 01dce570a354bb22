"""What a finding's page asks of the records besides its evidence, and whose results stand behind it."""

from evidence_lines import record
from furnished_lab import weighed

from axiom.store.views.contributions import SupportCounter
from axiom.store.views.findings import list_failing_hosts
from axiom_weigh.values import Observation


def test_a_host_never_worked_when_all_of_its_tasks_that_are_over_failed(small_lab, prepared):
    """Host 1 works; host 2 only fails; host 3 is computing; host 4 failed, then worked."""
    lab = small_lab
    lab.publish(prepared())
    lab.deploy(workunits=9)
    for name in ("good", "bad", "busy", "mended"):
        lab.host(name)
    hand_in(lab, 1)
    for host in (2, 2, 4):
        lab.report(lab.order(host), None, exit_status=10)
    lab.order(3)
    hand_in(lab, 4)

    def failed() -> list[tuple[int, dict[str, int]]]:
        return [(host.host_id, host.states) for host in list_failing_hosts(lab.db, 1)]

    assert failed() == [(2, {"failed": 2})]
    (host,) = list_failing_hosts(lab.db, 1)
    assert (host.platform, host.tasks) == ("linux-x86_64-avx2", 2)
    hand_in(lab, 2)
    assert failed() == []
    lab.later(hours=49)
    lab.sweep()
    assert failed() == [(3, {"expired": 1})]  # it was silent until its deadline


def hand_in(lab, host: int) -> None:
    order = lab.order(host)
    lab.report(order, lab.output(order))
    lab.validate()


def observed(*hosts: int | None, missing: int = 0) -> list[Observation]:
    """A replicate with a value of each of these hosts, and some of host 1 without one."""
    by = [() if host is None else (host,) for host in hosts]
    values = [Observation(replicate=number, value=1.0, hosts=these) for number, these in enumerate(by)]
    return values + [Observation(replicate=100 + number, value=None, hosts=(1,)) for number in range(missing)]


def test_replicates_with_a_value_are_counted_by_host_in_the_newest_evidence(small_lab, prepared):
    support, db = SupportCounter(), small_lab.db
    small_lab.publish(prepared())

    def weigh(blocks: int, observations: list[Observation]) -> None:
        with db.transaction():
            record(db, 1, weighed(blocks), observations, session_id=None, now=small_lab.now)

    def shares(*hosts: int) -> list[tuple[int, int]]:
        parts = support.of_hosts(db, list(hosts))
        assert parts == SupportCounter().of_hosts(db, list(hosts))
        assert {share.finding for share in parts} <= {1}
        return [(share.replicates, share.of) for share in parts]

    assert shares(1) == []
    weigh(1, observed(1, 1, 2, 2, 2, None, missing=3))
    assert [shares(1), shares(1, 2), shares(3), shares()] == [[(2, 5)], [(5, 5)], [], []]
    weigh(2, [*observed(1), Observation(replicate=1, value=1.0, hosts=(1, 2))])  # a replicate in parts counts once
    assert [shares(1), shares(2), shares(1, 2)] == [[(2, 5)], [(4, 5)], [(5, 5)]]
