import os
import pkgutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

NEARLY_ALWAYS = ("numpy", "numpy.random", "dataclasses")  # what experiments import, and takes longest
COPIES = "copies"  # stands where a parent's number does, before the number of a file
_SCRIPT = Path(__file__).with_name("child.py")
_OWN = Path(__file__).parents[3]  # the folder or the archive where the runner's own code lies


class StartedProcess(Protocol):
    @property
    def stdin(self) -> IO[bytes] | None: ...

    @property
    def stdout(self) -> IO[bytes] | None: ...

    @property
    def stderr(self) -> IO[bytes] | None: ...

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...


def words(parent: int, preloaded: Sequence[str] = ()) -> list[str]:
    return [sys.executable, *_options(), *_script(), str(parent), str(_OWN), *preloaded]


def spawn(environment: Mapping[str, str], preloaded: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """Start it, in a process group of its own: a Ctrl-C is the parent's to handle, and the whole group can be ended."""
    return subprocess.Popen(
        words(os.getpid(), preloaded),
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
