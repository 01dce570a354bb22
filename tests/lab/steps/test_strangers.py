"""Seeds of a finding that could be Strong are computed again by strangers, as many as are wanted and once."""

import pytest
from planted_effects import block, order_of, values

from axiom.domain.findings import Grade
from axiom.store.evidence import evidence
from axiom.store.registrations import registrations
from axiom.store.tasks import tasks


@pytest.fixture
def rounds(shifting):
    """Three of four hosts are those of Bob and Cleo."""
    for name, volunteer in (("bobs", "Bob"), ("cleos", "Cleo"), ("cleos-2", "Cleo")):
        shifting.lab.host(name, volunteer=volunteer)
    return shifting


def fill(rounds, blocks: int, effect: float = 1.0) -> None:
    """So many blocks, each of one host."""
    for number in range(blocks):
        order_of(rounds, 1)
        rounds.compute(8, host=1 + number % 4, by=values(rounds, effect))


def waiting(rounds) -> int:
    return tasks.seeds_being_checked(rounds.db, [1])


def agreeing(rounds) -> int:
    return sum(one.agreed for one in evidence.newest(rounds.db)[1].agreements)


def grade(rounds) -> Grade:
    return evidence.newest(rounds.db)[1].grade


def test_what_could_be_strong_is_computed_again_by_strangers_and_then_is(rounds):
    fill(rounds, 4)
    rounds.hold()
    assert (grade(rounds), agreeing(rounds) + waiting(rounds)) == (Grade.MODERATE, 20)
    assert rounds.kinds().count("deploy.checks") == 1
    rounds.lab.later(minutes=1)
    rounds.hold()
    assert agreeing(rounds) + waiting(rounds) == 20  # nothing is ordered twice
    for host in (1, 2, 3, 4):
        while orders := rounds.lab.ask(host).orders:
            rounds.lab.report(orders[0], values(rounds, 1.0)(orders[0]))
    rounds.lab.validate()
    rounds.lab.later(minutes=1)
    rounds.hold()
    assert (grade(rounds), waiting(rounds)) == (Grade.STRONG, 0)
    assert "deploy.checks" not in rounds.kinds()
    assert rounds.broken() == {}


def test_what_is_not_sure_is_not_computed_again(rounds):
    fill(rounds, 4, effect=0.0)
    before = waiting(rounds)
    rounds.hold()
    assert (grade(rounds), waiting(rounds)) == (Grade.AWAITING, before)


def test_who_computes_alone_has_nobody_who_is_a_stranger(shifting):
    for _ in range(3):
        block(shifting)
    shifting.hold()
    assert waiting(shifting) == 0


def test_of_a_suspended_finding_nothing_is_computed_again(rounds):
    fill(rounds, 4)
    registrations.set_status(rounds.db, 1, "suspended", "somebody looks")
    before = waiting(rounds)
    rounds.hold()
    assert waiting(rounds) == before
