"""Starts runners on this computer, speaks to them and ends them.

It imports little: a runner can be started before the rest of whoever wants it, and gets ready meanwhile.
"""

import contextlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

from axiom.runner.child.environment import environment
from axiom.runner.child.spawn import NEARLY_ALWAYS, spawn_template

STOP_SECONDS = 5.0  # for a runner to end by itself
_TAKES_LONG = (*NEARLY_ALWAYS, "jax", "jax.numpy")


class TemplateProcess:
    """A process that imports JAX once, when it is first wanted, and copies itself for the runners of one engine.

    It ends when this end and those of all runners are closed, so also when this process is killed.
    """

    def __init__(self) -> None:
        """Start it. Where it cannot work it ends at once, and runners start their processes in the plain way."""
        self.asked, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = spawn_template(theirs.fileno(), environment(), _TAKES_LONG)

    @property
    def pid(self) -> int:
        return self._process.pid

    def end(self) -> None:
        """Let it end, after the runners."""
        self.asked.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=STOP_SECONDS)
        self._process.kill()
        self._process.wait()


def start_template() -> TemplateProcess | None:
    return TemplateProcess() if sys.platform == "linux" else None


def start_runner(*, is_modest: bool, template: TemplateProcess | None = None) -> subprocess.Popen[str]:
    """A runner that waits to be told for whom it computes. It ends when its standard input does.

    `is_modest`: it lets other programs on this computer come first. `template` gives it its computing processes.
    """
    modest = ["--low-priority"] if is_modest else []
    copies = ["--template", str(template.asked.fileno())] if template else []
    return subprocess.Popen(
        # No folder of ours or of the person's is looked through for modules: the package is installed.
        [sys.executable, "-P", "-m", "axiom.runner.main", "--serve", *modest, *copies],
        pass_fds=(template.asked.fileno(),) if template else (),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        start_new_session=True,  # Ctrl-C is the laboratory's to handle, not each runner's
    )


def tell(runner: subprocess.Popen[str], line: dict[str, Any]) -> None:
    """Say a line. That a runner is gone is heard where its answer is awaited."""
    with contextlib.suppress(BrokenPipeError):
        if runner.stdin is not None:
            runner.stdin.write(json.dumps(line) + "\n")
            runner.stdin.flush()


def end(runner: subprocess.Popen[str]) -> None:
    if runner.stdin is not None:
        with contextlib.suppress(OSError, ValueError):
            runner.stdin.close()
    try:
        runner.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        runner.kill()
        runner.wait()


def end_all(runners: Sequence[subprocess.Popen[str]]) -> None:
    """Have all of them end, at the same time: each may take seconds to keep what it computes."""
    threads = [threading.Thread(target=end, args=(runner,), daemon=True) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def hang_up(runner: subprocess.Popen[str]) -> None:
    """Listen no more: only once nobody reads from it."""
    if runner.stdout is not None:
        runner.stdout.close()
