"""Sessions through the gate: step by step, by several at once, dry, and by whoever may."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from axiom.commands.experiments import DeployExperiment
from axiom.commands.registry import read_command
from axiom.commands.sessions import HoldSession, StepSession
from axiom.domain.callers import Capability
from axiom.domain.fleet import Capacity, Platform
from axiom.domain.sessions import Step
from axiom.errors import NotAllowed, WrongUse
from axiom.store.accounts import accounts
from axiom.store.hosts import hosts
from axiom.store.sessions import sessions

STEP = StepSession(pi="person", reason="a test")
HOLD = HoldSession(pi="person", reason="a test")


@pytest.fixture
def manned(door):
    """A host is there, so something can be ordered."""
    door.gate.writer.run(lambda db: _meet(door.lab, db))
    return door


def _meet(lab, db):
    us = accounts.ourselves(db, lab.now)
    platform = Platform(system="linux", processor="x86_64", instructions="avx2")
    capacity = Capacity(cores=2, memory_mb=4_000)
    return hosts.meet(db, volunteer_id=us, name="first", platform=platform, capacity=capacity, now=lab.now)


def notes_of(answers, wanted: Step) -> list[str]:
    (found,) = [answer["notes"] for answer in answers if answer["step"] == wanted]
    return found


def test_a_session_is_held_step_by_step_and_each_step_is_audited(manned):
    answers = [manned.submit(STEP) for _ in Step]
    assert [answer["step"] for answer in answers] == [step.value for step in Step]
    assert [answer["ended"] for answer in answers] == [False] * 16 + [True]
    assert [answer["session"] for answer in answers] == ["round-1"] * 16 + ["2026-03-02-a"]
    assert notes_of(answers, Step.DEPLOY)[0] == "tiny_sum: workunits 1 to 3, in number 3."
    assert [entry["command"] for entry in manned.audited()] == ["session.step"] * 17
    assert manned.broken() == {}


def test_the_next_step_after_the_last_begins_another_session(manned):
    for _ in Step:
        manned.submit(STEP)
    assert manned.submit(STEP)["session"] == "round-2"


def test_a_step_asked_for_twice_with_one_key_is_done_once(manned):
    first = manned.submit(STEP, key="once")
    assert manned.submit(STEP, key="once") == {**first, "repeated": True}
    assert manned.look(lambda db: sessions.last(db).done) == (Step.HEALTH,)


def test_several_who_hold_a_session_at_once_hold_one(manned):
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: manned.submit(STEP), range(2 * len(Step))))
    found = manned.look(lambda db: sessions.sessions(db, 10))
    assert [(one.name, one.done, one.ended_at is None) for one in found] == [
        ("2026-03-02-b", tuple(Step), False),
        ("2026-03-02-a", tuple(Step), False),
    ]
    assert sorted(answer["session"] + answer["step"] for answer in answers) == sorted(
        f"{f'2026-03-02-{letter}' if step is Step.LOG else f'round-{number}'}{step}"
        for number, letter in enumerate("ab", start=1)
        for step in Step
    )
    assert len(manned.stored()["workunit"]) == 3
    assert manned.broken() == {}


def test_a_dry_session_shows_everything_and_changes_nothing_but_the_audit(manned):
    before = manned.stored()
    would = manned.submit(HOLD, dry_run=True)
    assert would["dry_run"] is True
    assert [one["step"] for one in would["steps"]] == [step.value for step in Step]
    assert notes_of(would["steps"], Step.DEPLOY)[0] == "tiny_sum: workunits 1 to 3, in number 3."
    assert manned.stored() == before
    assert [(entry["command"], entry["dry_run"]) for entry in manned.audited()] == [("session.hold", 1)]
    assert manned.submit(HOLD) == {name: value for name, value in would.items() if name != "dry_run"}
    assert manned.stored() != before
    assert manned.broken() == {}


@pytest.mark.parametrize("until", Step)
def test_a_session_is_held_up_to_a_step_and_goes_on_from_there(manned, until):
    held = manned.submit(HoldSession(pi="person", reason="a test", until=until))
    assert held["steps"][-1]["step"] == until
    rest = manned.submit(HOLD)
    if until is not Step.LOG:
        assert [one["step"] for one in held["steps"] + rest["steps"]] == [step.value for step in Step]
        assert (held["session"], rest["session"]) == ("round-1", "2026-03-02-a")


def test_a_session_that_is_past_a_step_is_not_held_to_its_end_because_of_it(manned):
    for _ in range(9):
        manned.submit(STEP)
    held = manned.submit(HoldSession(pi="person", reason="a test", until=Step.CREDIT))
    assert [one["step"] for one in held["steps"]] == ["evaluate"]  # the one that was due, and no more
    assert manned.stored()["workunit"] == []


def test_the_words_of_a_session_are_checked():
    for words in ({"pi": "somebody", "reason": "a test"}, {"pi": "person", "reason": ""}, {"pi": "person"}):
        with pytest.raises(WrongUse):
            read_command("session.step", words)
    with pytest.raises(WrongUse, match="until"):
        read_command("session.hold", {"pi": "person", "reason": "a test", "until": "dance"})
    held = read_command("session.hold", {"pi": "person", "reason": "a test", "until": "plan"})
    assert held == HoldSession(pi="person", reason="a test", until=Step.PLAN)


def test_who_may_not_deploy_holds_no_session(manned, caller):
    reader = replace(caller, name="Eve", capabilities=frozenset({Capability.READ}))
    for command in (STEP, HOLD):
        with pytest.raises(NotAllowed, match="Eve may not deploy"):
            manned.submit(command, caller=reader)
    assert manned.look(lambda db: sessions.sessions(db, 10)) == []


def test_a_session_that_is_open_does_not_stand_in_the_way_of_other_commands(manned):
    manned.submit(STEP)
    assert manned.submit(DeployExperiment(experiment="tiny_sum", workunits=1))["first"] == 1
    assert manned.submit(STEP)["step"] == "queue"
