"""A real laboratory, started as a person starts it."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from changed_database import wait_for_change
from patience import PATIENCE

from axiom.__main__ import _main

AXIOM = Path(sys.executable).parent / "axiom"


def axiom(*words: object, data: Path | None = None) -> subprocess.CompletedProcess[str]:
    where = [] if data is None else ["--data", str(data)]
    return subprocess.run(
        [AXIOM, *map(str, words), *where], capture_output=True, text=True, check=False, timeout=PATIENCE
    )


def typed(*words: object, data: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The same within this process, for commands of which a process of its own would show nothing more."""
    command = [*map(str, words), *([] if data is None else ["--data", str(data)])]
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = _main(command)
    said, remarks = (stream.buffer.getvalue().decode() for stream in (out, err))
    return subprocess.CompletedProcess(command, status, said, remarks)


def answer(*words: object, data: Path | None = None) -> Any:
    done = typed(*words, "--json", data=data)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


@dataclass
class Lab:
    data: Path
    process: subprocess.Popen[str]
    address: str

    def page(self, path: str) -> str:
        with urllib.request.urlopen(self.address + path, timeout=PATIENCE) as reply:  # noqa: S310  our own address
            return str(reply.read().decode())

    def status(self) -> Any:
        return json.loads(self.page("status.json"))["status"]

    def wait(self, reached: Callable[[Any], bool]) -> Any:
        seen: list[Any] = []

        def is_reached() -> bool:
            seen[:] = [self.status()]
            return bool(reached(seen[0]))

        wait_for_change(self.data, is_reached, lambda: json.dumps(seen, indent=1))
        return seen[0]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=PATIENCE)


@contextlib.contextmanager
def running(data: Path, *words: str, wrapped: Sequence[str] = (), command: str = "lab") -> Iterator[Lab]:
    """Start a laboratory; it is ended afterwards, however the test ends."""
    start = [*wrapped, str(AXIOM), command, "--data", str(data), "--port", "0", *words]
    errors = data.with_name(f"{data.name}.errors")
    with errors.open("a") as terminal:
        process = subprocess.Popen(start, stdout=subprocess.PIPE, stderr=terminal, text=True)
    assert process.stdout
    address = process.stdout.readline().strip()
    assert address, f"it did not start: {process.wait()} {errors.read_text()}"
    try:
        yield Lab(data=data, process=process, address=address)
    finally:
        process.stdout.close()
        if process.poll() is None:
            process.kill()
            process.wait()


def results_of(status: Any, name: str) -> int:
    return sum(sum(row["results"].values()) for row in status["experiments"] if row["name"] == name)


def view(process: subprocess.Popen[str], path: Path) -> Path:
    """A path as a process in a mount namespace of its own sees it."""
    return Path(f"/proc/{process.pid}/root{path}")


def beside(process: subprocess.Popen[str], *command: object) -> subprocess.CompletedProcess[str]:
    """Run a command that sees the same disks as this process."""
    users = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
    enter = ["nsenter", "--mount", *users, "--target", str(process.pid)]
    return subprocess.run([*enter, *map(str, command)], capture_output=True, text=True, check=False, timeout=PATIENCE)


def own_disk(folder: Path, options: str, then: str = "") -> list[str]:
    """The beginning of a command line whose command sees a small disk of its own at this folder."""
    folder.mkdir(exist_ok=True)
    namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    return [*namespace, "sh", "-c", f'mount -t tmpfs -o {options} tmpfs "{folder}" && {then or ":"} && exec "$@"', "sh"]
