"""What cells of every experiment take against what its file declares: CPU seconds of a warm process with one thread.

Each experiment has a process of its own. A cell in which anything was compiled is computed again, since a host keeps a
warm process for each core. The declared seconds are those of one core, the reference core, which nobody has: it is what
the whole catalogue declares, so one scale for all. A computer is quicker or slower than that in everything: by how much
says the median experiment, and each is held against that, as a laboratory holds a host against what it has measured of
it. A shared computer is faster in one minute than in the next, so before each cell the same small work is done, and
what the cell took is counted in that. Who lies outside is measured twice more, and the median of the three counts.
Where fewer are asked for, some others are measured beside them, and the last line says what each should declare.
"""

import argparse
import functools
import importlib
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from compiling import Compiling

from axiom import shipped
from axiom.laboratory.experiments.reference_core import SAME_WORK_SECONDS, time_reference_work
from axiom.runner.child import environment
from axiom_weigh.amounts import tell_amount

CATALOGUE = shipped.catalogue_folder()
NAMES = tuple(sorted(path.stem for path in CATALOGUE.glob("*.py") if path.stem != "__init__"))
# Their median tells how quick a computer is where few are asked for. Of all those that take a second or so, these lay
# closest together on three computers.
YARDSTICKS = (
    "benford_law",
    "compositional_generalization",
    "edge_of_chaos",
    "feature_competition_dynamics",
    "loss_landscape_curvature",
    "mode_connectivity",
    "pruning_compositionality",
    "rank_dynamics",
    "regularized_compositionality",
    "sam_vs_sgd",
)
OFF = 0.3  # of what is declared, for all measured configs of an experiment together
_SEED = 1
_MOST_RUNS = 9
_LEAST_SECONDS = 0.1  # a cell that is quicker is computed several times


def chosen(experiment: Any, *, few: bool) -> list[Any]:
    """The configs to measure: the whole sweep, or the cheapest, the median and the dearest."""
    sweep = sorted(experiment.sweep, key=experiment.needs.seconds)
    return [sweep[place] for place in sorted({0, len(sweep) // 2, len(sweep) - 1})] if few else sweep


def arm(name: str, *, few: bool) -> None:
    """In a process of its own: what each config takes when everything is imported and compiled."""
    experiment = importlib.import_module(f"axiom_catalogue.{name}").experiment
    compiling = Compiling()
    configs = chosen(experiment, few=few)
    experiment.run(configs[0], _SEED)
    for config in configs:
        unit = statistics.median(time_reference_work() for _ in range(5))
        spent = seconds(functools.partial(experiment.run, config, _SEED), compiling)
        expected = float(experiment.needs.seconds(config))
        print(json.dumps({"config": asdict(config), "expected": expected, "spent": spent, "unit": unit}), flush=True)


def seconds(run: Callable[[], object], compiling: Compiling) -> float:
    """What one run takes when nothing is compiled in it; quick ones again and again, and then the median."""
    warm: list[float] = []
    for _ in range(_MOST_RUNS):
        before, began = compiling.times, time.process_time()
        run()
        if compiling.times == before:
            warm.append(time.process_time() - began)
        if sum(warm) >= _LEAST_SECONDS:
            break
    return statistics.median(warm)


def measured(name: str, cache: Path, *, few: bool) -> list[Any]:
    """What a process of its own says of an experiment, in the environment that a host's processes have."""
    command = [sys.executable, __file__, "--arm", name, *(["--quick"] if few else [])]
    surroundings = environment.child_environment(cache) | {"PYTHONPATH": os.environ["PYTHONPATH"]}
    done = subprocess.run(command, env=surroundings, check=True, stdout=subprocess.PIPE, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def differs(config: dict[str, Any], others: Sequence[dict[str, Any]]) -> str:
    """A config by the factors that vary."""
    return ", ".join(
        f"{factor} {value}" for factor, value in config.items() if any(other[factor] != value for other in others)
    )


def compare(name: str, cache: Path, *, few: bool) -> float:
    """How many units of the same work an experiment takes for a declared second; with a line that says its seconds."""
    cells = measured(name, cache, few=few)
    expected, spent = (sum(cell[what] for cell in cells) for what in ("expected", "spent"))
    worst = max(cells, key=lambda cell: abs(math.log(max(cell["spent"], 1e-6) / cell["expected"])))
    off = worst["spent"] / worst["expected"]
    where = differs(worst["config"], [cell["config"] for cell in cells])
    print(
        f"{name:<34} {len(cells):3} configs: declared {expected:7.3f} s, took {spent:7.3f} s, {spent / expected:4.2f} "
        f"times as much; {off:4.2f} at worst, where it took {worst['spent']:.3g} s ({where})",
        flush=True,
    )
    return float(sum(cell["spent"] / cell["unit"] for cell in cells) / expected)


def main(names: Sequence[str], *, few: bool) -> int:
    """0 when every experiment as a whole takes what it declares, within the bound, on a computer as quick as this."""
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as cache:
        units_by_name = {name: compare(name, Path(cache), few=few) for name in names}
        reference = units_by_name if len(names) > len(YARDSTICKS) else yardsticks(Path(cache))
        pace = statistics.median(reference.values())
        if outside := lying_off(units_by_name, pace):
            print(f"twice more, since {tell_amount(len(outside), 'file')} lay outside:", flush=True)
        again = [{name: compare(name, Path(cache), few=few) for name in outside} for _ in range(2)]
    units_by_name |= {
        name: statistics.median([units_by_name[name], *(turn[name] for turn in again)]) for name in outside
    }
    missed = lying_off(units_by_name, pace)
    unit, own = 1_000 / pace, 1_000 * SAME_WORK_SECONDS
    print(f"the same work would take a reference core {unit:.2f} ms; preflights count with {own:.2f} ms")
    within = f"{len(units_by_name) - len(missed)} of {len(units_by_name)} within {OFF:.0%} of the median"
    print(f"load {before:.1f} to {os.getloadavg()[0]:.1f}; beside the same work, {within}")
    factors = ", ".join(f"{name} {units_by_name[name] / pace:.2f}" for name in missed)
    print("every figure held" if not missed else f"should declare so many times as much: {factors}")
    return int(bool(missed))


def lying_off(units_by_name: Mapping[str, float], pace: float) -> list[str]:
    """The experiments that do not take what they declare, on a computer of this pace."""
    return [name for name, units in units_by_name.items() if abs(units / pace - 1) > OFF]


def yardsticks(cache: Path) -> dict[str, float]:
    """What tells how quick this computer is."""
    print("how quick this computer is:", flush=True)
    return {name: compare(name, cache, few=True) for name in YARDSTICKS}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--arm", choices=NAMES, help=argparse.SUPPRESS)
    parser.add_argument("--only", nargs="*", choices=NAMES, default=NAMES)
    parser.add_argument("--quick", action="store_true", help="the cheapest, the median and the dearest config alone")
    wanted = parser.parse_args()
    if wanted.arm:
        arm(wanted.arm, few=wanted.quick)
    else:
        sys.exit(main(wanted.only, few=wanted.quick))
