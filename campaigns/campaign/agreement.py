"""Computes one cell of every experiment again, elsewhere: how far do the numbers lie apart?

In another process on one computer the same cell must come out the same in every bit. On two threads and with other
instruction sets the early values, by which duplicates are compared, must lie within the tolerance that the experiment
declares; how far the measures lie apart is shown beside. Of a map it is the share of a tile's pixels that differ.

With `--on Windows` or `--on arm64` the others are these, by Wine or by qemu, with a runner built for each. The
cell is then the cheapest of the sweep, as a volunteer computes it, where that takes a core no more than some seconds.
Root is needed.
"""

import argparse
import base64
import json
import math
import statistics
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from build_runner.emulation import find_emulation
from build_runner.plan import PLATFORMS
from emulated_host import ARM, WINDOWS, build_runner_for

from axiom.boinc.project import STAND_INS
from axiom.runner.child import environment

ROOT = Path(__file__).resolve().parents[2]
CELLS = ROOT / "campaigns" / "parts" / "measured_cells.py"
GOLDEN = ROOT / "packages" / "axiom-catalogue" / "tests" / "golden"
_TWO = {name: "2" for name in environment.child_environment() if name == "NPROC" or name.endswith("_NUM_THREADS")}
_PACKAGES = [ROOT / "src", ROOT / "packages/axiom-catalogue/src", ROOT / "packages/axiom-weigh/src"]
EMULATED = {"Windows": WINDOWS, "arm64": ARM}
_ISA = "--xla_cpu_multi_thread_eigen=false --xla_cpu_max_isa="
ELSEWHERE: dict[str, dict[str, str]] = {
    "two threads": {**_TWO, "XLA_FLAGS": ""},
    "AVX2": {"XLA_FLAGS": f"{_ISA}AVX2", "OPENBLAS_CORETYPE": "Haswell"},
    "AVX": {"XLA_FLAGS": f"{_ISA}AVX", "OPENBLAS_CORETYPE": "Sandybridge"},
    "SSE4.2": {"XLA_FLAGS": f"{_ISA}SSE4_2", "OPENBLAS_CORETYPE": "Nehalem"},
}


def main() -> int:
    """0 when every cell repeats in every bit, and early values elsewhere agree within what is declared."""
    golden = [path.stem for path in sorted(GOLDEN.glob("*.json"))]
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", help="some experiments; else all")
    parser.add_argument("--on", choices=EMULATED, action="append", help="another platform, by Wine or by qemu")
    parser.add_argument("--short", action="store_true", help="there, too, the cells of the golden numbers")
    wanted = parser.parse_args()
    if unknown := set(wanted.names) - set(golden):
        parser.error(f"no experiment of the catalogue is named {', '.join(sorted(unknown))}")
    if wanted.on:
        return on_platforms(wanted.names or golden, wanted.on, is_short=wanted.short)
    print(f"{'early values, measures: relative':<34}" + "".join(f"{name:>22}" for name in ELSEWHERE) + "  declared")
    complaints = [complaint for name in wanted.names or golden for complaint in compared(name)]
    print("\n".join(complaints) or "every cell repeats in every bit, and agrees elsewhere within what is declared")
    return int(bool(complaints))


def compared(name: str) -> list[str]:
    """What is wrong with one experiment; its line of the table is printed."""
    here, again = computed(name, {}), computed(name, {})
    complaints = [] if here == again else [f"{name} does not repeat in another process"]
    line = f"{name:<34}"
    for where, surroundings in ELSEWHERE.items():
        elsewhere = computed(name, surroundings)
        early = apart(here["early"], elsewhere["early"])
        line += f"{early:11.1e}{apart(here['measures'], elsewhere['measures']):11.1e}"
        if early > here["tolerance"]:
            complaints.append(f"{name}: early values lie {early:.1e} apart with {where}")
    print(f"{line}{here['tolerance']:10.0e}", flush=True)
    return complaints


def computed(name: str, surroundings: Mapping[str, str]) -> Any:
    """The cell of the golden numbers, in a process of its own with these surroundings."""
    command = [sys.executable, str(CELLS), "--short", name]
    done = subprocess.run(
        command, env=environment.child_environment() | dict(surroundings), check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)


def on_platforms(names: Sequence[str], platforms: Sequence[str], *, is_short: bool) -> int:
    """0 when early values agree on these platforms within what is declared. One process of each computes all cells."""
    with tempfile.TemporaryDirectory(prefix="agreement-") as place:
        folder = Path(place)
        words = [*(["--short"] if is_short else []), *names]
        lines = {"here": cells_here(words, {}), "AVX2": cells_here(words, ELSEWHERE["AVX2"])}
        lines |= {where: cells_below(EMULATED[where], words, folder / where) for where in platforms}
        others = [where for where in lines if where != "here"]
        below = "; ".join(f"{where} by {STAND_INS[EMULATED[where]]}" for where in platforms)
        print(f"one cell of each experiment, beside the one here with AVX-512; {below}. Judged are early values alone,")
        print("by which duplicates are compared; (short) is the cell of the golden numbers, any other the cheapest")
        print(f"{'':<42}" + "".join(f"{name:>22}" for name in others))
        print(
            f"{'relative difference of':<42}" + "".join(f"{'early':>11}{'measures':>11}" for _ in others) + "  declared"
        )
        complaints, equal = [], dict.fromkeys(others, 0)
        for name in names:
            numbers = {where: json.loads(next(line)) for where, line in lines.items()}
            here = numbers["here"]
            line = f"{name + (' (short)' if here['is_short'] else ''):<42}"
            for where in others:
                early = apart(here["early"], numbers[where]["early"])
                measures = apart(here["measures"], numbers[where]["measures"])
                equal[where] += early == measures == 0
                line += f"{early:11.1e}{measures:11.1e}"
                if early > here["tolerance"]:
                    complaints.append(f"{name}: early values lie {early:.1e} apart with {where}")
            print(f"{line}{here['tolerance']:10.0e}", flush=True)
    print(*(f"{where}: {count} of {len(names)} equal in every bit" for where, count in equal.items()), sep="\n")
    print("\n".join(complaints) or "all agree within what is declared")
    return int(bool(complaints))


def cells_here(words: Sequence[str], surroundings: Mapping[str, str]) -> Iterator[str]:
    """What this computer's own Python measures, a line for each experiment."""
    values = environment.child_environment() | dict(surroundings)
    return _lines([sys.executable, str(CELLS), *words], values)


def cells_below(platform: str, words: Sequence[str], tree: Path) -> Iterator[str]:
    """The same by the runner for another platform, below what emulates it."""
    (runtime,) = build_runner_for(platform).glob("axiom_runtime_*.zip")
    with zipfile.ZipFile(runtime) as archive:
        archive.extractall(tree)
    emulation = find_emulation(PLATFORMS[platform])
    python = tree / "python.exe" if emulation.is_windows else tree / "bin" / "python3"
    python.chmod(0o755)
    path = (";" if emulation.is_windows else ":").join(map(emulation.name_of, _PACKAGES))
    own = {name: value for name, value in environment.child_environment().items() if name != "PATH"}
    started = emulation.start(python, "-B", "-s", "-P", emulation.name_of(CELLS), *words)
    return _lines(emulation.words(started, [tree, ROOT], own | {"PYTHONPATH": path}), None)


def _lines(command: Sequence[str], surroundings: Mapping[str, str] | None) -> Iterator[str]:
    with subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout  # noqa: S101  as was asked
        yield from process.stdout


def apart(left: Any, right: Any) -> float:
    """How far the numbers of two answers lie apart at most, relative to the larger."""
    return max((abs(a - b) / max(abs(a), abs(b)) for a, b in pairs(left, right) if a != b), default=0.0)


def pairs(left: Any, right: Any) -> Iterator[tuple[float, float]]:
    """The numbers that stand in the same place; one without a fellow is infinitely far away."""
    if isinstance(left, dict) and "pixels" in left:
        first, second = (zlib.decompress(base64.b64decode(grid["pixels"])) for grid in (left, right))
        yield 1.0, statistics.fmean(a == b for a, b in zip(first, second, strict=True))  # the share that is the same
    elif isinstance(left, dict):
        for key in left:
            yield from pairs(left[key], right[key])
    elif isinstance(left, list):
        for pair in zip(left, right, strict=True):
            yield from pairs(*pair)
    elif isinstance(left, int | float) and isinstance(right, int | float):
        yield float(left), float(right)
    elif left != right:
        yield 1.0, -math.inf


if __name__ == "__main__":
    raise SystemExit(main())
