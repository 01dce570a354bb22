"""A runner's end of the template process: asks it for a copy, and treats the copy like a process of its own."""

import contextlib
import os
import select
import socket
import subprocess
from typing import IO

from axiom.runner.child.template import MOST

_PATIENCE = 120.0  # seconds until the first copy begins: the template imports what takes long, perhaps off a cold disk
_LOST = -9  # the template is gone, and the kernel has ended its copies with it


class CopiedProcess:
    def __init__(self, pid: int, line: socket.socket, pipes: tuple[IO[bytes], IO[bytes], IO[bytes]]) -> None:
        self.pid = pid
        self.stdin, self.stdout, self.stderr = pipes
        self._line = line
        self._status: int | None = None

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0.0)
        return self._status

    def wait(self, timeout: float | None = None) -> int:
        if self._status is None:
            try:
                self._status = int(_next_words(self._line, timeout).removeprefix(b"ended "))
            except TimeoutError:
                raise subprocess.TimeoutExpired("a copy of the template", timeout or 0.0) from None
            except OSError:
                self._status = _LOST
            self._line.close()  # only now may its number become another process's
        return self._status


def ask_for_copy(template: socket.socket) -> CopiedProcess | None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    (stdin_end, stdin), (stdout, stdout_end), (stderr, stderr_end) = os.pipe(), os.pipe(), os.pipe()
    pipes = os.fdopen(stdin, "wb"), os.fdopen(stdout, "rb"), os.fdopen(stderr, "rb")
    handles = [stdin_end, stdout_end, stderr_end, theirs.detach()]
    try:
        socket.send_fds(template, [b"%d" % os.getpriority(os.PRIO_PROCESS, 0)], handles)
        return CopiedProcess(int(_next_words(ours, _PATIENCE).removeprefix(b"pid ")), ours, pipes)
    except OSError:
        for end in (ours, *pipes):
            end.close()
        return None
    finally:
        for file in handles:
            os.close(file)


def _next_words(line: socket.socket, timeout: float | None) -> bytes:
    if not select.select([line], [], [], timeout)[0]:
        raise TimeoutError
    words = line.recv(MOST)
    if not words:
        raise ConnectionError("the template is gone")
    return words
