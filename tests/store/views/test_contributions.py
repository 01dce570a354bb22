"""Whose results stand behind a finding: those of the newest evidence, counted once."""

import pytest
from evidence_lines import record
from furnished_lab import weighed

from axiom.domain.findings import Observation
from axiom.store.views.contributions import Support, SupportShare


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


@pytest.mark.parametrize(
    ("hosts", "shares"),
    [
        ([1], [SupportShare(finding=1, replicates=2, of=5)]),
        ([1, 2], [SupportShare(finding=1, replicates=5, of=5)]),
        ([3], []),
        ([], []),
    ],
)
def test_replicates_with_a_value_are_counted_by_host(small_lab, weigh, hosts, shares):
    weigh(1, observed(1, 1, 2, 2, 2, None, missing=3))
    assert Support().of_hosts(small_lab.db, hosts) == shares


def test_a_replicate_in_parts_rests_on_each_of_its_hosts_and_counts_once(small_lab, weigh):
    weigh(1, [*observed(1), Observation(replicate=1, value=1.0, hosts=(1, 2))])
    assert Support().of_hosts(small_lab.db, [1]) == [SupportShare(finding=1, replicates=2, of=2)]
    assert Support().of_hosts(small_lab.db, [2]) == [SupportShare(finding=1, replicates=1, of=2)]
    assert Support().of_hosts(small_lab.db, [1, 2]) == [SupportShare(finding=1, replicates=2, of=2)]


def test_the_newest_evidence_counts(small_lab, weigh):
    support = Support()
    weigh(1, observed(1, 1))
    assert support.of_hosts(small_lab.db, [1]) == [SupportShare(finding=1, replicates=2, of=2)]
    weigh(2, observed(1, 2, 2))
    assert support.of_hosts(small_lab.db, [1]) == [SupportShare(finding=1, replicates=1, of=3)]


def test_a_finding_without_evidence_rests_on_nobody(small_lab, prepared):
    small_lab.publish(prepared())
    assert Support().of_hosts(small_lab.db, [1]) == []
