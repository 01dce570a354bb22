"""The same sweep as a newcomer types it in Axiom and in its peers: commands, glue, first result, resume after kill -9.

3 learning rates × 3 widths × 8 seeds of a small NumPy network, 2 workers, one thread a process. The network takes
10,000 steps here where the survey of peers took 26,000, so that six arms in three rounds end within ten minutes. What
is typed in each tool lies in the folder `peers`: its own quickstart, and the lines that print mean ± interval per
config. In each round every arm is started in an empty folder, killed (its parent only, with SIGKILL) at about half,
left alone for eight seconds, and typed again. A cell is redone when it was finished more than once, whoever asked for
it. A first result is one that the tool's own reader brings back; it counts from when that look began, since opening a
laboratory takes longer than reading a line. Axiom's is proven, stored and on the disk by then, as are those of
Datasette's recipe and Optuna; concurrent.futures, Sacred and Dask have handed theirs to the system, which a power cut
may still take. Beside it stands when Axiom's first cell was on the disk, from where a resume goes on. Who looks for it
looks cheaply, or the most careful reader would take most from the tool that it waits for. Every arm keeps the bytecode
of what it imports, as Python does unless it is told otherwise, so the first round also pays for what is compiled once.
A library goes into an environment, which is two commands; Axiom is a program, and installed by one.

The peers are tools. Plain code is none: what it computes, it keeps for nobody, and what a cell takes by itself no tool
can undercut. It stands beside them so that everybody sees what a tool costs. Exit status 0 only if Axiom is better than
every peer at each of the four.
"""

import argparse
import contextlib
import csv
import json
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from axiom.errors import AxiomError
from axiom.notebook import open_lab

ROOT = Path(__file__).resolve().parents[2]
TEXTS = Path(__file__).with_suffix("")
UV = ROOT / ".tools" / "uv" / "bin" / "uv"
CELLS = 72
REST_SECONDS = 8.0
MOST_SECONDS = 300.0
LOOK_SECONDS = 0.005

# Where a cell notes that it was finished. An experiment of ours may write beside its compiled programs alone.
_FINISHED = "'finished.txt'"
_CACHED = "__import__('os').environ['JAX_COMPILATION_CACHE_DIR'] + '/finished.txt'"

Records = tuple[Sequence[tuple[object, ...]], int]  # finished cells, a row each; and records that will never end


@dataclass(frozen=True, kw_only=True)
class Round:
    """One arm, once: seconds to its first record, and what there is after kill and repetition."""

    first: float
    on_disk: float | None  # of Axiom: when its first cell was kept
    records: int
    distinct: int
    redone: int
    stuck: int
    orphans: int

    @property
    def amiss(self) -> int:
        """Everything that a resume should not leave behind."""
        return self.records - self.distinct + CELLS - self.distinct + self.redone + self.stuck + self.orphans


@dataclass(kw_only=True)
class Arm:
    """One tool: what is installed, written and typed, and how its own store is read."""

    name: str
    packages: Sequence[str]
    glue: str
    typed: Sequence[str]  # from an empty folder to the intervals on the screen
    start: Callable[[Path], list[str]]  # the last of them, as this program starts it
    read: Callable[[Path], Records]
    glance: Callable[[Path], bool] | None = None  # whether reading is worth it, where that takes longer than to ask
    processes: int = 1  # how often it is typed for two workers
    is_tool: bool = True
    rounds: list[Round] = field(default_factory=list)

    @property
    def lines(self) -> int:
        """Lines beyond the training function."""
        return sum(bool(line.strip()) and not line.strip().startswith("#") for line in self.glue.splitlines())


def arms() -> list[Arm]:
    """Axiom first, then its peers."""
    made = ("uv venv", "uv pip install {}")

    def peer(
        name: str, read: Callable[[Path], Records], *packages: str, processes: int = 1, is_tool: bool = True
    ) -> Arm:
        typed = (made[0], made[1].format(" ".join(packages)), *["python sweep.py"] * processes)
        return Arm(
            name=name,
            packages=packages,
            glue=text(name),
            typed=typed,
            start=lambda folder: [str(folder / ".venv" / "bin" / "python"), "sweep.py"],
            read=read,
            processes=processes,
            is_tool=is_tool,
        )

    ours = "experiment run mlp_sweep.py --replicates 8 --workers 2"
    return [
        Arm(
            name="Axiom",
            packages=(),
            glue=text("Axiom"),
            typed=("uv tool install axiom", f"axiom {ours}"),
            start=lambda folder: [str(folder / ".venv" / "bin" / "axiom"), *ours.split()],
            read=read_axiom,
            glance=has_result,
        ),
        peer("concurrent.futures", read_csv, "numpy", is_tool=False),
        peer("Datasette recipe", read_datasette, "numpy", "sqlite-utils"),
        peer("Sacred", read_sacred, "numpy", "sacred", "setuptools<81"),
        peer("Optuna", read_optuna, "numpy", "optuna", processes=2),
        peer("Dask", read_csv, "numpy", "distributed"),
    ]


def text(name: str) -> str:
    """A file of somebody who follows the tool's own quickstart."""
    return (TEXTS / f"{name}.txt").read_text(encoding="utf-8")


def read_axiom(folder: Path) -> Records:
    """Results of the laboratory; a workunit that is still open is stuck."""
    lab = open_lab(folder / "lab-data")
    rows = lab.results("mlp_sweep")
    with contextlib.closing(_sqlite(folder / "lab-data" / "axiom.db")) as db:
        ((stuck,),) = db.execute("SELECT count(*) FROM workunit WHERE state = 'open'")
    return list(zip(rows["lr"], rows["width"], rows["seed"], strict=True)), stuck


def has_result(folder: Path) -> bool:
    """Is there any result in the laboratory?"""
    with contextlib.closing(_sqlite(folder / "lab-data" / "axiom.db")) as db:
        return bool(db.execute("SELECT count(*) FROM (SELECT 1 FROM result LIMIT 1)").fetchone()[0])


def first_line(folder: Path) -> Records:
    """What the runners have kept of tasks that are not back yet: a line before the cells, then one a cell.

    A task of one cell is back within milliseconds, and its file is gone before anybody looks: then its result counts.
    """
    files = (folder / "lab-data" / "engine" / "slots").glob("*/output.jsonl")
    kept = [(file.name,) for file in files if _cells_in(file)]
    return kept or [("result",)] * has_result(folder), 0


def _cells_in(file: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return file.read_bytes().count(b"\n") - 1
    return 0


def read_csv(folder: Path) -> Records:
    """Whole lines of results.csv."""
    lines = (folder / "results.csv").read_text().splitlines(keepends=True)
    return [tuple(row[:3]) for row in csv.reader(line for line in lines if line.endswith("\n"))], 0


def read_sacred(folder: Path) -> Records:
    """Completed records of the file observer; one that says RUNNING for ever is stuck."""
    found, stuck = [], 0
    for file in (folder / "runs").glob("[0-9]*/run.json"):
        said = json.loads(file.read_text())
        if said["status"] == "COMPLETED":
            config = json.loads(file.with_name("config.json").read_text())
            found.append((config["lr"], config["width"], config["seed"]))
        stuck += said["status"] == "RUNNING"
    return found, stuck


def read_optuna(folder: Path) -> Records:
    """Complete rows of the study."""
    with contextlib.closing(_sqlite(folder / "study.db")) as db:
        rows = db.execute(
            "SELECT t.trial_id, p.param_name, p.param_value FROM trials t JOIN trial_params p USING (trial_id) "
            "WHERE t.state = 'COMPLETE' ORDER BY 1, 2"
        ).fetchall()
        ((stuck,),) = db.execute("SELECT count(*) FROM trials WHERE state = 'RUNNING'")
    values: dict[int, list[float]] = {}
    for record, _, value in rows:
        values.setdefault(record, []).append(value)
    return [tuple(value) for value in values.values()], stuck


def read_datasette(folder: Path) -> Records:
    """Rows of the table that Datasette would show."""
    with contextlib.closing(_sqlite(folder / "results.db")) as db:
        return db.execute("SELECT lr, width, seed FROM cells").fetchall(), 0


def _sqlite(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)


def play(arm: Arm, home: Path, place: Path, steps: int) -> Round:
    """Start it in an empty folder, kill it at half, type it again, and count."""
    place.mkdir()
    training = text("training").replace("STEPS", str(steps)).replace("FINISHED", _FINISHED if arm.packages else _CACHED)
    (place / ".venv").symlink_to(home / arm.name / ".venv")
    if arm.packages:
        (place / "mlp.py").write_text(training)
        (place / "sweep.py").write_text(arm.glue)
    else:
        (place / "mlp_sweep.py").write_text(training + arm.glue)
    began = time.monotonic()
    started = start(arm, place)
    try:
        on_disk = None
        if not arm.packages:
            on_disk = wait(first_line, place, started, 1) - began
        first = wait(arm.read, place, started, 1, arm.glance) - began
        wait(arm.read, place, started, CELLS // 2)
    finally:
        known = [pid for process in started for pid in below(process.pid)]
        for process in started:
            process.kill()
            process.wait()
    time.sleep(REST_SECONDS)
    orphans = [pid for pid in known if alive(pid)]
    for pid in orphans:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for process in start(arm, place):
        process.wait(timeout=MOST_SECONDS)
    cells, stuck = arm.read(place)
    done = [line for file in place.rglob("finished.txt") for line in file.read_text().splitlines()]
    return Round(
        first=first,
        on_disk=on_disk,
        records=len(cells),
        distinct=len(set(cells)),
        redone=len(done) - len(set(done)),
        stuck=stuck,
        orphans=len(orphans),
    )


def start(arm: Arm, place: Path) -> list[subprocess.Popen[bytes]]:
    """What somebody types, as often as it has to be typed for two workers."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AXIOM_", "OPENBLAS_CORE"))
    }
    # Whoever develops Axiom may have this set; a newcomer's Python keeps the bytecode of what it imports.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC"), "1")
    environment["XDG_CACHE_HOME"] = str(place / "cache")
    with (place / "said.txt").open("ab") as said:
        return [
            subprocess.Popen(arm.start(place), cwd=place, env=environment, stdout=said, stderr=said)
            for _ in range(arm.processes)
        ]


def wait(
    read: Callable[[Path], Records],
    place: Path,
    started: Sequence[subprocess.Popen[bytes]],
    cells: int,
    glance: Callable[[Path], bool] | None = None,
) -> float:
    """Until so many cells are in the tool's own store; when the look began that has found them."""
    until = time.monotonic() + MOST_SECONDS
    while True:
        with contextlib.suppress(OSError, ValueError, KeyError, sqlite3.Error, AxiomError):
            began = time.monotonic()
            if (glance is None or glance(place)) and len(read(place)[0]) >= cells:
                return began
        if time.monotonic() > until or all(process.poll() is not None for process in started):
            raise SystemExit(f"{place.name} did not bring {cells} cells:\n{(place / 'said.txt').read_text()[-2_000:]}")
        time.sleep(LOOK_SECONDS)


def below(pid: int) -> list[int]:
    """Every process below this one."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in children.read_text().split():
                found += [int(child), *below(int(child))]
    return found


def alive(pid: int) -> bool:
    """Is it there, and not only waiting to be buried?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def install(arm: Arm, home: Path) -> None:
    """The tool in an environment of its own; Axiom as the program that its wheel is."""
    place = home / arm.name
    place.mkdir(parents=True)
    environment = place / ".venv"
    if not arm.packages:
        subprocess.run([UV, "build", "--quiet", "--wheel", "--out-dir", place, ROOT], check=True)
        (wheel,) = place.glob("*.whl")
        variables = os.environ | {"UV_TOOL_DIR": str(place), "UV_TOOL_BIN_DIR": str(place / "bin")}
        command = [str(UV), "tool", "install", "--quiet", "--python", sys.executable, str(wheel)]
        subprocess.run(command, env=variables, check=True, stderr=subprocess.DEVNULL)  # it says that PATH lacks bin
        environment.symlink_to(place / "axiom")
        return
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, environment], check=True)
    subprocess.run(
        [UV, "pip", "install", "--quiet", "--python", environment / "bin" / "python", *arm.packages], check=True
    )


def verdicts(played: Sequence[Arm]) -> tuple[list[str], list[str]]:
    """Where Axiom is not better than a peer, and where it is not better than plain code."""
    ours, *others = played
    worst: dict[str, Callable[[Arm], float]] = {
        "commands": lambda arm: len(arm.typed),
        "glue lines": lambda arm: arm.lines,
        "seconds to the first result": lambda arm: statistics.median(one.first for one in arm.rounds),
        "what a resume leaves amiss": lambda arm: max(one.amiss for one in arm.rounds),
    }
    behind: dict[bool, list[str]] = {True: [], False: []}
    for name, measure in worst.items():
        for arm in others:
            if measure(ours) >= measure(arm):
                behind[arm.is_tool].append(f"{name}: Axiom {measure(ours):.3g}, {arm.name} {measure(arm):.3g}")
    return behind[True], behind[False]


def show(played: Sequence[Arm]) -> None:
    """One table; of each round's counts the worst."""
    heads = ("commands", "glue", "first s", "records", "cells", "duplicated", "redone", "stuck", "orphans")
    print(f"{'':<20}" + "".join(f"{head:>11}" for head in heads) + "   first s in each round")
    for arm in played:
        worst = max(arm.rounds, key=lambda one: one.amiss)
        first = statistics.median(one.first for one in arm.rounds)
        counts = (worst.records, worst.distinct, worst.records - worst.distinct, worst.redone, worst.stuck)
        row = (len(arm.typed), arm.lines, f"{first:.2f}", *counts, worst.orphans)
        each = " ".join(f"{one.first:.2f}" for one in arm.rounds)
        print(f"{arm.name:<20}" + "".join(f"{value:>11}" for value in row) + f"   {each}")
    kept = [one.on_disk for one in played[0].rounds if one.on_disk is not None]
    print(f"\nAxiom's first cell was on the disk after {statistics.median(kept):.2f} s, not yet proven and stored.")


def main() -> int:
    """0 when Axiom is better than every peer at each of the four."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--only", nargs="*", default=[], help="these peers, to look at something")
    wanted = parser.parse_args()
    played = [arm for arm in arms() if not wanted.only or arm.name in ("Axiom", *wanted.only)]
    home = Path(tempfile.mkdtemp(prefix="axiom-peers-"))
    try:
        for arm in played:
            install(arm, home)
        for number in range(wanted.rounds):
            for arm in played:
                arm.rounds.append(play(arm, home, home / f"{arm.name}-{number}", wanted.steps))
                print(f"round {number + 1} {arm.name}: {arm.rounds[-1]}", file=sys.stderr)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(f"load {os.getloadavg()[0]:.2f}, {CELLS} cells, {wanted.steps} steps each, {wanted.rounds} rounds\n")
    show(played)
    behind, beside = verdicts(played)
    print("\nAxiom is not better at:" if behind else "\nAxiom is better than every peer at each of the four.")
    print("\n".join([*behind, *(f"Without any tool: {each}" for each in beside)]))
    return int(bool(behind))


if __name__ == "__main__":
    sys.exit(main())
