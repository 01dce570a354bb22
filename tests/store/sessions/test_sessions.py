"""Sessions are named by day and letter, and read as they were written."""

from datetime import timedelta

import pytest

from axiom.domain.sessions import Note, Step
from axiom.store.sessions import sessions
from axiom.store.sessions.sessions import _letters
from axiom.store.upkeep import jobs


def close(database, session, now):
    for step in Step:
        current = sessions.by_name(database, session.name)
        sessions.finish(database, current, step, seen_task=7, now=now, ends=step is Step.LOG)


@pytest.mark.parametrize(
    ("number", "letters"),
    [(0, "a"), (25, "z"), (26, "aa"), (27, "ab"), (51, "az"), (52, "ba"), (701, "zz"), (702, "aaa")],
)
def test_letters_count(number, letters):
    assert _letters(number) == letters


def test_names_are_counted_by_day_and_never_given_twice(database, now):
    days = [now] * 28 + [now + timedelta(days=1)]
    names = []
    for day in days:
        begun = sessions.begin(database, pi="autopilot", reason="a test", now=day)
        close(database, begun, day)
        names.append(sessions.tell(database, begun.id, "a test", day).name)
    assert [*names[:2], *names[25:]] == [
        "2026-03-02-a",
        "2026-03-02-b",
        "2026-03-02-z",
        "2026-03-02-aa",
        "2026-03-02-ab",
        "2026-03-03-a",
    ]
    assert len(set(names)) == 29
    assert [one.name for one in sessions.sessions(database, 2)] == names[:-3:-1]


def test_a_session_is_open_until_its_last_step_is_done(database, now):
    assert (sessions.opened(database), sessions.last(database)) == (None, None)
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


def test_what_was_seen_is_handed_on_to_the_next_session(database, now):
    assert sessions.seen(database) == 0
    close(database, sessions.begin(database, pi="person", reason="", now=now), now)
    sessions.begin(database, pi="person", reason="", now=now)
    assert sessions.seen(database) == 7
    assert sessions.first_started(database, now + timedelta(days=1)) == now


def test_a_laboratory_without_sessions_is_as_old_as_now(database, now):
    assert sessions.first_started(database, now) == now


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


def test_a_plan_is_kept_with_its_session(database, now):
    session = sessions.begin(database, pi="person", reason="", now=now)
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
