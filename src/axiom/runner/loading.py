"""What a process that computes is told first: which bundle is its own, and where it may write.

Apart from `children.py`, which listens: whoever waits for a first result says this before importing all that.
"""

import contextlib
from collections.abc import Mapping
from pathlib import Path

from axiom.runner.bounds import Bounds, hold_data
from axiom.runner.endings import Process
from axiom.runner.limits import environment
from axiom.signed import strict

LOAD_MB = 2_000.0  # that a process may hold while it imports an experiment
SHORT = 2.0  # seconds that a cell may need which is computed ahead: nothing is kept of it on the way


def loading(tree: Path, module: str, words: Mapping[str, str]) -> dict[str, object]:
    """Import this module of an unpacked bundle; `words` are the environment, with the places of `within`."""
    return {"do": "load", "tree": str(tree), "module": module, "environment": dict(words)}


def within(bounds: Bounds, words: Mapping[str, str]) -> dict[str, str]:
    """An environment, with the folder of the process for its own."""
    return {**words, **dict.fromkeys(("HOME", "TMPDIR"), str(bounds.scratch))}


def tell(process: Process, tree: Path, module: str, room: Path) -> Bounds:
    """Have a process that waits load a module, declare it and begin; what bounds it, for the `Child` that will listen.

    It gets a folder of its own in that of its bundle. Whether it is there to hear this, the child finds out.
    """
    bounds = Bounds(process.pid, room)
    hold_data(process.pid, LOAD_MB)
    begin = {"do": "begin", "module": module, "most_seconds": SHORT}
    told = loading(tree, module, within(bounds, environment(room))), begin
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(b"".join(strict.canonical(message) + b"\n" for message in told))
            process.stdin.flush()
    return bounds
