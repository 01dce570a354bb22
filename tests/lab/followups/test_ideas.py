"""Ideas that sessions write down: at most one each, shown to everybody, and none twice whatever became of it."""

import pytest
from follow_up_subjects import estimand, manifest, subject

from axiom.domain.proposals import AUTOPILOT, IdeaAnswer, IdeaState
from axiom.lab.followups.ideas import write_idea
from axiom.store.registrations import ideas
from axiom.store.sessions import sessions

RANGES = {"width": (8, 64)}  # an effect from end to end: there are two ideas in it
BOTH_ENDS = subject(estimand=estimand(), manifest=manifest(ranges=RANGES))


@pytest.fixture
def write(shifting):
    """Writes an idea down in a session of its own, or in the one before."""

    def write(*, in_new_session: bool):
        lab = shifting.lab
        with lab.db.transaction():
            if in_new_session:
                sessions.begin(lab.db, pi=AUTOPILOT, reason="a test", now=lab.now)
                lab.later(days=1)
            return write_idea(lab.db, [BOTH_ENDS], sessions.last(lab.db).id, lab.now)

    write.db, write.now = shifting.lab.db, shifting.lab.now
    return write


def test_a_session_writes_one_idea_and_says_so(write):
    (note,) = write(in_new_session=True)
    assert write(in_new_session=False) == []
    (kept,) = ideas.of_numbers(write.db, ideas.numbers(write.db, public=True))
    assert (note.about, note.facts["question"]) == (f"/ideas/{kept.number}", kept.idea.question)
    assert (kept.idea.by, kept.idea.finding) == (AUTOPILOT, 1)


def test_no_idea_is_written_twice_whatever_became_of_it(write):
    write(in_new_session=True)
    declined = IdeaAnswer(state=IdeaState.DECLINED, why="no", by="operator")
    with write.db.transaction():
        assert ideas.answer(write.db, 1, declined, None, write.now)
    assert [len(write(in_new_session=True)) for _ in range(3)] == [1, 0, 0]
    assert len(ideas.numbers(write.db, public=False)) == 2
