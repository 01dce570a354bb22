"""A process that imports what takes long, once, and copies itself for each process that is to compute. Linux alone.

It computes nothing and starts no thread, so a copy begins where a process of its own would be after importing. The
copies share the memory of what was imported; limits, kills and the sandbox stay those of each copy. Standard library
only, since it runs where the bundle's library will be imported.

A runner sends four files: the three pipes of the copy, and its end of a line. Over the line it hears the number of the
copy, and how it ended. When the runner lets go of the line, the copy is ended, and only then is its number free again.
"""

import array
import contextlib
import ctypes
import os
import select
import signal
import socket
import sys
from collections.abc import Callable

MOST = 512  # bytes of what is said on the line, and of a request
_FILES = 4
_SET_PARENT_DEATH_SIGNAL = 1  # the kernel's name for it is PR_SET_PDEATHSIG


class _Copies:
    def __init__(self) -> None:
        self.lines: dict[int, tuple[socket.socket, int]] = {}  # its file to the line and the number of the copy
        self.ends: dict[int, int] = {}  # the file that ends with a process to the file of its line

    def add(self, line: socket.socket, pid: int) -> None:
        self.lines[line.fileno()] = (line, pid)
        self.ends[os.pidfd_open(pid)] = line.fileno()

    def say_end(self, end: int) -> None:
        """Say how a copy ended. It is not buried yet: its number must mean nobody else while its runner may kill."""
        line, pid = self.lines[self.ends.pop(end)]
        os.close(end)
        state = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        if state is not None:
            status = state.si_status if state.si_code == os.CLD_EXITED else -state.si_status
            with contextlib.suppress(OSError):  # nobody listens any more
                line.send(b"ended %d" % status)

    def drop(self, file: int) -> None:
        line, pid = self.lines.pop(file)
        os.kill(pid, signal.SIGKILL)  # it may have no group yet
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        for end in [end for end, its in self.ends.items() if its == file]:
            del self.ends[end]
            os.close(end)
        line.close()

    def forget(self, requests: socket.socket) -> None:
        """In a copy: leave the closing of all sockets to the copy, which closes them by their numbers."""
        for connection in (requests, *(line for line, _ in self.lines.values())):
            connection.detach()


def serve(handle: int, preload: Callable[[], None]) -> None:
    """Copy this process for each request on this socket. It returns in a copy; here it ends with the last runner.

    `preload` imports what takes long; it is called when the first request comes, so that nobody pays who needs none.
    """
    os.close(os.pidfd_open(os.getpid()))  # a kernel that cannot do this ends us before anybody relies on us
    requests, copies, is_ready, template = socket.socket(fileno=handle), _Copies(), False, os.getpid()
    while True:
        poll = select.poll()
        for file in (*copies.ends, *copies.lines, handle):
            poll.register(file, select.POLLIN)
        file, _ = poll.poll()[0]  # the first alone: what we do for it may close others and reuse their numbers
        if file in copies.ends:
            copies.say_end(file)
            continue
        if file in copies.lines:
            copies.drop(file)
            continue
        request, files = _receive(requests)
        if not request:
            os._exit(0)  # and with us every copy: the kernel ends them
        if not is_ready:
            preload()
            is_ready = True
        pid = os.fork()
        if not pid:
            copies.forget(requests)
            _become_copy(int(request), files, template)
            return
        copies.add(socket.socket(fileno=files.pop()), pid)
        for descriptor in files:
            os.close(descriptor)


def _receive(requests: socket.socket) -> tuple[bytes, list[int]]:
    files = array.array("i")
    request, extra, _, _ = requests.recvmsg(MOST, socket.CMSG_LEN(_FILES * files.itemsize))
    for level, kind, data in extra:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            files.frombytes(data[: len(data) - len(data) % files.itemsize])
    return request, list(files)


def _become_copy(niceness: int, files: list[int], template: int) -> None:
    """Hold nothing but one's own three pipes, in a session of one's own, and end with the template."""
    os.setsid()
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != template:
        os._exit(1)
    os.setpriority(os.PRIO_PROCESS, 0, max(niceness, os.getpriority(os.PRIO_PROCESS, 0)))
    os.write(files[3], b"pid %d" % os.getpid())
    for place, file in enumerate(files[:3]):
        os.dup2(file, place)
    os.closerange(3, max(os.sysconf("SC_OPEN_MAX"), 3))
    if "numpy.random" in sys.modules:  # otherwise what is drawn without a seed would be the same in all copies
        sys.modules["numpy.random"].seed()
