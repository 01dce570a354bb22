"""What the runner asks of Windows: of processes with real ones, of files with a stand-in for a module not here."""

import os
import select
import subprocess
import sys
import types

import psutil
import pytest
from patience import PATIENCE, until

from axiom.runner.boinc.protocol import Channel, Channels
from axiom.runner.platform import windows
from axiom.runner.platform.windows import Windows


class Console:
    """msvcrt: which files are locked by others."""

    LK_NBLCK = 2

    def __init__(self):
        self.refusals = 0

    def locking(self, _handle, mode, count):
        assert (mode, count) == (2, 1)
        if self.refusals:
            self.refusals -= 1
            raise PermissionError(13, "Permission denied")


@pytest.fixture
def console():
    return Console()


@pytest.fixture
def system(console):
    tags = {}

    def mapping(handle, size, tagname):
        assert handle == -1
        return tags.setdefault(tagname, bytearray(size))

    made = Windows(console=console, mapping=mapping)
    made.tags = tags
    return made


@pytest.fixture
def busy():
    """A process that computes, with one thread."""
    process = subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"])
    yield process
    process.kill()
    process.wait()


def test_a_process_is_read_halted_let_go_on_and_ended(system, busy):
    until(lambda: system.usage(busy.pid)[0] > 0)
    assert system.usage(busy.pid)[1] > 1
    assert system.threads(busy.pid) == 1
    assert system.is_there(busy.pid)
    system.halt(busy.pid)
    until(lambda: psutil.Process(busy.pid).status() == psutil.STATUS_STOPPED)
    system.go_on(busy.pid)
    until(lambda: psutil.Process(busy.pid).status() == psutil.STATUS_RUNNING)
    system.end(busy.pid)
    busy.wait(PATIENCE)


def test_of_a_process_that_is_gone_nothing_is_read_and_nothing_is_asked(system, busy):
    system.end(busy.pid)
    busy.wait(PATIENCE)
    for ask in (system.halt, system.go_on, system.end, system.outlast):
        ask(busy.pid)
    assert system.usage(busy.pid) == (0.0, 0.0)
    assert system.threads(busy.pid) == 0
    assert not system.is_there(busy.pid)


def test_a_parent_is_waited_for_until_it_is_gone(system, busy):
    busy.kill()
    system.outlast(busy.pid)
    assert not psutil.pid_exists(busy.pid)


@pytest.mark.parametrize(("size", "taken"), [(0, 0), (1, 4096), (4096, 4096), (10**6, 1_003_520)])
def test_a_file_takes_whole_clusters(system, size, taken):
    assert system.taken(types.SimpleNamespace(st_size=size)) == taken


def test_a_lock_is_refused_while_another_has_it_and_waited_for(system, console, monkeypatch):
    console.refusals = 1
    assert not system.lock(3)
    assert system.lock(3)
    waits = []
    monkeypatch.setattr(windows.time, "sleep", waits.append)
    console.refusals = 2
    system.hold(3)
    assert len(waits) == 2


def test_the_client_s_channels_are_shared_under_its_name(system, monkeypatch, tmp_path):
    monkeypatch.setattr("axiom.runner.boinc.protocol.system", system)
    ours = Channels(tmp_path, "boinc_3")
    (shared,) = system.tags.values()
    assert list(system.tags) == ["shm_boinc_3"]
    shared[0:11] = b"\1<suspend/>"
    assert ours.take(Channel.CONTROL) == "<suspend/>"
    assert shared[0] == 0
    assert ours.put(Channel.STATUS, "done")
    assert shared[5 * 1024 : 5 * 1024 + 6] == b"\1done\0"
    with pytest.raises(ValueError, match="no usable comm_obj_name"):
        Channels(tmp_path, "")


def test_pipes_are_heard_each_by_a_thread_of_its_own(system):
    ours, theirs = zip(*(os.pipe() for _ in range(2)), strict=True)
    pipes = [os.fdopen(end, "rb") for end in ours]
    streams = system.streams(*pipes)
    assert streams.read(0.01) == []
    os.write(theirs[1], b"word")
    assert streams.read(PATIENCE) == [(pipes[1], b"word")]
    for end in theirs:
        os.close(end)
    ended = streams.read(PATIENCE)
    while len(ended) < 2:
        ended += streams.read(PATIENCE)
    assert sorted(chunk for _, chunk in ended) == [b"", b""]
    assert streams.read(0.01) == []  # nothing comes of a pipe that has ended, and once
    streams.close()
    for pipe in pipes:
        pipe.close()


def test_a_process_that_writes_without_end_waits_until_it_is_read(system):
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    with os.fdopen(ours, "rb") as pipe:
        streams, written = system.streams(pipe), 0
        while written < 25 * 2**20 and select.select([], [theirs], [], 0.2)[1]:
            written += os.write(theirs, b"x" * 65_536)
        assert written <= 18 * 65_536 + 2**20
        read = 0
        os.close(theirs)
        while chunks := streams.read(PATIENCE):
            read += sum(len(chunk) for _, chunk in chunks)
            if not chunks[-1][1]:
                break
        assert read == written
        streams.close()
