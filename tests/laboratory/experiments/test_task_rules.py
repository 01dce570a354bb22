"""What an operator says of the tasks of one experiment: it holds until the next word, and everybody can read it."""

from datetime import timedelta

import pytest

from axiom.domain.registrations import StoppingRule
from axiom.domain.releases import ANY_COMPUTER, TaskRule
from axiom.errors import NotAllowed, Refused, UnknownName, WrongUse
from axiom.gate.registry import read_command
from axiom.laboratory.experiments.commands.task_rules import SetTaskRule
from axiom.laboratory.planning import read_candidates
from axiom.laboratory.planning.design_cost import cost_of_cells
from axiom.store.experiments import task_rules

LARGE = {"experiment": "tiny_sum", "why": "it swaps elsewhere", "by": "Ada"}


def rule(door) -> TaskRule:
    return door.look(lambda db: task_rules.read_rule(db, "tiny_sum"))


def test_the_next_word_replaces_what_was_said_and_an_empty_one_takes_it_back(door):
    first = door.submit(SetTaskRule(**LARGE, least_cores=16, least_memory_mb=32_000))
    assert (first["least_cores"], first["before"]["least_cores"]) == (16, 0)
    assert rule(door) == TaskRule(least_cores=16, least_memory_mb=32_000)
    (stated,) = door.look(task_rules.read_rules).values()
    assert (stated.said_by, stated.reason) == ("Ada", LARGE["why"])
    assert stated.said_at == door.lab.now
    door.submit(SetTaskRule(**LARGE, times_longer=3))
    assert rule(door) == TaskRule(times_longer=3)
    with pytest.raises(Refused):
        door.submit(SetTaskRule(**LARGE, times_longer=3))
    door.submit(SetTaskRule(**LARGE, least_cores=2), dry_run=True)
    assert rule(door) == TaskRule(times_longer=3)
    door.submit(SetTaskRule(**LARGE))
    assert (rule(door), door.look(task_rules.read_rules)) == (ANY_COMPUTER, {})


def test_a_person_says_it_of_an_experiment_that_is_there(door):
    with pytest.raises(NotAllowed):
        door.submit(SetTaskRule(**LARGE, least_cores=2), caller=door.let_in("operate"))
    with pytest.raises(UnknownName):
        door.submit(SetTaskRule(**LARGE | {"experiment": "tiny_son"}, least_cores=2))
    for wrong in ({"times_longer": 0}, {"times_longer": 21}, {"least_cores": -1}):
        with pytest.raises(WrongUse):
            door.submit(read_command("experiment.require", LARGE | wrong))
    assert rule(door) == ANY_COMPUTER


def test_the_planner_and_the_cost_of_a_design_go_by_it(door):
    def cost(db) -> float:
        return cost_of_cells(db, 1, [100.0], StoppingRule(replicates=10)).most

    usual = door.look(cost)
    door.submit(SetTaskRule(**LARGE, least_cores=16, times_longer=4))
    listed = door.look(lambda db: read_candidates.list_candidates(db, door.lab.now + timedelta(seconds=1)))
    assert {candidate.need.rule.least_cores for candidate in listed} == {16}
    assert door.look(cost) == 4 * usual
