"""Starts runners on this computer, speaks to them and ends them.

It imports little: a runner can be started before the rest of whoever wants it, and gets ready meanwhile.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from axiom.runner.children import Described

STOP_SECONDS = 5.0  # for a runner to end by itself


def start_runner() -> subprocess.Popen[str]:
    """A runner that waits to be told for whom it computes. It ends when its standard input does."""
    return subprocess.Popen(
        # No folder of ours or of the person's is looked through for modules: the package is installed.
        [sys.executable, "-P", "-m", "axiom.runner.main", "--serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        start_new_session=True,  # Ctrl-C is the laboratory's to handle, not each runner's
    )


@contextlib.contextmanager
def runner_ahead() -> Iterator[subprocess.Popen[str]]:
    """A runner that gets ready while the body prepares what it will compute; it ends with the body."""
    runner = start_runner()
    try:
        yield runner
    finally:
        end(runner)
        hang_up(runner)


def tell(runner: subprocess.Popen[str], line: dict[str, Any]) -> None:
    """Say a line. That a runner is gone is heard where its answer is awaited."""
    with contextlib.suppress(BrokenPipeError):
        if runner.stdin is not None:
            runner.stdin.write(json.dumps(line) + "\n")
            runner.stdin.flush()


def describe(runner: subprocess.Popen[str], tree: Path, modules: Sequence[str]) -> "tuple[Described, ...]":
    """What each module of an unpacked bundle declares, by a runner that was not told yet for whom it computes.

    Where that cannot say, by a process that is started for it.
    """
    from axiom.runner.children import Described  # imported now that the runner is on its way
    from axiom.runner.here import describe_tree

    if runner.stdout is None:
        raise ValueError("a runner without pipes cannot be listened to")
    with tempfile.TemporaryDirectory(prefix="axiom-") as cache:
        tell(runner, {"describe": list(modules), "tree": str(tree), "cache": cache})
        line = runner.stdout.readline()
    described = json.loads(line)["described"] if line else None
    return describe_tree(tree, modules) if described is None else tuple(Described(**one) for one in described)


def end(runner: subprocess.Popen[str]) -> None:
    """Have it end with what it computes; asked again, it changes nothing."""
    if runner.stdin is not None:
        with contextlib.suppress(OSError, ValueError):
            runner.stdin.close()
    try:
        runner.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        runner.kill()
        runner.wait()


def hang_up(runner: subprocess.Popen[str]) -> None:
    """Listen no more: only once nobody reads from it."""
    if runner.stdout is not None:
        runner.stdout.close()
