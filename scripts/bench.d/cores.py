"""What cores share: memory and CPU of computing processes that are copies of a template, against ones of their own.

Each of them loads the same bundle with JAX and computes a cell of a network of width 64. Counted are the pages that no
other process has, those of the template among them; the CPU until the bundle is loaded, which is before anything is
compiled; and what the first cell costs after that. Then copies are killed amid a cell, one after the other: whether
the template gives the next one, and whether a copy beside it goes on to the end of its own cells.
"""

import argparse
import os
import random
import signal
import statistics
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import axiom
from axiom import shipped
from axiom.domain.work import Outcome
from axiom.engines.runner_processes import TemplateProcess
from axiom.errors import ChildKilled
from axiom.runner.child.environment import environment
from axiom.runner.child.forked_process import ask_for_copy
from axiom.runner.child.process import Child
from axiom.runner.files.unpacked_bundle import write_tree
from axiom.runner.platform.system import system
from axiom.signed import bundles

NAME = "lazy_vs_feature_learning"
CELL: dict[str, object] = {"width": 64}
LONG: dict[str, object] = {"width": 64, "epochs": 100_000}
MOST_GB, MOST_SECONDS = 5.0, 0.15
AT_32 = 32


@dataclass(frozen=True, kw_only=True)
class Arm:
    """What so many processes of one way took."""

    private_mb: list[float]  # of each
    held_mb: float  # by one, what it shares counted in
    template_mb: float
    loaded: list[float]  # CPU seconds of each, until its bundle is there
    first: list[float]  # and of its first cell

    @property
    def at_32(self) -> float:
        """GB of 32 processes with the template."""
        return (AT_32 * statistics.mean(self.private_mb) + self.template_mb) / 1_000


def main() -> int:
    """0 when 32 copies are small enough, begin quickly enough and fall alone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--processes", type=int, default=AT_32, help="of each way at once")
    parser.add_argument("--kills", type=int, default=100)
    wanted = parser.parse_args()
    template = TemplateProcess()
    try:
        with tempfile.TemporaryDirectory(prefix="axiom-cores-") as name:
            bench = Bench(Path(name), template)
            bench.begun(is_copy=True).stop()  # the template imports what takes long
            arms = [bench.measured(wanted.processes, is_copy=is_copy) for is_copy in (False, True)]
            fell, went_on = bench.killed(wanted.kills)
    finally:
        template.end()
    for what, arm in zip(("of their own", "copied"), arms, strict=True):
        print(f"{wanted.processes} processes, {what}")
        print(
            f"  private memory of one       {statistics.median(arm.private_mb):7.1f} MB, of {arm.held_mb:.1f} it holds"
        )
        print(f"  of 32 and the template      {arm.at_32:7.2f} GB")
        print(f"  CPU until it has its bundle {statistics.median(arm.loaded):7.3f} s")
        print(f"  CPU of its first cell       {statistics.median(arm.first):7.3f} s")
    copied = arms[1]
    print(f"the template                  {copied.template_mb:7.1f} MB")
    print(f"32 copies                     {copied.at_32:7.2f} GB (at most {MOST_GB})")
    print(f"a copy's start                {statistics.median(copied.loaded):7.3f} s of CPU (at most {MOST_SECONDS})")
    print(f"killed amid a cell            {fell} of {wanted.kills}; the copy beside computed on {went_on} times")
    print(f"load {os.getloadavg()[0]:.2f}")
    is_met = copied.at_32 <= MOST_GB and statistics.median(copied.loaded) <= MOST_SECONDS
    return int(not is_met or not fell == went_on == wanted.kills)


class Bench:
    """A bundle on the disk, and a template."""

    def __init__(self, place: Path, template: TemplateProcess) -> None:
        """Unpack the bundle there."""
        self._place, self._template = place, template
        self._tree = place / "tree"
        self._tree.mkdir()
        package = Path(axiom.__file__).parent
        write_tree(self._tree, bundles.collect(package, shipped.catalogue() / f"{NAME}.py"))

    def begun(self, *, is_copy: bool, room: str = "room") -> Child:
        """A process that has its bundle. What it compiles lies in a folder, where others of this room find it."""
        cache = self._place / room
        cache.mkdir(exist_ok=True)
        surroundings, module = environment(cache), f"axiom.catalogue.{NAME}"
        if not is_copy:
            return Child.start(self._tree, module, surroundings)
        process = ask_for_copy(self._template.asked)
        if process is None:
            sys.exit("the template gave no copy")
        child = Child(surroundings, process=process)
        child.load(self._tree, module, surroundings)
        return child

    def measured(self, processes: int, *, is_copy: bool) -> Arm:
        """So many processes at once, each of which compiles and computes a cell."""
        children = [self.begun(is_copy=is_copy, room=f"room-{is_copy}-{number}") for number in range(processes)]
        try:
            loaded = [system.usage(child.pid)[0] for child in children]
            for child in children:
                compute(child, CELL)
            return Arm(
                private_mb=[private_mb(child.pid) for child in children],
                held_mb=statistics.median(system.usage(child.pid)[1] for child in children),
                template_mb=private_mb(self._template.pid) if is_copy else 0.0,
                loaded=loaded,
                first=[system.usage(child.pid)[0] - spent for child, spent in zip(children, loaded, strict=True)],
            )
        finally:
            for child in children:
                child.stop()

    def killed(self, times: int) -> tuple[int, int]:
        """How many copies ended by a kill amid a cell, and how often the one beside them computed its own."""
        fell = went_on = 0
        beside, chance = self.begun(is_copy=True), random.Random(1)
        try:
            compute(beside, CELL)
            with ThreadPoolExecutor(1) as pool:
                for _ in range(times):
                    child = self.begun(is_copy=True)
                    threading.Timer(chance.uniform(0.0, 0.5), os.kill, (child.pid, signal.SIGKILL)).start()
                    other = pool.submit(compute, beside, CELL)
                    try:
                        compute(child, LONG)
                    except ChildKilled:
                        fell += 1
                    went_on += other.result() is Outcome.OK
        finally:
            beside.stop()
        return fell, went_on


def compute(child: Child, config: dict[str, object]) -> Outcome:
    """One cell."""
    return child.compute(config, 1, cpu_limit=120, wall_limit=600, memory_mb=1_000, on_progress=lambda _: None).outcome


def private_mb(pid: int) -> float:
    """What a process holds that no other one does."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) * 1_024 / 1e6


if __name__ == "__main__":
    sys.exit(main())
