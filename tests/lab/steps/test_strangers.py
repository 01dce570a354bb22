"""Seeds of a finding that could be Strong are computed again by strangers, as many as are wanted and once."""

import pytest
from planted_effects import block, order_of, output, values

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


CHECKED = """
SELECT w.checks_task_id AS task FROM task t JOIN workunit w ON w.id = t.workunit_id WHERE t.id = :id
"""


def test_where_strangers_outvoted_a_value_all_that_are_left_are_computed_again(rounds):
    """Two strangers agree against one value. From then on twenty checks are not enough, in later blocks too."""
    fill(rounds, 4)
    rounds.hold()
    rounds.lab.later(minutes=1)
    odd = rounds.db.one("SELECT min(checks_task_id) AS task FROM workunit WHERE state = 'open'")["task"]

    def otherwise(order):
        return output(rounds.lab, order, lambda cell: 9.0 * (cell.config == 0), early=(3.0, 0.5))

    def compute_all():
        for _ in range(3):  # where two disagree a third is asked for
            for host in (1, 2, 3, 4):
                while orders := rounds.lab.ask(host).orders:
                    is_odd = rounds.db.one(CHECKED, id=orders[0].task)["task"] == odd
                    by = otherwise if is_odd else values(rounds, 1.0)
                    rounds.lab.report(orders[0], by(orders[0]))
                rounds.lab.validate()
        rounds.lab.later(minutes=1)

    compute_all()
    rounds.hold()
    assert [one.value for one in evidence.observed(rounds.db, 1)].count(None) == 1
    assert (grade(rounds), agreeing(rounds) + waiting(rounds)) == (Grade.MODERATE, 31)
    compute_all()
    rounds.hold()
    assert (grade(rounds), agreeing(rounds)) == (Grade.STRONG, 31)
    order_of(rounds, 1)
    rounds.compute(8, host=2, by=values(rounds, 1.0))  # the first host is watched since: all of its tasks are checked
    rounds.hold()
    assert (grade(rounds), agreeing(rounds) + waiting(rounds)) == (Grade.MODERATE, 39)


@pytest.mark.parametrize("is_suspended", [False, True])
def test_of_what_is_not_sure_or_suspended_nothing_is_computed_again(rounds, is_suspended):
    fill(rounds, 4, effect=1.0 if is_suspended else 0.0)
    if is_suspended:
        registrations.set_status(rounds.db, 1, "suspended", "somebody looks")
    before = waiting(rounds)
    rounds.hold()
    assert waiting(rounds) == before


def test_who_computes_alone_has_nobody_who_is_a_stranger(shifting):
    for _ in range(3):
        block(shifting)
    shifting.hold()
    assert waiting(shifting) == 0
