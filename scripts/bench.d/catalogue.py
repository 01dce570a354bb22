"""What replicates of experiments that train cost: the catalogue's files against the same by hand in NumPy.

Each arm is a process of its own with one thread. It first computes a short cell of each shape, which does not count: a
host keeps a warm process for each core, with everything imported and compiled. Then the cells of one seed count. The
arms see the same data, starts and orders, and must come to the same measures. Once, the first arm also runs with an
empty cache, and says what being cold costs.
"""

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from axiom.runner.child import environment

sys.path.append(str(Path(__file__).resolve().parents[1]))

from compiling import Compiling

HERE = Path(__file__).resolve().parent
CATALOGUE = HERE.parents[1] / "src" / "axiom" / "catalogue"
LEAST = {"float64": 3.0, "float32": 1.5}  # times what the catalogue's file costs, in the median over experiments
SHOWN = 8  # experiments, at least
NAMES = tuple(sorted(path.stem for path in (HERE / "arms").glob("[a-z]*.py") if (CATALOGUE / path.name).exists()))


def arm(kind: str, name: str, seed: int) -> None:
    """In a process of its own: the cells of one seed, counted after a warm-up."""
    import numpy as np

    by_hand = importlib.import_module(f"arms.{name}")

    def cell(settings: dict[str, Any]) -> dict[str, float]:
        if kind != "axiom":
            found: dict[str, float] = by_hand.by_hand(seed, getattr(np, kind), **settings)
            return found
        experiment = importlib.import_module(f"axiom.catalogue.{name}")
        measures = experiment.run(experiment.Config(**settings), seed)
        return {measure: getattr(measures, measure) for measure in by_hand.APART}

    if kind == "axiom" or by_hand.WARM:  # what is by hand compiles nothing, and need not compute a whole cell for it
        for settings in by_hand.CELLS:
            cell(settings | by_hand.WARM)
    compiling, began = Compiling(), time.process_time()
    cells = [cell(settings) for settings in by_hand.CELLS]
    if compiling.times:
        raise SystemExit(f"{name} is not measured: it still compiled {compiling.times} times, so WARM is too short")
    print(json.dumps({"cpu": time.process_time() - began, "start": began, "cells": cells}))


def measured(kind: str, name: str, seed: int, cache: Path) -> Any:
    """What an arm says of one seed, in the environment that a host's processes have."""
    command = [sys.executable, __file__, "--arm", kind, name, str(seed)]
    done = subprocess.run(command, env=environment.environment(cache), check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def complaints(name: str, one: Sequence[dict[str, float]], other: Sequence[dict[str, float]]) -> list[str]:
    """The measures in which two arms differ by more than rounding explains."""
    allowed: dict[str, float] = importlib.import_module(f"arms.{name}").APART
    found = {
        measure: max(abs(cell[measure] - same[measure]) for cell, same in zip(one, other, strict=True))
        for measure in allowed
    }
    return [f"{measure} by {apart:.4f}" for measure, apart in found.items() if apart > allowed[measure]]


def compare(name: str, rounds: int, cache: Path) -> tuple[dict[str, float], bool]:
    """How many times as dear each way by hand is, in the median round; and whether all arms agree."""
    ratios: dict[str, list[float]] = {kind: [] for kind in LEAST}
    (cache / name).mkdir()
    agree, cold = True, measured("axiom", name, 0, cache / name)["start"]
    for seed in range(rounds):
        said = {kind: measured(kind, name, seed, cache / name) for kind in ("axiom", *LEAST)}
        for kind in LEAST:
            ratios[kind].append(said[kind]["cpu"] / said["axiom"]["cpu"])
            for problem in complaints(name, said["axiom"]["cells"], said[kind]["cells"]):
                agree = False
                print(f"  {name}, seed {seed}: {kind} differs in {problem}", flush=True)
        costs = ", ".join(f"{kind} {one['cpu']:.2f} s" for kind, one in said.items())
        print(
            f"{name}, seed {seed}, load {os.getloadavg()[0]:.1f}: {costs}; "
            f"start warm {said['axiom']['start']:.1f} s, cold {cold:.1f} s",
            flush=True,
        )
    return {kind: statistics.median(each) for kind, each in ratios.items()}, agree


def main(names: Sequence[str], rounds: int) -> int:
    """0 when the medians over the experiments hold and the arms agree."""
    found: dict[str, dict[str, float]] = {}
    held = True
    with tempfile.TemporaryDirectory() as cache:
        for name in names:
            found[name], agree = compare(name, rounds, Path(cache))
            held = held and agree
    for name, ratios in found.items():
        print(f"{name:<32}" + "".join(f"{kind}/axiom {ratio:5.2f}   " for kind, ratio in ratios.items()))
    for kind, least in LEAST.items():
        median = statistics.median(ratios[kind] for ratios in found.values())
        held = held and median >= least
        print(f"median over {len(found)} experiments: {kind}/axiom {median:.2f}, at least {least}")
    held = held and len(found) >= SHOWN
    print(
        "every figure held" if held else f"a figure did not hold, the arms disagree, or fewer than {SHOWN} were shown"
    )
    return int(not held)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--arm", nargs=3, metavar=("KIND", "NAME", "SEED"), help=argparse.SUPPRESS)
    parser.add_argument("--only", nargs="*", choices=NAMES, default=NAMES)
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    if wanted.arm:
        arm(wanted.arm[0], wanted.arm[1], int(wanted.arm[2]))
    else:
        sys.exit(main(wanted.only, wanted.rounds))
