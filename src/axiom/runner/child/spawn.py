"""Starts the process that computes; it imports little, so that whoever starts one can do so before anything else."""

import os
import sys

TYPE_CHECKING = False  # `typing` takes a millisecond
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping, Sequence

NEARLY_ALWAYS = ("numpy", "numpy.random", "dataclasses")  # what experiments import, and takes longest
_HERE, _, _ = __file__.rpartition(os.sep)
_SCRIPT = f"{_HERE}{os.sep}child.py"
_OWN = _HERE.removesuffix(
    f"{os.sep}axiom{os.sep}runner{os.sep}child"
)  # the folder or the archive where the runner's own code lies


def words(parent: int, preloaded: "Sequence[str]" = ()) -> list[str]:
    """The command of a process that computes for this parent, and imports at once what is installed by these names."""
    return [sys.executable, *_options(), *_script(), str(parent), _OWN, *preloaded]


def spawn(environment: "Mapping[str, str]", preloaded: "Sequence[str]" = ()) -> "subprocess.Popen[bytes]":
    """Start it, in a process group of its own: a Ctrl-C is the parent's to handle, and the whole group can be ended."""
    import subprocess  # takes longer than all else here

    return subprocess.Popen(
        words(os.getpid(), preloaded),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environment),
        cwd=environment.get("TMPDIR"),
        start_new_session=True,
    )


def _options() -> list[str]:
    """Nothing of the user's own is imported, and bytecode of a bundle is never kept; of the rest as the parent does.

    Isolated mode (-I) would ignore PYTHONHASHSEED; the whole environment is ours, so it says nothing else to Python.
    """
    return ["-s", "-P", "-B"] if sys.dont_write_bytecode else ["-s", "-P"]


def _script() -> list[str]:
    """The words that start the child's script: its file, or its text where the runner is a single file itself."""
    if os.path.isfile(_SCRIPT):  # noqa: PTH113  pathlib is not imported yet
        return [_SCRIPT]
    import pkgutil  # where there is no other way

    return ["-c", (pkgutil.get_data(__package__, "child.py") or b"").decode()]
