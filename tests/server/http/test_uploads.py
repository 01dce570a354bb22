"""Uploads, in the pieces in which a network brings them: what is kept, what is answered, and what is never touched."""

import hashlib
import itertools
import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from patience import PATIENCE
from upload_lab import KEY, LARGE, LIMIT, NAME, SMALL, Place, head, md5, size_query, status_of

from axiom.boinc.uploads import size_reply, upload_done_reply, write_name, write_token
from axiom.domain.work import task_name
from axiom.errors import StorageFull, StoreBusy
from axiom.limits import server as server_limits
from axiom.server.http import uploads as upload_handlers
from axiom.server.http.fast_lane import RequestHead
from axiom.store.connections import Connections
from axiom.store.writer import Writer


@pytest.fixture
def place(working_lab):
    made = Place(working_lab)
    yield made
    made.close()


@pytest.mark.parametrize(("body", "piece"), [(b"", 7_919), (SMALL, 262_144), (b"x" * 70_000, 7_919), (LARGE, 65_536)])
def test_an_output_is_stored_before_it_is_acknowledged_and_once(place, body, piece):
    assert place.say(head(body), piece=piece) == upload_done_reply()
    assert place.stored() == {1: body}
    assert place.say(head(body), piece=piece) == upload_done_reply()
    assert place.stored() == {1: body}
    assert not list(place.folder.uploads.iterdir())
    assert place.say(size_query()) == size_reply(0)  # done with: a client that asks sends it again, and all is well


@settings(max_examples=30)
@given(cuts=st.lists(st.integers(0, 1_100), max_size=5))
def test_an_output_is_the_same_in_whatever_pieces_it_comes(place_for_all, cuts):
    request = head(SMALL)
    arrival = place_for_all.transfers.arrive(len(request))
    bounds = [0, *sorted(cuts), len(request)]
    assert all(arrival.take(request[a:b]) is None for a, b in itertools.pairwise(bounds) if b > a)
    assert arrival.finish().result(PATIENCE) == upload_done_reply()


@settings(max_examples=50)
@given(noise=st.binary(max_size=400), at=st.integers(0, 500), length=st.integers(0, 2_000))
def test_whatever_comes_is_answered_and_nothing_wrong_is_stored(place_for_all, noise, at, length):
    request = head(SMALL)
    broken = request[:at] + noise + request[at + len(noise) :]
    arrival = place_for_all.transfers.arrive(length)
    if arrival.take(broken) is None:
        assert status_of(arrival.finish().result(PATIENCE)) in {-1, 0, 1}
    assert place_for_all.stored().get(1, SMALL) == SMALL


@pytest.fixture(scope="module")
def place_for_all(new_lab, prepared, tmp_path_factory):
    lab = new_lab(tmp_path_factory.mktemp("transfers") / "lab")
    lab.publish(prepared())
    lab.deploy()
    lab.host()
    made = Place(lab)
    yield made
    made.close()


@pytest.mark.parametrize(("body", "after"), [(b"y" * 100_000, 30_000), (LARGE, 65_536), (LARGE, 300_000)])
def test_an_upload_that_was_cut_off_goes_on_where_it_was(place, body, after):
    request = head(body)
    place.cut(request, after=after)
    here = int(place.say(size_query()).partition(b"<file_size>")[2].partition(b"<")[0])
    assert 0 < here <= after
    assert place.say(head(body, offset=here)) == upload_done_reply()
    assert place.stored() == {1: body}
    assert not list(place.folder.uploads.iterdir())


def test_an_upload_goes_on_from_no_later_than_its_end_and_is_replaced_until_reported(place):
    place.cut(head(bytes(len(LARGE))), after=200_000)
    assert status_of(place.say(head(LARGE, offset=100_000))) == 1
    assert place.say(size_query()) == size_reply(0)
    assert status_of(place.say(head(SMALL, digest=md5(b"something else")))) == 1
    assert place.stored() == {}
    place.cut(head(LARGE), after=200_000)
    assert status_of(place.say(head(LARGE, offset=300_000))) == 1
    assert place.say(head(LARGE, offset=1_000)) == upload_done_reply()
    assert place.stored() == {1: LARGE}
    other = SMALL[::-1]
    assert place.say(head(SMALL)) == upload_done_reply()
    assert place.say(head(other)) == upload_done_reply()
    assert place.stored() == {1: other}
    first = hashlib.sha256(SMALL).hexdigest()
    assert place.writer.run(lambda db: db.row("SELECT 1 FROM blob WHERE digest = :digest", digest=first)) is None
    digest = hashlib.sha256(other).hexdigest()
    place.writer.run(lambda db: db.execute("UPDATE task SET output_digest = :digest WHERE id = 1", digest=digest))
    assert place.say(head(other)) == upload_done_reply()
    assert status_of(place.say(head(SMALL))) == -1
    assert place.stored() == {1: other}


FOREIGN = write_token(b"another laboratory's".ljust(32), name=NAME, max_nbytes=LIMIT)
OWN = write_token(KEY, name=NAME, max_nbytes=LIMIT)
FORGED = [
    head(LARGE, token=""),
    head(LARGE, token=FOREIGN),
    head(LARGE, token=OWN[:-1] + ("0" if OWN[-1] != "0" else "1")),
    head(LARGE, token=OWN.upper()),
    head(LARGE, token=OWN, most=LIMIT * 10),  # for more than was agreed
    head(LARGE, name=write_name(KEY, task_name("tiny_sum", 1, 2, 2)), token=OWN),  # reused for another file
    head(LARGE, name="guessed", token=write_token(KEY, name="guessed", max_nbytes=LIMIT)),
    head(LARGE, most=len(LARGE) - 1),  # larger than agreed
    head(LARGE) + b"more than the head says",
    head(LARGE)[:-5] + b"x" * 300_000,
]

TRAVERSAL = (
    "../../axiom.db",
    "%2e%2e/axiom.db",
    "/etc/passwd",
    "..\\axiom.db",
    "x\x00.txt",
    "\uff0e\uff0e/x",
    "con",
    "a\nb",
)


def test_nothing_is_kept_without_a_token_of_ours_for_this_file_and_size(place):
    before = place.kept()
    for request in FORGED:
        assert status_of(place.say(request)) == -1
        assert place.kept() == before
    assert place.say(size_query()) == size_reply(0)
    body = head(3 * LARGE, token=FOREIGN)
    assert len(body) > 1_048_576
    arrival = place.transfers.arrive(len(body))
    assert {arrival.take(body[at : at + 65_536]) for at in range(0, len(body), 65_536)} == {None}
    assert status_of(arrival.finish().result(PATIENCE)) == -1
    assert place.transfers.admit(RequestHead(length=10**12)) == 413
    assert place.kept() == before
    before = {path for path in place.folder.path.rglob("*") if path.is_file()}
    for name in (*TRAVERSAL, "a" * 10_000, "keys/upload.key"):
        token = write_token(KEY, name=name, max_nbytes=LIMIT)
        for request in (head(SMALL, name=name, token=token), size_query(name)):
            answer = place.say(request)
            assert status_of(answer) == -1 or answer == size_reply(0)
    assert {path for path in place.folder.path.rglob("*") if path.is_file()} == before
    place.say(head(SMALL, token=FOREIGN))
    assert place.say(size_query()) == place.say(size_query("unheard-of")) == size_reply(0)


@pytest.mark.parametrize(("state", "body"), [("failed", SMALL), ("invalid", LARGE), ("aborted", SMALL)])
def test_what_comes_for_a_task_that_ended_without_an_output_is_let_pass(place, state, body):
    before = place.kept()
    place.writer.run(lambda db: db.execute("UPDATE task SET state = :state WHERE id = 1", state=state))
    assert place.say(head(body)) == upload_done_reply()
    assert (place.stored(), place.kept()) == ({}, before)


def test_a_disk_that_is_full_or_fills_while_a_file_comes_makes_clients_wait(place, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(server_limits, "FREE_DISK_BYTES", 2**62)
        place.transfers = place.opened()
        assert [status_of(place.say(head(body))) for body in (SMALL, LARGE)] == [1, 1]
    place.lab.later(seconds=10)
    with monkeypatch.context() as patched:
        patched.setattr(upload_handlers.os, "write", full)
        assert status_of(place.say(head(LARGE))) == 1
    assert place.stored() == {}
    assert place.say(head(LARGE)) == upload_done_reply()


@pytest.mark.parametrize("error", [StorageFull("full"), StoreBusy("busy"), RuntimeError("a fault")])
def test_a_store_that_cannot_store_acknowledges_nothing_and_calls_nothing_whole(place, monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(upload_handlers.uploads, "record_uploads", fail)
    assert [status_of(place.say(head(body))) for body in (SMALL, LARGE)] == [1, 1]
    monkeypatch.undo()
    assert place.say(size_query()) == size_reply(len(LARGE) - 1)
    assert place.stored() == {}
    assert place.say(head(LARGE, offset=len(LARGE) - 1)) == upload_done_reply()
    assert place.stored() == {1: LARGE}
    place.writer.stop()
    assert [status_of(place.say(head(body))) for body in (SMALL, LARGE[::-1])] == [1, 1]


def test_a_fault_before_the_store_leaves_no_client_without_an_answer(place, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("a fault")

    with monkeypatch.context() as patched:
        patched.setattr(upload_handlers.blobs, "write_blob_file", fail)
        assert status_of(place.say(head(LARGE))) == 1
    assert place.say(head(LARGE)) == upload_done_reply()


def test_an_output_that_comes_while_another_fails_is_stored_in_its_own_turn(place, monkeypatch):
    other, answers, is_waiting = another_task(place, 2), [], threading.Event()
    answer, store = upload_handlers.Transfers._answer, upload_handlers.Transfers.store

    def fail(*_, **__):
        raise StorageFull("full")

    def arrive_then_answer(self, batch, done):
        if not answers:
            monkeypatch.setattr(upload_handlers.uploads, "record_uploads", record)
            request = head(SMALL, name=other)
            arrival = place.transfers.arrive(len(request))
            arrival.take(request)
            answers.append(arrival.finish())
            assert is_waiting.wait(PATIENCE)
        answer(self, batch, done)

    def store_and_tell(self, output):
        done = store(self, output)
        if output.name == other:
            is_waiting.set()
        return done

    record = upload_handlers.uploads.record_uploads
    monkeypatch.setattr(upload_handlers.uploads, "record_uploads", fail)
    monkeypatch.setattr(upload_handlers.Transfers, "_answer", arrive_then_answer)
    monkeypatch.setattr(upload_handlers.Transfers, "store", store_and_tell)
    assert status_of(place.say(head(LARGE))) == 1
    assert answers[0].result(PATIENCE) == upload_done_reply()
    assert place.stored() == {2: SMALL}


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
    monkeypatch.setattr(server_limits, "UNREPORTED_BYTES", 3 * len(LARGE))
    names = [another_task(place, number) for number in range(100, 106)]
    for name in names:
        place.cut(head(LARGE, name=name), after=500_000)
    assert len(list(place.folder.uploads.iterdir())) == 3
    place.transfers = place.opened()  # they count after a restart, too
    assert status_of(place.say(head(LARGE, name=names[-1]))) == 1
    assert place.say(head(LARGE, name=names[0])) == upload_done_reply()  # it takes the place of its own part
    for name in names[1:3]:
        assert place.say(head(LARGE, name=name)) == upload_done_reply()
    assert not list(place.folder.uploads.iterdir())
    assert (
        place.say(head(SMALL, name=names[4])) == upload_done_reply()
    )  # what is small is bounded by the number of its tasks


def test_outputs_that_were_replaced_count_until_they_are_swept(place, monkeypatch):
    monkeypatch.setattr(server_limits, "UNREPORTED_BYTES", 3 * len(LARGE))
    different = [bytes([number]) + LARGE for number in range(6)]
    before = len(list(place.folder.blobs.glob("??/*")))
    said = [status_of(place.say(head(body))) for body in different]
    assert said == [0, 0, 0, 1, 1, 1]
    assert len(list(place.folder.blobs.glob("??/*"))) == before + 3
    assert status_of(place.say(head(LARGE, name=another_task(place, 100)))) == 1
    place.transfers.begun.sweep(place.lab.now)
    assert place.say(head(different[3])) == upload_done_reply()


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
    return arrival.finish().result(PATIENCE)


def test_the_output_of_a_lost_task_begins_anew_once_the_task_is_sent_again(exchange, attic):
    exchange.deploy(1)
    exchange.call(attic, ask=1e5)
    mine, lost = attic.tasks
    questions = {name: cut_off(exchange, attic.tasks[name], LARGE) for name in (mine, lost)}
    del attic.tasks[lost]  # as after a reset of the project
    exchange.call(attic)  # it asks for no work
    assert asked(exchange, questions[lost]) != size_reply(0)
    assert list(exchange.call(attic, ask=1.0).tasks) == [lost]
    assert asked(exchange, questions[lost]) == size_reply(0)
    assert asked(exchange, questions[mine]) != size_reply(0)  # the client has this task, and brings the rest of it
    assert len(exchange.transfers.begun.pending_bytes_by_task(0)) == 1


def test_two_who_bring_one_file_at_once_harm_nobody_and_abandoned_parts_go(place):
    place.cut(head(LARGE), after=200_000)
    (part,) = place.folder.uploads.iterdir()
    begun = place.lab.now
    os.utime(part, (begun.timestamp(), begun.timestamp()))
    assert place.transfers.begun.sweep(begun + timedelta(days=13)) == 0
    assert place.transfers.begun.sweep(begun + timedelta(days=15)) == 1
    assert place.say(size_query()) == size_reply(0)
    request = head(LARGE)
    first, second = place.transfers.arrive(len(request)), place.transfers.arrive(len(request))
    half = len(request) // 2
    first.take(request[:half])
    second.take(request[:half])
    assert first.take(request[half:]) is None
    second.take(request[half:])
    assert status_of(first.finish().result(PATIENCE)) == 1  # it was overtaken
    assert second.finish().result(PATIENCE) == upload_done_reply()
    assert place.stored() == {1: LARGE}


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
    transfers = Transfers(
        writer=writer, folder=folder, key=b"k" * 32, now=lambda: datetime(2026, 3, 2, tzinfo=UTC), threads=threads
    )
    arrival = transfers.arrive(int(sys.argv[2]))
    while piece := sys.stdin.buffer.read1(50_000):
        arrival.take(piece)
        print(len(piece), flush=True)
    print(arrival.finish().result().decode(), flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("killed", ["while it comes", "before the commit", "when it was acknowledged"])
def test_after_a_kill_what_was_acknowledged_is_here_and_the_rest_goes_on(place, killed):
    place.writer.stop()
    request, program, is_cut = head(LARGE), BRING, killed == "while it comes"
    if killed == "before the commit":
        program = program.replace(
            "    print(arrival", "    writer.submit(lambda _: time.sleep(600))\n    print(arrival"
        )
        program = program.replace("arrival.finish().result().decode()", "arrival.finish().done()")
    with subprocess.Popen(
        [sys.executable, "-c", program, str(place.folder.path), str(len(request))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        process.stdin.write(request[:300_000] if is_cut else request)
        process.stdin.flush()
        if not is_cut:
            process.stdin.close()
        told = b""
        while (
            b"<status>0" not in told
            and b"False" not in told
            and not (is_cut and sum(map(int, told.split())) >= 300_000)
        ):
            line = process.stdout.readline()
            assert line, told
            told += line
        process.send_signal(signal.SIGKILL)
    place.writer = Writer(Connections(folder=place.folder).writer)
    place.writer.start()
    place.transfers = place.opened()
    if killed != "when it was acknowledged":
        assert place.stored() == {}
        here = int(place.say(size_query()).partition(b"<file_size>")[2].partition(b"<")[0])
        assert here == len(LARGE) - 1 if killed == "before the commit" else 250_000 < here < 300_000
        assert place.say(head(LARGE, offset=here)) == upload_done_reply()
    assert place.stored() == {1: LARGE}
