"""Kills a long task five times on one of two stock clients, and compares what both bring.

A task of one cell, an hour of training by default, is ordered with two copies. The client of one volunteer is left in
peace. At the other's one of three things happens at five random moments: the task's process is killed, as a host does
for want of memory; the client and all that it has started are killed, as by a power cut; or the client is ended as a
shut-down ends it. Ten seconds later it is started again. In the end the cell's line must be the same in both outputs,
byte for byte: where it lies, its seed, how it ended, its early values and its measures.

The cell is that of `grokking_in_relu_networks` that costs most: sums modulo 97, dealt out at random, so that there is
nothing to understand and every step of the budget is computed. Ends with 0 if both lines are the same.

    scripts/campaign longtask --record              # an hour on two cores that are free, longer beside other work
    scripts/campaign longtask --minutes 3
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "support"))

from boinc_client import Client, client, register
from running_lab import answer
from volunteer_lab import Project, project

from axiom import shipped
from axiom.signed.outputs import CellOutput, cell_line, read_output
from axiom.store.engine import blobs
from axiom.store.engine.database import connect_reader
from axiom.store.engine.folder import Folder
from axiom.store.tasks import workunits

SHIPPED = shipped.catalogue() / "grokking_in_relu_networks.py"
NAME, KILLS = "long_sums", 5
STEPS_A_MINUTE = 9_000  # of a reference core
LONGEST = 500_000  # steps, as the ranges of that file have it
CHANGES = """

from dataclasses import replace as _with

experiment = _with(
    experiment,
    name="{name}",
    version=1,
    sweep=(Config(modulus=97, share=0.95, hidden=128, lr=0.001, steps={steps}, is_scrambled=True),),
    estimands=(),
    controls=(),
    figure=None,
)
"""
WAYS = ("the task's process was killed", "the client was killed with all that it had started", "the client was ended")
TASK, POWER, ENDED = WAYS
AWAY_SECONDS = 10.0  # for which a computer that was cut off stays so


def main() -> int:
    """0 if both copies are the same."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=LONGEST / STEPS_A_MINUTE, help="of a core, about; at most 55")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    steps = min(LONGEST, int(options.minutes * STEPS_A_MINUTE))
    with tempfile.TemporaryDirectory(prefix="axiom-longtask-", ignore_cleanup_errors=True) as name:
        return compared(Path(name), steps, random.Random(options.seed))


def compared(folder: Path, steps: int, dice: random.Random) -> int:
    """Have both compute, and compare."""
    file = folder / f"{NAME}.py"
    file.write_text(SHIPPED.read_text() + CHANGES.format(name=NAME, steps=steps))
    with project(folder / "lab") as lab:
        lab.offer(file, NAME)
        ann, bob = (register(lab.address, name) for name in ("Ann", "Bob"))
        with client(folder / "peace", lab.address, ann.key, cores=1) as left_alone:
            with client(folder / "trouble", lab.address, bob.key, cores=1) as disturbed:
                for computer in (left_alone, disturbed):
                    computer.wait(Client.host, nudge=8)
                words = ("experiment", "deploy", NAME, "--copies", 2, "--replicates", 1)
                ordered = answer(*words, data=lab.data)["experiment"]["first"]
                first = taken(lab, ordered, left_alone)
                second = taken(lab, ordered, disturbed)
                print(f"{steps:,} steps: task {first} in peace, task {second} in trouble", flush=True)
            ways = trouble(folder / "trouble", lab, second, dice)
            with client(folder / "trouble", lab.address, cores=1, keep=True) as disturbed:
                ended(lab, left_alone, first)
                ended(lab, disturbed, second)
        lab.promises()
        return told(lab, first, second, ways)


def taken(lab: Project, workunit: int, mine: Client) -> int:
    """The task of this workunit that this computer has taken and begun to compute."""

    def own() -> list[int]:
        listed = lab.workunit(workunit)["tasks"]
        return [int(row["number"]) for row in listed if mine.task(int(row["number"]))]

    lab.wait(own, mine)
    (number,) = own()
    mine.wait(lambda client: client.is_computing(number), nudge=8)
    return number


def trouble(folder: Path, lab: Project, number: int, dice: random.Random) -> list[str]:
    """Disturb the task five times, each in another fifth of it; what was done."""
    moments = [(place + dice.uniform(0.2, 0.8)) / (KILLS + 1) for place in range(KILLS)]
    ways = [TASK, POWER, ENDED, *dice.choices(WAYS, k=KILLS - len(WAYS))]
    dice.shuffle(ways)
    left = list(zip(moments, ways, strict=True))
    while left:
        with client(folder, lab.address, cores=1, keep=True) as mine:
            while left:
                moment, way = left.pop(0)
                done = reached(mine, number, moment)
                print(f"at {done:.1%} {way}", flush=True)
                if way == TASK:
                    os.kill(mine.runners()[0], signal.SIGKILL)
                    continue
                if way == POWER:
                    os.killpg(mine.process.pid, signal.SIGKILL)
                break  # else it is ended, as a shut-down does
        time.sleep(AWAY_SECONDS)
    return ways


def reached(mine: Client, number: int, share: float) -> float:
    """Wait until so much of a task is done and its process computes; how much is done."""
    while True:
        done = float(mine.task(number).get("fraction done", "0"))
        if done >= share and mine.runners():
            return done
        time.sleep(1.0)


def ended(lab: Project, mine: Client, number: int) -> None:
    """Wait until a task is valid; the client is asked to report it."""
    while (state := lab.task(number)["state"]) != "valid":
        if state not in {"sent", "returned"}:
            raise SystemExit(f"task {number} is {state}: {lab.task(number)}\n{mine.log()[-4_000:]}")
        if mine.task(number).get("ready to report") == "yes":
            mine.update()
        time.sleep(2.0)


def told(lab: Project, first: int, second: int, ways: list[str]) -> int:
    """Print how both ended; 0 if they brought the same."""
    lines = []
    for number in (first, second):
        cell, seconds, elapsed = brought(Folder(path=lab.data), number)
        lines.append(cell_line(replace(cell, cpu_seconds=0.0)))
        print(f"task {number}: {seconds / 60:.1f} minutes of CPU, {elapsed / 60:.1f} by the clock of its client")
    same = lines[0] == lines[1]
    print(f"{len(ways)} times disturbed; {len(lines[0]):,} bytes: {'the same' if same else 'NOT the same'}")
    return 0 if same else 1


def brought(folder: Folder, number: int) -> tuple[CellOutput, float, float]:
    """The only cell of a task's output; its seconds of CPU and by the clock."""
    db = connect_reader(folder.database)
    try:
        task = workunits.task(db, number)
        if task is None or not task.output_digest:
            raise SystemExit(f"task {number} brought no output")
        raw = blobs.get(db, folder, task.output_digest)
        (cell,) = read_output(raw, limit=len(raw)).cells
        return cell, task.cpu_seconds or 0.0, task.elapsed_seconds or 0.0
    finally:
        db.close()


if __name__ == "__main__":
    sys.exit(main())
