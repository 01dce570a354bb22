"""What the runner asks of Windows. Unit-tested with stand-ins for the system's calls; not run on Windows.

Windows knows neither process groups nor a signal that halts: processes are suspended and ended one by one, and the
one that computes may start none. Its words for handles and rights are kept, so that they can be looked up.
"""

import contextlib
import ctypes
import importlib
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

_PROCESS_TERMINATE = 0x0001
_PROCESS_VM_READ = 0x0010
_PROCESS_SUSPEND_RESUME = 0x0800
_PROCESS_QUERY_LIMITED_INFORMATION = 0x1000
_SYNCHRONIZE = 0x0010_0000
_WAIT_TIMEOUT = 0x0102
_INFINITE = 0xFFFF_FFFF
_SNAP_OF_PROCESSES = 0x0002
_TICKS = 1e7  # of a process's times in a second
_CLUSTER = 4_096  # bytes: files take whole ones of the disk, where nobody chose otherwise
_ERROR_ACCESS_DENIED = 5
_KILLED = 9  # the status of a process that was ended by us
_AGAIN = 0.05
_CHUNK = 64 * 1024
_MOST_CHUNKS = 16  # that wait to be read; then the process waits
_PREFIX = "shm_"


class _Memory(ctypes.Structure):
    _fields_ = (
        ("cb", ctypes.c_uint32),
        ("PageFaultCount", ctypes.c_uint32),
        ("PeakWorkingSetSize", ctypes.c_size_t),
        ("WorkingSetSize", ctypes.c_size_t),
        ("QuotaPeakPagedPoolUsage", ctypes.c_size_t),
        ("QuotaPagedPoolUsage", ctypes.c_size_t),
        ("QuotaPeakNonPagedPoolUsage", ctypes.c_size_t),
        ("QuotaNonPagedPoolUsage", ctypes.c_size_t),
        ("PagefileUsage", ctypes.c_size_t),
        ("PeakPagefileUsage", ctypes.c_size_t),
    )


class _Process(ctypes.Structure):
    _fields_ = (
        ("dwSize", ctypes.c_uint32),
        ("cntUsage", ctypes.c_uint32),
        ("th32ProcessID", ctypes.c_uint32),
        ("th32DefaultHeapID", ctypes.c_size_t),
        ("th32ModuleID", ctypes.c_uint32),
        ("cntThreads", ctypes.c_uint32),
        ("th32ParentProcessID", ctypes.c_uint32),
        ("pcPriClassBase", ctypes.c_int32),
        ("dwFlags", ctypes.c_uint32),
        ("szExeFile", ctypes.c_uint16 * 260),
    )


class ThreadedPipes:
    """Pipes with a thread each, for Windows does not say which of them has something."""

    def __init__(self, *pipes: IO[bytes]) -> None:
        self._chunks: queue.Queue[tuple[IO[bytes], bytes]] = queue.Queue(_MOST_CHUNKS)
        for pipe in pipes:
            threading.Thread(target=self._listen, args=(pipe,), daemon=True).start()

    def read(self, seconds: float) -> list[tuple[IO[bytes], bytes]]:
        chunks = []
        with contextlib.suppress(queue.Empty):
            chunks.append(self._chunks.get(timeout=seconds))
            while True:
                chunks.append(self._chunks.get_nowait())
        return chunks

    def close(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._chunks.get_nowait()

    def _listen(self, pipe: IO[bytes]) -> None:
        chunk = b"any"
        while chunk:
            try:
                chunk = os.read(pipe.fileno(), _CHUNK)
            except (OSError, ValueError):  # it was closed on our side
                chunk = b""
            self._chunks.put((pipe, chunk))


class Windows:
    def __init__(self, *, kernel: Any, native: Any, console: Any, mapping: Callable[..., Any]) -> None:
        """`kernel` and `native` are kernel32 and ntdll, `console` is msvcrt, `mapping` makes a mapping with a tag."""
        self._kernel = kernel
        self._native = native
        self._console = console
        self._mapping = mapping

    def lock(self, handle: int) -> bool:
        with contextlib.suppress(OSError):
            self._console.locking(handle, self._console.LK_NBLCK, 1)
            return True
        return False

    def hold(self, handle: int) -> None:
        while not self.lock(handle):
            time.sleep(_AGAIN)

    def take(self, handle: int) -> bool:
        return self.lock(handle)

    def shared(self, slot: Path, name: str, size: int) -> Any:
        if not name:
            raise ValueError("init_data.xml has no usable comm_obj_name")
        return self._mapping(-1, size, tagname=_PREFIX + name)

    def streams(self, *pipes: IO[bytes]) -> ThreadedPipes:
        return ThreadedPipes(*pipes)

    def is_there(self, pid: int) -> bool:
        """Does this process exist? One that belongs to another account does."""
        with self._opened(pid, _SYNCHRONIZE) as process:
            if not process:
                return bool(self._kernel.GetLastError() == _ERROR_ACCESS_DENIED)
            return bool(self._kernel.WaitForSingleObject(process, 0) == _WAIT_TIMEOUT)

    def halt(self, pid: int) -> None:
        with self._opened(pid, _PROCESS_SUSPEND_RESUME) as process:
            if process:
                self._native.NtSuspendProcess(process)

    def go_on(self, pid: int) -> None:
        with self._opened(pid, _PROCESS_SUSPEND_RESUME) as process:
            if process:
                self._native.NtResumeProcess(process)

    def end(self, pid: int) -> None:
        with self._opened(pid, _PROCESS_TERMINATE) as process:
            if process:
                self._kernel.TerminateProcess(process, _KILLED)

    def outlast(self, parent: int) -> None:
        with self._opened(parent, _SYNCHRONIZE) as process:
            if process:
                self._kernel.WaitForSingleObject(process, _INFINITE)

    def usage(self, pid: int) -> tuple[float, float]:
        began, ended, system, own = (ctypes.c_uint64() for _ in range(4))
        memory = _Memory(cb=ctypes.sizeof(_Memory))
        with self._opened(pid, _PROCESS_QUERY_LIMITED_INFORMATION | _PROCESS_VM_READ) as process:
            if not process:
                return 0.0, 0.0
            words = (ctypes.byref(times) for times in (began, ended, system, own))
            if not self._kernel.GetProcessTimes(process, *words):
                return 0.0, 0.0
            self._kernel.K32GetProcessMemoryInfo(process, ctypes.byref(memory), memory.cb)
        return (system.value + own.value) / _TICKS, memory.WorkingSetSize / 1e6

    def threads(self, pid: int) -> int:
        snapshot = self._kernel.CreateToolhelp32Snapshot(_SNAP_OF_PROCESSES, 0)
        entry = _Process(dwSize=ctypes.sizeof(_Process))
        try:
            is_one = self._kernel.Process32FirstW(snapshot, ctypes.byref(entry))
            while is_one and entry.th32ProcessID != pid:
                is_one = self._kernel.Process32NextW(snapshot, ctypes.byref(entry))
        finally:
            self._kernel.CloseHandle(snapshot)
        return int(entry.cntThreads) if is_one else 0

    def taken(self, status: os.stat_result) -> int:
        return -(-status.st_size // _CLUSTER) * _CLUSTER

    @contextmanager
    def _opened(self, pid: int, rights: int) -> Iterator[int]:
        process = self._kernel.OpenProcess(rights, False, pid)
        try:
            yield process
        finally:
            if process:
                self._kernel.CloseHandle(process)


def windows_here() -> Windows:
    load: Callable[[str], Any] = vars(ctypes)["WinDLL"]  # exists on Windows alone
    kernel = load("kernel32")
    kernel.OpenProcess.restype = kernel.CreateToolhelp32Snapshot.restype = ctypes.c_void_p
    handle, number, place = ctypes.c_void_p, ctypes.c_uint, ctypes.c_void_p
    for name, words in {
        "CloseHandle": [handle],
        "WaitForSingleObject": [handle, number],
        "TerminateProcess": [handle, number],
        "GetProcessTimes": [handle, place, place, place, place],
        "K32GetProcessMemoryInfo": [handle, place, number],
        "Process32FirstW": [handle, place],
        "Process32NextW": [handle, place],
    }.items():
        getattr(kernel, name).argtypes = words
    native = load("ntdll")
    for name in ("NtSuspendProcess", "NtResumeProcess"):
        getattr(native, name).argtypes = [ctypes.c_void_p]
    mapping: Callable[..., Any] = importlib.import_module("mmap").mmap
    return Windows(kernel=kernel, native=native, console=importlib.import_module("msvcrt"), mapping=mapping)
