"""Computes one cell of every experiment again: in another process, on two threads, with other instruction sets.

On one computer the same cell must come out the same in every bit. On others the early values, by which duplicates are
compared, must lie within the tolerance that the experiment declares; how far the measures lie apart is shown beside. Of
a map it is the share of a tile's pixels that differ.
"""

import argparse
import base64
import json
import math
import runpy
import statistics
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from axiom.runner.child import environment

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "packages" / "axiom-catalogue" / "tests" / "golden"
_TWO = {name: "2" for name in environment.environment() if name == "NPROC" or name.endswith("_NUM_THREADS")}
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
    parser.add_argument("--cell", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.cell:
        return cell(wanted.cell)
    if unknown := set(wanted.names) - set(golden):
        parser.error(f"no experiment of the catalogue is named {', '.join(sorted(unknown))}")
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
    command = [sys.executable, __file__, "--cell", name]
    done = subprocess.run(
        command, env=environment.environment() | dict(surroundings), check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)


def cell(name: str) -> int:
    """In a process of its own: say what the cell measures."""
    make_golden = runpy.run_path(str(GOLDEN.parent / "make_golden.py"))
    experiment = make_golden["load"](name)
    golden = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    config = type(experiment.sweep[0])(**golden["config"])
    measured = make_golden["numbers"](experiment, config, golden["seed"])
    print(json.dumps(measured | {"tolerance": experiment.tolerance}))
    return 0


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
