"""Computes the same cells on the processor and on each GPU of this computer, and compares what came of it.

For a computer with a real NVIDIA GPU, whose `python3` has JAX with CUDA. There the checkout needs no environment of its
own and nothing is installed, but cryptography, cffi and pycparser have to be where Python finds them:

    PYTHONPATH=FOLDER scripts/campaign gpu --record

Without --experiment it takes everything in the catalogue that a GPU may compute. Each cell runs as on a volunteer's
host: in the runner's child, confined, with the environment and the memory of a task for that GPU. There must be:

a GPU that is used     on each one that the driver lists, JAX computes
the same numbers       early values of both agree as the experiment declares it, which is how two hosts are compared
a repeatable GPU       a second run there brings the same numbers, bit for bit
no silent processor    a GPU that is not there ends the task by name

What is computed side by side is one batch: all configs of the sweep, at --replicates replicates. Of anything else, the
first --cells cells of a sweep are computed one after the other.

Seconds on a GPU are those of a process that compiles, and of another one that finds what was compiled. On the processor
each config has a process of its own, at the same time as all others; of a batch, its seconds without compiling are the
median of the cells behind the first, times all of them. Of a map's tiles it says which share of the pixels is the same;
of a batch, in how many cells the early values agree, and by how many standard errors of the mean over the replicates
any measure of a config differs at most. After --minutes it stops and shows what it has.
"""

import argparse
import itertools
import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any, TypeAlias

import axiom
from axiom import shipped
from axiom.domain.declaration import unpack_pixels
from axiom.domain.experiments import seed_of
from axiom.domain.fleet import OUR_GPUS
from axiom.domain.work import Outcome, Result
from axiom.errors import AxiomError, GpuUnusable
from axiom.rules.tasks.agreement import compare_cells
from axiom.runner.child.environment import child_environment
from axiom.runner.child.parent_end import Child
from axiom.runner.child.pause import PauseGate, RunEnded
from axiom.runner.direct import describe_here
from axiom.runner.files.unpacked_bundle import write_tree
from axiom.runner.platform.device import Device
from axiom.signed import bundles
from axiom.signed.manifests import Manifest, read_manifest
from axiom.signed.outputs import CellAnswer

NOBODY_S = 99  # a number that no GPU of any computer has
LIMIT = 900.0  # seconds for a cell


Reference: TypeAlias = "tuple[list[CellAnswer], float, float]"


@dataclass(frozen=True, kw_only=True)
class Course:
    """The cells of one experiment, unpacked."""

    tree: Path
    manifest: Manifest
    cells: Sequence[tuple[dict[str, object], int]]
    gate: PauseGate

    def of_each_config(self) -> "Iterator[Course]":
        """The cells of one config after the other."""
        for _, cells in itertools.groupby(self.cells, key=lambda cell: cell[0]):
            yield replace(self, cells=list(cells))

    def compute(self, device: Device | None, cache: Path) -> tuple[list[CellAnswer], float]:
        """Every cell, and the seconds that they took, without the time to start; an Ended when time is up."""
        cache.mkdir(exist_ok=True)
        child = Child.start(
            self.tree, f"axiom.catalogue.{self.manifest.name}", child_environment(cache, device), self.gate
        )
        try:
            began = time.monotonic()
            allowed: dict[str, Any] = {
                "cpu_limit": LIMIT,
                "wall_limit": LIMIT,
                "memory_mb": self.manifest.memory_on(OUR_GPUS),  # on a core as well: more cores, more memory
                "on_progress": lambda _: None,
            }
            if device is not None and self.manifest.side_by_side:
                answers = child.compute_together(self.cells, **allowed)
            else:
                answers = [child.compute(config, seed, **allowed) for config, seed in self.cells]
            return answers, time.monotonic() - began
        finally:
            child.stop()


def main() -> int:
    """0 when every GPU computes what the processor computes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--experiment", action="append", help="by default all that a GPU may compute")
    parser.add_argument("--cells", type=int, default=2, help="of each that is no batch, the first of its sweep")
    parser.add_argument("--replicates", type=int, default=16, help="of each config in a batch")
    parser.add_argument("--minutes", type=float, default=8.0, help="how long it may take")
    wanted = parser.parse_args()
    cards = listed()
    if not cards:
        print("There is no NVIDIA GPU here (nvidia-smi lists none), so nothing was checked.")
        return 1
    print(f"JAX {version('jax')}", flush=True)
    subprocess.run([sys.executable, "-m", "axiom.runner.confine.confine"], check=True)
    broken, names = list[str](), wanted.experiment or may_use_gpus()
    gate = PauseGate(seconds=60 * wanted.minutes)
    with tempfile.TemporaryDirectory(prefix="axiom-gpu-") as place, ThreadPoolExecutor(os.cpu_count()) as pool:
        folders = [Path(place) / name for name in names]
        try:
            courses = list(
                pool.map(partial(prepare, amount=wanted.cells, replicates=wanted.replicates, gate=gate), folders, names)
            )
            for problem in compared(pool, cards, courses, folders):
                broken.append(problem)
        except RunEnded:
            broken.append(f"after {wanted.minutes:g} minutes it was stopped")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1_000
    print(f"most memory of a process {peak:8.0f} MB")
    print(f"broken                   {len(broken):8}")
    for problem in broken:
        print(problem)
    return int(bool(broken))


def compared(
    pool: ThreadPoolExecutor, cards: Sequence[str], courses: Sequence[Course], folders: Sequence[Path]
) -> Iterator[str]:
    """What is wrong with the GPUs; a line of each experiment is printed. The processor goes first, with all cells."""
    submitted = [
        [pool.submit(on_a_core, part, folder / f"core-{place}") for place, part in enumerate(course.of_each_config())]
        for course, folder in zip(courses, folders, strict=True)
    ]
    references = [[cell.result() for cell in cells] for cells in submitted]
    yield from missing(courses[0], folders[0])
    for number, card in enumerate(cards):
        print(card)
        print(f"{'':<30}{'cells':>6}{'core, s':>9}{'again':>8}{'GPU, s':>9}{'again':>8}{'core/GPU':>9}  the same")
        for course, folder, reference in zip(courses, folders, references, strict=True):
            yield from (f"{course.manifest.name}: {problem}" for problem in check(course, folder, number, reference))


def on_a_core(course: Course, cache: Path) -> Reference:
    """A config on the processor: its answers, and the seconds with compiling and without."""
    answers, first = course.compute(None, cache)
    if len(answers) > 1:
        return answers, first, len(answers) * median(answer.cpu_seconds for answer in answers[1:])
    return answers, first, course.compute(None, cache)[1]


def may_use_gpus() -> list[str]:
    """Everything in the catalogue that a GPU may compute, by name."""
    listed = json.loads((shipped.catalogue_folder() / "declared.json").read_text(encoding="utf-8"))["experiments"]
    manifests = [entry["manifest"] for entry in listed.values()]
    return sorted(manifest["name"] for manifest in manifests if manifest["gpu"] or manifest.get("may_use_gpu"))


def listed() -> list[str]:
    """The GPUs that the driver knows, in its order, and its own version."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    words = [program, "--query-gpu=name,driver_version", "--format=csv,noheader"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return [] if done.returncode else done.stdout.splitlines()


def prepare(folder: Path, name: str, amount: int, gate: PauseGate, replicates: int = 1) -> Course:
    """Unpack the bundle of an experiment, and choose its first cells, or a batch of all configs."""
    package, tree = Path(axiom.__file__).parent, folder / "tree"
    files = bundles.collect_sources(package, shipped.catalogue_folder() / f"{name}.py")
    manifest = read_manifest(describe_here(files))
    tree.mkdir(parents=True)
    write_tree(tree, files)
    amount, replicates = (len(manifest.configs), replicates) if manifest.side_by_side else (amount, 1)
    seeds = [seed_of(manifest.name, manifest.version, number) for number in range(replicates)]
    cells = [(dict(config), seed) for config in manifest.configs[:amount] for seed in seeds]
    return Course(tree=tree, manifest=manifest, cells=cells, gate=gate)


def check(course: Course, folder: Path, number: int, reference: Sequence[Reference]) -> Iterator[str]:
    """What is wrong with one GPU; its line is printed."""
    device, cache = Device(number=number), folder / f"gpu-{number}"
    groups, core, core_again = zip(*reference, strict=True)
    expected = [answer for group in groups for answer in group]
    try:
        (drawn, first), (again, second) = (course.compute(device, cache) for _ in range(2))
    except AxiomError as error:
        yield str(error)
        return
    seconds = f"{sum(core):9.1f}{sum(core_again):8.1f}{first:9.1f}{second:8.2f}{sum(core_again) / second:9.0f}"
    same = "".join(f"  {share:.1%}" for share in alike(course.manifest, expected, drawn))
    if course.manifest.side_by_side:
        same = (
            f"  {agreeing(course.manifest, expected, drawn)} cells, {apart(expected, drawn, len(groups[0])):.2g} errors"
        )
    print(f"{course.manifest.name:<30}{len(drawn):6}{seconds}{same}", flush=True)  # it stays, whatever comes
    yield from differences(course.manifest, expected, drawn, again)


def differences(
    manifest: Manifest, expected: Sequence[CellAnswer], computed: Sequence[CellAnswer], again: Sequence[CellAnswer]
) -> Iterator[str]:
    """What a GPU computed otherwise than the processor, or otherwise than before."""
    yield from (str(answer.error) for answer in computed if answer.outcome is Outcome.FAILED)
    compared = compare_cells(results(expected), results(computed), early=manifest.tolerance)
    if not compared.agrees:
        yield compared.reason
    if [(answer.measures, answer.early) for answer in computed] != [
        (answer.measures, answer.early) for answer in again
    ]:
        yield "a second run brought other numbers"


def alike(manifest: Manifest, expected: Sequence[CellAnswer], computed: Sequence[CellAnswer]) -> Iterator[float]:
    """The share of pixels that two tiles have in common, for each tile of a map."""
    for left, right in zip(expected, computed, strict=True):
        if manifest.map and left.measures and right.measures:
            amount = manifest.map.pixels**2
            tiles = [
                unpack_pixels(str(measures[manifest.map.measure]), amount)
                for measures in (left.measures, right.measures)
            ]
            yield sum(first == second for first, second in zip(*tiles, strict=True)) / amount


def agreeing(manifest: Manifest, expected: Sequence[CellAnswer], computed: Sequence[CellAnswer]) -> int:
    """In how many cells the early values of both agree."""
    pairs = zip(results(expected), results(computed), strict=True)
    return sum(bool(compare_cells([here], [there], early=manifest.tolerance).agrees) for here, there in pairs)


def apart(expected: Sequence[CellAnswer], computed: Sequence[CellAnswer], replicates: int) -> float:
    """By how many standard errors of its mean over so many replicates a measure of a config differs at most."""
    return max(
        (
            abs(mean(there) - mean(here)) / ((stdev(here) / len(here) ** 0.5) or math.ulp(1.0))
            for first in range(0, len(expected), replicates)
            for here, there in measured(expected[first : first + replicates], computed[first : first + replicates])
        ),
        default=0.0,
    )


def measured(
    expected: Sequence[CellAnswer], computed: Sequence[CellAnswer]
) -> Iterator[tuple[list[float], list[float]]]:
    """Each measure that is a number in all cells of both, by cell."""
    both = expected, computed
    for name in (expected[0].measures or {}) if len(expected) > 1 else ():
        columns: list[list[Any]] = [[(answer.measures or {}).get(name) for answer in answers] for answers in both]
        if all(isinstance(value, int | float) for column in columns for value in column):
            yield columns[0], columns[1]


def missing(course: Course, folder: Path) -> list[str]:
    """What is wrong where a task is given a GPU that is not there."""
    try:
        course.compute(Device(number=NOBODY_S), folder / "nobody-s")
    except GpuUnusable:
        return []
    return [f"GPU {NOBODY_S} is not there, and something was computed all the same"]


def results(answers: Sequence[CellAnswer]) -> list[Result]:
    """Answers as results, which is what is compared."""
    return [result(place, answer) for place, answer in enumerate(answers)]


def result(place: int, answer: CellAnswer) -> Result:
    """One answer as the result of the cell at this place."""
    return Result(
        task_id=0,
        experiment_id=0,
        replicate=0,
        config=place,
        seed=0,
        outcome=answer.outcome,
        measures=answer.measures,
        early=answer.early,
        cpu_seconds=answer.cpu_seconds,
    )


if __name__ == "__main__":
    sys.exit(main())
