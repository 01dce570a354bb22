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


def test_every_promise_is_asked_by_a_reader_too(weighed):
    lab = weighed.lab
    db = connect_reader(lab.folder.database)
    try:
        assert broken(db, lab.folder, lab.keys.trust, lab.now) == {name: [] for name in PROMISES}
    finally:
        db.close()
    assert set(PROMISES) == {*invariants.PROMISES, "I3", "I4", "I10", "I13"}


EXTRA = "INSERT INTO entry (award_id, account, amount) VALUES (1, 'laboratory', 0)"
CLOSING = (
    "INSERT INTO note (session_id, step, kind, text, facts, about) VALUES (1, 'log', 'session.closed', '', '{}', '')"
)


def test_a_promise_that_does_not_hold_is_reported_and_no_other(weighed, damage, taken_back):
    for promise, about, sql in (
        ("I3", "award 1", "UPDATE entry SET amount = 6 WHERE id = 2"),
        ("I3", "award 1", "DELETE FROM entry WHERE id = 1"),
        ("I3", "award 1", "DELETE FROM entry WHERE award_id = 1"),
        ("I3", "award 1", EXTRA),
        ("I3", "award 2", "UPDATE task SET state = 'invalid' WHERE id = 2"),
        ("I10", "finding 1, line 1", "UPDATE evidence SET estimate = 0.5"),
        ("I10", "finding 1, line 1", "UPDATE result SET measures = replace(measures, '1.5', '2.5')"),
        ("I13", "2026-03-02-a", "DELETE FROM note WHERE kind = 'session.closed'"),
        ("I13", "2026-03-02-a", CLOSING),
        ("I13", "round-2", "UPDATE session SET ended_at = 1 WHERE id = 2"),
        ("I13", "2026-03-02-a", """UPDATE session SET done = '["review", "clean", "credit"]' WHERE id = 1"""),
        ("I13", "round-2", """UPDATE session SET done = '["review", "review"]' WHERE id = 2"""),
        ("I13", "2026-03-02-a", "UPDATE session SET ended_at = NULL WHERE id = 1"),
    ):
        with taken_back(weighed.db):
            assert damage(weighed.db, sql) >= 1
            problems = weighed.broken()
            assert promise in problems, sql
            assert problems[promise][0].startswith(about), sql
            assert list(problems) == [promise] or "task" in sql
    sessions.begin(weighed.db, pi="person", reason="a test", now=weighed.lab.now)
    assert list(weighed.broken()) == ["I13"]
