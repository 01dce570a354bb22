"""Two who would step one session: one does, the other is told why not, and takes over when the first is gone."""

from datetime import timedelta

import pytest

from axiom.commands.sessions import HoldSession, StepSession
from axiom.decisions.sessions.lease import LEASE
from axiom.domain.sessions import Step
from axiom.errors import HeldByAnother
from axiom.store.sessions import sessions


def by(holder: str, until: Step = Step.LOG) -> StepSession:
    return StepSession(pi="person", reason="a test", holder=holder, until=until)


def test_a_second_holder_is_refused_and_nothing_is_done(door):
    assert door.submit(by("Ada"))["step"] == "health"
    before = door.look(lambda db: sessions.last(db).done)
    for command in (by("Ben"), by(""), HoldSession(pi="person", reason="a test")):
        with pytest.raises(HeldByAnother, match="Ada has it in hand and may be away for 30 s more"):
            door.submit(command)
    assert HeldByAnother.exit_code == 4
    assert door.look(lambda db: sessions.last(db).done) == before
    assert door.submit(by("Ada"))["step"] == "queue"


def test_each_step_renews_the_hold_and_another_takes_over_when_it_has_run_out(door):
    door.submit(by("Ada"))
    door.lab.now += LEASE - timedelta(seconds=1)
    door.submit(by("Ada"))
    door.lab.now += LEASE - timedelta(seconds=1)
    with pytest.raises(HeldByAnother):
        door.submit(by("Ben"))
    door.lab.now += timedelta(seconds=1)
    assert door.submit(by("Ben"))["step"] == "review"
    with pytest.raises(HeldByAnother, match="Ben has it in hand"):
        door.submit(by("Ada"))
    assert door.broken() == {}


def test_the_last_step_that_a_holder_means_to_do_lets_go(door):
    for step in (Step.HEALTH, Step.QUEUE, Step.REVIEW):
        assert door.submit(by("Ada", until=Step.REVIEW))["step"] == step
    assert door.submit(by("Ben"))["step"] == "inspect"


def test_whoever_finds_the_session_past_the_last_step_they_mean_to_do_lets_go(door):
    for _ in range(9):
        door.submit(by(""))
    assert door.submit(by("Ada", until=Step.CREDIT))["step"] == "evaluate"
    assert door.submit(by("Ben"))["step"] == "rank"


def test_the_end_of_a_session_lets_go(door):
    while not door.submit(by("Ada"))["ended"]:
        continue
    last = door.look(sessions.last)
    assert (last.holder, last.held_until) == ("", None)
    assert door.submit(by("Ben"))["session"] == "round-2"


def test_a_hold_from_before_the_clock_was_set_back_is_nobodys(door):
    door.submit(by("Ada"))
    door.lab.now -= timedelta(days=400)
    assert door.submit(by("Ben"))["step"] == "queue"
