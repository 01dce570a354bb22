"""Computes the same cells on the processor and on each GPU of this computer, and compares what came of it.

For a computer with a real NVIDIA GPU and JAX's CUDA wheels beside the locked ones:

    .tools/uv/bin/uv pip install --python .venv/bin/python "jax[cuda12]==VERSION"   # that of uv.lock

Without --experiment it takes everything in the catalogue that a GPU may compute. Each cell runs as on a volunteer's
host: in the runner's child, confined, with the environment of a task for that GPU. There must be:

a GPU that is used     on each one that the driver lists, JAX computes
the same numbers       early values of both agree as the experiment declares it, which is how two hosts are compared
a repeatable GPU       a second run there brings the same numbers, bit for bit
no silent processor    a GPU that is not there ends the task by name

Beside the seconds it prints which share of a map's pixels is the same, and the most memory that any process held: a
task for a GPU is allowed what its experiment declares and CUDA_MB more (`src/axiom/signed/manifests.py`).
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import axiom
from axiom.decisions.tasks.duplicates import compare
from axiom.domain.declaration import unpack
from axiom.domain.experiments import seed_of
from axiom.domain.work import Outcome, Result
from axiom.errors import AxiomError, GpuUnusable
from axiom.runner.child.environment import environment
from axiom.runner.child.process import Child
from axiom.runner.direct import describe_here
from axiom.runner.files.trees import write_tree
from axiom.runner.platform.device import Device
from axiom.signed import bundles
from axiom.signed.manifests import Manifest, read_manifest
from axiom.signed.outputs import CellAnswer

NOBODY_S = 99  # a number that no GPU of any computer has
LIMIT = 900.0  # seconds for a cell
MEMORY_MB = 16_000  # CUDA's libraries take their part of the host's memory, too


@dataclass(frozen=True, kw_only=True)
class Course:
    """The cells of one experiment, unpacked."""

    tree: Path
    manifest: Manifest
    cells: Sequence[tuple[dict[str, object], int]]

    def compute(self, device: Device | None, cache: Path) -> tuple[list[CellAnswer], float]:
        """Every cell, and the seconds that they took, without the time to start."""
        cache.mkdir(exist_ok=True)
        child = Child.start(self.tree, f"axiom.catalogue.{self.manifest.name}", environment(cache, device))
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
    parser.add_argument("--experiment", action="append", help="by default all that a GPU may compute")
    parser.add_argument("--cells", type=int, default=2, help="of each, the first of its sweep")
    wanted = parser.parse_args()
    cards = listed()
    if not cards:
        print("There is no NVIDIA GPU here (nvidia-smi lists none), so nothing was checked.")
        return 1
    broken, names = list[str](), wanted.experiment or may_use_gpus()
    with tempfile.TemporaryDirectory(prefix="axiom-gpu-") as place:
        for name in names:
            folder = Path(place) / name
            folder.mkdir()
            course = prepare(folder / "tree", name, wanted.cells)
            print(f"{name}, {len(course.cells)} cells")
            expected, seconds = course.compute(None, folder / "processor")
            print(f"  {'processor':<24} {seconds:8.2f} s")
            for number, card in enumerate(cards):
                broken += [f"{name}: {problem}" for problem in check(course, folder, number, card, expected, seconds)]
            broken += missing(course, folder) if name == names[0] else []
    held = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1_000
    print(f"most memory of a process {held:8.0f} MB")
    print(f"broken                   {len(broken):8}")
    for problem in broken:
        print(problem)
    return int(bool(broken))


def may_use_gpus() -> list[str]:
    """Everything in the catalogue that a GPU may compute, by name."""
    shipped = json.loads((Path(axiom.__file__).parent / "catalogue" / "declared.json").read_text(encoding="utf-8"))
    said = [each["manifest"] for each in shipped["experiments"].values()]
    return sorted(one["name"] for one in said if one["gpu"] or one.get("may_use_gpu"))


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
    return Course(tree=tree, manifest=manifest, cells=[(dict(config), seed) for config in manifest.configs[:amount]])


def check(
    course: Course, folder: Path, number: int, card: str, expected: Sequence[CellAnswer], seconds: float
) -> Iterator[str]:
    """What is wrong with one GPU."""
    device, cache = Device(number=number), folder / f"gpu-{number}"
    try:
        (found, first), (again, second) = (course.compute(device, cache) for _ in range(2))
    except AxiomError as error:
        yield f"{card}: {error}"
        return
    same = "".join(f", {share:.1%} of pixels the same" for share in alike(course.manifest, expected, found))
    print(f"  {card[:24]:<24} {first:8.2f} s, again {second:.2f} s, {second / seconds:.2f} of the processor's{same}")
    yield from (f"{card}: {problem}" for problem in differences(course.manifest, expected, found, again))


def differences(
    manifest: Manifest, expected: Sequence[CellAnswer], found: Sequence[CellAnswer], again: Sequence[CellAnswer]
) -> Iterator[str]:
    """What a GPU computed otherwise than the processor, or otherwise than before."""
    yield from (str(answer.error) for answer in found if answer.outcome is Outcome.FAILED)
    compared = compare(results(expected), results(found), early=manifest.tolerance)
    if not compared.agrees:
        yield compared.reason
    if [(one.measures, one.early) for one in found] != [(one.measures, one.early) for one in again]:
        yield "a second run brought other numbers"


def alike(manifest: Manifest, expected: Sequence[CellAnswer], found: Sequence[CellAnswer]) -> Iterator[float]:
    """The share of pixels that two tiles have in common, for each tile of a map."""
    for one, two in zip(expected, found, strict=True):
        if manifest.map and one.measures and two.measures:
            amount = manifest.map.pixels**2
            tiles = [unpack(str(each[manifest.map.measure]), amount) for each in (one.measures, two.measures)]
            yield sum(first == second for first, second in zip(*tiles, strict=True)) / amount


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
