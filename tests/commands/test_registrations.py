"""Designs, cohorts, amendments and predictions pass the gate: dry, once, audited, and refused in one sentence."""

import json

import pytest

from axiom.commands.experiments import DeployExperiment, RetireExperiment
from axiom.commands.recalls import RecallExperiment, ReopenExperiment, ReopenFinding
from axiom.commands.registrations import AmendFinding, Predict, RegisterCohort, RegisterDesign
from axiom.domain.callers import Caller, Capability, Limits
from axiom.errors import NotAllowed, NotFound, Refused, UnknownName, WrongUse
from axiom.store.experiments import experiments
from axiom.store.registrations import registrations

WIDE = RegisterDesign(
    experiment="tiny_sum",
    design="wide",
    configs=json.dumps([{"size": size, "shift": shift} for shift in (0, 9) for size in (1, 2)]),
    why="does it hold further out?",
    stopping="fixed",
    replicates=24,
)
SAID = {"positive": 0.5, "negative": 0.25, "absent": 0.25, "low": -1.0, "high": 1.0, "because": "a test"}
COMMANDS = [
    WIDE,
    RegisterCohort(finding=1, why="to confirm it"),
    AmendFinding(finding=1, why="it looked so", forecaster="Ada", null=0.5, **SAID),
    Predict(finding=1, forecaster="Ada", **SAID),
    RecallExperiment(experiment="tiny_sum@1", why="the sum was wrong"),
    RetireExperiment(experiment="tiny_sum"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_command_is_shown_dry_done_once_and_refused_to_who_may_only_deploy(door, command):
    weak = Caller(
        name="Eve", capabilities=frozenset({Capability.DEPLOY}), limits=Limits(workunits_per_day=9, aborts_per_day=9)
    )
    before = door.stored()
    with pytest.raises(NotAllowed):
        door.submit(command, caller=weak)
    assert door.audited()[-1]["outcome"] == "refused"
    dry = door.submit(command, dry_run=True)
    assert dry.pop("dry_run")
    assert door.stored() == before
    first = door.submit(command, key="the same")
    assert first.items() >= {name: dry[name] for name in dry if name != "hash"}.items()
    after = door.stored()
    assert after != before
    assert door.submit(command, key="the same") == {**first, "repeated": True}
    assert door.stored() == after
    assert door.broken() == {}


def test_a_design_can_be_ordered_of_and_what_was_amended_cannot(door):
    made = door.submit(WIDE)
    assert made["findings"] == [{"number": 1, "estimand": "grows", "is_new": False}]
    assert made["configs"] == 4
    door.submit(DeployExperiment(experiment="tiny_sum", workunits=2, registration=made["registration"]))
    (row,) = door.look(lambda db: db.select("SELECT DISTINCT configs FROM workunit"))
    assert json.loads(row["configs"]) == [0, 1, 2, 3]
    with pytest.raises(NotFound):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=2, registration=9))
    amended = door.submit(COMMANDS[2])["registration"]
    with pytest.raises(Refused):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=2, registration=1))
    door.submit(DeployExperiment(experiment="tiny_sum", workunits=2))
    assert door.look(lambda db: experiments.issued_to(db, 1)).keys() == {made["registration"], amended}


def test_a_retired_version_is_opened_again_and_a_recalled_one_never(door):
    door.submit(RetireExperiment(experiment="tiny_sum"))
    door.submit(ReopenExperiment(experiment="tiny_sum", why="it is interesting after all"))
    assert door.look(lambda db: experiments.by_id(db, 1)).status == "open"
    assert "interesting after all" in door.audited()[-1]["arguments"]
    door.submit(DeployExperiment(experiment="tiny_sum", workunits=3))
    answer = door.submit(RecallExperiment(experiment="tiny_sum@1", why="the sum was wrong"))
    touched = answer["blast_radius"]
    assert (answer["cancelled"], touched["workunits"], touched["results"]) == (3, {"open": 3}, 0)
    assert [(finding["number"], finding["status"]) for finding in touched["findings"]] == [(1, "open")]
    assert door.look(lambda db: registrations.statuses(db, 1)) == {1: ("recalled", "the sum was wrong")}
    for command in (ReopenExperiment(experiment="tiny_sum", why="a test"), ReopenFinding(finding=1, why="a test")):
        with pytest.raises(Refused):
            door.submit(command)


def test_what_cannot_be_is_refused_and_leaves_no_trace(door):
    before = door.stored()
    prediction = {"finding": 1, "forecaster": "Ada", **SAID}
    for make, error, fact in (
        (lambda: RecallExperiment(experiment="tiny_sum@7", why="a test"), NotFound, "7"),
        (lambda: RecallExperiment(experiment="tiny_som", why="a test"), UnknownName, "tiny_sum"),
        (lambda: RecallExperiment(experiment="tiny_sum", why=""), WrongUse, "why"),
        (lambda: RegisterCohort(finding=9, why="a test"), NotFound, "9"),
        (lambda: RegisterCohort(finding=1, why="a test", stopping="never"), WrongUse, "stopping"),
        (lambda: Predict(**prediction | {"forecaster": "Ada, informed"}), WrongUse, "forecaster"),
        (lambda: Predict(**prediction | {"absent": 0.5}), WrongUse, "1"),
        (lambda: Predict(**prediction | {"low": float("inf")}), WrongUse, "low"),
        (lambda: Predict(**prediction, median=1.5), WrongUse, "interval"),
        (lambda: AmendFinding(why="a test", null=float("nan"), **prediction), WrongUse, "null"),
    ):
        with pytest.raises(error, match=fact):
            door.submit(make())
    assert door.stored() == before
