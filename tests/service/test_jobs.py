"""What jobs do: no deadline passes while nobody can look, and nobody waits while the store is looked through."""

import contextlib
import os
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from mail_servers import WebBox, web
from patience import PATIENCE

from axiom.errors import StorageFull, StoreError
from axiom.lab.steps.clean import give_up_stuck
from axiom.server.http.hardening import StopSignal
from axiom.server.mail.alerts import Complaint
from axiom.server.upkeep.jobs import Job, Jobs
from axiom.service import laboratory
from axiom.service.health import Health
from axiom.service.jobs import moving
from axiom.service.mail import letters, mailing
from axiom.settings import Settings
from axiom.store.connections import Connections, Readers
from axiom.store.engine import blobs
from axiom.store.tasks import workunits
from axiom.store.upkeep import jobs as jobs_store
from axiom.store.writer import Writer


@pytest.fixture
def lab(working_lab):
    """A task is out, and the writer has the database."""
    working_lab.order(1)
    working_lab.db.close()
    return working_lab


@pytest.fixture
def writer(lab):
    made = Writer(Connections(folder=lab.folder).writer)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def look(lab, writer):
    """The job that gives up on what is late."""
    jobs = moving(writer, lab.folder, lab.folder.journal, lab.keys, timedelta(minutes=10), lambda: lab.now).jobs

    def once(*, session=False):
        jobs._jobs["transition"].work()
        if session:
            writer.run(lambda db: give_up_stuck(db, lab.now))
        return writer.run(lambda db: workunits.task(db, 1))

    return once


def test_a_computer_that_slept_expires_nothing_when_it_wakes(lab, look):
    deadline = look().deadline
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
        patched.setattr(workunits, "late", full)
        for _ in range(60):
            lab.later(hours=1)
            with pytest.raises(StorageFull):
                look()
    assert look().deadline == deadline + timedelta(hours=60)


def test_a_pause_of_minutes_moves_nothing(lab, look):
    deadline = look().deadline
    lab.later(minutes=10)
    assert look().deadline == deadline


def test_the_store_is_looked_through_beside_the_writer(lab, writer, monkeypatch):
    threads = []
    unneeded = blobs.unneeded

    def noted(db, before):
        threads.append(threading.current_thread())
        return unneeded(db, before)

    monkeypatch.setattr(blobs, "unneeded", noted)
    old = writer.run(lambda db: blobs.put(db, lab.folder, b"of no use", lab.now))
    lab.later(days=61)
    laboratory._clean(writer, lab.folder, lambda: lab.now)
    assert threads == [threading.current_thread()]
    assert writer.run(lambda db: db.one("SELECT 1 FROM blob WHERE digest = :old", old=old)) is None


def test_after_a_full_disk_the_laboratory_looks_for_room_by_itself(lab, writer):
    jobs, stopping = Jobs(writer, lambda: lab.now), StopSignal()
    jobs.add(Job(name="alive", every=3_600.0, work=lambda: None))
    jobs.add(
        Job(name="watch", every=0.01, work=lambda: laboratory._watch(writer, stopping, jobs, None), remembered=False)
    )

    def fail(_db):
        raise StorageFull("full")

    def until(reached):
        end = time.monotonic() + PATIENCE
        while not reached() and time.monotonic() < end:
            time.sleep(0.01)

    jobs.start()
    until(lambda: jobs.turns()[0].last_end)
    with pytest.raises(StorageFull):
        writer.run(fail)
    until(lambda: not writer.found_no_room)
    jobs.stop()
    assert (writer.found_no_room, stopping.is_asked) == (False, False)


def test_a_writer_that_failed_stops_the_laboratory_and_the_operator_hears_it(lab, monkeypatch):
    def failed(*_):
        raise OSError(5, "Input/output error")

    hook, stopping, connections = WebBox(), StopSignal(), Connections(folder=lab.folder)
    writer = Writer(lambda: connections.journalled(lab.folder.path / "journal", lambda: lab.now))
    writer.start()
    settings = Settings(name="Small & Sons")
    with web(hook) as address, contextlib.closing(Readers(lab.folder)) as readers:
        health = Health(
            folder=lab.folder,
            journal=lab.folder.path,
            writer=writer,
            jobs=Jobs(writer, lambda: lab.now),
            now=lambda: lab.now,
            up_since=lab.now,
        )
        mail = mailing(
            replace(settings, alert_ntfy=address),
            None,
            letters(settings, b"", "http://lab.example/"),
            health,
            readers,
            lambda: [Complaint(kind="ready", says=each) for each in health.unready()],
            timedelta(0),
        )
        laboratory._watch(writer, stopping, health.jobs, mail.alerts)
        assert (stopping.is_asked, hook.posted) == (False, [])
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", failed)
            with pytest.raises(StoreError):
                writer.run(lambda db: jobs_store.failed(db, "clean", 1.0, "an error"))
        for _ in range(3):
            laboratory._watch(writer, stopping, health.jobs, mail.alerts)
    assert stopping.is_asked
    assert [body for _, _, body in hook.posted] == [b"Small & Sons: ready: the writer failed and stores nothing more"]
