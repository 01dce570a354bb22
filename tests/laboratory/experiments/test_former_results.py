"""What another laboratory had of an experiment: each task is taken once, and nothing else changes."""

import pytest

from axiom.errors import NotAllowed, UnknownName, WrongUse
from axiom.gate.registry import read_command
from axiom.limits import experiments as limits
from axiom.store.experiments import former_results

TASKS = [
    {"task": "wu_1", "measures": {"total": 3, "deep.loss": 0.5}, "config": {"seed": 7, "size": "wide"}},
    {"task": "wu_2", "measures": {"total": 4.0}},
]


def load(rows=TASKS, **words):
    return read_command("experiment.load-former", {"experiment": "tiny_sum", "source": "moon", "rows": rows, **words})


def kept(door, source="moon") -> list[dict]:
    return door.look(lambda db: former_results.list_former_results(db, "tiny_sum", source, after="", limit=10))


def test_each_task_of_a_source_is_taken_once_and_the_first_stays(door):
    before = door.stored()
    assert door.submit(load(), dry_run=True)["stored"] == 2
    assert door.stored() == before
    assert door.submit(load()) == {"experiment": "tiny_sum", "source": "moon", "stored": 2, "kept": 0, "differing": []}
    assert kept(door) == [TASKS[0], {"config": {}, **TASKS[1]}]
    again = [{**TASKS[0], "measures": {"total": 5}}, TASKS[1], {"task": "wu_3", "measures": {"total": 1}}]
    answer = door.submit(load(again, experiment="tiny_sum@1"))
    assert (answer["stored"], answer["kept"], answer["differing"]) == (1, 2, ["wu_1"])
    assert door.submit(load(source="sun"))["stored"] == 2
    assert ([row["task"] for row in kept(door)], kept(door)[0]) == (["wu_1", "wu_2", "wu_3"], TASKS[0])
    after = door.stored()
    assert {table for table in after if after[table] != before[table]} == {"former_result"}
    entry = door.audited()[-1]
    assert entry["command"] == "experiment.load-former"
    assert entry["outcome"] == "done"
    assert "wu_1" not in entry["arguments"]


def test_an_operator_loads_it_of_an_experiment_that_is_there_in_words_for_a_page(door):
    with pytest.raises(NotAllowed):
        door.submit(load(), caller=door.let_in("operate"))
    with pytest.raises(UnknownName):
        door.submit(load(experiment="tiny_son"))
    name = {f"m{number}": 1 for number in range(limits.FORMER_NUMBERS + 1)}
    for wrong in (
        *([], [TASKS[1]] * (limits.FORMER_ROWS + 1), [{"task": "", "measures": {"x": 1}}], [{"task": "a"}]),
        *([{"task": "a", "measures": measures}] for measures in ({}, name, {"x\n": 1}, {"x" * 201: 1}, {"x": "1"})),
        *([{"task": "a", "measures": {"x": number}}] for number in (float("nan"), float("inf"), True, None, 10**400)),
        *([{"task": "a", "measures": {"x": 1}, "config": config}] for config in ({"a": [1]}, {"\u202e": 1}, [])),
    ):
        with pytest.raises(WrongUse):
            load(wrong)
    assert kept(door) == []
