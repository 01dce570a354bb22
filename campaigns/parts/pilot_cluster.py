"""A real laboratory and real pilots of a cluster, on this computer, to be killed, stopped and cut off."""

import contextlib
import json
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from changed_database import wait_for_change
from loadgen.processes import descendants, kill
from patience import PATIENCE
from processes import free_port
from running_lab import AXIOM, typed
from vouch import vouch

CELLS = 4  # of a replicate
_EXPERIMENT = '''"""steps: cells that take their time in blocks, whose state is kept."""

import os
import time
from dataclasses import dataclass

from axiom.domain.experiments import Experiment, Needs, grid
from axiom.kit import chance, progress


@dataclass(frozen=True, kw_only=True)
class Config:
    place: int


@dataclass(frozen=True, kw_only=True)
class Measures:
    processes: int
    total: float


def step(state, number):
    began = time.process_time()
    time.sleep(0.0 if {is_busy} else {seconds})
    while {is_busy} and time.process_time() < began + {seconds}:
        pass
    processes, total = state
    mine = os.getpid() if {is_busy} else 0
    return (processes if mine in processes else [*processes, mine]), total * 1.01 + number


def run(config: Config, seed: int) -> Measures:
    start = float(chance.stream(seed, "start").random())
    progress.early([start])
    processes, total = progress.blocks(([], start), step, {blocks})
    return Measures(processes=len(processes), total=total)


experiment = Experiment(
    name="steps",
    version=1,
    question="Does a pilot do what it should?",
    run=run,
    measures=Measures,
    sweep=grid(Config, place=list(range({cells}))),
    ranges={{"place": (0, 1_000)}},
    estimands=(),
    needs=Needs(seconds=lambda config: {expected}, memory_mb=100),
)
'''


@dataclass
class PilotCluster:
    """A laboratory that computes nothing itself, and a cluster with a key."""

    data: Path
    port: int
    lab: str = ""
    server: subprocess.Popen[str] | None = None
    pilots: list[subprocess.Popen[str]] = field(default_factory=list)

    @classmethod
    def make(
        cls,
        folder: Path,
        *,
        lease: float = 600.0,
        cells: int = CELLS,
        blocks: int = 4,
        seconds: float = 0.05,
        is_busy: bool = False,
    ) -> "PilotCluster":
        """A laboratory with one experiment, which has passed its gates, and a key for the cluster alpha.

        A busy cell computes in place of sleeping, and counts the processes in which it did.
        """
        made = cls(data=folder / "lab", port=(port := free_port()))
        made.axiom("init", made.data, "--port", port, "--quiet")
        with (made.data / "axiom.toml").open("a") as settings:
            settings.write(f"workers = 0\npilot_lease_seconds = {lease}\n")
        file = folder / "steps.py"
        file.write_text(
            _EXPERIMENT.format(
                cells=cells, blocks=blocks, seconds=seconds, expected=max(0.1, blocks * seconds), is_busy=is_busy
            )
        )
        made.axiom("experiment", "publish", file, "--data", made.data)
        vouch(made.data, "steps")
        answer = made.ask("cluster", "add", "alpha", "--key-file", made.key_file)
        made.lab = answer["cluster"]["lab"]
        return made

    @classmethod
    @contextlib.contextmanager
    def serving(cls, folder: Path, **how: Any) -> Iterator["PilotCluster"]:
        """One that serves; all that is left of it is killed afterwards."""
        made = cls.make(folder, **how)
        made.start()
        try:
            yield made
        finally:
            made.end()

    def environment(self) -> dict[str, str]:
        """What the launchers in deploy/ read."""
        return {
            "AXIOM": str(AXIOM),
            "AXIOM_SERVER": self.address,
            "AXIOM_LAB": self.lab,
            "AXIOM_KEY_FILE": str(self.key_file),
            "AXIOM_SCRATCH": str(self.data.with_name("scratch")),
        }

    def demand_done(self, workunits: int) -> None:
        """So many are done: each cell's result is there once, nobody failed, and every promise holds."""
        self.wait(lambda: self.workunits() == {"done": workunits})
        assert self.results() == workunits * CELLS
        assert not self.states().keys() & {"failed", "invalid", "expired"}, self.states()
        assert self.broken() == []

    @property
    def key_file(self) -> Path:
        return self.data.with_name("alpha.key")

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> float:
        """Serve; the seconds until the site answers."""
        began = time.monotonic()
        with self.data.with_name("lab.errors").open("a") as errors:
            self.server = subprocess.Popen(
                [AXIOM, "serve", "--data", self.data, "--quiet"], stdout=subprocess.PIPE, stderr=errors, text=True
            )
        assert self.server.stdout
        assert self.server.stdout.readline(), self.data.with_name("lab.errors").read_text()
        with urllib.request.urlopen(f"{self.address}healthz", timeout=PATIENCE) as answer:  # noqa: S310  our own
            answer.read()
        return time.monotonic() - began

    def kill_server(self) -> None:
        assert self.server
        assert self.server.stdout
        self.server.kill()
        self.server.wait()
        self.server.stdout.close()

    def pilot(self, *words: object, scratch: str | None = "scratch", **how: str) -> subprocess.Popen[str]:
        """Start a pilot of one core. `how`: lab, key_file or server, where it is not the right one."""
        options: dict[str, object] = {"server": self.address, "lab": self.lab, "key_file": self.key_file, **how}
        kept = [] if scratch is None else ["--scratch", self.data.with_name(scratch)]
        named = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
        command = [AXIOM, "work", *named, "--cores", "1", *kept, *words]
        errors = self.data.with_name(f"pilot-{len(self.pilots)}.errors").open("w")
        with errors:
            made = subprocess.Popen([str(word) for word in command], stderr=errors, text=True)
        self.pilots.append(made)
        return made

    def output_of(self, pilot: subprocess.Popen[str]) -> str:
        """What a pilot said."""
        return self.data.with_name(f"pilot-{self.pilots.index(pilot)}.errors").read_text()

    def order(self, workunits: int) -> None:
        """Have so many workunits of one replicate computed."""
        words = ("experiment", "deploy", "steps", "--workunits", workunits, "--replicates", 1)
        self.ask(*words)

    def axiom(self, *words: object) -> str:
        done = typed(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, *words: object) -> Any:
        return json.loads(self.axiom(*words, "--data", self.data, "--json"))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the database, through a connection of our own."""
        with contextlib.closing(sqlite3.connect(f"file:{self.data / 'axiom.db'}?mode=ro", uri=True)) as db:
            return db.execute(sql).fetchall()

    def states(self) -> dict[str, int]:
        """How many tasks stand how."""
        return dict(self.rows("SELECT state, count(*) FROM task GROUP BY state"))

    def workunits(self) -> dict[str, int]:
        """How many workunits stand how; those that check others left out."""
        return dict(self.rows("SELECT state, count(*) FROM workunit WHERE checks_task_id IS NULL GROUP BY state"))

    def results(self) -> int:
        return int(self.rows("SELECT count(*) FROM result")[0][0])

    def broken(self) -> list[str]:
        """Which promises do not hold."""
        answer = self.ask("doctor", "--invariants")
        return [
            f"{finding['name']}: {finding['says']}" for finding in answer["doctor"]["findings"] if not finding["well"]
        ]

    def wait(self, reached: Callable[[], Any], patience: float = PATIENCE) -> Any:
        """What `reached` gives once it gives something."""
        return wait_for_change(self.data, reached, lambda: f"{self.states()} {self.workunits()}", patience)

    def end(self) -> None:
        """Kill all that is left."""
        for pilot in self.pilots:
            kill(*tree(pilot.pid))
            pilot.wait()
        if self.server is not None and self.server.poll() is None:
            self.kill_server()


def tree(pid: int) -> list[int]:
    """This process and every one below it, which sessions of their own do not hide."""
    return [pid, *descendants(pid)]


def runners(pid: int) -> list[int]:
    """The runners of a pilot, without what they started."""
    return [child for child in tree(pid)[1:] if b"axiom.runner.main" in _command(child)]


def computing(pid: int) -> list[int]:
    """What computes below a pilot's runners."""
    return [child for runner in runners(pid) for child in tree(runner)[1:]]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
