"""The laboratory's clock never goes back, and no deadline passes while nobody can look."""

import asyncio
import contextlib
import functools
import json
import os
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from mail_servers import WebBox, web
from patience import until
from started_writer import started_writer

from axiom.errors import ClockSetBack, StorageFull, StoreError
from axiom.laboratory import promises
from axiom.laboratory.rounds.commands import HoldSession
from axiom.laboratory.rounds.steps.clean import give_up_stuck_tasks
from axiom.limits import mail as limits
from axiom.server.http.serving import StopSignal
from axiom.server.mail.due_alerts import Complaint
from axiom.server.upkeep.janitor import clean_job
from axiom.server.upkeep.jobs import Job, Jobs
from axiom.service import clock as clocks
from axiom.service import run as laboratory
from axiom.service.clock import AcceptedClock, Clock, open_clock
from axiom.service.jobs import make_work_jobs
from axiom.service.mail import make_letters, make_mailing, silence_counts_from
from axiom.service.open_laboratory import open_folder_gate
from axiom.service.readiness import Readiness
from axiom.service.standard_callers import operator_caller
from axiom.settings import Settings
from axiom.signed.keys import make_keys
from axiom.store.connections import Connections, ReaderPool
from axiom.store.engine import blobs
from axiom.store.engine.database import connect_writer
from axiom.store.engine.folder import lock_folder
from axiom.store.tasks import tasks, workunits
from axiom.store.upkeep import audit
from axiom.store.upkeep import jobs as jobs_store
from axiom.store.writer import Writer

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
YEAR = timedelta(days=365)


@pytest.fixture(autouse=True)
def wall(monkeypatch):
    """Sets what the computer's clock says."""

    def say(moment: datetime) -> None:
        monkeypatch.setattr(clocks, "wall_clock", lambda: moment)

    say(NOW)
    return say


@pytest.fixture
def future(small_lab):
    """A laboratory that was once started a year ahead of its time."""
    jobs_store.record_job_start(small_lab.db, "publish", 60.0, NOW + YEAR)
    return small_lab.db


def test_time_stands_still_when_the_clock_is_set_back_and_moments_apart_differ(wall):
    clock = Clock(NOW)
    for hours, expected in ((1, 1), (0, 1), (2, 2)):
        wall(NOW + timedelta(hours=hours))
        assert clock.now() == NOW + timedelta(hours=expected)
    for hours in (2, 1, 3, 2):
        wall(NOW + timedelta(hours=hours))
        moments = [clock.now(), clock.apart(), clock.now(), clock.apart(), clock.apart(), clock.now()]
        assert moments == sorted(set(moments))
        assert moments[-1] - moments[0] < timedelta(milliseconds=1)


@pytest.fixture
def gate(small_lab, wall):
    """Opens the gate of the small laboratory while the computer's clock is half a minute behind it."""

    @contextlib.contextmanager
    def opened():
        small_lab.db.close()
        make_keys(small_lab.folder.keys, small_lab.now)
        wall(small_lab.now - timedelta(seconds=30))
        with lock_folder(small_lab.folder, "a test"), open_folder_gate(small_lab.folder, Settings()) as gate:
            yield gate
        small_lab.db = connect_writer(small_lab.folder.database)

    return opened


def test_evidence_written_while_time_stands_still_knows_nothing_of_what_came_after(small_lab, prepared, gate):
    """A block closes without a value whose task was given up on, and which comes late."""
    small_lab.publish(prepared())
    small_lab.host()
    small_lab.deploy(max_failures=1)
    late = small_lab.order(1)
    small_lab.later(hours=49)
    small_lab.sweep()
    small_lab.deploy(workunits=7)
    for _ in range(7):
        order = small_lab.order(1)
        small_lab.report(order, small_lab.output(order))
    small_lab.validate()
    with gate() as opened:
        answer = opened.submit(HoldSession(pi="person", reason="a test"), operator_caller())
        small_lab.now = opened.now()
    assert "1" in answer["steps"][-1]["notes"][-1]
    small_lab.report(late, small_lab.output(late))
    small_lab.validate()
    broken = promises.find_broken_promises(small_lab.db, small_lab.folder, small_lab.keys.trust, small_lab.now)
    assert {promise: problems for promise, problems in broken.items() if problems} == {}


def test_what_time_servers_correct_is_tolerated_and_a_right_clock_leaves_no_trace(small_lab):
    assert open_clock(small_lab.db, accept=True, caller="operator").now() == NOW
    assert AcceptedClock.read(small_lab.db) is None
    jobs_store.record_job_start(small_lab.db, "publish", 60.0, NOW + timedelta(seconds=59))
    assert open_clock(small_lab.db, accept=False, caller="operator").now() == NOW + timedelta(seconds=59)


def test_an_accepted_clock_goes_on_at_half_pace_until_both_agree(future, wall):
    with pytest.raises(ClockSetBack, match="2027-03-02 14:05 UTC"):
        open_clock(future, accept=False, caller="operator")
    assert audit.count_audit_entries(future) == 0
    clock = open_clock(future, accept=True, caller="operator")
    for elapsed, expected in (
        (timedelta(0), YEAR),
        (timedelta(days=2), YEAR + timedelta(days=1)),
        (2 * YEAR, 2 * YEAR),
        (3 * YEAR, 3 * YEAR),
    ):
        wall(NOW + elapsed)
        assert clock.now() == NOW + expected


def test_an_acceptance_is_audited_and_holds_at_later_starts(future, wall):
    open_clock(future, accept=True, caller="operator")
    (entry,) = audit.list_audit_entries(future, 9)
    assert entry["caller"] == "operator"
    assert entry["command"] == "clock.accept"
    assert entry["outcome"] == "done"
    assert json.loads(entry["arguments"]) == {"wall": NOW.isoformat(), "written": (NOW + YEAR).isoformat()}
    assert audit.check_audit_chain(future) == []
    wall(NOW + timedelta(days=10))
    assert open_clock(future, accept=False, caller="operator").now() == NOW + YEAR + timedelta(days=5)
    assert audit.count_audit_entries(future) == 1
    jobs_store.record_job_start(future, "publish", 60.0, NOW + 2 * YEAR)  # another start with another wrong clock
    with pytest.raises(ClockSetBack):
        open_clock(future, accept=False, caller="operator")


@pytest.fixture
def lab(working_lab):
    """A task is out, and the writer has the database."""
    working_lab.order(1)
    working_lab.db.close()
    return working_lab


@pytest.fixture
def writer(lab):
    with started_writer(lab) as writer:
        yield writer


@pytest.fixture
def look(lab, writer):
    """The job that gives up on what is late."""
    jobs = make_work_jobs(writer, lab.folder, lab.folder.journal, lab.keys, timedelta(minutes=10), lambda: lab.now).jobs

    def look(*, session=False):
        jobs._jobs["transition"].work()
        if session:
            writer.run(lambda db: give_up_stuck_tasks(db, lab.now))
        return writer.run(lambda db: tasks.find_task(db, 1))

    return look


def test_a_computer_that_slept_expires_nothing_and_a_pause_of_minutes_moves_nothing(lab, look):
    deadline = look().deadline
    lab.later(minutes=10)
    assert look().deadline == deadline
    lab.later(hours=72)
    task = look()
    assert (str(task.state), task.deadline) == ("sent", deadline + timedelta(hours=72))
    assert look() == task
    for _ in range(48 * 6 + 1):  # that nobody reports while it is awake counts
        lab.later(minutes=10)
        task = look()
    assert str(task.state) == "expired"


def test_a_session_holds_nobody_silent_for_the_time_of_sleep(lab, look):
    look()
    lab.later(hours=13)
    assert str(look(session=True).state) == "sent"
    for _ in range(13 * 6):
        lab.later(minutes=10)
        task = look(session=True)
    assert str(task.state) == "expired"


def test_what_could_not_be_stored_for_long_was_not_looked_at(lab, look, monkeypatch):
    deadline = look().deadline

    def full(*_, **__):
        raise StorageFull("full")

    with monkeypatch.context() as patched:
        patched.setattr(workunits, "list_late_workunits", full)
        for _ in range(60):
            lab.later(hours=1)
            with pytest.raises(StorageFull):
                look()
    assert look().deadline == deadline + timedelta(hours=60)


def test_the_store_is_looked_through_beside_the_writer(lab, writer, monkeypatch):
    threads = []
    unneeded = blobs.list_unneeded_blobs

    def noted(db, before):
        threads.append(threading.current_thread())
        return unneeded(db, before)

    monkeypatch.setattr(blobs, "list_unneeded_blobs", noted)
    old = writer.run(lambda db: blobs.store_blob(db, lab.folder, b"of no use", lab.now))
    lab.later(days=61)
    clean_job(writer, lab.folder, lambda: lab.now).work()
    assert threads == [threading.current_thread()]
    assert writer.run(lambda db: db.row("SELECT 1 FROM blob WHERE digest = :old", old=old)) is None


def test_after_a_full_disk_the_laboratory_looks_for_room_by_itself(lab, writer):
    jobs, stopping = Jobs(writer, lambda: lab.now), StopSignal()
    jobs.add(Job(name="alive", every=3_600.0, work=lambda: None))
    watch = functools.partial(laboratory._watch, writer, stopping, jobs, None)
    jobs.add(Job(name="watch", every=0.01, work=watch, remembered=False))

    def fail(_db):
        raise StorageFull("full")

    jobs.start()
    until(lambda: jobs.turns()[0].last_end)
    with pytest.raises(StorageFull):
        writer.run(fail)
    until(lambda: not writer.found_no_room)
    jobs.stop()
    assert (writer.found_no_room, stopping.is_asked) == (False, False)


def test_after_an_absence_no_computer_is_silent_for_a_day_however_often_we_start(small_lab):
    def start(*, up: timedelta, away: timedelta) -> timedelta:
        """For how long nobody is told that a computer is silent."""
        small_lab.now += up
        jobs_store.record_job_start(small_lab.db, "alive", 300.0, small_lab.now)
        small_lab.now += away
        return silence_counts_from(small_lab.db, small_lab.now) - small_lab.now

    nothing, minutes, day = timedelta(0), timedelta(minutes=10), limits.BACK_WITHIN
    assert start(up=day, away=minutes) == nothing
    assert start(up=day, away=8 * day) == day
    assert start(up=minutes, away=minutes) == day - 2 * minutes
    assert start(up=day, away=minutes) == nothing


def test_a_writer_that_failed_stops_the_laboratory_and_the_operator_hears_it(lab, monkeypatch):
    def failed(*_):
        raise OSError(5, "Input/output error")

    hook, stopping, connections = WebBox(), StopSignal(), Connections(folder=lab.folder)
    writer = Writer(lambda: connections.journalled(lab.folder.path / "journal", lambda: lab.now))
    writer.start()
    settings = Settings(name="Small & Sons")
    with web(hook) as address, contextlib.closing(ReaderPool(lab.folder)) as readers:
        clock = {"now": lambda: lab.now, "up_since": lab.now}
        readiness = Readiness(
            folder=lab.folder, journal=lab.folder.path, writer=writer, jobs=Jobs(writer, lambda: lab.now), **clock
        )
        mail = make_mailing(
            replace(settings, alert_ntfy=address),
            None,
            make_letters(settings, b"", "http://lab.example/"),
            readiness,
            readers,
            lambda: [Complaint(kind=kind, says=words) for kind, words in readiness.ailments().items()],
            lab.now,
        )
        laboratory._watch(writer, stopping, readiness.jobs, mail.alerts)
        assert (stopping.is_asked, hook.posted) == (False, [])
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", failed)
            with pytest.raises(StoreError):
                writer.run(lambda db: jobs_store.record_job_failure(db, "clean", 1.0, "an error"))
        loop = asyncio.new_event_loop()
        stopping._wake = lambda: loop.call_soon_threadsafe(print)
        loop.close()
        for _ in range(3):
            with contextlib.suppress(RuntimeError):  # the loop that it would wake has ended already
                laboratory._watch(writer, stopping, readiness.jobs, mail.alerts)
    assert stopping.is_asked
    assert [body for _, _, body in hook.posted] == [b"Small & Sons: writer: the writer failed and stores nothing more"]
