"""Computes the same cells on the processor and on each GPU of this computer, and compares what came of it.

For a computer with a real NVIDIA GPU and JAX's CUDA wheels beside the locked ones:

    .tools/uv/bin/uv pip install --python .venv/bin/python "jax[cuda13]==VERSION"   # that of uv.lock

Each cell runs as on a volunteer's host: in the runner's child, confined, with the environment of a task for that GPU.
There must be:

a GPU that is used     on each one that the driver lists, JAX computes
the same numbers       early values of both agree as the laboratory demands it of two hosts
no silent processor    a GPU that is not there ends the task by name
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import axiom
from axiom.decisions.tasks.duplicates import compare
from axiom.domain.experiments import seed_of
from axiom.domain.work import Outcome, Result
from axiom.errors import AxiomError, GpuUnusable
from axiom.runner.child.environment import environment
from axiom.runner.child.process import Child
from axiom.runner.direct import describe_here
from axiom.runner.files.trees import write_tree
from axiom.runner.platform.device import Device
from axiom.signed import bundles
from axiom.signed.manifests import read_manifest
from axiom.signed.outputs import CellAnswer

NOBODY_S = 99  # a number that no GPU of any computer has
LIMIT = 900.0  # seconds for a cell
TOLERANCE = 1e-3  # of early values, as most experiments declare it
MEMORY_MB = 16_000  # CUDA's libraries take their part of the host's memory, too


@dataclass(frozen=True, kw_only=True)
class Course:
    """The cells of one experiment, unpacked."""

    tree: Path
    module: str
    cells: Sequence[tuple[dict[str, object], int]]

    def compute(self, device: Device | None, cache: Path) -> tuple[list[CellAnswer], float]:
        """Every cell, and the seconds that they took, without the time to start."""
        cache.mkdir(exist_ok=True)
        child = Child.start(self.tree, self.module, environment(cache, device))
        try:
            began = time.monotonic()
            found = [
                child.compute(
                    config,
                    seed,
                    cpu_limit=LIMIT,
                    wall_limit=LIMIT,
                    memory_mb=MEMORY_MB,
                    on_progress=lambda _: None,
                )
                for config, seed in self.cells
            ]
            return found, time.monotonic() - began
        finally:
            child.stop()


def main() -> int:
    """0 when every GPU computes what the processor computes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--experiment", default="lazy_vs_feature_learning")
    parser.add_argument("--cells", type=int, default=4)
    wanted = parser.parse_args()
    cards = listed()
    if not cards:
        print("There is no NVIDIA GPU here (nvidia-smi lists none), so nothing was checked.")
        return 1
    with tempfile.TemporaryDirectory(prefix="axiom-gpu-") as place:
        folder = Path(place)
        course = prepare(folder / "tree", wanted.experiment, wanted.cells)
        expected, seconds = course.compute(None, folder / "processor")
        print(f"processor                {seconds:8.2f} s for {len(expected)} cells of {wanted.experiment}")
        broken = [
            problem for number, card in enumerate(cards) for problem in check(course, folder, number, card, expected)
        ]
        broken += missing(course, folder)
    print(f"broken                   {len(broken):8}")
    for problem in broken:
        print(problem)
    return int(bool(broken))


def listed() -> list[str]:
    """The GPUs that the driver knows, in its order."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    said = subprocess.run([program, "-L"], capture_output=True, text=True, check=False).stdout
    return [line for line in said.splitlines() if line.startswith("GPU ")]


def prepare(tree: Path, name: str, amount: int) -> Course:
    """Unpack the bundle of an experiment, and choose its first cells."""
    package = Path(axiom.__file__).parent
    files = bundles.collect(package, package / "catalogue" / f"{name}.py")
    manifest = read_manifest(describe_here(files))
    tree.mkdir()
    write_tree(tree, files)
    seed = seed_of(manifest.name, manifest.version, 0)
    cells = [(dict(config), seed) for config in manifest.configs[:amount]]
    return Course(tree=tree, module=f"axiom.catalogue.{name}", cells=cells)


def check(course: Course, folder: Path, number: int, card: str, expected: Sequence[CellAnswer]) -> list[str]:
    """What is wrong with one GPU."""
    try:
        found, seconds = course.compute(Device(number=number), folder / f"gpu-{number}")
    except AxiomError as error:
        return [f"{card}: {error}"]
    print(f"{card[:24]:<24} {seconds:8.2f} s")
    compared = compare(results(expected), results(found), early=TOLERANCE)
    failed = [answer for answer in found if answer.outcome is Outcome.FAILED]
    problems = [f"{card}: {answer.error}" for answer in failed]
    return problems if compared.agrees else [*problems, f"{card}: {compared.reason}"]


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
