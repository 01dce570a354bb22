"""What it would cost to compute each replicate apart from those before it: in a fresh module, in a fork, in a process.

One warm process computes replicate after replicate of a bundle. That a cell does not depend on those before it, gates
and checks find out (ADR 0055). Here the other ways are timed on the cheapest cell of an experiment with NumPy and of
one with JAX: all of the bundle's modules imported anew, a fork after the import, a process of its own. A process in
which JAX computes has threads, and a fork of it can stand still for ever, so that way is left out there. Compiled
programs are kept on disk, as on hosts.
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
from pathlib import Path
from typing import Any

from axiom import shipped
from axiom.runner.child import environment

EXPERIMENTS = {"double_descent": "NumPy", "rank_dynamics": "JAX"}
WAYS = ("warm", "module", "fork", "process")
CATALOGUE = shipped.catalogue()
_REPLICATES, _ROUNDS = 8, 3


def load(name: str) -> Any:
    """The experiment, imported if it is not there yet."""
    return importlib.import_module(f"axiom_catalogue.{name}").experiment


def compute(name: str, seed: int) -> None:
    """The cheapest cell of its sweep."""
    experiment = load(name)
    experiment.run(min(experiment.sweep, key=experiment.needs.seconds), seed)


def anew(name: str, seed: int) -> None:
    """With all modules that a bundle brings imported once more."""
    for module in [loaded for loaded in sys.modules if loaded.startswith(("axiom_catalogue.", "axiom.kit."))]:
        del sys.modules[module]
    compute(name, seed)


def forked(name: str, seed: int) -> None:
    """In a copy of this process."""
    copy = os.fork()
    if copy == 0:
        compute(name, seed)
        os._exit(0)
    if os.waitpid(copy, 0)[1]:
        raise SystemExit(f"The copy of a process with {name} failed.")


def alone(name: str, seed: int) -> None:
    """In a process of its own."""
    subprocess.run([sys.executable, __file__, "--arm", "once", name, str(seed)], check=True)


def arm(way: str, name: str) -> None:
    """In a process of its own: wall and CPU seconds of so many replicates, once everything is imported and compiled."""
    step = {"warm": compute, "module": anew, "fork": forked, "process": alone}[way]
    compute(name, 0)
    began, spent = time.monotonic(), sum(os.times()[:4])
    for seed in range(1, _REPLICATES + 1):
        step(name, seed)
    print(json.dumps({"wall": time.monotonic() - began, "cpu": sum(os.times()[:4]) - spent}))


def measured(way: str, name: str, cache: Path) -> dict[str, float]:
    """Seconds for each replicate, of an arm in the environment that a host's processes have."""
    command = [sys.executable, __file__, "--arm", way, name]
    done = subprocess.run(command, env=environment.environment(cache), check=True, stdout=subprocess.PIPE, text=True)
    return {what: seconds / _REPLICATES for what, seconds in json.loads(done.stdout).items()}


def declared() -> list[list[float]]:
    """The seconds that the cells of one replicate declare, for each experiment of the catalogue."""
    experiments = [load(path.stem) for path in CATALOGUE.glob("*.py") if path.stem != "__init__"]
    return [[experiment.needs.seconds(config) for config in experiment.sweep] for experiment in experiments]


def main() -> int:
    """Print what each way costs more than the warm process."""
    before, replicates = os.getloadavg()[0], declared()
    cells = [seconds for replicate in replicates for seconds in replicate]
    print(f"the catalogue declares {sum(cells):.0f} s for one replicate of each of its {len(replicates)} experiments,")
    print(f"which have {len(cells)} cells with a median of {statistics.median(cells):.3g} s")
    for name, library in EXPERIMENTS.items():
        ways = [way for way in WAYS if way != "fork" or library != "JAX"]
        with tempfile.TemporaryDirectory() as cache:
            rounds = [{way: measured(way, name, Path(cache)) for way in ways} for _ in range(_ROUNDS)]
        for way in ways:
            more = {
                what: statistics.median(turn[way][what] - turn["warm"][what] for turn in rounds)
                for what in ("wall", "cpu")
            }
            took = statistics.median(turn[way]["cpu"] for turn in rounds)
            once, always = (more["cpu"] * len(starts) / sum(cells) for starts in (replicates, cells))
            print(
                f"{library:<5} {name:<14} {way:<7} {took:6.3f} s of CPU, {more['cpu']:+.3f} s "
                f"({more['wall']:+.3f} s of waiting); over the catalogue {once:+.1%} once a replicate, "
                f"{always:+.1%} once a cell"
            )
    print(f"load {before:.1f} to {os.getloadavg()[0]:.1f}")
    return 0


if __name__ == "__main__":
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--arm", nargs="+", help=argparse.SUPPRESS)
    words = reader.parse_args().arm
    if words and words[0] == "once":
        compute(words[1], int(words[2]))
    elif words:
        arm(*words)
    else:
        sys.exit(main())
