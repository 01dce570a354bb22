"""A value against which two others agree leaves the evidence, and with it whoever is outvoted again and again."""

import pytest
from planted_effects import noise, order_of, output

from axiom.decisions.evidence.reproduction import OUTVOTED
from axiom.domain.findings import Force
from axiom.lab.evidence.recompute import recomputed
from axiom.store.evidence import evidence
from axiom.store.registrations import registrations

SECRET = b"8615672"  # under it these two tasks are checked, and no other of the first 24
CHECKED = (2, 5)


@pytest.fixture
def rounds(shifting):
    """Host 1 computes, and two more volunteers are there to check it."""
    shifting.lab.host("bobs", volunteer="Bob")
    shifting.lab.host("cleos", volunteer="Cleo")
    return shifting


def measure(cell):
    return 1.0 * (cell.config == 0) + 0.3 * noise(cell.replicate, cell.config)


def compute(rounds, amount: int = 1, *, host: int = 1, wrong=()) -> None:
    """So many tasks, those of these numbers with other first values than anybody else finds."""
    rounds.lab.later(seconds=1)
    for _ in range(amount):
        order = rounds.lab.order(host)
        early = (9.0, 0.5) if order.task in wrong else (1.0, 0.5)
        rounds.lab.report(order, output(rounds.lab, order, measure, early=early))
    rounds.lab.validate(SECRET)
    rounds.lab.later(seconds=1)


def newest(rounds):
    return evidence.newest(rounds.db)[1]


def missing(rounds) -> dict[int, str]:
    return {one.replicate: one.why_missing for one in evidence.observed(rounds.db, 1) if one.value is None}


def test_a_value_that_two_others_do_not_confirm_leaves_the_evidence(rounds):
    order_of(rounds, 1)
    compute(rounds, 8, wrong=(2,))
    compute(rounds, 2, host=2)
    rounds.hold()
    first = newest(rounds)
    assert (first.seeds, sum(one.disputed for one in first.agreements)) == (8, 1)
    assert missing(rounds) == {}
    compute(rounds, host=3)
    rounds.hold()
    second = newest(rounds)
    assert (second.line, second.blocks, second.seeds, second.missing) == (2, 1, 7, 1)
    assert sum(one.disputed for one in second.agreements) == 0
    assert second.e_value < first.e_value
    assert list(missing(rounds).values()) == [OUTVOTED]
    order_of(rounds, 1)
    compute(rounds, 8, host=2)
    rounds.hold()
    assert (newest(rounds).seeds, newest(rounds).missing) == (15, 1), "it stays out when more comes"
    assert recomputed(rounds.db) == []
    assert rounds.broken() == {}
    rounds.db.execute("DELETE FROM observation WHERE line = 2")  # it is put back
    assert "finding 1, line 2 is not what its results say" in recomputed(rounds.db)


def test_who_is_outvoted_twice_is_not_believed_and_its_finding_is_open_again(rounds):
    order_of(rounds, 1, 16)
    compute(rounds, 8, wrong=CHECKED)
    compute(rounds, 10, host=2)
    rounds.hold()
    assert registrations.statuses(rounds.db, 1)[1] == (
        "suspended",
        "2 of 2 duplicates disagree (2 on linux-x86_64-avx2 and linux-x86_64-avx2)",
    )
    compute(rounds, 2, host=3)
    rounds.hold()
    said = newest(rounds)
    assert (said.seeds, said.missing) == (8, 8)
    assert list(missing(rounds).values()) == [OUTVOTED] * 2, "what is kept is what came; who is believed is weighed"
    assert [(alarm.kind, alarm.force, alarm.hosts) for alarm in said.alarms][:1] == [("hosts", Force.TELLS, (1,))]
    assert registrations.statuses(rounds.db, 1)[1] == ("open", "")
    assert "host 1 was outvoted in several seeds: 6 other values left out" in rounds.said("finding.doubted")[0]
    assert recomputed(rounds.db) == []
    assert rounds.broken() == {}
