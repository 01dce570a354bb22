"""Sessions are named by day and letter, and read as they were written."""

from datetime import timedelta

from axiom.domain.sessions import Note, Step
from axiom.store.sessions import sessions
from axiom.store.upkeep import jobs


def test_names_are_counted_by_day_and_never_given_twice(database, now):
    def told(day) -> str:
        begun = sessions.begin(database, pi="autopilot", reason="a test", now=day)
        database.execute("UPDATE session SET ended_at = started_at")
        return sessions.tell(database, begun.id, "a reason", day).name

    with database.transaction():
        names = [told(day) for day in [now] * 704 + [now + timedelta(days=1)]]
    letters = {0: "a", 25: "z", 26: "aa", 27: "ab", 51: "az", 52: "ba", 701: "zz", 702: "aaa"}
    assert [names[place] for place in letters] == [f"2026-03-02-{letter}" for letter in letters.values()]
    assert names[-1] == "2026-03-03-a"
    assert len(set(names)) == 705
    assert [session.name for session in sessions.sessions(database, 2)] == names[:-3:-1]


def test_a_session_is_open_until_its_last_step_is_done(database, now):
    assert (sessions.opened(database), sessions.last(database), sessions.seen(database)) == (None, None, 0)
    assert sessions.first_started(database, now) == now
    begun = sessions.begin(database, pi="person", reason="to see", now=now)
    assert (begun.pi, begun.reason, begun.done, begun.started_at, begun.ended_at) == ("person", "to see", (), now, None)
    for place, step in enumerate(Step):
        current = sessions.opened(database)
        assert current.done == tuple(Step)[:place]
        later = now + timedelta(seconds=place)
        sessions.finish(database, current, step, seen_task=place, now=later, ends=step is Step.LOG)
    assert sessions.opened(database) is None
    last = sessions.last(database)
    assert (last.done, last.ended_at) == (tuple(Step), now + timedelta(seconds=16))
    assert sessions.seen(database) == 16
    assert sessions.by_name(database, "2026-03-02-b") is None
    sessions.begin(database, pi="person", reason="", now=now + timedelta(hours=1))
    assert sessions.seen(database) == 16  # which is handed on
    assert sessions.first_started(database, now + timedelta(days=1)) == now


def test_notes_come_back_in_order_and_as_they_were_written(database, now):
    session = sessions.begin(database, pi="person", reason="", now=now)
    written = [
        Note(kind="task.valid", text="{amount} of {name}", facts={"amount": 3, "name": "größer {x}"}, about="/results"),
        Note(kind="credit.nothing", text="None."),
    ]
    sessions.write(database, session.id, Step.REVIEW, written[:1])
    sessions.write(database, session.id, Step.CREDIT, written[1:])
    found = sessions.notes(database, session.id)
    assert found == [(Step.REVIEW, written[0]), (Step.CREDIT, written[1])]
    assert found[0][1].sentence == "3 of größer {x}"
    assert sessions.notes(database, session.id + 1) == []
    assert sessions.kept_plan(database, session.id) == {}
    sessions.keep_plan(database, session.id, {"allotments": [], "reason": "why"})
    assert sessions.kept_plan(database, session.id) == {"allotments": [], "reason": "why"}
    assert sessions.kept_plan(database, session.id + 1) == {}


def test_a_job_begins_for_the_first_time_once(small_lab):
    db, now = small_lab.db, small_lab.now
    assert jobs.first_began(db, "publish") is None
    jobs.started(db, "publish", 60.0, now)
    assert jobs.first_began(db, "publish") == now
    jobs.failed(db, "publish", 60.0, "the disk is full")
    assert jobs.first_began(db, "publish") is None
    jobs.done(db, "publish", now)
    jobs.started(db, "publish", 60.0, now)
    assert jobs.first_began(db, "publish") is None
