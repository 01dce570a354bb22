"""The runner that `scripts/build-runner` makes: built once for the tests, offered, followed by another, looked at."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boinc_client import Client, client, register
from patience import until
from processes import cpu_seconds
from running_lab import answer
from volunteer_lab import Project

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "build" / "test-runners"  # which no laboratory of a person looks into
sys.path.append(str(ROOT / "scripts"))  # the builder's own modules

from build_runner.launcher import Runtime, boot_files, launcher  # noqa: E402  found by the line above

_PLATFORM = "x86_64-pc-linux-gnu"
_PROC = Path("/proc")
_CHILD = "The computing end of the pipe"  # so begins the program of a child


def build() -> None:
    """The runner of this checkout is there; whoever asks while it is built waits for it."""
    BUILT.mkdir(parents=True, exist_ok=True)
    with (BUILT / ".tests.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = [str(ROOT / "scripts" / "build-runner"), "--quick", "--if-missing"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """A folder of built runners with one for this computer."""

    place: Path

    @property
    def folder(self) -> Path:
        return self.place / _PLATFORM

    @property
    def runtime(self) -> str:
        (found,) = self.folder.glob("axiom_runtime_*.zip")
        return found.stem.removeprefix("axiom_").replace("_", "-")

    def renew(self, tree: Path) -> None:
        """Put another version in its place, which has one file more; `tree` is the unpacked runtime of this one."""
        facts = json.loads((self.folder / "built.json").read_bytes())
        old = {each["name"]: self.folder / each["name"] for each in facts["files"]}
        (zipped,) = (path for name, path in old.items() if name.endswith(".zip"))
        draft = self.folder / "draft"
        shutil.copy(zipped, draft)
        with zipfile.ZipFile(draft, "a") as archive:
            archive.writestr("nouveauté", "a file more")  # so that its name is in UTF-8, all that the launcher reads
        digest = _sha256(draft)
        runtime = draft.rename(self.folder / f"axiom_runtime_{digest[:16]}.zip")
        raw = launcher(Runtime(name=runtime.name, digest=digest, needs="this computer"), boot_files(tree))
        program = self.folder / f"axiom_runner_{hashlib.sha256(raw).hexdigest()[:16]}"
        program.write_bytes(raw)
        program.chmod(0o755)
        facts["files"] = [_row(program, is_main=True), _row(runtime, is_main=False)]
        for path in old.values():
            path.unlink()
        fresh = self.folder / "built.new"
        fresh.write_text(json.dumps(facts))
        fresh.replace(self.folder / "built.json")


def shelf(built: Path, place: Path) -> Shelf:
    """A shelf of the test's own, on which lies what was built."""
    shutil.copytree(built / _PLATFORM, place / _PLATFORM, copy_function=_link)
    return Shelf(place=place)


def offered(lab: Project) -> int:
    """The version of the built runner that the laboratory offers; 0 while it has the stand-in alone."""
    return max(
        (each["version"] for each in lab.page("status.json")["status"]["runners"] if not each["is_stand_in"]), default=0
    )


@dataclass(frozen=True, kw_only=True)
class Computing:
    """The two processes of one task: the runner, and the child in which the experiment computes."""

    runner: int
    child: int

    @property
    def cpu_seconds(self) -> float:
        return sum(cpu_seconds(pid) for pid in (self.runner, self.child))

    @property
    def memory_mb(self) -> float:
        """What both hold in memory; what they share counts twice."""
        return sum(_held(pid) for pid in (self.runner, self.child))


def runner_of(mine: Client, number: int) -> int | None:
    """The process that the client started for the task of this number, from the launcher's shell on."""
    return next((pid for pid in _below(mine.process.pid) if f"\0--task\0{number}\0" in _words(pid)), None)


def computing(mine: Client, number: int) -> Computing | None:
    """The processes of the task of this number, once both are there."""
    runner = runner_of(mine, number)
    children = [pid for pid in _below(runner) if _CHILD in _words(pid)] if runner else []  # the launcher starts others
    return Computing(runner=runner, child=children[0]) if runner and children else None


def home(mine: Client) -> Path:
    """The folder that the runner keeps beside the laboratory's files."""
    (found,) = (mine.folder / "projects").glob("*/")
    return found / "axiom"


def size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _below(parent: int) -> list[int]:
    everybody = (int(path.name) for path in _PROC.glob("[0-9]*"))
    return [pid for pid in everybody if _said(pid, "stat").rpartition(")")[2].split()[1:2] == [str(parent)]]


def _words(pid: int) -> str:
    """The command line of a process, whose words end with zeros; nothing once it is gone."""
    return _said(pid, "cmdline")


def _held(pid: int) -> float:
    """The memory that a process holds, in MB, what it shares included; nothing once it is gone."""
    held = (line for line in _said(pid, "status").splitlines() if line.startswith("VmRSS:"))
    return sum(int(line.split()[1]) * 1_024 / 1e6 for line in held)


def _said(pid: int, name: str) -> str:
    try:
        return (_PROC / str(pid) / name).read_text(errors="replace")  # a process may have any name
    except OSError:
        return ""


def _row(path: Path, *, is_main: bool) -> dict[str, object]:
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    facts = {"name": path.name, "sha256": _sha256(path), "md5": md5, "size": path.stat().st_size}
    return facts | {"is_main": is_main, "open_name": ""}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _link(source: str, target: str) -> None:
    os.link(source, target)  # a hundred megabytes, which nobody changes


@dataclass
class Computer:
    """A computer with the stock client, which can be killed and started again."""

    folder: Path
    address: str
    key: str
    cores: int
    _holding: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _client: Client | None = None

    @property
    def client(self) -> Client:
        assert self._client
        return self._client

    def start(self) -> None:
        """Start the client; the first time it attaches and meets the laboratory."""
        is_new = not self.folder.exists()
        key = self.key if is_new else ""
        self._client = self._holding.enter_context(
            client(self.folder, self.address, key, cores=self.cores, keep=not is_new)
        )
        if is_new:
            self.client.wait(Client.host, nudge=8)

    def kill(self) -> None:
        """End the client as a power cut does, and wait until what it started has noticed."""
        tasks = _below(self.client.process.pid)
        self.client.process.kill()
        self.client.process.wait()
        until(lambda: not any((_PROC / str(pid)).exists() for pid in tasks))
        self.stop()

    def stop(self) -> None:
        self._holding.close()


@contextlib.contextmanager
def computer_of(lab: Project, folder: Path) -> Iterator[Computer]:
    """A new volunteer's computer, which has met the laboratory."""
    computer = Computer(folder=folder, address=lab.address, key=register(lab.address).key, cores=3)
    try:
        computer.start()
        yield computer
    finally:
        computer.stop()


def ended(lab: Project, computer: Computer, number: int) -> Any:
    """The page of a task once it has ended, however that was."""
    computer.client.update()
    lab.wait(lambda: lab.task(number)["closed_at"], nudged=computer.client)
    return lab.task(number)


def message(lab: Project, number: int) -> str:
    """What the runner said when a task ended, as the laboratory's own people are shown it."""
    return str(answer("task", "show", number, data=lab.data)["task"]["message"])


def damage(path: Path) -> bytes:
    """Change one bit in the middle of a file and leave its mode; its bytes as they were."""
    whole = path.read_bytes()
    with path.open("r+b") as file:
        file.seek(len(whole) // 2)
        file.write(bytes([whole[len(whole) // 2] ^ 1]))
    return whole
