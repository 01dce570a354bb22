"""Sessions through the gate: step by step, by several at once, dry, by whoever may and has it in hand."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from axiom.domain.callers import Capability
from axiom.domain.rounds import Step
from axiom.errors import HeldByAnother, NotAllowed, WrongUse
from axiom.gate.registry import read_command
from axiom.laboratory.experiments.commands.deploy import DeployExperiment
from axiom.laboratory.rounds.commands import HoldSession, StepRound
from axiom.limits import rounds as limits
from axiom.store.rounds import rounds

STEP = StepRound(pi="person", reason="a test")
HOLD = HoldSession(pi="person", reason="a test")


@pytest.fixture
def manned(door):
    """A host is there, so something can be ordered."""
    door.meet()
    return door


def notes_of(answers, wanted: Step) -> list[str]:
    (notes,) = [answer["notes"] for answer in answers if answer["step"] == wanted]
    return notes


def test_a_session_is_held_step_by_step_and_each_step_is_audited(manned):
    first = manned.submit(STEP, key="once")
    assert manned.submit(STEP, key="once") == {**first, "repeated": True}
    assert manned.look(lambda db: rounds.find_last_round(db).done) == (Step.HEALTH,)
    answers = [first, *(manned.submit(STEP) for _ in list(Step)[1:])]
    assert [answer["step"] for answer in answers] == [step.value for step in Step]
    assert [answer["ended"] for answer in answers] == [False] * 16 + [True]
    assert [answer["session"] for answer in answers] == ["round-1"] * 16 + ["2026-03-02-a"]
    assert notes_of(answers, Step.DEPLOY)[0].startswith("tiny_sum: workunits 1 to 3")
    assert [entry["command"] for entry in manned.audited()] == ["session.step"] * 17
    assert manned.submit(STEP)["session"] == "round-2"
    # an open one stands in nobody's way
    assert manned.submit(DeployExperiment(experiment="tiny_sum", workunits=1))["first"] == 4
    assert manned.submit(STEP)["step"] == "queue"
    assert manned.broken() == {}


def test_several_who_hold_a_session_at_once_hold_one(manned):
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: manned.submit(STEP), range(len(Step))))
    (session,) = manned.look(lambda db: rounds.list_rounds(db, 10))
    assert session.name == "2026-03-02-a"
    assert session.done == tuple(Step)
    assert session.ended_at is not None
    assert {answer["step"] for answer in answers} == set(Step)
    assert len(manned.stored()["workunit"]) == 3
    assert manned.broken() == {}


def test_a_dry_session_shows_everything_and_changes_nothing_but_the_audit(manned, caller):
    before = manned.stored()
    reader = replace(caller, name="Eve", capabilities=frozenset({Capability.READ}))
    for command in (STEP, HOLD):
        with pytest.raises(NotAllowed, match="Eve"):
            manned.submit(command, caller=reader)
    would = manned.submit(HOLD, dry_run=True)
    assert would["dry_run"] is True
    assert [step["step"] for step in would["steps"]] == [step.value for step in Step]
    assert notes_of(would["steps"], Step.DEPLOY)[0].startswith("tiny_sum: workunits 1 to 3")
    assert manned.stored() == before
    entry = manned.audited()[-1]
    assert (entry["command"], entry["dry_run"]) == ("session.hold", 1)
    assert manned.submit(HOLD) == {name: value for name, value in would.items() if name != "dry_run"}
    assert manned.stored() != before
    assert manned.broken() == {}


@pytest.mark.parametrize("until", [Step.HEALTH, Step.CREDIT, Step.LOG])
def test_a_session_is_held_up_to_a_step_and_goes_on_from_there(manned, until):
    held = manned.submit(HoldSession(pi="person", reason="a test", until=until))
    assert held["steps"][-1]["step"] == until
    rest = manned.submit(HOLD)
    if until is not Step.LOG:
        assert [step["step"] for step in held["steps"] + rest["steps"]] == [step.value for step in Step]
        assert (held["session"], rest["session"]) == ("round-1", "2026-03-02-a")


def test_a_session_that_is_past_a_step_is_not_held_to_its_end_because_of_a_word(manned):
    for _ in range(9):
        manned.submit(STEP)
    answer = manned.submit(HoldSession(pi="person", reason="a test", until=Step.CREDIT))
    assert [step["step"] for step in answer["steps"]] == ["evaluate"]  # the one that was due, and no more
    assert manned.stored()["workunit"] == []
    good = {"pi": "person", "reason": "a test"}
    for changes in ({"pi": "somebody"}, {"reason": ""}, {"until": "dance"}):
        with pytest.raises(WrongUse):
            read_command("session.hold", good | changes)
    assert read_command("session.hold", good | {"until": "plan"}) == replace(HOLD, until=Step.PLAN)


def by(holder: str, until: Step = Step.LOG) -> StepRound:
    return StepRound(pi="person", reason="a test", holder=holder, until=until)


def test_of_two_who_would_step_a_session_one_does_until_their_hold_runs_out(door):
    door.submit(by("Ada"))
    before = door.look(lambda db: rounds.find_last_round(db).done)
    for command in (by("Ben"), by(""), HOLD):
        with pytest.raises(HeldByAnother, match="Ada"):
            door.submit(command)
    assert HeldByAnother.exit_code == 4
    assert door.look(lambda db: rounds.find_last_round(db).done) == before
    door.lab.now += limits.LEASE - timedelta(seconds=1)
    assert door.submit(by("Ada"))["step"] == "queue"  # which renews it
    door.lab.now += limits.LEASE - timedelta(seconds=1)
    with pytest.raises(HeldByAnother):
        door.submit(by("Ben"))
    door.lab.now += timedelta(seconds=1)
    assert door.submit(by("Ben"))["step"] == "review"
    with pytest.raises(HeldByAnother, match="Ben"):
        door.submit(by("Ada"))
    door.lab.now -= timedelta(days=400)  # a hold from before the clock was set back is nobody's
    assert door.submit(by("Ada"))["step"] == "inspect"
    assert door.broken() == {}


def test_the_last_step_that_a_holder_means_to_do_and_the_end_let_go(door):
    for step in (Step.HEALTH, Step.QUEUE, Step.REVIEW):
        assert door.submit(by("Ada", until=Step.REVIEW))["step"] == step
    for _ in range(6):
        door.submit(by(""))
    # who finds it past the last step they mean to do lets go as well
    assert door.submit(by("Ada", until=Step.CREDIT))["step"] == "evaluate"
    assert door.submit(by("Ben"))["step"] == "rank"
    while not door.submit(by("Ben"))["ended"]:
        continue
    last = door.look(rounds.find_last_round)
    assert (last.holder, last.held_until) == ("", None)
    assert door.submit(by("Ada"))["session"] == "round-2"
