"""Windows' mapping, with stand-ins for the calls of a system that is not here."""

import ctypes
import os
import select
import types

import pytest
from patience import PATIENCE

from axiom.runner.boinc.protocol import Channel, Channels
from axiom.runner.platform import windows
from axiom.runner.platform.windows import Windows, windows_here


class Kernel:
    """kernel32 and ntdll: processes by number, each running, suspended or gone, and the handles that are open."""

    def __init__(self):
        self.processes = {10: "running"}
        self.handles = {}
        self.rights = []
        self.error = 87
        self.waits = []
        self.threads = [(4, 100), (10, 7), (12, 3)]  # of each process, as a snapshot lists them
        self.place = 0

    def OpenProcess(self, rights, _inherit, pid):  # noqa: N802
        if pid not in self.processes:
            return None
        self.rights.append(rights)
        self.handles[500 + pid] = pid
        return 500 + pid

    def CloseHandle(self, handle):  # noqa: N802
        del self.handles[handle]

    def GetLastError(self):  # noqa: N802
        return self.error

    def WaitForSingleObject(self, handle, milliseconds):  # noqa: N802
        self.waits.append(milliseconds)
        if milliseconds:
            self.processes[self.handles[handle]] = "gone"
        return 0 if self.processes[self.handles[handle]] == "gone" else 0x102

    def TerminateProcess(self, handle, status):  # noqa: N802
        assert status != 0
        self.processes[self.handles[handle]] = "gone"

    def GetProcessTimes(self, handle, began, ended, system, own):  # noqa: N802
        for place, value in ((began, 5 * 10**15), (ended, 0), (system, 5_000_000), (own, 2**33)):
            place._obj.value = value
        return self.handles[handle] in self.processes

    def K32GetProcessMemoryInfo(self, _handle, memory, size):  # noqa: N802
        assert size == memory._obj.cb == ctypes.sizeof(memory._obj) == 72
        memory._obj.WorkingSetSize = 3 * 10**9

    def CreateToolhelp32Snapshot(self, what, _process):  # noqa: N802
        assert what == 2
        self.handles[900], self.place = None, -1
        return 900

    def Process32FirstW(self, _snapshot, entry):  # noqa: N802
        self.place += 1
        if self.place == len(self.threads):
            return 0
        assert entry._obj.dwSize == ctypes.sizeof(entry._obj) == 568
        entry._obj.th32ProcessID, entry._obj.cntThreads = self.threads[self.place]
        return 1

    Process32NextW = Process32FirstW

    def NtSuspendProcess(self, handle):  # noqa: N802
        self.processes[self.handles[handle]] = "suspended"

    def NtResumeProcess(self, handle):  # noqa: N802
        self.processes[self.handles[handle]] = "running"


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
def kernel():
    return Kernel()


@pytest.fixture
def console():
    return Console()


@pytest.fixture
def system(kernel, console):
    tags = {}

    def mapping(handle, size, tagname):
        assert handle == -1
        return tags.setdefault(tagname, bytearray(size))

    made = Windows(kernel=kernel, native=kernel, console=console, mapping=mapping)
    made.tags = tags
    return made


def test_a_process_is_read_and_changed_until_it_is_gone_and_no_handle_stays_open(system, kernel):
    assert system.usage(10) == (0.5 + 2**33 / 1e7, 3000.0)
    assert system.usage(11) == (0.0, 0.0)  # there is none of this number
    assert (kernel.rights, kernel.handles) == ([0x1010], {})
    assert [system.threads(pid) for pid in (4, 10, 12, 13)] == [100, 7, 3, 0]
    assert system.is_there(10)
    for change, state in ((system.halt, "suspended"), (system.go_on, "running"), (system.end, "gone")):
        change(11)
        change(10)
        assert (kernel.processes, kernel.handles) == ({10: state}, {})
    assert kernel.rights[-3:] == [0x800, 0x800, 0x1]
    assert not system.is_there(10)  # a handle of one that ended can still be opened
    assert not system.is_there(11)
    kernel.error = 5
    assert system.is_there(11)  # it belongs to another account
    assert kernel.handles == {}


def test_a_parent_is_waited_for_without_end_and_one_that_is_gone_not_at_all(system, kernel):
    system.outlast(10)
    system.outlast(11)
    assert (kernel.waits, kernel.handles) == ([0xFFFF_FFFF], {})


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


def test_the_system_s_own_calls_are_found_by_name(monkeypatch):
    def load(name):
        return types.SimpleNamespace(
            name=name, **{call: types.SimpleNamespace() for call in dir(Kernel) if call[0].isupper()}
        )

    monkeypatch.setattr(ctypes, "WinDLL", load, raising=False)
    monkeypatch.setattr(
        windows.importlib, "import_module", lambda name: types.SimpleNamespace(name=name, mmap="its mmap")
    )
    found = windows_here()
    assert (found._kernel.name, found._native.name, found._console.name) == ("kernel32", "ntdll", "msvcrt")
    assert found._kernel.OpenProcess.restype is ctypes.c_void_p
    assert found._kernel.CreateToolhelp32Snapshot.restype is ctypes.c_void_p
    assert found._native.NtSuspendProcess.argtypes == [ctypes.c_void_p]
    assert found._kernel.GetProcessTimes.argtypes == [ctypes.c_void_p] * 5


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
