import contextlib
import os
import pkgutil
import select
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from axiom.runner.child.template import MOST

NEARLY_ALWAYS = ("numpy", "numpy.random", "dataclasses")  # what experiments import, and takes longest
COPIES = "copies"  # stands where a parent's number does, before the number of a file
_SCRIPT = Path(__file__).with_name("child.py")
_OWN = Path(__file__).parents[3]  # the folder or the archive where the runner's own code lies
_PATIENCE = 120.0  # seconds until the first copy begins: the template imports what takes long, perhaps off a cold disk
_LOST = -9  # the template is gone, and the kernel has ended its copies with it


def child_command(parent: int, preloaded: Sequence[str] = ()) -> list[str]:
    return [sys.executable, *_options(), *_script(), str(parent), str(_OWN), *preloaded]


def spawn_child(environment: Mapping[str, str], preloaded: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """Start it, in a process group of its own: a Ctrl-C is the parent's to handle, and the whole group can be ended."""
    return subprocess.Popen(
        child_command(os.getpid(), preloaded),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environment),
        cwd=environment.get("TMPDIR"),
        start_new_session=True,
    )


def spawn_template(handle: int, environment: Mapping[str, str], preloaded: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *_options(), *_script(), COPIES, str(_OWN), str(handle), *preloaded],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=dict(environment),
        pass_fds=(handle,),
        start_new_session=True,
    )


def _options() -> list[str]:
    """Nothing of the user's own is imported, and bytecode of a bundle is never kept; of the rest as the parent does.

    Isolated mode (-I) would ignore PYTHONHASHSEED; the whole environment is ours, so it says nothing else to Python.
    """
    return ["-s", "-P", "-B"] if sys.dont_write_bytecode else ["-s", "-P"]


def _script() -> list[str]:
    """The words that start the child's script: its file, or its text where the runner is a single file itself."""
    if _SCRIPT.is_file():
        return [str(_SCRIPT)]
    return ["-c", (pkgutil.get_data(__package__, "child.py") or b"").decode()]


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


StartedProcess = subprocess.Popen[bytes] | CopiedProcess


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
