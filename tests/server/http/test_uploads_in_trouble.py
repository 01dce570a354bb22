"""Uploads when something goes wrong or comes twice: full disks, kills, a store that cannot store, tasks reported."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from datetime import timedelta

import pytest
from patience import PATIENCE
from upload_lab import KEY, LARGE, SMALL, Place, head, md5, size_query, status_of

from axiom.boinc.transfers import done, size_reply, write_name
from axiom.domain.work import task_name
from axiom.errors import StorageFull, StoreBusy
from axiom.server.http import uploads as upload_handlers
from axiom.store.connections import Connections
from axiom.store.tasks import uploads
from axiom.store.writer import Writer


@pytest.fixture
def place(working_lab):
    made = Place(working_lab)
    yield made
    made.close()


def test_two_who_bring_one_file_at_once_harm_nobody(place):
    request = head(LARGE)
    first, second = place.transfers.arrive(len(request)), place.transfers.arrive(len(request))
    half = len(request) // 2
    first.take(request[:half])
    second.take(request[:half])
    assert first.take(request[half:]) is None
    second.take(request[half:])
    assert status_of(first.finish().result(10)) == 1  # it was overtaken
    assert second.finish().result(10) == done()
    assert place.stored() == {1: LARGE}


def test_another_output_replaces_one_only_until_it_is_reported(place):
    other = SMALL[::-1]
    assert place.say(head(SMALL)) == done()
    assert place.say(head(other)) == done()
    assert place.stored() == {1: other}
    first = hashlib.sha256(SMALL).hexdigest()
    assert place.writer.run(lambda db: db.one("SELECT 1 FROM blob WHERE digest = :digest", digest=first)) is None
    digest = hashlib.sha256(other).hexdigest()
    place.writer.run(lambda db: db.execute("UPDATE task SET output_digest = :digest WHERE id = 1", digest=digest))
    assert place.say(head(other)) == done()
    assert status_of(place.say(head(SMALL))) == -1
    assert place.stored() == {1: other}


@pytest.mark.parametrize("state", ["failed", "invalid", "aborted"])
@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["small", "large"])
def test_what_comes_for_a_task_that_ended_without_an_output_is_let_pass(place, state, body):
    before = place.kept()
    place.writer.run(lambda db: db.execute("UPDATE task SET state = :state WHERE id = 1", state=state))
    assert place.say(head(body)) == done()
    assert place.stored() == {}
    assert place.kept() == before


def test_a_task_that_nobody_here_remembers_may_bring_its_output(place):
    name = write_name(KEY, task_name("tiny_sum", 1, 900, 900))
    assert place.say(head(SMALL, name=name)) == done()
    assert place.writer.run(lambda db: uploads.of(db, [900])[900].md5) == md5(SMALL)


def test_a_disk_without_room_makes_clients_wait(place, monkeypatch):
    monkeypatch.setattr(upload_handlers, "LEAST_FREE", 2**62)
    place.transfers = place.opened()
    assert status_of(place.say(head(SMALL))) == 1
    assert status_of(place.say(head(LARGE))) == 1
    assert place.stored() == {}
    monkeypatch.undo()
    place.lab.later(seconds=10)
    assert place.say(head(SMALL)) == done()


def test_a_disk_that_fills_while_a_file_comes_makes_clients_wait(place, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(upload_handlers.os, "write", full)
    assert status_of(place.say(head(LARGE))) == 1
    monkeypatch.undo()
    assert place.say(head(LARGE)) == done()


@pytest.mark.parametrize("error", [StorageFull("full"), StoreBusy("busy"), RuntimeError("a fault")])
def test_a_store_that_cannot_store_acknowledges_nothing(place, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(upload_handlers.uploads, "record", fail)
    assert [status_of(place.say(head(body))) for body in (SMALL, LARGE)] == [1, 1]
    monkeypatch.undo()
    assert place.stored() == {}
    assert place.say(head(SMALL)) == done()


def test_a_stopped_writer_acknowledges_nothing(place):
    place.writer.stop()
    assert [status_of(place.say(head(body))) for body in (SMALL, LARGE)] == [1, 1]


def test_a_host_that_brings_much_and_reports_nothing_has_to_wait(place, monkeypatch):
    name = write_name(KEY, task_name("tiny_sum", 1, 1, 2))
    place.writer.run(
        lambda db: db.execute(
            "INSERT INTO task (workunit_id, experiment_id, ordinal, state, created_at, host_id) "
            "SELECT workunit_id, experiment_id, 7, 'sent', created_at, 1 FROM task WHERE id = 1"
        )
    )
    monkeypatch.setattr(upload_handlers, "HOST_QUOTA", len(LARGE) + 10)
    assert place.say(head(LARGE)) == done()
    assert status_of(place.say(head(LARGE, name=name))) == 1
    assert place.say(head(SMALL, name=name)) == done()  # what is small is bounded by the number of its tasks


def another_task(place, number: int) -> str:
    """The name of the output of one more task that the same host has."""
    place.writer.run(
        lambda db: db.execute(
            "INSERT INTO task (id, workunit_id, experiment_id, ordinal, state, created_at, host_id) "
            "SELECT :number, workunit_id, experiment_id, :number, 'sent', created_at, 1 FROM task WHERE id = 1",
            number=number,
        )
    )
    return write_name(KEY, task_name("tiny_sum", 1, 1, number))


def test_parts_count_for_what_a_host_may_bring_as_whole_outputs_do(place, monkeypatch):
    monkeypatch.setattr(upload_handlers, "HOST_QUOTA", 3 * len(LARGE))
    names = [another_task(place, number) for number in range(100, 110)]
    for name in names:
        place.cut(head(LARGE, name=name), after=500_000)
    assert len(list(place.folder.uploads.iterdir())) == 3
    place.transfers = place.opened()  # they count after a restart, too
    assert status_of(place.say(head(LARGE, name=names[-1]))) == 1
    assert place.say(head(LARGE, name=names[0])) == done()  # it takes the place of its own part
    for name in names[1:3]:
        assert place.say(head(LARGE, name=name)) == done()
    assert not list(place.folder.uploads.iterdir())


def test_outputs_that_were_replaced_count_until_they_are_swept(place, monkeypatch):
    monkeypatch.setattr(upload_handlers, "HOST_QUOTA", 3 * len(LARGE))
    different = [bytes([number]) + LARGE for number in range(20)]
    before = len(list(place.folder.blobs.glob("??/*")))
    said = [status_of(place.say(head(body))) for body in different]
    assert said == [0, 0, 0, *[1] * 17]
    assert len(list(place.folder.blobs.glob("??/*"))) == before + 3
    assert status_of(place.say(head(LARGE, name=another_task(place, 100)))) == 1
    place.transfers.begun.sweep(place.lab.now)
    assert place.say(head(different[3])) == done()


@pytest.mark.parametrize("error", [StorageFull("full"), StoreBusy("busy")])
def test_an_output_that_is_here_and_not_stored_is_never_said_to_be_here_whole(place, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(upload_handlers.uploads, "record", fail)
    assert status_of(place.say(head(LARGE))) == 1
    monkeypatch.undo()
    assert place.say(size_query()) == size_reply(len(LARGE) - 1)
    assert place.stored() == {}
    assert place.say(head(LARGE, offset=len(LARGE) - 1)) == done()
    assert place.stored() == {1: LARGE}


def test_after_a_kill_before_the_commit_the_output_comes_again(place):
    place.writer.stop()
    held = BRING.replace("    print(arrival", "    writer.submit(lambda _: time.sleep(60))\n    print(arrival")
    asked = held.replace("arrival.finish().result(10).decode()", "arrival.finish().done()")
    with subprocess.Popen(
        [sys.executable, "-c", asked, str(place.folder.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdin.write(head(LARGE))
        process.stdin.close()
        while process.stdout.readline() != b"False\n":
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    place.writer = Writer(Connections(folder=place.folder).writer)
    place.writer.start()
    place.transfers = place.opened()
    assert place.stored() == {}
    assert place.say(size_query()) == size_reply(len(LARGE) - 1)
    assert place.say(head(LARGE, offset=len(LARGE) - 1)) == done()
    assert place.stored() == {1: LARGE}


def test_many_small_outputs_share_the_works_that_store_them(place):
    names = [write_name(KEY, task_name("tiny_sum", 1, 1, 100 + number)) for number in range(40)]
    holding: Future[None] = Future()
    place.writer.submit(lambda _: holding.result(10))
    answers = []
    for name in names:
        request = head(SMALL, name=name)
        arrival = place.transfers.arrive(len(request))
        arrival.take(request)
        answers.append(arrival.finish())
    assert not any(answer.done() for answer in answers)
    holding.set_result(None)
    assert {answer.result(10) for answer in answers} == {done()}
    assert len(place.writer.run(lambda db: uploads.of(db, range(100, 140)))) == 40


def test_a_part_is_gone_when_the_output_came_as_a_whole(place):
    body = b"y" * 100_000
    place.cut(head(body), after=60_000)
    place.transfers = place.opened()
    assert place.say(head(body)) == done()
    assert not list(place.folder.uploads.iterdir())
    assert place.say(size_query()) == size_reply(0)


def cut_off(exchange, handed, body: bytes) -> bytes:
    """The output of a task whose connection broke; what asks how much of it is here."""
    name, token = handed.slot.findtext("name"), handed.slot.findtext("xml_signature").strip()
    request = head(body, name=name, token=token, most=int(handed.slot.findtext("max_nbytes")))
    arrival = exchange.transfers.arrive(len(request))
    arrival.take(request[:-10_000])
    arrival.lose()
    return size_query(name)


def asked(exchange, question: bytes) -> bytes:
    arrival = exchange.transfers.arrive(len(question))
    assert arrival.take(question) is None
    return arrival.finish().result(10)


def test_a_task_that_its_host_lost_is_sent_again_and_its_output_begins_anew(exchange, attic):
    exchange.deploy(1)
    exchange.call(attic, ask=1e5)
    mine, lost = attic.tasks
    questions = {name: cut_off(exchange, attic.tasks[name], LARGE) for name in (mine, lost)}
    del attic.tasks[lost]  # as after a reset of the project
    heard = exchange.call(attic, ask=1.0)
    assert list(heard.tasks) == [lost]
    assert asked(exchange, questions[lost]) == size_reply(0)
    assert asked(exchange, questions[mine]) != size_reply(0)  # the client has this task, and brings the rest of it
    assert len(exchange.transfers.begun.lying(0)) == 1


def test_a_task_that_is_lost_and_not_sent_again_keeps_its_part(exchange, attic):
    exchange.call(attic, ask=1.0)
    (handed,) = attic.tasks.values()
    question = cut_off(exchange, handed, LARGE)
    attic.tasks.clear()
    exchange.call(attic)  # it asks for no work
    assert asked(exchange, question) != size_reply(0)


def test_parts_that_nobody_continues_are_deleted(place):
    place.cut(head(LARGE), after=200_000)
    (part,) = place.folder.uploads.iterdir()
    begun = place.lab.now
    os.utime(part, (begun.timestamp(), begun.timestamp()))
    assert place.transfers.begun.sweep(begun + timedelta(days=13)) == 0
    assert place.transfers.begun.sweep(begun + timedelta(days=15)) == 1
    assert place.say(size_query()) == size_reply(0)


BRING = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from axiom.server.http.uploads import Transfers
from axiom.store.connections import Connections
from axiom.store.engine.folder import Folder
from axiom.store.writer import Writer

folder = Folder(path=Path(sys.argv[1]))
writer = Writer(Connections(folder=folder).writer)
writer.start()
with ThreadPoolExecutor(2) as threads:
    desk = Transfers(
        writer=writer, folder=folder, key=b"k" * 32, now=lambda: datetime(2026, 3, 2, tzinfo=UTC), threads=threads
    )
    arrival = desk.arrive(None)
    while piece := sys.stdin.buffer.read1(50_000):
        arrival.take(piece)
        print(len(piece), flush=True)
    print(arrival.finish().result(10).decode(), flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("whole", [False, True])
def test_after_a_kill_what_was_acknowledged_is_here_and_the_rest_goes_on(place, whole):
    place.writer.stop()
    request = head(LARGE)
    process = subprocess.Popen(
        [sys.executable, "-c", BRING, str(place.folder.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process.stdin.write(request if whole else request[:300_000])
    if whole:
        process.stdin.close()
    else:
        process.stdin.flush()
    said, until = b"", time.monotonic() + PATIENCE
    wanted = (lambda: b"<status>0" in said) if whole else (lambda: sum(map(int, said.split())) >= 300_000)
    while not wanted() and time.monotonic() < until:
        said += process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    if not whole:
        process.stdin.close()
    place.writer = Writer(Connections(folder=place.folder).writer)
    place.writer.start()
    place.transfers = place.opened()
    if not whole:
        here = int(place.say(size_query()).partition(b"<file_size>")[2].partition(b"<")[0])
        assert 250_000 < here < 300_000
        assert place.say(head(LARGE, offset=here)) == done()
    assert place.stored() == {1: LARGE}
