"""The promises about credit, evidence and sessions: each can fail, and only the one that is broken does."""

import pytest

from axiom.lab.upkeep.invariants import PROMISES, broken
from axiom.server.upkeep import invariants
from axiom.store.engine.database import connect_reader
from axiom.store.sessions import sessions


@pytest.fixture
def weighed(rounds):
    """Two sessions, the second still open, with three awards, eight results and one line of evidence."""
    rounds.lab.deploy(workunits=1, replicates_each=8)
    rounds.lab.deploy(workunits=2)
    rounds.compute(3)
    rounds.hold()
    rounds.step()
    assert rounds.broken() == {}
    rounds.db.execute("PRAGMA foreign_keys = OFF")
    return rounds


def test_every_promise_is_asked(weighed):
    lab = weighed.lab
    assert broken(lab.db, lab.folder, lab.keys.trust, lab.now) == {name: [] for name in PROMISES}
    assert set(PROMISES) == {*invariants.PROMISES, "I3", "I4", "I10", "I13"}


def test_the_promises_can_be_asked_by_a_reader(weighed):
    db = connect_reader(weighed.lab.folder.database)
    try:
        assert not any(broken(db, weighed.lab.folder, weighed.lab.keys.trust, weighed.lab.now).values())
    finally:
        db.close()


EXTRA = "INSERT INTO entry (award_id, account, amount) VALUES (1, 'laboratory', 0)"
CLOSING = (
    "INSERT INTO note (session_id, step, kind, text, facts, about) VALUES (1, 'log', 'session.closed', '', '{}', '')"
)


@pytest.mark.parametrize(
    ("promise", "problem", "sql"),
    [
        ("I3", "award 1 is not booked on two equal sides", "UPDATE entry SET amount = 6 WHERE id = 2"),
        ("I3", "award 1 is not booked on two equal sides", "DELETE FROM entry WHERE id = 1"),
        ("I3", "award 1 is not booked on two equal sides", "DELETE FROM entry WHERE award_id = 1"),
        ("I3", "award 1 is not booked on two equal sides", EXTRA),
        ("I10", "finding 1, line 1 is not", "UPDATE evidence SET estimate = 0.5"),
        ("I10", "finding 1, line 1 is not", "UPDATE result SET measures = replace(measures, '1.5', '2.5')"),
        ("I13", "2026-03-02-a was not closed once", "DELETE FROM note WHERE kind = 'session.closed'"),
        ("I13", "2026-03-02-a was not closed once", CLOSING),
        ("I13", "round-2 was not closed once", "UPDATE session SET ended_at = 1 WHERE id = 2"),
        (
            "I13",
            "2026-03-02-a did not do its steps in order",
            """UPDATE session SET done = '["review", "clean", "credit"]' WHERE id = 1""",
        ),
        (
            "I13",
            "round-2 did not do its steps in order",
            """UPDATE session SET done = '["review", "review"]' WHERE id = 2""",
        ),
        (
            "I13",
            "2026-03-02-a is open, and a newer one began",
            "UPDATE session SET ended_at = NULL WHERE id = 1",
        ),
    ],
)
def test_a_promise_that_does_not_hold_is_reported_and_no_other(weighed, damage, promise, problem, sql):
    assert damage(weighed.db, sql) >= 1
    found = weighed.broken()
    assert list(found) == [promise]
    assert found[promise][0].startswith(problem)


def test_credit_for_a_task_that_is_not_valid_is_reported(weighed):
    weighed.db.execute("UPDATE task SET state = 'invalid' WHERE id = 2")
    assert weighed.broken()["I3"] == ["award 2 is for a task that is not valid"]


def test_a_second_session_beside_an_open_one_is_reported(weighed):
    sessions.begin(weighed.db, pi="person", reason="a test", now=weighed.lab.now)
    assert weighed.broken() == {"I13": ["round-2 is open, and a newer one began"]}
