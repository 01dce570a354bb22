"""Periodic jobs: done again and again, remembered, and tried again when they fail."""

import queue
import threading
import time

import pytest
from patience import PATIENCE
from patience import until as become
from started_writer import started_writer

from axiom.server.upkeep.jobs import Job, Jobs
from axiom.store.upkeep import jobs


@pytest.fixture
def writer(small_lab):
    with started_writer(small_lab) as writer:
        yield writer


@pytest.fixture
def work(small_lab, writer):
    """Starts one job and hands out what it did; everything is stopped at the end."""
    started = []

    def start(job: Job) -> Jobs:
        made = Jobs(writer, lambda: small_lab.now)
        made.add(job)
        made.start()
        started.append(made)
        return made

    yield start
    for made in started:
        made.stop()


def remembered(writer):
    return writer.run(jobs.list_jobs)


def until(writer, is_so) -> dict:
    row = {}

    def look() -> bool:
        row.update(*remembered(writer))
        return bool(row) and is_so(row)

    assert become(look), remembered(writer)
    return row


def test_a_job_is_done_at_the_start_and_when_nudged_and_a_frequent_one_forgotten(work, writer):
    done = queue.Queue()
    doing = work(Job(name="sweep", every=0.01, work=lambda: done.put(1), remembered=False))
    for _ in range(3):
        done.get(timeout=PATIENCE)
    doing.stop()
    assert remembered(writer) == []
    done = queue.Queue()
    doing = work(Job(name="publish", every=3_600.0, work=lambda: done.put(1)))
    done.get(timeout=PATIENCE)
    doing.nudge("publish")
    done.get(timeout=PATIENCE)
    doing.stop()
    assert done.empty()
    (row,) = remembered(writer)
    assert (row["name"], row["every_seconds"], row["last_error"]) == ("publish", 3_600.0, "")
    assert row["last_ok"] == row["last_start"]


def test_a_job_that_fails_is_written_down_and_tried_again(work, writer):
    tried = queue.Queue()

    def fail_once():
        tried.put(1)
        if tried.qsize() == 1:
            raise ValueError("no luck")

    doing = work(Job(name="publish", every=3_600.0, work=fail_once))
    row = until(writer, lambda row: row["last_error"])
    assert (row["last_error"], row["last_ok"]) == ("ValueError: no luck", None)
    doing.nudge("publish")
    row = until(writer, lambda row: row["last_ok"] is not None)
    assert (tried.qsize(), row["last_error"]) == (2, "")


def test_a_job_that_fails_is_not_done_as_often_as_it_is_nudged(work):
    tried = queue.Queue()

    def fail():
        tried.put(1)
        raise ValueError("no luck")

    began = time.monotonic()
    doing = work(Job(name="validate", every=3_600.0, work=fail, remembered=False))
    while tried.qsize() < 5:
        doing.nudge("validate")
        time.sleep(0.001)
    assert time.monotonic() - began > 1.4  # four pauses, each twice as long as the one before


def test_of_a_job_of_every_second_an_error_is_remembered_until_it_is_over(work, writer):
    troubles = ["no luck", "no luck", "worse", None]
    tried = queue.Queue()

    def fail():
        trouble = troubles[min(tried.qsize(), 3)]
        tried.put(1)
        if trouble:
            raise ValueError(trouble)

    doing = work(Job(name="sweep", every=3_600.0, work=fail, remembered=False))
    assert until(writer, lambda row: row["last_error"])["last_error"] == "ValueError: no luck"
    doing.nudge("sweep")
    doing.nudge("sweep")
    assert become(lambda: tried.qsize() > 1)
    doing.nudge("sweep")
    assert until(writer, lambda row: "worse" in row["last_error"])["last_start"] is None
    doing.nudge("sweep")
    assert until(writer, lambda row: row["last_ok"] is not None)["last_error"] == ""


def test_an_error_from_before_a_restart_is_over_when_the_job_succeeds(work, writer):
    writer.run(lambda db: jobs.record_job_failure(db, "sweep", 1.0, "no luck"))
    work(Job(name="sweep", every=3_600.0, work=lambda: None, remembered=False))
    assert until(writer, lambda row: row["last_ok"] is not None)["last_error"] == ""


def test_a_turn_tells_when_it_began_and_ended(small_lab, work):
    busy, go = threading.Event(), threading.Event()

    def wait():
        busy.set()
        assert go.wait(PATIENCE)

    running = work(Job(name="slow", every=3_600.0, work=wait, remembered=False))
    assert busy.wait(PATIENCE)
    (turn,) = running.turns()
    assert (turn.name, turn.last_start, turn.last_end) == ("slow", small_lab.now, None)
    began = small_lab.now
    small_lab.later(minutes=3)
    go.set()
    assert become(lambda: running.turns()[0].last_end is not None)
    (turn,) = running.turns()
    assert (turn.last_start, turn.last_end) == (began, small_lab.now)


def test_of_a_job_that_nobody_does_any_more_no_error_is_told(work, writer):
    writer.run(lambda db: jobs.record_job_failure(db, "stamp", 2.0, "the authority is silent"))
    work(Job(name="sweep", every=1_000.0, work=lambda: None))
    assert {row["name"]: row["last_error"] for row in remembered(writer)}["stamp"] == ""


def test_a_stop_that_comes_as_a_job_wakes_is_heard(small_lab, writer):
    doing = Jobs(writer, lambda: small_lab.now)

    class AskedToStop(threading.Event):
        def clear(self):
            doing._stopping.set()
            self.set()
            super().clear()

    woken = AskedToStop()
    woken.set()
    doing.add(Job(name="sweep", every=3_600.0, work=lambda: None, remembered=False, nudged=woken))
    doing.start()
    assert become(lambda: not doing._threads[0].is_alive())
