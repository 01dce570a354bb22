"""What would be ordered is looked up seldom, however many ask, and least often where it takes long."""

from types import SimpleNamespace

import pytest

from axiom.domain.rounds import Step
from axiom.laboratory.policy import Policy
from axiom.laboratory.rounds.rounds import take_next_step
from axiom.service import autopilot, run
from axiom.service.autopilot import SessionReason
from axiom.service.run import CachedPreview

POLICY = Policy(per_core=3, task_seconds=8.0, max_failures=3)


@pytest.fixture
def clock(monkeypatch):
    """Counts seconds as a test wants them."""
    clock = SimpleNamespace(seconds=100.0, monotonic=lambda: clock.seconds, thread_time=lambda: clock.seconds)
    monkeypatch.setattr(run, "time", clock)
    monkeypatch.setattr(autopilot, "time", clock)
    return clock


def test_a_preview_is_kept_for_two_seconds(working_lab, clock):
    foresight = CachedPreview(working_lab.folder, POLICY, lambda: working_lab.now)
    first = foresight.now()
    assert [worth.name for worth in first.worths] == ["tiny_sum"]
    clock.seconds += 1.9
    assert foresight.now() is first
    clock.seconds += 0.2
    assert foresight.now() is not first


@pytest.mark.parametrize(("make", "fresh"), [(CachedPreview, 2.0), (SessionReason, 0.0)])
def test_what_takes_long_is_looked_up_for_a_twentieth_of_the_time(working_lab, clock, make, fresh):
    looks = []

    def now():
        looks.append(clock.seconds)
        clock.seconds += 3.0  # it takes so long
        return working_lab.now

    answers = make(working_lab.folder, POLICY, now)
    for after, count in ((0.0, 1), (max(fresh, 20 * 3.0) - 0.1, 1), (0.2, 2)):
        clock.seconds += after
        answers.now()
        assert len(looks) == count


def test_what_a_session_has_answered_is_no_reason_for_another_one(small_lab, prepared, clock):
    """However long a look takes, and so for how long it holds: empty sessions followed each one that was due."""

    def now():
        clock.seconds += 1.0  # it takes so long
        return small_lab.now

    small_lab.publish(prepared())
    seen = SessionReason(small_lab.folder, POLICY, now)
    assert seen.now() == "no round has been held yet"
    assert seen.now() == "no round has been held yet"
    for place, due in enumerate(Step):
        with small_lab.db.transaction():
            done = take_next_step(small_lab.db, POLICY, pi="person", reason="a test", now=small_lab.now)
        assert done.step is due
        assert done.ended == (place == len(Step) - 1)
        if not done.ended:
            assert seen.now() == ""
    assert seen.now() != "no round has been held yet"
