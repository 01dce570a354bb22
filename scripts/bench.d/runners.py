"""What the self-contained runner costs: built twice to the same bytes, its size, unpacking it, and each start.

scripts/bench runners             # two builds as they are offered: some minutes each
scripts/bench runners --quick     # larger zips, made faster; every other figure is the same
"""

import argparse
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOWNLOAD_MB, UNPACKED_MB, MEMORY_MB = 125.0, 420.0, 450.0
LAUNCH_MS = 100.0  # of CPU, for each task, before the runner's own code begins
ROUNDS = 5
# One network trained for a few compiled steps: what the first cell of a task waits for.
CELL = """
import jax, jax.numpy as jnp, resource, sys
def loss(w, x): return jnp.mean(jnp.tanh(x @ w[0]) @ w[1] ** 2)
w = jax.random.normal(jax.random.key(0), (20, 64)), jax.random.normal(jax.random.key(1), (64, 5))
step = lambda w, x: (jax.tree.map(lambda a, g: a - 0.1 * g, w, jax.grad(loss)(w, x)), 0.0)
jax.jit(lambda w: jax.lax.scan(step, w, jnp.ones((50, 8, 20))))(w)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one process took."""

    cpu_ms: float
    wall_ms: float
    said: str


def main() -> int:
    """0 when both builds are equal and every figure holds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    quick = ["--quick"] if parser.parse_args().quick else []
    missed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="axiom-runner-") as name:
        folder = Path(name)
        builds = [build(folder / each, quick) for each in ("one", "two")]
        missed += compare(*builds)
        missed += sizes(builds[0])
        missed += starts(builds[0], folder / "host")
    print("every figure holds" if not missed else f"missed: {', '.join(missed)}")
    return int(bool(missed))


def build(out: Path, options: Sequence[str]) -> Path:
    """Build into a folder that is empty before; the folder of what was built."""
    done = run([str(ROOT / "scripts" / "build-runner"), "--out", str(out), *options], os.environ)
    print(f"build       {done.wall_ms / 1000:.0f} s, {done.cpu_ms / 1000:.0f} s of CPU")
    (folder,) = (path for path in out.iterdir() if path.is_dir())
    return folder


def compare(one: Path, two: Path) -> list[str]:
    """Print whether two builds are equal; the figure that was missed where they are not."""
    inputs = {json.loads((folder / "built.json").read_bytes())["inputs"] for folder in (one, two)}
    same = digests(one) == digests(two)
    said = (
        "the same bytes" if same else "DIFFER" if len(inputs) == 1 else "of different checkouts: it changed meanwhile"
    )
    print(f"two builds  {said}")
    return [] if same else ["reproducible"]


def digests(folder: Path) -> dict[str, str]:
    """Every file of a build with its digest."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def sizes(folder: Path) -> list[str]:
    """Print what a host fetches and keeps; the figures that were missed."""
    built = json.loads((folder / "built.json").read_bytes())
    download, unpacked = sum(each["size"] for each in built["files"]) / 1e6, built["unpacked_bytes"] / 1e6
    print(f"download    {download:.1f} MB (at most {DOWNLOAD_MB:.0f})")
    print(f"unpacked    {unpacked:.1f} MB (at most {UNPACKED_MB:.0f})")
    print(f"needs       glibc {built['glibc']}, AVX; holds Python {built['python']}, JAX {built['packages']['jax']}")
    held = {"download": download <= DOWNLOAD_MB, "unpacked": unpacked <= UNPACKED_MB}
    return [name for name, is_held in held.items() if not is_held]


def starts(built: Path, host: Path) -> list[str]:
    """Start it as boinc-client does, first from nothing; the figures that were missed."""
    project, slot = host / "project", host / "slot"
    slot.mkdir(parents=True)
    project.symlink_to(built)
    (program,) = (str(path) for path in project.glob("axiom_runner_*"))
    first = run([program], {}, slot)
    print(f"first start {first.wall_ms / 1000:.1f} s, {first.cpu_ms / 1000:.1f} s of CPU: verified and unpacked")
    (python,) = (str(path) for path in (built / "axiom").glob("runtime-*/bin/python3"))
    direct = [python, "-I", "-B", "-m", "axiom.runner.attached"]
    rounds = [(run([program], {}, slot).cpu_ms, run(direct, {}, slot).cpu_ms) for _ in range(ROUNDS)]
    launch = statistics.median(ours - theirs for ours, theirs in rounds)
    print(f"each start  {launch:.0f} ms of CPU before the runner's own code (at most {LAUNCH_MS:.0f})")
    memory = cells(python, host)
    held = {"launch": launch <= LAUNCH_MS, "memory": memory <= MEMORY_MB}
    return [name for name, is_held in held.items() if not is_held]


def cells(python: str, host: Path) -> float:
    """A first compiled cell, cold and warm, beside the same in the laboratory's own Python; the most memory in MB."""
    memory = 0.0
    for word in ("cold", "warm"):
        told = []
        for number in range(3):
            arms = {"runtime": [python, "-I", "-B"], "laboratory": [sys.executable, "-I"]}
            done = {}
            for arm, command in arms.items():
                cache = host / f"cache-{arm}-{number}"
                settings = {"JAX_PLATFORMS": "cpu", "NPROC": "1", "JAX_COMPILATION_CACHE_DIR": str(cache)}
                settings |= {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
                done[arm] = run([*command, "-c", CELL], settings | {"PATH": os.defpath})
            told.append((done["runtime"].cpu_ms, done["laboratory"].cpu_ms, done["runtime"].wall_ms))
            memory = max(memory, float(done["runtime"].said))
        ours, theirs, wall = (statistics.median(column) for column in zip(*told, strict=True))
        ratio = statistics.median(mine / other for mine, other, _ in told)
        print(f"{word} cell   {ours:.0f} ms of CPU in {wall:.0f} ms, the laboratory's Python {theirs:.0f}: {ratio:.2f}")
    print(f"memory      {memory:.0f} MB (at most {MEMORY_MB:.0f})")
    return memory


def run(command: Sequence[str], environment: Mapping[str, str], folder: Path | None = None) -> Run:
    """Run a program to its end."""
    before, began = spent(), time.monotonic()
    done = subprocess.run(
        command, env=dict(environment), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    )
    wall = time.monotonic() - began
    return Run(cpu_ms=1000 * (spent() - before), wall_ms=1000 * wall, said=done.stdout.decode())


def spent() -> float:
    """CPU seconds of all processes that were started here and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
