"""Whose results stand behind a finding: those of the newest evidence, counted once."""

import pytest
from evidence_lines import record
from furnished_lab import weighed

from axiom.domain.findings import Observation
from axiom.store.views.contributions import Support


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
