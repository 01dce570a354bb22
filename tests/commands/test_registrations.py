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


def named(command):
    return command.name


@pytest.mark.parametrize("command", COMMANDS, ids=named)
def test_a_dry_run_shows_it_and_changes_nothing(door, command):
    before = door.stored()
    answer = door.submit(command, dry_run=True)
    assert answer.pop("dry_run")
    assert door.stored() == before
    assert door.submit(command).items() >= {name: answer[name] for name in answer if name != "hash"}.items()
    assert door.stored() != before
    assert door.broken() == {}


@pytest.mark.parametrize("command", COMMANDS, ids=named)
def test_under_one_key_it_is_done_once(door, command):
    first = door.submit(command, key="the same")
    after = door.stored()
    assert door.submit(command, key="the same") == {**first, "repeated": True}
    assert door.stored() == after


@pytest.mark.parametrize("command", COMMANDS, ids=named)
def test_who_may_only_deploy_may_not(door, command):
    weak = Caller(
        name="Eve", capabilities=frozenset({Capability.DEPLOY}), limits=Limits(workunits_per_day=9, aborts_per_day=9)
    )
    before = door.stored()
    with pytest.raises(NotAllowed):
        door.submit(command, caller=weak)
    assert door.stored() == before
    assert door.audited()[-1]["outcome"] == "refused"


def test_a_design_can_be_ordered_of(door):
    made = door.submit(WIDE)
    assert made["findings"] == [{"number": 1, "estimand": "grows", "is_new": False}]
    assert made["configs"] == 4
    door.submit(DeployExperiment(experiment="tiny_sum", workunits=2, registration=made["registration"]))
    (row,) = door.look(lambda db: db.select("SELECT DISTINCT configs FROM workunit"))
    assert json.loads(row["configs"]) == [0, 1, 2, 3]
    with pytest.raises(NotFound, match="no registration 9"):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=2, registration=9))


def test_what_was_amended_is_not_ordered_of(door):
    door.submit(COMMANDS[2])
    with pytest.raises(Refused, match="Registration 1 was amended by 2"):
        door.submit(DeployExperiment(experiment="tiny_sum", workunits=2, registration=1))
    door.submit(DeployExperiment(experiment="tiny_sum", workunits=2))
    assert door.look(lambda db: experiments.issued_to(db, 1)).keys() == {2}


def test_a_recall_tells_what_hangs_on_it(door):
    door.submit(DeployExperiment(experiment="tiny_sum", workunits=3))
    answer = door.submit(RecallExperiment(experiment="tiny_sum@1", why="the sum was wrong"))
    assert answer["cancelled"] == 3
    touched = answer["blast_radius"]
    assert (touched["workunits"], touched["results"]) == ({"open": 3}, 0)
    assert [(one["number"], one["status"]) for one in touched["findings"]] == [(1, "open")]
    assert door.look(lambda db: registrations.statuses(db, 1)) == {1: ("recalled", "the sum was wrong")}
    with pytest.raises(Refused, match="never opened again"):
        door.submit(ReopenExperiment(experiment="tiny_sum", why="a test"))
    with pytest.raises(Refused, match="never opened again"):
        door.submit(ReopenFinding(finding=1, why="a test"))


def test_a_retired_version_is_opened_again_with_its_reason_in_the_audit(door):
    door.submit(RetireExperiment(experiment="tiny_sum"))
    door.submit(ReopenExperiment(experiment="tiny_sum", why="it is interesting after all"))
    assert door.look(lambda db: experiments.by_id(db, 1)).status == "open"
    assert "interesting after all" in door.audited()[-1]["arguments"]


@pytest.mark.parametrize(
    ("make", "error", "problem"),
    [
        (lambda: RecallExperiment(experiment="tiny_sum@7", why="a test"), NotFound, "no version 7 of tiny_sum"),
        (lambda: RecallExperiment(experiment="tiny_som", why="a test"), UnknownName, "tiny_sum"),
        (lambda: RecallExperiment(experiment="tiny_sum", why=""), WrongUse, "why must have a length"),
        (lambda: RegisterCohort(finding=9, why="a test"), NotFound, "no finding 9"),
        (lambda: RegisterCohort(finding=1, why="a test", stopping="never"), WrongUse, "stopping must match"),
        (lambda: Predict(finding=1, forecaster="Ada, informed", **SAID), WrongUse, "forecaster must match"),
        (lambda: Predict(finding=1, forecaster="Ada", **SAID | {"absent": 0.5}), WrongUse, "add up to 1"),
        (lambda: Predict(finding=1, forecaster="Ada", **SAID | {"low": float("inf")}), WrongUse, "low must be from"),
        (lambda: Predict(finding=1, forecaster="Ada", **SAID, median=1.5), WrongUse, "outside the interval"),
        (
            lambda: AmendFinding(finding=1, why="a test", forecaster="Ada", null=float("nan"), **SAID),
            WrongUse,
            "null must be from",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence_and_leaves_no_trace(door, make, error, problem):
    before = door.stored()
    with pytest.raises(error, match=problem):
        door.submit(make())
    assert door.stored() == before
